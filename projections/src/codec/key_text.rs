//! Keys as people write them: `o-1`, `2026-01-01,books`.
//!
//! Parts are joined by commas; a comma or backslash within a part has a backslash before it, and NULL is `\N`. Values stand
//! as they do in a document, strings without their quotes.

use schemas::{Type, Value, json, text};

use super::{Corrupt, Key, KeyBuilder, decode_key};

/// A text that is not a key of the types asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyText {
    /// It has too many or too few parts.
    #[error("the key has {expected} parts, not {found}; a comma within a part is written `\\,`")]
    Parts {
        /// How many it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A part is not of its type.
    #[error("part {number} of the key: {reason}")]
    Part {
        /// Counted from 1.
        number: usize,
        /// Why not.
        reason: String,
    },
}

/// The text of a key.
pub fn print_key(key: &Key) -> Result<String, Corrupt> {
    let parts: Vec<String> = decode_key(key)?.iter().map(print_part).collect();
    Ok(parts.join(","))
}

/// The key that the text stands for, its parts being of these types.
pub fn parse_key(text: &str, types: &[Type]) -> Result<Key, BadKeyText> {
    let parts = split(text);
    if parts.len() != types.len() {
        return Err(BadKeyText::Parts { expected: types.len(), found: parts.len() });
    }
    let mut builder = KeyBuilder::default();
    for (number, (part, ty)) in parts.iter().zip(types).enumerate() {
        let value = match part {
            None => Value::Null,
            Some(part) => {
                text::parse(part, ty).map_err(|error| BadKeyText::Part { number: number + 1, reason: error.to_string() })?
            }
        };
        builder.push(&value);
    }
    Ok(builder.finish())
}

fn print_part(value: &Value<'_>) -> String {
    let plain = match value {
        Value::Null => return "\\N".to_owned(),
        Value::Text(text) => text.to_string(),
        value => {
            let mut out = String::new();
            json::write_json(value, &mut out);
            out.strip_prefix('"').and_then(|out| out.strip_suffix('"')).map(str::to_owned).unwrap_or(out)
        }
    };
    plain.replace('\\', "\\\\").replace(',', "\\,")
}

/// The parts, without their backslashes; `None` for NULL.
fn split(text: &str) -> Vec<Option<String>> {
    let mut parts = vec![Some(String::new())];
    let mut chars = text.chars();
    while let Some(next) = chars.next() {
        let escaped = if next == '\\' { chars.next() } else { None };
        match (next, escaped, parts.last_mut()) {
            (',', None, _) => parts.push(Some(String::new())),
            ('\\', Some('N'), Some(part)) if part.as_deref() == Some("") => *part = None,
            (_, escaped, Some(Some(part))) => part.push(escaped.unwrap_or(next)),
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        let check = |values: &[Value<'_>], types: &[Type], expect: &str| {
            let key = Key::of(values);
            assert_eq!(print_key(&key).as_deref(), Ok(expect));
            assert_eq!(parse_key(expect, types), Ok(key));
        };
        check(&[Value::Text("o-1".into())], &[Type::Text], "o-1");
        check(&[Value::Text("a,b\\".into()), Value::Int(-3)], &[Type::Text, Type::Int8], "a\\,b\\\\,-3");
        check(&[Value::Null, Value::Text("".into())], &[Type::Text, Type::Text], "\\N,");
        check(&[Value::Timestamp(0)], &[Type::Timestamp], "1970-01-01T00:00:00+00:00");
        check(&[Value::Date(0), Value::Bool(true)], &[Type::Date, Type::Bool], "1970-01-01,true");
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert_eq!(parse_key("a,b", &[Type::Text]), Err(BadKeyText::Parts { expected: 1, found: 2 }));
        assert!(matches!(parse_key("x", &[Type::Int8]), Err(BadKeyText::Part { number: 1, .. })));
    }
}
