//! Text as a whole: case, length, parts, patterns. Positions and lengths count characters.

use std::borrow::Cow;

use schemas::Value;

use crate::expr::EvalError;
use crate::expr::function::Kind::{Any, Bool, Int4, Text};
use crate::expr::function::{Function, Outcome};
use crate::expr::pattern::{is_like, with_escape};
use crate::expr::take;

use super::text_edit::{check_length, push_bounded};

pub(super) static TABLE: &[Function] = &[
    Function::one("lower", &[Text], Text, |a| Ok(Value::Text(lower(&take::text(a)?).into()))),
    Function::one("upper", &[Text], Text, |a| Ok(Value::Text(upper(&take::text(a)?).into()))),
    Function::one("initcap", &[Text], Text, |a| Ok(Value::Text(initcap(&take::text(a)?).into()))),
    Function::one("length", &[Text], Int4, |a| count(take::text(a)?.chars().count())),
    Function::one("char_length", &[Text], Int4, |a| count(take::text(a)?.chars().count())),
    Function::one("character_length", &[Text], Int4, |a| count(take::text(a)?.chars().count())),
    Function::one("octet_length", &[Text], Int4, |a| count(take::text(a)?.len())),
    Function::one("bit_length", &[Text], Int4, |a| count(take::text(a)?.len() * 8)),
    Function::two("strpos", &[Text, Text], Int4, |a, b| position(&take::text(a)?, &take::text(b)?)),
    Function::two("position", &[Text, Text], Int4, |a, b| position(&take::text(a)?, &take::text(b)?)),
    Function::two("starts_with", &[Text, Text], Bool, starts_with),
    Function::two("^@", &[Text, Text], Bool, starts_with),
    Function::one("ascii", &[Text], Int4, |a| {
        Ok(Value::Int(take::text(a)?.chars().next().map_or(0, |c| i64::from(u32::from(c)))))
    }),
    Function::one("chr", &[Int4], Text, chr),
    Function::two("like", &[Text, Text], Bool, |a, b| Ok(Value::Bool(is_like(&take::text(a)?, &take::text(b)?)?))),
    Function::two("ilike", &[Text, Text], Bool, |a, b| {
        Ok(Value::Bool(is_like(&lower(&take::text(a)?), &lower(&take::text(b)?))?))
    }),
    Function::two("like_escape", &[Text, Text], Text, |a, b| {
        Ok(Value::Text(with_escape(&take::text(a)?, &take::text(b)?)?.into()))
    }),
    Function::two("||", &[Text, Text], Text, concatenate),
    Function::many("concat", &[Any], Text, |values| joined(&values, "")).variadic().sees_nulls(),
    Function::many("concat_ws", &[Text, Any], Text, concat_ws).variadic().sees_nulls(),
];

/// Character by character, as the C library does: one character stays one.
pub(super) fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

fn upper(text: &str) -> String {
    text.chars().map(|c| only(c.to_uppercase()).unwrap_or(c)).collect()
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    if chars.next().is_none() { first } else { None }
}

fn initcap(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .map(|c| {
            let cased = if inside { only(c.to_lowercase()) } else { only(c.to_uppercase()) };
            inside = c.is_alphanumeric();
            cased.unwrap_or(c)
        })
        .collect()
}

fn count<'v>(count: usize) -> Outcome<'v> {
    i32::try_from(count).map(|count| Value::Int(i64::from(count))).map_err(|_| EvalError::OutOfRange("integer"))
}

/// Counted from 1; 0 where it is not found.
fn position<'v>(text: &str, part: &str) -> Outcome<'v> {
    text.find(part).map_or(Ok(Value::Int(0)), |at| count(text[..at].chars().count() + 1))
}

fn starts_with<'v>(text: Value<'v>, start: Value<'v>) -> Outcome<'v> {
    Ok(Value::Bool(take::text(text)?.starts_with(&*take::text(start)?)))
}

fn chr(code: Value<'_>) -> Outcome<'_> {
    let code = take::int4(code)?;
    match code {
        0 => Err(EvalError::Invalid("null character not permitted".to_owned())),
        ..0 => Err(EvalError::Invalid("character number must be positive".to_owned())),
        _ => match char::from_u32(code as u32) {
            Some(c) => Ok(Value::Text(c.to_string().into())),
            None if code > 0x10_ffff => Err(EvalError::Invalid(format!("requested character too large for encoding: {code}"))),
            None => Err(EvalError::Invalid(format!("requested character not valid for encoding: {code}"))),
        },
    }
}

fn concatenate<'v>(left: Value<'v>, right: Value<'v>) -> Outcome<'v> {
    let (left, right) = (take::text(left)?, take::text(right)?);
    check_length(left.len() + right.len())?;
    Ok(Value::Text(if right.is_empty() { left } else { Cow::Owned(left.into_owned() + &right) }))
}

fn concat_ws(mut values: Vec<Value<'_>>) -> Outcome<'_> {
    if values.first().is_none_or(Value::is_null) {
        return Ok(Value::Null);
    }
    let separator = take::text(values.remove(0))?;
    joined(&values, &separator)
}

/// The text of all that is not NULL.
fn joined<'v>(values: &[Value<'_>], separator: &str) -> Outcome<'v> {
    let mut out = String::new();
    let mut between = "";
    for value in values.iter().filter(|value| !value.is_null()) {
        push_bounded(&mut out, between)?;
        schemas::text::print(value, &mut out);
        check_length(out.len())?;
        between = separator;
    }
    Ok(Value::Text(out.into()))
}
