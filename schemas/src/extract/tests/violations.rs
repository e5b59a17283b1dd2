//! What is refused, and how that is worded.

use super::*;

const ORDER: &str = r#"{
    "type": "object",
    "required": ["id", "lines"],
    "additionalProperties": false,
    "properties": {
        "id": { "type": "string", "minLength": 2, "maxLength": 4 },
        "n": { "type": "integer", "minimum": 0, "exclusiveMaximum": 10 },
        "big": { "type": "integer" },
        "x": { "type": "number" },
        "price": { "type": "number", "format": "decimal" },
        "amount": { "type": "string", "format": "decimal" },
        "at": { "type": "string", "format": "date-time" },
        "day": { "type": "string", "format": "date" },
        "key": { "type": "string", "format": "uuid" },
        "mail": { "type": "string", "format": "email" },
        "color": { "enum": ["red", 1, null] },
        "code": { "type": "string", "pattern": "^[A-Z]+$" },
        "lines": { "type": "array", "minItems": 1, "maxItems": 2,
            "items": { "type": "object", "required": ["sku"], "properties": { "sku": { "type": "string" } } } }
    }
}"#;

fn check(data: &str) -> Result<(), String> {
    let extractor = Extractor::new(&event_type(ORDER), &[], &[]);
    let violation = extractor.extract(&envelope(data), &mut Extracted::default());
    violation.map_err(|violation| format!("{}: {violation}", violation.kind))
}

fn with(members: &str) -> String {
    format!(r#"{{"id":"abc","lines":[{{"sku":"x"}}],{members}}}"#)
}

#[test]
fn accepted() {
    for members in [
        r#""n":0"#,
        r#""n":9.0"#,
        r#""color":"red""#,
        r#""color":1.0"#,
        r#""color":null"#,
        r#""code":"ABC""#,
        r#""mail":"not an address""#,
        r#""id":"éàùö""#,
        r#""id":"\ud83d\ude00\ud83d\ude00""#,
        r#""amount":"1.0""#,
    ] {
        assert_eq!(check(&with(members)), Ok(()), "{members}");
    }
}

#[test]
fn keywords_beside_a_reference_come_on_top_of_its_own() {
    let schema = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/code","pattern":"^[A-Z]"}},
        "$defs":{"code":{"type":"string","pattern":"[0-9]$"}}}"##;
    let extractor = Extractor::new(&event_type(schema), &[], &[]);
    for (code, expect) in [("A1", true), ("A", false), ("1", false)] {
        let data = format!(r#"{{"a":"{code}"}}"#);
        assert_eq!(extractor.extract(&envelope(&data), &mut Extracted::default()).is_ok(), expect, "{code}");
    }
}

#[test]
fn keywords_for_what_others_leave_over_make_no_columns() {
    for (schema, data) in [
        (r#""prefixItems":[{"type":"string"}],"items":{"type":"integer"}"#, r#"["x",1]"#),
        (r#""patternProperties":{"^x":{"type":"string"}},"additionalProperties":{"type":"integer"}"#, r#"{"x":"a","y":1}"#),
        (r#""patternProperties":{"^x":{"type":"string"}},"additionalProperties":false"#, r#"{"x":"a"}"#),
    ] {
        let schema = format!(r#"{{"type":"object","properties":{{"a":{{{schema}}}}}}}"#);
        let data = format!(r#"{{"a":{data}}}"#);
        let extractor = Extractor::new(&event_type(&schema), &[path("a")], &[]);
        assert_eq!(extractor.extract(&envelope(&data), &mut Extracted::default()), Ok(()), "{schema}");
    }
}

#[test]
fn refused_by_the_schema() {
    for (members, expect) in [
        (r#""n":-1"#, "/n: -1 is less than the minimum of 0"),
        (r#""n":10"#, "/n: 10 is greater than or equal to the maximum of 10"),
        (r#""n":1.5"#, "/n: 1.5 is not of type \"integer\""),
        (r#""n":null"#, "/n: null is not of type \"integer\""),
        (r#""id":"a""#, "/id: \"a\" is shorter than 2 characters"),
        (r#""id":"abcde""#, "/id: \"abcde\" is longer than 4 characters"),
        (r#""code":"abc""#, "/code: \"abc\" does not match \"^[A-Z]+$\""),
        (r#""lines":[]"#, "/lines: [] has less than 1 item"),
        (r#""lines":[{"sku":"a"},{"sku":1}]"#, "/lines/1/sku: 1 is not of type \"string\""),
        (r#""lines":[{}]"#, "/lines/0: \"sku\" is a required property"),
        (r#""other":1"#, "Additional properties are not allowed ('other' was unexpected)"),
        (r#""color":"blue""#, "/color: \"blue\" is not one of \"red\", 1 or null"),
    ] {
        assert_eq!(check(&with(members)), Err(format!("schema_violation: {expect}")), "{members}");
    }
    assert_eq!(check("null"), Err("schema_violation: null is not of type \"object\"".to_owned()));
    assert_eq!(check("{}"), Err("schema_violation: \"id\" is a required property; \"lines\" is a required property".to_owned()));
}

#[test]
fn refused_for_the_columns_sake() {
    for (members, expect) in [
        (r#""big":9223372036854775808"#, "/big: 9223372036854775808 is not an integer of 64 bits"),
        (r#""big":1e300"#, "/big: 1e300 is not an integer of 64 bits"),
        (
            r#""price":1.00000000000000000000000000001"#,
            "/price: 1.00000000000000000000000000001 is not a decimal of at most 28 digits",
        ),
        (r#""amount":"x""#, "/amount: \"x\" is not a decimal of at most 28 digits"),
        (r#""amount":" 1""#, "/amount: \" 1\" is not a decimal of at most 28 digits"),
        (r#""amount":"NaN""#, "/amount: \"NaN\" is not a decimal of at most 28 digits"),
        (r#""at":"2026-01-01""#, "/at: \"2026-01-01\" is not a date-time of RFC 3339"),
        (r#""day":"2026-02-30""#, "/day: \"2026-02-30\" is not a date of RFC 3339"),
        (r#""key":"{00000000-0000-0000-0000-000000000000}""#, "/key: \"{00000000-0000-0000-0000-000000000000}\" is not a UUID"),
        (r#""key":"00000000-0000-0000-0000-00000000000g""#, "/key: \"00000000-0000-0000-0000-00000000000g\" is not a UUID"),
        (r#""lines":[{"sku":"a\u0000"}]"#, "/lines/0/sku: \"a\\u0000\" has a NUL character"),
    ] {
        assert_eq!(check(&with(members)), Err(format!("schema_violation: {expect}")), "{members}");
    }
    let beyond = check(&with(r#""x":1e999"#)).unwrap_err();
    assert_eq!(beyond, "broken_json: number out of range at byte 43");
}

#[test]
fn long_values_are_cut() {
    let long = "x".repeat(100_000);
    for member in [format!(r#""at":"{long}""#), format!(r#""id":"{long}""#)] {
        let reason = check(&with(&member)).unwrap_err();
        assert!(reason.len() < 400 && reason.contains('…'), "{reason}");
    }
}

#[test]
fn broken_data_is_told() {
    assert_eq!(check("{"), Err("broken_json: expected a name in quotes at byte 1".to_owned()));
    assert_eq!(check("{}}"), Err("broken_json: unexpected text after the end of the value at byte 2".to_owned()));
}

proptest::proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        if let Ok(envelope) = Envelope::parse(&bytes) {
            let _ = check(envelope.data);
        }
        let _ = check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn nothing_panics_on_almost_json(text in r#"[\[\]{}:,"idlnes\\u0-9.eE+ \x00-]{0,48}"#) {
        let event = format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"A","data":{text}}}"#);
        if let Ok(envelope) = Envelope::parse(event.as_bytes()) {
            let _ = check(envelope.data);
        }
        let _ = check(&text);
        let _ = check(&format!(r#"{{"id":"abc","lines":[{text}]}}"#));
    }
}
