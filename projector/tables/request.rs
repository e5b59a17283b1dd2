//! From what a user asks for — names and texts — to a [`List`].

use projections::codec::Key;
use schemas::{Value, text};

use super::{BadCursor, Comparison, Condition, Direction, List, Sort};
use crate::view::ViewSpec;

/// A list as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Conditions: `column=value`, and `!=`, `<`, `<=`, `>`, `>=`. The value `\N` is NULL, for the first two.
    pub conditions: Vec<String>,
    /// Columns to sort by, with `-` before those that descend. Empty: the view's order.
    pub order: Vec<String>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Why a list cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// No comparison in it.
    #[error("'{0}' is no condition: write column=value, or with !=, <, <=, > or >=")]
    NoCondition(String),
    /// No such column, or not one for lists.
    #[error("{view} has no lists by '{column}'; there are: {known}")]
    Column {
        /// The view.
        view: String,
        /// What was asked for.
        column: String,
        /// What there is.
        known: String,
    },
    /// Not a value of the column.
    #[error("condition on {column}: {reason}")]
    Value {
        /// The column.
        column: String,
        /// What the text lacks.
        reason: String,
    },
    /// Not a cursor of this list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

// === impl Request ===

impl Request {
    /// The list in terms of the view.
    pub fn resolve(&self, view: &ViewSpec) -> Result<List, BadRequest> {
        let conditions = self.conditions.iter().map(|text| condition(view, text)).collect::<Result<_, _>>()?;
        let order = self.order(view)?;
        let after = self.cursor.as_deref().map(str::parse::<super::Cursor>).transpose()?;
        if after.as_ref().is_some_and(|after| !after.is_of(&order)) {
            return Err(BadCursor.into());
        }
        Ok(List { conditions, order, after, limit: self.limit })
    }

    fn order(&self, view: &ViewSpec) -> Result<Vec<Sort>, BadRequest> {
        if self.order.is_empty() {
            return Ok(view.order_by.iter().map(|&column| Sort { column, direction: Direction::Ascending }).collect());
        }
        let sort = |text: &String| {
            let (name, direction) = match text.strip_prefix('-') {
                Some(name) => (name, Direction::Descending),
                None => (text.as_str(), Direction::Ascending),
            };
            Ok(Sort { column: listed(view, name)?, direction })
        };
        self.order.iter().map(sort).collect()
    }
}

/// Two characters before one, so that `<=` is not taken for `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

fn condition(view: &ViewSpec, text: &str) -> Result<Condition, BadRequest> {
    let operator = text.find(['!', '<', '>', '=']).ok_or_else(|| BadRequest::NoCondition(text.to_owned()))?;
    let (name, rest) = text.split_at(operator);
    let found = COMPARISONS.iter().find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)));
    let (comparison, value) = found.ok_or_else(|| BadRequest::NoCondition(text.to_owned()))?;
    let column = listed(view, name.trim())?;
    let value = parse_value(view, column, value.trim())?;
    if value == Key::of(&[Value::Null]) && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        let column = view.columns[column].name.clone();
        return Err(BadRequest::Value { column, reason: "NULL is neither less nor greater: use = or !=".to_owned() });
    }
    Ok(Condition { column, comparison, value })
}

fn parse_value(view: &ViewSpec, column: usize, text: &str) -> Result<Key, BadRequest> {
    let column = &view.columns[column];
    if text == "\\N" {
        return Ok(Key::of(&[Value::Null]));
    }
    let value = text::parse(text, &column.ty)
        .map_err(|error| BadRequest::Value { column: column.name.clone(), reason: error.to_string() })?;
    Ok(Key::of(&[value]))
}

fn listed(view: &ViewSpec, name: &str) -> Result<usize, BadRequest> {
    view.column(name).filter(|column| view.listed.contains(column)).ok_or_else(|| {
        let known: Vec<&str> = view.listed.iter().map(|&column| view.columns[column].name.as_str()).collect();
        BadRequest::Column { view: view.name.clone(), column: name.to_owned(), known: known.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use schemas::Type;

    use super::*;
    use crate::view::ColumnSpec;

    fn view() -> ViewSpec {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("age", Type::Int8), column("notes", Type::JSON)];
        ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![1, 0] }
    }

    #[test]
    fn conditions() {
        for (text, column, comparison, value) in [
            ("id=a", 0, Comparison::Equal, Value::Text("a".into())),
            ("id = a=b", 0, Comparison::Equal, Value::Text("a=b".into())),
            ("age>=7", 1, Comparison::GreaterOrEqual, Value::Int(7)),
            ("age < -7", 1, Comparison::Less, Value::Int(-7)),
            ("age!=\\N", 1, Comparison::NotEqual, Value::Null),
        ] {
            let value = Key::of(&[value]);
            assert_eq!(condition(&view(), text), Ok(Condition { column, comparison, value }), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_listed_is_said() {
        for (text, message) in [
            ("id", "'id' is no condition: write column=value, or with !=, <, <=, > or >="),
            ("notes=1", "people has no lists by 'notes'; there are: id, age"),
            ("age<\\N", "condition on age: NULL is neither less nor greater: use = or !="),
            ("age=x", "condition on age: invalid input syntax for type bigint: \"x\""),
        ] {
            assert_eq!(condition(&view(), text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn order_and_cursor() {
        let mut request = Request { order: vec!["-age".into()], limit: 1, ..Request::default() };
        let list = request.resolve(&view()).unwrap();
        assert_eq!(list.order, [Sort { column: 1, direction: Direction::Descending }]);
        request.cursor = Some("00".into());
        assert_eq!(request.resolve(&view()), Err(BadRequest::Cursor(BadCursor)));
    }
}
