//! Sets of the kinds of JSON values, as the keyword `type` names them.

use std::fmt;

use serde_json::Value;

/// A set of kinds. An integer is a number too, so `number` is two kinds: integers and all others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds(0);
    pub(crate) const NULL: Kinds = Kinds(1);
    pub(crate) const BOOL: Kinds = Kinds(1 << 1);
    pub(crate) const INTEGER: Kinds = Kinds(1 << 2);
    pub(crate) const FRACTION: Kinds = Kinds(1 << 3);
    pub(crate) const STRING: Kinds = Kinds(1 << 4);
    pub(crate) const ARRAY: Kinds = Kinds(1 << 5);
    pub(crate) const OBJECT: Kinds = Kinds(1 << 6);
    pub(crate) const NUMBER: Kinds = Kinds(Self::INTEGER.0 | Self::FRACTION.0);
    pub(crate) const ANY: Kinds = Kinds((1 << 7) - 1);

    const NAMES: [(Kinds, &'static str); 7] = [
        (Self::NUMBER, "number"),
        (Self::INTEGER, "integer"),
        (Self::STRING, "string"),
        (Self::BOOL, "boolean"),
        (Self::ARRAY, "array"),
        (Self::OBJECT, "object"),
        (Self::NULL, "null"),
    ];

    /// What a word of the keyword `type` means.
    pub(crate) fn named(name: &str) -> Option<Kinds> {
        Self::NAMES.iter().find(|(_, word)| *word == name).map(|(kinds, _)| *kinds)
    }

    /// The words of the keyword `type` for these kinds.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let mut left = self;
        let mut names = Vec::new();
        for (kinds, name) in Self::NAMES {
            if left.includes(kinds) {
                left = left.without(kinds);
                names.push(name);
            }
        }
        names
    }

    /// The kind of a value.
    pub(crate) fn of(value: &Value) -> Kinds {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOL,
            Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|n| n.fract() != 0.0) => Self::FRACTION,
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Whether all of `other` is here.
    #[inline]
    pub(crate) fn includes(self, other: Kinds) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is here or there.
    pub(crate) fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// What is here and there.
    pub(crate) fn intersection(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// What is here and not there.
    pub(crate) fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }
}

/// The words, as a sentence has them: `string or null`.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ANY => f.write_str("anything"),
            Self::NONE => f.write_str("nothing"),
            kinds => f.write_str(&kinds.names().join(" or ")),
        }
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds() {
        assert_eq!(Kinds::named("number").map(|kinds| kinds.names()), Some(vec!["number"]));
        assert_eq!(Kinds::INTEGER.union(Kinds::NULL).to_string(), "integer or null");
        assert_eq!(Kinds::named("strin"), None);
        assert_eq!(Kinds::of(&serde_json::json!(5.0)), Kinds::INTEGER);
        assert_eq!(Kinds::of(&serde_json::json!(5.5)), Kinds::FRACTION);
        assert_eq!(Kinds::ANY.to_string(), "anything");
    }
}
