//! The canonical form of JSON: no space between tokens, numbers as they were written, strings escaped only where they have to be, of
//! a repeated name only the last value, at the place where the name came first.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::distinct::last_of_each;
use super::scan::{Kind, elements, escaped, kind, members};
use super::write::write_string;
use crate::text::TextError;

/// Values nested deeper than this are refused: reading them would take a stack without bound.
const MAX_DEPTH: usize = 500;

/// The canonical form of a JSON text, which is validated here.
pub fn canonical(json: &str) -> Result<String, TextError> {
    let valid: &RawValue = serde_json::from_str(json).map_err(|_| TextError::syntax("json", json))?;
    let mut out = String::with_capacity(json.len());
    write_value(valid.get(), &mut out, MAX_DEPTH).ok_or_else(|| TextError::syntax("json", json))?;
    Ok(out)
}

/// `None` where the value is nested too deep.
fn write_value(json: &str, out: &mut String, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match kind(json) {
        Kind::Object => write_object(json, out, depth)?,
        Kind::Array => write_array(json, out, depth)?,
        Kind::String => write_text(json, out),
        Kind::Null | Kind::Bool | Kind::Number => out.push_str(json),
    }
    Some(())
}

fn write_array(json: &str, out: &mut String, depth: usize) -> Option<()> {
    out.push('[');
    for (index, element) in elements(json).enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_value(element, out, depth)?;
    }
    out.push(']');
    Some(())
}

fn write_object(json: &str, out: &mut String, depth: usize) -> Option<()> {
    out.push('{');
    let members = members(json).map(|(name, value)| (canonical_text(name), value));
    for (index, (name, value)) in last_of_each(members.collect()).into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&name);
        out.push(':');
        write_value(value, out, depth)?;
    }
    out.push('}');
    Some(())
}

fn canonical_text(string: &str) -> Cow<'_, str> {
    if !string.contains('\\') {
        return Cow::Borrowed(string);
    }
    let mut out = String::with_capacity(string.len());
    write_text(string, &mut out);
    Cow::Owned(out)
}

/// A string in its quotes. An escape that stands for no character stays as it is, in lower case.
fn write_text(string: &str, out: &mut String) {
    let inner = string.get(1..string.len() - 1).unwrap_or_default();
    if !inner.contains('\\') {
        return out.push_str(string);
    }
    out.push('"');
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let length = write_escape(&rest[at..], out);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Rewrites the escape at the start of the text, and returns its length.
fn write_escape(text: &str, out: &mut String) -> usize {
    let Some((char, length)) = escaped(text) else {
        let length = text.len().min(6);
        out.push_str(&text[..length].to_ascii_lowercase());
        return length;
    };
    let mut quoted = String::new();
    write_string(char.encode_utf8(&mut [0; 4]), &mut quoted);
    out.push_str(&quoted[1..quoted.len() - 1]);
    length
}
