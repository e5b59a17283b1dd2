//! From what a user asks for — names and texts — to a [`List`].

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use super::condition::{Conditions, listed};
use super::{BadCursor, Direction, List, Sort};
use crate::view::ViewSpec;

/// A list as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Conditions: `column=value`, and `!=`, `<`, `<=`, `>`, `>=`; or as words, `column[ne]=value`, and `lt`, `lte`, `gt`, `gte`. `column[in]=a,b` is
    /// any of these, a comma within one as `\,`; `column[prefix]=a` a text that starts so. The value `\N` is NULL; it is equal to itself, and nothing
    /// else.
    pub conditions: Vec<String>,
    /// Columns to sort by, with `-` before those that descend. Empty: the view's order.
    pub order: Vec<String>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Whether to count all, on whichever page.
    pub is_counted: bool,
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
    /// More than a statement should have.
    #[error("there are {conditions} conditions, and at most {most} may be")]
    TooMany {
        /// So many there are.
        conditions: usize,
        /// So many there may be.
        most: usize,
    },
    /// Not a cursor of this list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

// === impl Request ===

impl Request {
    /// The list in terms of the view.
    pub fn resolve(&self, view: &ViewSpec) -> Result<List, BadRequest> {
        let Conditions { conditions, choices } = Conditions::parse(view, &self.conditions)?;
        let order = self.order(view)?;
        let after = self.cursor.as_deref().map(str::parse::<super::Cursor>).transpose()?;
        let mark = self.mark(view, &order);
        if after.as_ref().is_some_and(|after| !after.is_of(mark, order.len())) {
            return Err(BadCursor.into());
        }
        Ok(List { conditions, choices, order, mark, after, limit: self.limit, is_counted: self.is_counted })
    }

    /// By names: another generation may have them in other places. A column of another type has other places in its order.
    fn mark(&self, view: &ViewSpec, order: &[Sort]) -> u64 {
        let mut hasher = Xxh3::new();
        (&view.name, &self.conditions, format!("{:?}", view.key_types())).hash(&mut hasher);
        for Sort { column, direction } in order {
            let column = &view.columns[*column];
            (&column.name, format!("{:?} {direction:?}", column.ty)).hash(&mut hasher);
        }
        hasher.finish()
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

#[cfg(test)]
mod tests {
    use projections::codec::Key;
    use schemas::{Type, Value};

    use super::*;
    use crate::tables::Cursor;
    use crate::view::ColumnSpec;

    fn view() -> ViewSpec {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("age", Type::Int8), column("notes", Type::JSON)];
        ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![1, 0] }
    }

    #[test]
    fn order_and_cursor() {
        let mut request = Request { order: vec!["-age".into()], limit: 1, ..Request::default() };
        let list = request.resolve(&view()).unwrap();
        assert_eq!(list.order, [Sort { column: 1, direction: Direction::Descending }]);
        request.cursor = Some("00".into());
        assert_eq!(request.resolve(&view()), Err(BadRequest::Cursor(BadCursor)));
        let cursor = Cursor::new(list.mark, vec![Key::of(&[Value::Int(7)])], Key::of(&[Value::Text("a".into())]));
        request.cursor = Some(cursor.to_string());
        assert_eq!(request.resolve(&view()).unwrap().after, Some(cursor));
        let other = Request { conditions: vec!["age>7".into()], ..request.clone() };
        assert_eq!(other.resolve(&view()), Err(BadRequest::Cursor(BadCursor)));
        // Another generation, in which the column is elsewhere, is the same list.
        let mut moved = view();
        moved.columns.rotate_right(1);
        (moved.key, moved.listed, moved.order_by) = (vec![1], vec![1, 2], vec![2, 1]);
        assert!(request.resolve(&moved).is_ok());
        moved.columns[2].ty = Type::Text;
        assert_eq!(request.resolve(&moved), Err(BadRequest::Cursor(BadCursor)), "its values sort otherwise");
    }
}
