//! Reading JSON: `-> ->> #> #>>` and what they are also called.

use std::borrow::Cow;

use schemas::Value;
use schemas::json::{Kind as JsonKind, elements, kind, members, unescape};

use crate::expr::EvalError;
use crate::expr::function::Kind::{Int4, Json, Text, TextArray};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

pub(super) static TABLE: &[Function] = &[
    Function::two("->", &[Json, Text], Json, |a, name| as_json(member(take::json(a)?, &take::text(name)?))),
    Function::two("->", &[Json, Int4], Json, |a, place| as_json(element(take::json(a)?, take::int4(place)?))),
    Function::two("->>", &[Json, Text], Text, |a, name| as_text(member(take::json(a)?, &take::text(name)?))),
    Function::two("->>", &[Json, Int4], Text, |a, place| as_text(element(take::json(a)?, take::int4(place)?))),
    Function::two("#>", &[Json, TextArray], Json, |a, path| as_json(at_path(take::json(a)?, take::array(path)?)?)),
    Function::two("#>>", &[Json, TextArray], Text, |a, path| as_text(at_path(take::json(a)?, take::array(path)?)?)),
    Function::many("json_extract_path", &[Json, Text], Json, |values| as_json(extracted(values)?)).variadic(),
    Function::many("json_extract_path_text", &[Json, Text], Text, |values| as_text(extracted(values)?)).variadic(),
    Function::one("json_typeof", &[Json], Text, |a| Ok(Value::Text(type_name(&take::json(a)?).into()))),
    Function::one("json_array_length", &[Json], Int4, array_length),
];

/// A part of a JSON text, as it is written; `None` where there is no such part.
type Part<'v> = Option<Cow<'v, str>>;

fn as_json(part: Part<'_>) -> Outcome<'_> {
    Ok(part.map_or(Value::Null, Value::Json))
}

/// Strings without their quotes; JSON's null is NULL.
fn as_text(part: Part<'_>) -> Outcome<'_> {
    let Some(part) = part else { return Ok(Value::Null) };
    match kind(&part) {
        JsonKind::Null => Ok(Value::Null),
        JsonKind::String => text_of(part).map(Value::Text),
        _ => Ok(Value::Text(part)),
    }
}

fn text_of(string: Cow<'_, str>) -> Result<Cow<'_, str>, EvalError> {
    match string {
        Cow::Borrowed(string) => unescape(string).ok_or_else(unsupported_escape),
        Cow::Owned(string) => unescape(&string).map(|text| Cow::Owned(text.into_owned())).ok_or_else(unsupported_escape),
    }
}

fn unsupported_escape() -> EvalError {
    EvalError::Invalid("unsupported Unicode escape sequence".to_owned())
}

/// Applies a search to the text, keeping it borrowed where it is.
fn search<'v>(json: Cow<'v, str>, find: impl for<'t> Fn(&'t str) -> Option<&'t str>) -> Part<'v> {
    match json {
        Cow::Borrowed(json) => find(json).map(Cow::Borrowed),
        Cow::Owned(json) => find(&json).map(|part| Cow::Owned(part.to_owned())),
    }
}

fn member<'v>(json: Cow<'v, str>, name: &str) -> Part<'v> {
    search(json, |json| {
        // Canonical JSON has each name once.
        members(json).find(|(key, _)| unescape(key).is_some_and(|key| key == name)).map(|(_, value)| value)
    })
}

/// Counted from 0, or from the end where negative.
fn element(json: Cow<'_, str>, place: i32) -> Part<'_> {
    search(json, |json| {
        let place = match usize::try_from(place) {
            Ok(place) => place,
            Err(_) => elements(json).count().checked_sub(place.unsigned_abs() as usize)?,
        };
        elements(json).nth(place)
    })
}

/// Follows names, and places in arrays; a NULL in the path leads nowhere.
fn at_path<'v>(json: Cow<'v, str>, path: Vec<Value<'v>>) -> Result<Part<'v>, EvalError> {
    let mut part = json;
    for step in path {
        if step.is_null() {
            return Ok(None);
        }
        let step = take::text(step)?;
        let next = match kind(&part) {
            JsonKind::Object => member(part, &step),
            JsonKind::Array => step.trim_start().parse().ok().and_then(|place| element(part, place)),
            _ => None,
        };
        match next {
            Some(next) => part = next,
            None => return Ok(None),
        }
    }
    Ok(Some(part))
}

fn extracted(mut values: Vec<Value<'_>>) -> Result<Part<'_>, EvalError> {
    let path = values.split_off(1);
    let [json] = take::all(values)?;
    at_path(take::json(json)?, path)
}

fn type_name(json: &str) -> &'static str {
    match kind(json) {
        JsonKind::Null => "null",
        JsonKind::Bool => "boolean",
        JsonKind::Number => "number",
        JsonKind::String => "string",
        JsonKind::Array => "array",
        JsonKind::Object => "object",
    }
}

fn array_length(json: Value<'_>) -> Outcome<'_> {
    let json = take::json(json)?;
    match kind(&json) {
        JsonKind::Array => Ok(Value::Int(elements(&json).count() as i64)),
        JsonKind::Object => Err(EvalError::Invalid("cannot get array length of a non-array".to_owned())),
        _ => Err(EvalError::Invalid("cannot get array length of a scalar".to_owned())),
    }
}
