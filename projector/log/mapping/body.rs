//! Values inside a body that is JSON, as they are written there: numbers keep all their digits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The value at a path of member names and places in arrays; `None` where there is none, or null.
///
/// The error says why the body is not JSON.
pub fn find<'b>(body: &'b [u8], path: &[String]) -> Result<Option<&'b str>, String> {
    let mut value: &RawValue = serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    for step in path {
        match inner(value, step) {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value.get()).filter(|text| *text != "null"))
}

/// A value as text: what is in a string, and what else is written; the error says what has no text.
pub fn text_of(json: &str) -> Result<String, String> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_err(|error| error.to_string()),
        Some(b'{') => Err("it is an object".to_owned()),
        Some(b'[') => Err("it is an array".to_owned()),
        _ => Ok(json.to_owned()),
    }
}

fn inner<'b>(value: &'b RawValue, step: &str) -> Option<&'b RawValue> {
    // The value was checked to be JSON: what it is not, it is not for its first byte.
    if value.get().starts_with('[') {
        let values: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        return values.get(step.parse::<usize>().ok()?).copied();
    }
    let members: BTreeMap<Cow<'b, str>, &RawValue> = serde_json::from_str(value.get()).ok()?;
    members.get(step).copied()
}
