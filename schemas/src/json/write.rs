//! Values into JSON, as PostgreSQL's `to_json` writes them.

use crate::Value;
use crate::scan::plain_len;
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
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_len(rest.as_bytes()));
        out.push_str(plain);
        // Only ASCII is ever escaped, so a byte is a character.
        let Some(byte) = special.bytes().next() else { break };
        write_escape(byte, out);
        rest = &special[1..];
    }
    out.push('"');
}

fn write_escape(byte: u8, out: &mut String) {
    out.push_str(match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\x08' => "\\b",
        b'\x0c' => "\\f",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        _ => return out.push_str(&format!("\\u{byte:04x}")),
    });
}
