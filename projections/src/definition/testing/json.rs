//! TOML values as JSON text, and whether two JSON texts mean the same.

use std::collections::BTreeMap;

use schemas::Decimal;
use serde_json::value::RawValue;
use toml::de::DeValue;

use crate::definition::report::Report;
use crate::definition::syntax::Entry;

/// The value as JSON. A string that looks like an object or array is JSON itself.
pub fn json_of(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<String> {
    let value = entry.value.get_ref();
    if let Some(text) = value.as_str()
        && text.trim_start().starts_with(['{', '['])
    {
        let parsed: Result<Box<RawValue>, _> = serde_json::from_str(text);
        let parsed = parsed.map_err(|error| report.add(entry.value.span(), format!("`{}` is not JSON: {error}", entry.name)));
        return parsed.ok().map(|raw| raw.get().to_owned());
    }
    let mut out = String::new();
    write(value, &mut out);
    Some(out)
}

fn write(value: &DeValue<'_>, out: &mut String) {
    match value {
        DeValue::String(text) => write_text(text, out),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(plain) => out.push_str(&plain.to_string()),
            Err(_) => out.push_str(number.as_str()),
        },
        // As it is written: of a decimal every digit counts.
        DeValue::Float(number) => out.push_str(number.as_str().trim_start_matches('+')),
        DeValue::Boolean(flag) => out.push_str(if *flag { "true" } else { "false" }),
        DeValue::Datetime(time) => write_text(&time.to_string(), out),
        DeValue::Array(items) => write_all(items, ['[', ']'], out, |item, out| write(item.get_ref(), out)),
        DeValue::Table(table) => write_all(table, ['{', '}'], out, |(name, value), out| {
            write_text(name.get_ref(), out);
            out.push(':');
            write(value.get_ref(), out);
        }),
    }
}

fn write_all<T>(items: impl IntoIterator<Item = T>, around: [char; 2], out: &mut String, write: impl Fn(T, &mut String)) {
    out.push(around[0]);
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(around[1]);
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Whether the two texts are the same JSON: numbers by value, objects whatever the order of their names.
pub fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            let (a, b): (Option<Object<'_>>, Option<Object<'_>>) = (parse(a), parse(b));
            let (Some(a), Some(b)) = (a, b) else { return false };
            a.len() == b.len() && a.iter().zip(&b).all(|((m, x), (n, y))| m == n && is_same(x.get(), y.get()))
        }
        (Some(b'['), Some(b'[')) => {
            let (a, b): (Option<Vec<&RawValue>>, Option<Vec<&RawValue>>) = (parse(a), parse(b));
            let (Some(a), Some(b)) = (a, b) else { return false };
            a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| is_same(x.get(), y.get()))
        }
        (Some(b'"'), Some(b'"')) => parse::<String>(a) == parse::<String>(b),
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => is_same_number(a, b),
        _ => a == b,
    }
}

type Object<'j> = BTreeMap<String, &'j RawValue>;

fn parse<'j, T: serde::Deserialize<'j>>(text: &'j str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn is_same_number(a: &str, b: &str) -> bool {
    let decimal = |text: &str| text.parse().or_else(|_| Decimal::from_scientific(text)).ok();
    match (decimal(a), decimal(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.parse::<f64>().ok() == b.parse::<f64>().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sameness_is_of_meaning() {
        let check = |a: &str, b: &str, expect: bool| assert_eq!(is_same(a, b), expect, "{a} {b}");
        check("1.50", "1.5", true);
        check("150e-2", "1.5", true);
        check("12345678901234567890.1", "12345678901234567890.2", false);
        check(r#"{"a":1,"b":[1,2]}"#, r#"{ "b": [1.0, 2], "a": 1 }"#, true);
        check(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false);
        check(r#""\u00e9""#, "\"é\"", true);
        check("null", "0", false);
    }
}
