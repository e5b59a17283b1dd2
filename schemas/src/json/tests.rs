//! What JSON is written, and which spellings of it are the same.

use super::*;
use crate::{Interval, Value};

#[test]
fn canonical_form() {
    let cases = [
        (" { \"b\" : 1.50 , \"a\":[ 1 , {} ,[ ] ], \"b\": true } ", "{\"b\":true,\"a\":[1,{},[]]}"),
        (r#""\u0041\/\ud83d\ude00\n\u0001""#, "\"A/😀\\n\\u0001\""),
        (r#""\uD800 \u0000""#, r#""\ud800 \u0000""#),
        ("1e5", "1e5"),
    ];
    for (json, expect) in cases {
        assert_eq!(canonical(json).unwrap(), expect);
    }
    for wrong in
        ["", "{", "[1,]", "01", "'a'", "{\"a\"}", &"[".repeat(100_000), &format!("{}{}", "[".repeat(9999), "]".repeat(9999))]
    {
        assert!(canonical(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn values_are_written_as_by_to_json() {
    let cases = [
        (Value::Timestamp(1_767_225_600_120_000), "\"2026-01-01T00:00:00.12+00:00\""),
        (Value::Decimal("1.50".parse().unwrap()), "1.50"),
        (Value::Double(f64::NAN), "\"NaN\""),
        (Value::Double(1e20), "1e+20"),
        (Value::Text("a\"\\\n\u{1}é".into()), "\"a\\\"\\\\\\n\\u0001é\""),
        (Value::Interval(Interval { months: 1, days: 0, micros: 0 }), "\"1 mon\""),
        (Value::Array(vec![Value::Bool(true), Value::Null, Value::Date(0)]), "[true,null,\"1970-01-01\"]"),
    ];
    for (value, expect) in cases {
        let mut out = String::new();
        write_json(&value, &mut out);
        assert_eq!(out, expect);
    }
}

#[test]
fn of_a_repeated_name_the_last_value_counts() {
    for count in [3, 1000] {
        let names = || (0..count).map(|n| format!("n{n}"));
        let members = names().map(|name| (name, 0)).chain(names().rev().map(|name| (name, 1)));
        let expect: Vec<(String, i32)> = names().map(|name| (name, 1)).collect();
        assert_eq!(last_of_each(members.collect()), expect);
    }
}

#[test]
fn parts_are_found() {
    let json = r#"{"a":[1,"]",{"b":"}"}],"c\u0064":null}"#;
    assert_eq!(members(json).collect::<Vec<_>>(), [("\"a\"", r#"[1,"]",{"b":"}"}]"#), (r#""c\u0064""#, "null")]);
    assert_eq!(elements(r#"[1,"]",{"b":"}"}]"#).collect::<Vec<_>>(), ["1", "\"]\"", r#"{"b":"}"}"#]);
    assert_eq!(unescape(r#""c\u0064\n""#).unwrap(), "cd\n");
    assert_eq!(unescape(r#""\u0000""#), None);
    assert_eq!((elements("{").count(), members("{\"a\"").count(), elements("[\"").count()), (0, 0, 0));
    assert_eq!((elements("[:").count(), members("{:").count(), members("{\"a\"::").count()), (0, 0, 0));
}
