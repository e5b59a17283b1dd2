//! What values come out.

use std::borrow::Cow;

use super::*;

const ORDER: &str = r##"{
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": { "type": "string" },
        "n": { "type": "integer" },
        "x": { "type": "number" },
        "price": { "type": ["number", "string", "null"], "format": "decimal" },
        "ok": { "type": "boolean" },
        "at": { "type": "string", "format": "date-time" },
        "day": { "type": "string", "format": "date" },
        "key": { "type": "string", "format": "uuid" },
        "tags": { "type": "array", "items": { "type": ["string", "null"] } },
        "any": {},
        "address": { "type": ["object", "null"], "properties": { "city": { "type": "string" }, "zip": { "$ref": "#/$defs/zip" } } },
        "lines": { "type": ["array", "null"], "items": { "type": ["object", "null"], "properties": {
            "sku": { "type": "string" }, "n": { "type": "integer" },
            "size": { "type": "object", "properties": { "w": { "type": "number" } } } } } },
        "days": { "type": "array", "items": { "type": "string", "format": "date" } }
    },
    "$defs": { "zip": { "type": "string" } }
}"##;

/// The value at `wanted` of data that has, besides an id, these members.
fn value(members: &str, wanted: &str) -> Value<'static> {
    let data = format!(r#"{{"id":"1",{members}}}"#);
    let extractor = Extractor::new(&event_type(ORDER), &[path(wanted)], &[]);
    let mut out = Extracted::default();
    extractor.extract(&envelope(&data), &mut out).unwrap_or_else(|violation| panic!("{data}: {violation}"));
    out.fields.remove(0).into_owned()
}

#[test]
fn scalars() {
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    for (members, wanted, expect) in [
        (r#""n":5"#, "n", Value::Int(5)),
        (r#""n":5.0"#, "n", Value::Int(5)),
        (r#""n":-1e3"#, "n", Value::Int(-1000)),
        (r#""n":9223372036854775807"#, "n", Value::Int(i64::MAX)),
        (r#""x":0.1"#, "x", Value::Double(0.1)),
        (r#""x":7"#, "x", Value::Double(7.0)),
        (r#""price":12.50"#, "price", decimal("12.50")),
        (r#""price":-0.05"#, "price", decimal("-0.05")),
        (r#""price":"12.5""#, "price", decimal("12.5")),
        (r#""price":1.5e3"#, "price", decimal("1500")),
        (r#""price":1234567890123456789012345.678"#, "price", decimal("1234567890123456789012345.678")),
        (r#""price":null"#, "price", Value::Null),
        (r#""ok":true"#, "ok", Value::Bool(true)),
        (r#""at":"1970-01-01T00:00:01+00:00""#, "at", Value::Timestamp(1_000_000)),
        (r#""day":"1970-01-03""#, "day", Value::Date(2)),
        (r#""key":"00000000-0000-0000-0000-0000000000Ff""#, "key", Value::Uuid(255)),
        (r#""n":1"#, "x", Value::Null),
        (r#""n":1"#, "nowhere", Value::Null),
    ] {
        assert_eq!(value(members, wanted), expect, "{members} {wanted}");
    }
}

#[test]
fn the_scale_of_decimals_is_kept() {
    for text in ["12.50", "0.00", "-0.00", "1.000000000000000000000000000", "100"] {
        let Value::Decimal(decimal) = value(&format!(r#""price":{text}"#), "price") else { panic!("{text}") };
        assert_eq!(decimal.to_string(), text.trim_start_matches("-0.00").to_owned() + if text == "-0.00" { "0.00" } else { "" });
    }
}

#[test]
fn nested_values_and_json() {
    let json = |text: &str| Value::Json(Cow::Owned(text.to_owned()));
    let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
    for (members, wanted, expect) in [
        (r#""address":{"city":"Ro\u006da","zip":"1"}"#, "address.city", text("Roma")),
        (r#""address":{"zip":"1"}"#, "address.city", Value::Null),
        (r#""address":null"#, "address.city", Value::Null),
        (r#""address": { "zip" : "1", "other": [1.0, "\u0041"] }"#, "address", json(r#"{"zip":"1","other":[1.0,"A"]}"#)),
        (r#""tags":["a",null,"b\n"]"#, "tags", Value::Array(vec![text("a"), Value::Null, text("b\n")])),
        (r#""tags":[]"#, "tags", Value::Array(vec![])),
        (r#""days":["1970-01-01"]"#, "days", Value::Array(vec![Value::Date(0)])),
        (r#""any":"x""#, "any", json("\"x\"")),
        (r#""any":1.50"#, "any", json("1.50")),
        (r#""any":null"#, "any", Value::Null),
        (r#""any":{"b":1,"a":2,"b":3}"#, "any", json(r#"{"b":3,"a":2}"#)),
        (r#""lines":[{"sku": "x"}]"#, "lines", json(r#"[{"sku":"x"}]"#)),
        ("\"ok\":true", "", json(r#"{"id":"1","ok":true}"#)),
    ] {
        assert_eq!(value(members, wanted), expect, "{members} {wanted}");
    }
}

#[test]
fn of_a_repeated_name_only_the_last_counts() {
    for (members, wanted, expect) in [
        (r#""n":1,"n":2"#, "n", Value::Int(2)),
        (r#""n":1,"n":null,"n":3"#, "n", Value::Int(3)),
        (r#""n":"wrong","n":3"#, "n", Value::Int(3)),
        (r#""address":{"city":"a"},"address":{}"#, "address.city", Value::Null),
        (r#""address":{"city":"a","city":"b"}"#, "address.city", Value::Text("b".into())),
        (r#""tags":["a"],"tags":["b"]"#, "tags", Value::Array(vec![Value::Text("b".into())])),
    ] {
        let data = format!(r#"{{"id":"1",{members}}}"#);
        let extractor = Extractor::new(&event_type(ORDER), &[path(wanted)], &[]);
        let mut out = Extracted::default();
        match extractor.extract(&envelope(&data), &mut out) {
            Ok(()) => assert_eq!(out.fields, [expect], "{data}"),
            Err(violation) => panic!("{data}: {violation}"),
        }
    }
}

#[test]
fn loops() {
    let columns = || vec![path("sku"), path("size.w"), path("")];
    let loops = [(path("lines"), columns()), (path("tags"), vec![path("")]), (path("lines"), vec![])];
    let extractor = Extractor::new(&event_type(ORDER), &[path("id"), path("id")], &loops);
    let mut out = Extracted::default();
    let data = r#"{"id":"1","lines":[{"sku":"a","size":{"w":1.5}},null,{"n":1}],"tags":["t"]}"#;
    extractor.extract(&envelope(data), &mut out).unwrap();
    let json = |text: &'static str| Value::Json(text.into());
    let first = [Value::Text("a".into()), Value::Double(1.5), json(r#"{"sku":"a","size":{"w":1.5}}"#)];
    let others = [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null, json(r#"{"n":1}"#)];
    assert_eq!(out.fields, [Value::Text("1".into()), Value::Text("1".into())]);
    assert_eq!(out.loops[0], Elements { values: first.into_iter().chain(others).collect(), width: 3, count: 3 });
    assert_eq!(out.loops[1], Elements { values: vec![Value::Text("t".into())], width: 1, count: 1 });
    assert_eq!(out.loops[2], Elements { values: vec![], width: 0, count: 3 });

    extractor.extract(&envelope(r#"{"id":"2","lines":null}"#), &mut out).unwrap();
    assert_eq!((out.loops[0].count, out.loops[1].count, out.fields[0].clone()), (0, 0, Value::Text("2".into())));
}

#[test]
fn buffers_serve_several_types() {
    let mut out = Extracted::default();
    let order = Extractor::new(&event_type(ORDER), &[path("id"), path("address.city")], &[(path("tags"), vec![path("")])]);
    let small = Extractor::new(&event_type(r#"{"type":"object","properties":{"b":{"type":"integer"}}}"#), &[path("b")], &[]);
    for _ in 0..3 {
        order.extract(&envelope(r#"{"id":"1","address":{"city":"x"},"tags":["a"]}"#), &mut out).unwrap();
        assert_eq!((out.fields.len(), out.loops.len()), (2, 1));
        small.extract(&envelope(r#"{"b":1}"#), &mut out).unwrap();
        assert_eq!((out.fields.as_slice(), out.loops.len()), ([Value::Int(1)].as_slice(), 0));
    }
}

#[test]
fn text_without_escapes_is_borrowed() {
    let data = r#"{"id":"plain"}"#;
    let extractor = Extractor::new(&event_type(ORDER), &[path("id")], &[]);
    let mut out = Extracted::default();
    extractor.extract(&envelope(data), &mut out).unwrap();
    assert!(matches!(out.fields[0], Value::Text(Cow::Borrowed("plain"))));
}

#[test]
fn absent_data_is_null() {
    let schema = r#"{"type":["object","null"],"properties":{"b":{"type":"integer"}},"required":["b"]}"#;
    let event_type = event_type(schema);
    assert!(event_type.field(&path("b")).unwrap().nullable);
    let mut out = Extracted::default();
    Extractor::new(&event_type, &[path("b")], &[]).extract(&envelope("null"), &mut out).unwrap();
    assert_eq!(out.fields, [Value::Null]);
}
