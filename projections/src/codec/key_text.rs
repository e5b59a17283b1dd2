//! Keys as people write them: `o-1`, `2026-01-01,books`.
//!
//! Parts are joined by commas; a comma or backslash within a part has a backslash before it, and a part `\N` is NULL. Values stand
//! as they do in a document, strings without their quotes, and arrays as SQL writes them: `{1,2}`.

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
        Value::Array(_) => {
            let mut out = String::new();
            text::print(value, &mut out);
            out
        }
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
    let mut is_escaped = false;
    let parts = text.split(|next| {
        let is_end = next == ',' && !is_escaped;
        is_escaped = next == '\\' && !is_escaped;
        is_end
    });
    parts.map(|part| (part != "\\N").then(|| without_escapes(part))).collect()
}

fn without_escapes(part: &str) -> String {
    let mut out = String::new();
    let mut chars = part.chars();
    while let Some(next) = chars.next() {
        out.push(if next == '\\' { chars.next().unwrap_or(next) } else { next });
    }
    out
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
        check(&[Value::Text("\\N".into()), Value::Text("N".into())], &[Type::Text, Type::Text], "\\\\N,N");
        let array = Value::Array(vec![Value::Text("a,b".into()), Value::Null, Value::Text("\"".into())]);
        check(&[array, Value::Int(1)], &[Type::Array(Box::new(Type::Text)), Type::Int4], r#"{"a\,b"\,NULL\,"\\""},1"#);
    }

    #[test]
    fn only_a_whole_part_is_null() {
        let texts = [Type::Text, Type::Text];
        assert_eq!(parse_key("\\Nabc,a\\N", &texts), Ok(Key::of(&[Value::Text("Nabc".into()), Value::Text("aN".into())])));
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert_eq!(parse_key("a,b", &[Type::Text]), Err(BadKeyText::Parts { expected: 1, found: 2 }));
        assert!(matches!(parse_key("x", &[Type::Int8]), Err(BadKeyText::Part { number: 1, .. })));
    }
}
