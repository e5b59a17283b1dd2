//! Making JSON of values.

use std::borrow::Cow;

use schemas::json::{last_of_each, write_json, write_string};
use schemas::{Value, text};

use crate::expr::EvalError;
use crate::expr::function::Kind::{Any, AnyArray, Json};
use crate::expr::function::{Function, Outcome};

pub(super) static TABLE: &[Function] = &[
    Function::many("json_build_object", &[], Json, build_object),
    Function::many("json_build_object", &[Any], Json, build_object).variadic().sees_nulls(),
    Function::many("json_build_array", &[], Json, |values| Ok(Value::Json(array(values.iter()).into()))),
    Function::many("json_build_array", &[Any], Json, |values| Ok(Value::Json(array(values.iter()).into())))
        .variadic()
        .sees_nulls(),
    Function::one("to_json", &[Any], Json, to_json),
    Function::one("array_to_json", &[AnyArray], Json, to_json),
];

fn to_json(value: Value<'_>) -> Outcome<'_> {
    let mut out = String::new();
    write_json(&value, &mut out);
    Ok(Value::Json(out.into()))
}

/// The values as a JSON array.
pub(crate) fn array<'p, 'v: 'p>(values: impl Iterator<Item = &'p Value<'v>> + Clone) -> String {
    let mut out = String::with_capacity(values.clone().map(|value| 1 + length(value)).sum::<usize>() + 2);
    out.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json(value, &mut out);
    }
    out.push(']');
    out
}

/// About how long a value is as JSON.
fn length(value: &Value<'_>) -> usize {
    match value {
        Value::Json(text) => text.len(),
        Value::Text(text) => text.len() + 2,
        _ => NUMBER,
    }
}

fn build_object(values: Vec<Value<'_>>) -> Outcome<'_> {
    if values.len() % 2 == 1 {
        return Err(EvalError::Invalid("argument list must have even number of elements".to_owned()));
    }
    let pairs = values.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
    object(pairs)
        .map(|json| Value::Json(json.into()))
        .map_err(|place| EvalError::Invalid(format!("argument {} cannot be null", 2 * place + 1)))
}

/// The object of these names and values, of a repeated name the last value only; fails with the number of the pair whose name is NULL.
pub(crate) fn object<'p, 'v: 'p>(pairs: impl Iterator<Item = (&'p Value<'v>, &'p Value<'v>)>) -> Result<String, usize> {
    let mut members = Vec::with_capacity(pairs.size_hint().0);
    for (place, (name, value)) in pairs.enumerate() {
        if name.is_null() {
            return Err(place);
        }
        members.push((member_name(name), value));
    }
    Ok(written(&last_of_each(members)))
}

/// About how long a number is.
const NUMBER: usize = 10;

fn written(members: &[(Cow<'_, str>, &Value<'_>)]) -> String {
    // Grown piece by piece, a text would be copied again and again.
    let mut out = String::with_capacity(members.iter().map(|(name, value)| name.len() + 4 + length(value)).sum::<usize>() + 2);
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, &mut out);
        out.push(':');
        write_json(value, &mut out);
    }
    out.push('}');
    out
}

/// A name is written as the value would be, in quotes.
fn member_name<'p>(value: &'p Value<'_>) -> Cow<'p, str> {
    let mut name = String::new();
    match value {
        Value::Text(text) => return Cow::Borrowed(text),
        Value::Bool(b) => name.push_str(if *b { "true" } else { "false" }),
        Value::Timestamp(micros) => text::print_timestamp_iso(*micros, &mut name),
        other => text::print(other, &mut name),
    }
    Cow::Owned(name)
}
