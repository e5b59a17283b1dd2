//! Upcasts, by example. The stand-in for SQL knows two forms: `field`, and `'text'`.

use std::sync::Arc;

use super::*;
use crate::registry::Registry;
use crate::{Envelope, Extracted, Extractor, Field, Type, Value};

struct Names;

impl CompileUpcast for Names {
    fn compile(&self, text: &str, fields: &[Field]) -> Result<UpcastExpr, Vec<UpcastMistake>> {
        if let Some(quoted) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            let word = quoted.to_owned();
            let eval: Box<UpcastEval> = Box::new(move |_| Ok(Value::Text(word.clone().into())));
            return Ok(UpcastExpr { fields: Vec::new(), ty: Type::Text, eval });
        }
        let Some(field) = fields.iter().find(|field| field.name == text) else {
            let message = format!("no field `{text}`");
            return Err(vec![UpcastMistake { span: 0..text.len(), message, hint: None }]);
        };
        let eval: Box<UpcastEval> = Box::new(|values| match &values[0] {
            Value::Int(0) => Err("division by zero".to_owned()),
            value => Ok(value.clone().into_owned()),
        });
        Ok(UpcastExpr { fields: vec![vec![text.to_owned()]], ty: field.ty.clone(), eval })
    }
}

const V1: &str = r#"{"type":"object","required":["id","customer"],"properties":{
    "id":{"type":"string"},"customer":{"type":"string"},"old":{"type":"boolean"},"n":{"type":"integer"},
    "price":{"type":"number","format":"decimal"},"note":{"type":["string","null"]}}}"#;

const V2: &str = r#"{"type":"object","required":["id","customer_id","channel","kind"],"additionalProperties":false,"properties":{
    "id":{"type":"string"},"customer_id":{"type":"string"},"channel":{"type":"string","maxLength":5},"kind":{"enum":["a","b"]},
    "n":{"type":"integer"},"m":{"type":"integer"},"price":{"type":"number","format":"decimal"},"note":{"type":"string"}}}"#;

const STEP: &str = r#"
rename = { customer_id = "customer" }
drop = ["old"]
default = { channel = "web", note = "none" }
set = { kind = "'a'", m = "n" }
"#;

fn registry(files: &[(&str, &str)]) -> Result<Registry, Vec<Diagnostic>> {
    let files: Vec<SourceFile> =
        files.iter().map(|(name, text)| SourceFile { path: format!("s/A.{name}"), text: (*text).to_owned() }).collect();
    Registry::build("", &files, &Names)
}

fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    registry(files).unwrap_err().iter().map(ToString::to_string).collect()
}

fn extract(files: &[(&str, &str)], data: &str, wanted: &[&str]) -> Result<Vec<Value<'static>>, String> {
    let event_type = registry(files).unwrap().event_type("A").unwrap().clone();
    let paths: Vec<Vec<String>> = wanted.iter().map(|name| vec![(*name).to_owned()]).collect();
    let envelope = Envelope { id: "1".into(), source: "s".into(), ty: "A".into(), version: 1, subject: None, time: None, data };
    let mut out = Extracted::default();
    let extractor = Extractor::new(&Arc::clone(&event_type), &paths, &[]);
    extractor.extract(&envelope, &mut out).map_err(|violation| format!("{}: {violation}", violation.kind))?;
    Ok(out.fields.into_iter().map(Value::into_owned).collect())
}

const FILES: [(&str, &str); 3] = [("v1.json", V1), ("v2.json", V2), ("v1-to-v2.toml", STEP)];

#[test]
fn older_data_is_lifted() {
    let data = r#"{"id":"1","customer":"c","old":true,"price":0.10000000000000000000000001,"note":null,"n":7}"#;
    let fields = extract(&FILES, data, &["customer_id", "channel", "kind", "m", "price", "note"]).unwrap();
    let text = |text: &'static str| Value::Text(text.into());
    let price = Value::Decimal("0.10000000000000000000000001".parse().unwrap());
    assert_eq!(fields, [text("c"), text("web"), text("a"), Value::Int(7), price, text("none")]);
}

#[test]
fn a_computed_null_is_left_out_where_null_is_not_allowed() {
    assert_eq!(extract(&FILES, r#"{"id":"1","customer":"c"}"#, &["m"]), Ok(vec![Value::Null]));
}

#[test]
fn what_fails() {
    for (data, expect) in [
        (r#"{"id":"1","customer":7}"#, "schema_violation: /customer: 7 is not of type \"string\""),
        (r#"{"id":"1","customer":"c","n":0}"#, "upcast_failed: `m` cannot be computed: division by zero"),
        (
            r#"{"id":"1","customer":"c","extra":0}"#,
            "upcast_failed: data of v1 as the newest version: Additional properties are not allowed ('extra' was unexpected)",
        ),
    ] {
        assert_eq!(extract(&FILES, data, &[]), Err(expect.to_owned()), "{data}");
    }
}

#[test]
fn chains_and_versions_that_need_no_file() {
    let v3 = V2.replace("\"maxLength\":5", "\"maxLength\":9");
    let files = [FILES[0], FILES[1], FILES[2], ("v3.json", &v3)];
    let data = r#"{"id":"1","customer":"c","customer":"d"}"#;
    assert_eq!(extract(&files, data, &["customer_id"]), Ok(vec![Value::Text("d".into())]));
}

#[test]
fn nothing_is_lifted_from_null() {
    let schema = r#"{"type":["object","null"],"properties":{"n":{"type":"integer"}}}"#;
    assert_eq!(extract(&[("v1.json", schema), ("v2.json", schema)], "null", &["n"]), Ok(vec![Value::Null]));
}

#[test]
fn what_does_not_fit_is_found_before_anything_runs() {
    for (step, expect) in [
        ("", vec!["v1 has a field `customer`, which v2 does not allow", "v1 has a field `old`, which v2 does not allow"]),
        ("rename = { customer_id = \"custom\" }", vec!["v1 has no field `custom`"]),
        ("rename = { client = \"customer\" }\ndrop = [\"x\"]", vec!["v1 has no field `x`", "v2 has no field `client`"]),
        ("drop = [\"old\", \"customer\", \"id\"]", vec!["v2 requires `id`, which v1 does not have"]),
        ("drop = [\"old\"]\nrename = { customer_id = \"n\" }", vec!["`customer_id` does not fit v2: it is bigint, not text"]),
        ("set = { kind = \"x\" }", vec!["no field `x`"]),
        ("set = { m = \"note\" }", vec!["`m` does not fit v2: it is text, not bigint"]),
        ("default = { m = 1.5 }", vec!["`m` does not fit v2: 1.5 is not of type \"integer\""]),
        ("default = { kind = \"c\" }", vec!["`kind` does not fit v2: \"c\" is not one of \"a\" or \"b\""]),
        ("rename = { customer_id = \"customer\", m = \"customer\" }", vec!["`customer` is renamed twice"]),
        ("rename = { n = \"customer\" }", vec!["v1 has a field `n` already"]),
        ("drop = [\"old\"]\nrename = { m = \"old\" }", vec!["`old` is both renamed and dropped"]),
        ("drop = [\"note\"]\nrename = { channel = \"note\" }", vec!["`note` is both renamed and dropped"]),
        ("drop = []\nrename = { channel = \"note\" }", vec!["`channel` does not fit v2: it may be absent"]),
        ("sett = {}", vec!["unknown field `sett`, expected one of `rename`, `default`, `drop`, `set`"]),
    ] {
        let found = mistakes(&[FILES[0], FILES[1], ("v1-to-v2.toml", step)]);
        for message in expect {
            assert!(found.contains(&format!("s/A.v1-to-v2.toml: {message}")), "{step}: {message}: {found:#?}");
        }
    }
}

/// One field `a`, of one schema in v1 and of another in v2, with this file between them; what `given` becomes.
fn lift(older: &str, newer: &str, step: &str, given: &str) -> Result<Value<'static>, Vec<String>> {
    let schema = |field: &str| format!(r#"{{"type":"object","required":["a"],"properties":{{"a":{field}}}}}"#);
    let (v1, v2) = (schema(older), schema(newer));
    let files = [("v1.json", v1.as_str()), ("v2.json", v2.as_str()), ("v1-to-v2.toml", step)];
    registry(&files).map_err(|found| found.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>())?;
    extract(&files, &format!(r#"{{"a":{given}}}"#), &["a"]).map(|mut fields| fields.remove(0)).map_err(|reason| vec![reason])
}

#[test]
fn decimals_are_numbers_or_strings() {
    let (number, string) = (r#"{"type":"number","format":"decimal"}"#, r#"{"type":"string","format":"decimal"}"#);
    let (integer, text) = (r#"{"type":"integer"}"#, r#"{"type":"string"}"#);
    let decimal = |text: &str| Ok(Value::Decimal(text.parse().unwrap()));
    let refused = |what: &str| Err(vec![format!("`a` does not fit v2: {what}")]);
    let set = "set = { a = \"a\" }";
    for (older, newer, step, given, expect) in [
        (number, string, "", "1.5", refused("it is numeric (number), not numeric (string)")),
        (integer, string, "", "1", refused("it is bigint, not numeric (string)")),
        (string, number, "", "\"1.5\"", refused("it is numeric (string), not numeric (number)")),
        (text, number, "set = { a = \"'1.5'\" }", "\"\"", refused("it is text, not numeric (number)")),
        (number, string, set, "1.50", decimal("1.50")),
        (integer, string, set, "7", decimal("7")),
        (integer, number, "", "7", decimal("7")),
        (string, text, "", "\"1.50\"", Ok(Value::Text("1.50".into()))),
        (text, string, "", "\"1.50\"", decimal("1.50")),
    ] {
        assert_eq!(lift(older, newer, step, given), expect, "{older} {newer} {step}");
    }
}

#[test]
fn constants_are_checked_as_the_data_that_they_become() {
    let older = r#"{"type":["object","null"]}"#;
    let (instant, list) = (r#"{"type":"string","format":"date-time"}"#, r#"{"type":"array","items":{"type":"integer"}}"#);
    let refused = |what: &str| Err(vec![format!("`a` does not fit v2: {what}")]);
    let default = |value: &str| format!("drop = [\"a\"]\ndefault = {{ a = {value} }}");
    for (newer, value, expect) in [
        (instant, "1970-01-01T00:00:01Z", Ok(Value::Timestamp(1_000_000))),
        (instant, "1970-01-01T00:00:01", refused("\"1970-01-01T00:00:01\" is not a date-time of RFC 3339")),
        (instant, "\"soon\"", refused("\"soon\" is not a date-time of RFC 3339")),
        (list, "[1, 2]", Ok(Value::Array(vec![Value::Int(1), Value::Int(2)]))),
        (list, "[\"x\"]", refused("\"x\" is not of type \"integer\"")),
        (r#"{"type":"number"}"#, "nan", refused("\"NaN\" is not of type \"number\"")),
    ] {
        assert_eq!(lift(older, newer, &default(value), "null"), expect, "{newer} {value}");
    }
}

#[test]
fn a_new_name_is_given_once_in_any_order() {
    for data in [r#"{"id":"1","customer":"c","customer_id":"x"}"#, r#"{"customer_id":"x","id":"1","customer":"c"}"#] {
        assert_eq!(extract(&FILES, data, &["customer_id"]), Ok(vec![Value::Text("c".into())]), "{data}");
    }
}

#[test]
fn mistakes_point_into_the_expression() {
    let step = "set = { kind = \"oops\" }";
    let found = registry(&[FILES[0], FILES[1], ("v1-to-v2.toml", step)]).unwrap_err();
    assert_eq!(&step[found[0].span.clone().unwrap()], "oops");
}

#[test]
fn without_a_file_the_newer_schema_is_to_blame() {
    let found = registry(&FILES[..2]).unwrap_err();
    assert_eq!(found[0].path, "s/A.v2.json");
    assert!(found[0].hint.as_ref().unwrap().starts_with("write an upcast beside it, <EventType>.v1-to-v2.toml"));
}
