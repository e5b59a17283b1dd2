//! Which changed documents a watcher hears of.

use projections::codec::{Key, Row};
use projections::engine::Content;
use schemas::Value;

use crate::tables::{Choice, Comparison, Condition, List};

/// What somebody watches.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The document of this key.
    Document(Key),
    /// Documents that satisfy conditions.
    List {
        /// All of these hold.
        conditions: Vec<Condition>,
        /// And all of these.
        choices: Vec<Choice>,
    },
}

// === impl Subject ===

impl Subject {
    /// The documents of this list.
    pub fn of_list(list: List) -> Subject {
        Subject::List { conditions: list.conditions, choices: list.choices }
    }

    /// Whether a document of this content is one of them. A broken one may be.
    pub fn has(&self, content: &Content) -> bool {
        match (self, content) {
            (_, Content::Absent) => false,
            (Subject::Document(_), _) | (_, Content::Broken(_)) => true,
            (Subject::List { conditions, choices }, Content::Present(row)) => {
                conditions.iter().all(|condition| holds(condition, row)) && choices.iter().all(|choice| is_one_of(choice, row))
            }
        }
    }
}

/// As stores of lists compare: by ordered bytes, and NULL neither less nor greater than anything.
fn holds(condition: &Condition, row: &Row) -> bool {
    let (found, value) = (key(row, condition.column), &condition.value);
    let is_null = found == Key::of(&[Value::Null]);
    match condition.comparison {
        Comparison::Equal => found == *value,
        Comparison::NotEqual => found != *value,
        Comparison::Less => found < *value,
        Comparison::LessOrEqual => found <= *value,
        Comparison::Greater => found > *value && !is_null,
        Comparison::GreaterOrEqual => found >= *value && !is_null,
    }
}

fn is_one_of(choice: &Choice, row: &Row) -> bool {
    choice.values.contains(&key(row, choice.column))
}

fn key(row: &Row, column: usize) -> Key {
    Key::of(&[row.get(column)])
}

#[cfg(test)]
mod tests {
    use schemas::Type;

    use super::*;
    use crate::tables::Request;
    use crate::view::{ColumnSpec, ViewSpec};

    #[test]
    fn conditions_hold_as_they_do_in_lists() {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("age", Type::Int8)];
        let view = ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![0] };
        let content = |age| Content::Present(Row::of(&[Value::Text("ab".into()), age]));
        for (conditions, age, expected) in [
            (vec![], Value::Null, true),
            (vec!["age=20"], Value::Int(20), true),
            (vec!["age[ne]=20"], Value::Int(20), false),
            (vec!["age>=20", "age<30"], Value::Int(29), true),
            (vec!["age>=20", "age<30"], Value::Int(30), false),
            (vec!["age>0"], Value::Null, false),
            (vec!["age<0"], Value::Null, false),
            (vec!["age=\\N"], Value::Null, true),
            (vec!["age[in]=1,20"], Value::Int(20), true),
            (vec!["age[in]=1,2"], Value::Int(20), false),
            (vec!["id[prefix]=a"], Value::Null, true),
            (vec!["id[prefix]=b"], Value::Null, false),
        ] {
            let request =
                Request { conditions: conditions.iter().map(|text| (*text).to_owned()).collect(), ..Request::default() };
            let subject = Subject::of_list(request.resolve(&view).unwrap());
            assert_eq!(subject.has(&content(age.clone())), expected, "{conditions:?} {age:?}");
            assert!(!subject.has(&Content::Absent) && subject.has(&Content::Broken("x".into())));
        }
    }
}
