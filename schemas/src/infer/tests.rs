//! Guesses, by example.

use super::*;
use crate::registry::Registry;
use crate::upcast::NoSql;

fn event(ty: &str, data: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"1","source":"/shop/orders","type":"{ty}","data":{data}}}"#)
}

/// The guessed type and nullability of the field `a`.
fn guess(values: &[&str]) -> (String, bool) {
    let mut inference = Inference::default();
    for value in values {
        let data = if value.is_empty() { "{}".to_owned() } else { format!(r#"{{"a":{value}}}"#) };
        inference.add(event("A", &data).as_bytes()).unwrap();
    }
    let files = inference.files();
    let registry = Registry::build("", &files, &NoSql).unwrap_or_else(|mistakes| panic!("{files:?}: {mistakes:?}"));
    let field = registry.event_type("A").unwrap().field(&["a".to_owned()]).unwrap();
    (field.ty.to_string(), field.nullable)
}

#[test]
fn types() {
    for (values, expect) in [
        (vec!["1", "2.0"], ("bigint", false)),
        (vec!["1", "2.5"], ("double precision", false)),
        (vec!["99999999999999999999"], ("double precision", false)),
        (vec!["true"], ("boolean", false)),
        (vec!["\"x\""], ("text", false)),
        (vec!["\"x\"", "null"], ("text", true)),
        (vec!["\"x\"", ""], ("text", true)),
        (vec!["\"2026-01-01T00:00:00Z\""], ("timestamptz", false)),
        (vec!["\"2026-01-01\""], ("date", false)),
        (vec!["\"2026-01-01\"", "\"soon\""], ("text", false)),
        (vec!["\"ccb77525-ba0b-4714-ac6f-1dc31b863cd6\""], ("uuid", false)),
        (vec!["\"12.50\"", "\"7\""], ("numeric", false)),
        (vec!["\"12\"", "\"7\""], ("text", false)),
        (vec!["\"1.5.2\""], ("text", false)),
        (vec!["1", "\"x\""], ("json", false)),
        (vec!["[1,2]", "[]"], ("bigint[]", false)),
        (vec!["[]"], ("json", false)),
        (vec!["{\"b\":1}"], ("json", false)),
        (vec!["null"], ("json", true)),
    ] {
        assert_eq!(guess(&values), (expect.0.to_owned(), expect.1), "{values:?}");
    }
}

#[test]
fn files_read_well() {
    let mut inference = Inference::default();
    let first = r#"{"id":"o-1","at":"2026-01-01T00:00:00Z","lines":[{"sku":"a","n":1},{"sku":"b","n":2.5,"n":3}],"any":null}"#;
    inference.add(event("OrderPlaced", first).as_bytes()).unwrap();
    inference.add(event("OrderPlaced", r#"{"at":null,"id":"o-2","lines":[{"sku":"b"}],"any":null}"#).as_bytes()).unwrap();
    inference.add(event("Pinged.v2", "null").as_bytes()).unwrap();
    let files = inference.files();
    assert_eq!(
        files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["orders/OrderPlaced.v1.json", "orders/Pinged.v2.json"]
    );
    let expect = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "OrderPlaced",
  "type": "object",
  "required": ["id", "at", "lines", "any"],
  "properties": {
    "id": { "type": "string" },
    "at": { "type": ["string", "null"], "format": "date-time" },
    "lines": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["sku"],
        "properties": {
          "sku": { "type": "string" },
          "n": { "type": "number" }
        }
      }
    },
    "any": {}
  }
}
"#;
    assert_eq!(files[0].text, expect);
    assert!(files[1].text.contains(r#""type": ["object", "null"]"#));
    Registry::build("", &files, &NoSql).unwrap();
}

#[test]
fn the_service_is_the_owner_that_the_registry_will_see() {
    let mut inference = Inference::default();
    inference.add(event("A", "{}").replace("/shop/orders", "/shop/orders?region=eu/west#1").as_bytes()).unwrap();
    assert_eq!(inference.files()[0].path, "orders/A.v1.json");
}

#[test]
fn events_that_no_schema_could_be_for() {
    let mut inference = Inference::default();
    for (event, expect) in [
        ("x".to_owned(), "expected a value at byte 0"),
        (event("A", "[1]"), "`data` is not an object"),
        (event("a/b", "{}"), "`type` gives no name for a file: \"a/b\""),
        (event("..", "{}"), "`type` gives no name for a file: \"..\""),
        (event("A", "{}").replace("/shop/orders", "/shop/.."), "`source` gives no name for a file: \"..\""),
        (event("A", "{}").replace("/shop/orders", "urn:x"), "`source` gives no name for a file: \"urn:x\""),
    ] {
        assert_eq!(inference.add(event.as_bytes()).unwrap_err().reason, expect, "{event}");
    }
    assert!(inference.files().is_empty());
}
