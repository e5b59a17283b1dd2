//! Conditions as they are written: `column=value`, `column>=value`, `column[prefix]=value`.

use projections::codec::{Key, text_prefix};
use schemas::{Type, Value, text};

use super::{BadRequest, Choice, Comparison, Condition};
use crate::view::ViewSpec;

/// Values that a column may have one of, at most.
const LARGEST_CHOICE: usize = 1000;

/// Conditions of a list, at most.
const MOST: usize = 100;

/// Two characters before one, so that `<=` is not taken for `<`.
const SIGNS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// The same as words, for where signs mean something else.
const WORDS: [(&str, Comparison); 6] = [
    ("eq", Comparison::Equal),
    ("ne", Comparison::NotEqual),
    ("lt", Comparison::Less),
    ("lte", Comparison::LessOrEqual),
    ("gt", Comparison::Greater),
    ("gte", Comparison::GreaterOrEqual),
];

/// All that conditions of a list come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Comparisons.
    pub conditions: Vec<Condition>,
    /// Choices.
    pub choices: Vec<Choice>,
}

/// What a column is tested for.
enum Test {
    Compare(Comparison),
    AnyOf,
    Prefix,
}

// === impl Conditions ===

impl Conditions {
    /// What these texts say, of this view.
    pub fn parse(view: &ViewSpec, texts: &[String]) -> Result<Conditions, BadRequest> {
        if texts.len() > MOST {
            return Err(BadRequest::TooMany { conditions: texts.len(), most: MOST });
        }
        let mut all = Conditions::default();
        texts.iter().try_for_each(|text| all.add(view, text))?;
        Ok(all)
    }

    fn add(&mut self, view: &ViewSpec, text: &str) -> Result<(), BadRequest> {
        let (column, test, value) = split(view, text)?;
        match test {
            Test::Compare(comparison) => self.conditions.push(compare(view, column, comparison, value)?),
            Test::AnyOf => self.choices.push(any_of(view, column, value)?),
            Test::Prefix => self.conditions.extend(prefix(view, column, value)?),
        }
        Ok(())
    }
}

/// The column of this name, by which lists may be filtered and sorted.
pub fn listed(view: &ViewSpec, name: &str) -> Result<usize, BadRequest> {
    view.column(name).filter(|column| view.listed.contains(column)).ok_or_else(|| {
        let known: Vec<&str> = view.listed.iter().map(|&column| view.columns[column].name.as_str()).collect();
        BadRequest::Column { view: view.name.clone(), column: name.to_owned(), known: known.join(", ") }
    })
}

/// Column, test and value of a condition.
fn split<'t>(view: &ViewSpec, text: &'t str) -> Result<(usize, Test, &'t str), BadRequest> {
    let no_condition = || BadRequest::NoCondition(text.to_owned());
    let (name, rest) = text.split_at(text.find(['!', '<', '>', '=']).ok_or_else(no_condition)?);
    let found = SIGNS.iter().find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)));
    let (comparison, value) = found.ok_or_else(no_condition)?;
    let (name, value) = (name.trim(), value.trim());
    let worded = name.strip_suffix(']').and_then(|name| name.split_once('['));
    match worded.filter(|_| comparison == Comparison::Equal && view.column(name).is_none()) {
        Some((name, word)) => Ok((listed(view, name)?, Test::of(word).ok_or_else(no_condition)?, value)),
        None => Ok((listed(view, name)?, Test::Compare(comparison), value)),
    }
}

fn compare(view: &ViewSpec, column: usize, comparison: Comparison, value: &str) -> Result<Condition, BadRequest> {
    let value = parse_value(view, column, value)?;
    if value == Key::of(&[Value::Null]) && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        return Err(bad_value(view, column, "NULL is neither less nor greater: use = or !="));
    }
    Ok(Condition { column, comparison, value })
}

fn any_of(view: &ViewSpec, column: usize, texts: &str) -> Result<Choice, BadRequest> {
    let values = parts(texts).iter().map(|text| parse_value(view, column, text)).collect::<Result<Vec<Key>, _>>()?;
    if values.len() > LARGEST_CHOICE {
        return Err(bad_value(view, column, &format!("there are {} values, and at most {LARGEST_CHOICE} may be", values.len())));
    }
    Ok(Choice { column, values })
}

fn prefix(view: &ViewSpec, column: usize, prefix: &str) -> Result<[Condition; 2], BadRequest> {
    if view.columns[column].ty != Type::Text {
        return Err(bad_value(view, column, "only texts have a prefix"));
    }
    let keys = text_prefix(prefix);
    let condition = |comparison, value| Condition { column, comparison, value };
    Ok([condition(Comparison::GreaterOrEqual, keys.start), condition(Comparison::Less, keys.end)])
}

/// What commas separate that have no backslash before them.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, parts.last_mut()) {
            (',', _) => parts.push(String::new()),
            ('\\', Some(part)) if chars.peek() == Some(&',') => part.extend(chars.next()),
            (char, Some(part)) => part.push(char),
            (_, None) => {}
        }
    }
    parts
}

fn parse_value(view: &ViewSpec, column: usize, text: &str) -> Result<Key, BadRequest> {
    if text == "\\N" {
        return Ok(Key::of(&[Value::Null]));
    }
    let value = text::parse(text, &view.columns[column].ty).map_err(|error| bad_value(view, column, &error.to_string()))?;
    Ok(Key::of(&[value]))
}

fn bad_value(view: &ViewSpec, column: usize, reason: &str) -> BadRequest {
    BadRequest::Value { column: view.columns[column].name.clone(), reason: reason.to_owned() }
}

// === impl Test ===

impl Test {
    fn of(word: &str) -> Option<Test> {
        match word {
            "in" => Some(Test::AnyOf),
            "prefix" => Some(Test::Prefix),
            word => WORDS.iter().find(|(name, _)| *name == word).map(|(_, comparison)| Test::Compare(*comparison)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::ColumnSpec;

    fn view() -> ViewSpec {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("age", Type::Int8), column("notes", Type::JSON)];
        ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![1, 0] }
    }

    fn parse(text: &str) -> Result<Conditions, BadRequest> {
        Conditions::parse(&view(), &[text.to_owned()])
    }

    #[test]
    fn comparisons() {
        for (text, column, comparison, value) in [
            ("id=a", 0, Comparison::Equal, Value::Text("a".into())),
            ("id = a=b", 0, Comparison::Equal, Value::Text("a=b".into())),
            ("age>=7", 1, Comparison::GreaterOrEqual, Value::Int(7)),
            ("age < -7", 1, Comparison::Less, Value::Int(-7)),
            ("age!=\\N", 1, Comparison::NotEqual, Value::Null),
            ("age[gte]=7", 1, Comparison::GreaterOrEqual, Value::Int(7)),
            ("age[ne]=\\N", 1, Comparison::NotEqual, Value::Null),
            ("id[lt]=[x]=1", 0, Comparison::Less, Value::Text("[x]=1".into())),
        ] {
            let conditions = vec![Condition { column, comparison, value: Key::of(&[value]) }];
            assert_eq!(parse(text), Ok(Conditions { conditions, choices: vec![] }), "{text}");
        }
    }

    #[test]
    fn choices_and_prefixes() {
        let text = |text: &str| Key::of(&[Value::Text(text.to_owned().into())]);
        let values = vec![text("a,b"), text("c\\d"), text(""), Key::of(&[Value::Null])];
        assert_eq!(parse("id[in]=a\\,b,c\\d,,\\N").unwrap().choices, [Choice { column: 0, values }]);
        let keys = text_prefix("ab");
        let [from, before] = [(Comparison::GreaterOrEqual, keys.start), (Comparison::Less, keys.end)]
            .map(|(comparison, value)| Condition { column: 0, comparison, value });
        assert_eq!(parse("id[prefix]=ab").unwrap().conditions, [from, before]);
    }

    #[test]
    fn what_cannot_be_listed_is_said() {
        for (text, message) in [
            ("id", "'id' is no condition: write column=value, or with !=, <, <=, > or >="),
            ("id[like]=a", "'id[like]=a' is no condition: write column=value, or with !=, <, <=, > or >="),
            ("notes=1", "people has no lists by 'notes'; there are: id, age"),
            ("notes[in]=1", "people has no lists by 'notes'; there are: id, age"),
            ("age<\\N", "condition on age: NULL is neither less nor greater: use = or !="),
            ("age=x", "condition on age: invalid input syntax for type bigint: \"x\""),
            ("age[prefix]=1", "condition on age: only texts have a prefix"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
        let many = format!("age[in]={}", vec!["1"; 1001].join(","));
        assert_eq!(parse(&many).unwrap_err().to_string(), "condition on age: there are 1001 values, and at most 1000 may be");
    }
}
