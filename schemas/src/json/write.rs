//! Values into JSON, as PostgreSQL's `to_json` writes them.

use std::borrow::Cow;

use crate::Value;
use crate::text;

/// Appends the value as JSON. Doubles that JSON has no number for become strings, as timestamps, dates, uuids and intervals are.
pub fn write_json(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(_) | Value::Decimal(_) => text::print(value, out),
        Value::Double(d) if d.is_finite() => text::print(value, out),
        Value::Json(json) => out.push_str(json),
        Value::Text(text) => write_string(text, out),
        Value::Array(items) => write_array(items, out),
        Value::Timestamp(micros) => quoted(out, |out| text::print_timestamp_iso(*micros, out)),
        Value::Double(_) | Value::Date(_) | Value::Uuid(_) | Value::Interval(_) => quoted(out, |out| text::print(value, out)),
    }
}

fn write_array(items: &[Value<'_>], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json(item, out);
    }
    out.push(']');
}

fn quoted(out: &mut String, print: impl FnOnce(&mut String)) {
    out.push('"');
    print(out);
    out.push('"');
}

/// Appends the text as a JSON string, escaped only where it has to be.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(escape) = escape_of(byte) {
            out.push_str(&text[plain..at]);
            out.push_str(&escape);
            plain = at + 1;
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// Only ASCII is ever escaped, so bytes can stand for characters.
fn escape_of(byte: u8) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\x08' => "\\b",
        b'\x0c' => "\\f",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        0..0x20 => return Some(Cow::Owned(format!("\\u{byte:04x}"))),
        _ => return None,
    }))
}
