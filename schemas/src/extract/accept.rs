//! What is accepted at once: what of the schema can be said of a value by its first token.

use jsonschema::Validator;
use serde_json::json;

use super::plan::Node;
use crate::scan::{NumberForm, Token};
use crate::schema::{Kinds, Rest, Schema};

/// Keywords that say the same of a scalar wherever they stand.
const OF_SCALARS: [&str; 11] = [
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "multipleOf",
];

/// A value that is allowed, in the form in which it is most often written.
#[derive(Debug)]
pub(super) enum Choice {
    Null,
    Bool(bool),
    Number(Box<str>),
    Text(Box<str>),
}

/// What the validator checks besides.
#[derive(Debug)]
pub(super) enum Left {
    Nothing,
    /// These keywords; of scalars they can be asked at once.
    Keywords(Box<Validator>),
    Everything,
}

// === impl Node ===

impl Node {
    /// Whether the value that begins with `token` is certainly allowed here, as far as its first token says.
    #[inline]
    pub(super) fn accepts(&self, token: &Token<'_>) -> bool {
        self.accepts_kind(token)
            && self.choices.as_ref().is_none_or(|choices| choices.iter().any(|choice| choice.is(token)))
            && match token {
                Token::Text(text) => self.lengths.is_none_or(|lengths| lengths.contains(text.decode().chars().count() as u64)),
                Token::Number(number) => self.bounds.as_ref().is_none_or(|bounds| bounds.contains(number.as_double())),
                _ => true,
            }
            && self.rest.accepts(token)
    }

    #[inline]
    fn accepts_kind(&self, token: &Token<'_>) -> bool {
        self.kinds.includes(match token {
            Token::Null => Kinds::NULL,
            Token::Bool(_) => Kinds::BOOL,
            Token::Number(number) if number.form == NumberForm::Digits => Kinds::INTEGER,
            Token::Number(_) if self.kinds.includes(Kinds::NUMBER) => return true,
            Token::Number(number) if number.as_integer().is_some() => Kinds::INTEGER,
            Token::Number(_) => Kinds::FRACTION,
            Token::Text(_) => Kinds::STRING,
            Token::Array => Kinds::ARRAY,
            Token::Object => Kinds::OBJECT,
        })
    }
}

// === impl Choice ===

impl Choice {
    /// Arrays and objects are no choices: schemas with such are left to the validator.
    pub(super) fn of(value: &serde_json::Value) -> Option<Choice> {
        Some(match value {
            serde_json::Value::Null => Choice::Null,
            serde_json::Value::Bool(bool) => Choice::Bool(*bool),
            serde_json::Value::Number(number) => Choice::Number(number.to_string().into()),
            serde_json::Value::String(text) => Choice::Text(text.as_str().into()),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => return None,
        })
    }

    /// Whether the value is certainly this one: another way to write it is left to the validator.
    fn is(&self, token: &Token<'_>) -> bool {
        match (self, token) {
            (Choice::Null, Token::Null) => true,
            (Choice::Bool(own), Token::Bool(other)) => own == other,
            (Choice::Number(own), Token::Number(number)) => **own == *number.raw,
            (Choice::Text(own), Token::Text(text)) => text.is(own),
            _ => false,
        }
    }
}

// === impl Left ===

impl Left {
    /// What is left by a schema.
    pub(super) fn by(schema: &Schema) -> Left {
        match schema.rest {
            Rest::Nothing => Left::Nothing,
            Rest::Keywords => Left::keywords(schema).map_or(Left::Everything, |keywords| Left::Keywords(Box::new(keywords))),
            Rest::Everything => Left::Everything,
        }
    }

    /// A validator of the keywords alone; `None` where they do not say the same alone, and in every draft.
    fn keywords(schema: &Schema) -> Option<Validator> {
        if !schema.unread.iter().all(|(name, _)| OF_SCALARS.contains(&name.as_str())) {
            return None;
        }
        // A keyword may be there twice: once beside `$ref`, and once where that leads.
        let all: Vec<serde_json::Value> = schema.unread.iter().map(|(name, value)| json!({ name: value })).collect();
        let keywords = json!({ "allOf": all });
        jsonschema::options().should_validate_formats(false).offline().build(&keywords).ok()
    }

    #[inline]
    fn accepts(&self, token: &Token<'_>) -> bool {
        match self {
            Left::Nothing => true,
            Left::Keywords(keywords) => scalar(token).is_some_and(|value| keywords.is_valid(&value)),
            Left::Everything => false,
        }
    }
}

/// A scalar as the validator reads it.
fn scalar(token: &Token<'_>) -> Option<serde_json::Value> {
    Some(match token {
        Token::Null => serde_json::Value::Null,
        Token::Bool(bool) => serde_json::Value::Bool(*bool),
        Token::Number(number) => serde_json::Value::Number(serde_json::from_str(number.raw).ok()?),
        Token::Text(text) => serde_json::Value::String(text.decode().into_owned()),
        Token::Array | Token::Object => return None,
    })
}
