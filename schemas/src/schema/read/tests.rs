//! What schemas mean, by example.

use crate::schema::{Kinds, Rest, Schema};
use crate::types::{Shape, Type};
use crate::{Diagnostic, SourceFile};

fn read(text: &str) -> (Schema, Vec<Diagnostic>) {
    let file = SourceFile { path: "a.json".to_owned(), text: text.to_owned() };
    let document = crate::document::read(&file).unwrap();
    let mut mistakes = Vec::new();
    let schema = super::read(&file.path, &document, &mut mistakes);
    (schema, mistakes)
}

fn column(text: &str) -> (String, bool, Rest) {
    let (schema, mistakes) = read(text);
    assert_eq!(mistakes, []);
    (schema.column_type().to_string(), schema.allows_null(), schema.rest)
}

#[test]
fn columns() {
    let (fixed, nullable) = (false, true);
    for (text, expect) in [
        (r#"{"type":"integer"}"#, ("bigint", fixed)),
        (r#"{"type":"number"}"#, ("double precision", fixed)),
        (r#"{"type":"number","format":"decimal"}"#, ("numeric", fixed)),
        (r#"{"type":"string","format":"decimal"}"#, ("numeric", fixed)),
        (r#"{"type":["string","number","null"],"format":"decimal"}"#, ("numeric", nullable)),
        (r#"{"type":"boolean"}"#, ("boolean", fixed)),
        (r#"{"type":"string"}"#, ("text", fixed)),
        (r#"{"type":"string","format":"email"}"#, ("text", fixed)),
        (r#"{"type":"string","format":"date-time"}"#, ("timestamptz", fixed)),
        (r#"{"type":["string","null"],"format":"date"}"#, ("date", nullable)),
        (r#"{"type":"string","format":"uuid"}"#, ("uuid", fixed)),
        (r#"{"enum":["a","b"]}"#, ("text", fixed)),
        (r#"{"enum":["a",null]}"#, ("text", nullable)),
        (r#"{"type":["string","null"],"enum":["a"]}"#, ("text", fixed)),
        (r#"{"const":1}"#, ("bigint", fixed)),
        (r#"{"type":"array","items":{"type":"integer"}}"#, ("bigint[]", fixed)),
        (r#"{"type":"array","items":{"type":"object"}}"#, ("json", fixed)),
        (r#"{"type":"array"}"#, ("json", fixed)),
        (r#"{"type":"array","items":{}}"#, ("json", fixed)),
        (r#"{"type":"object","additionalProperties":{}}"#, ("json", fixed)),
        (r#"{"type":"object"}"#, ("json", fixed)),
        (r#"{"type":["string","integer"]}"#, ("json", fixed)),
        (r#"{}"#, ("json", nullable)),
        (r#"true"#, ("json", nullable)),
        (r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"integer"}}}"##, ("bigint", fixed)),
        (r##"{"allOf":[{"$ref":"#/definitions/t"}],"definitions":{"t":{"type":"integer"}}}"##, ("bigint", fixed)),
        (r#"{"anyOf":[{"type":"string","format":"date"},{"type":"null"}],"title":"t"}"#, ("date", nullable)),
        (r#"{"oneOf":[{"type":"null"},{"enum":["a"]}]}"#, ("text", nullable)),
    ] {
        assert_eq!(column(text), (expect.0.to_owned(), expect.1, Rest::Nothing), "{text}");
    }
}

#[test]
fn the_rest_is_left_to_the_validator() {
    for text in [
        r#"{"type":"string","pattern":"^a"}"#,
        r#"{"type":"number","multipleOf":0.5}"#,
        r#"{"type":"object","required":["x"]}"#,
        r#"{"type":"object","patternProperties":{}}"#,
        r#"{"type":"array","prefixItems":[{}]}"#,
        r#"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#,
        r#"{"oneOf":[{"type":["string","null"]},{"type":"null"}]}"#,
        r#"{"anyOf":[{"type":"string"},{"type":"null"}],"maxLength":2}"#,
        r#"{"enum":[[1]]}"#,
        r#"{"enum":["a"],"const":"a"}"#,
        r#"{"minimum":9007199254740993}"#,
        r##"{"$ref":"#/$defs/t","maximum":1,"$defs":{"t":{"type":"integer"}}}"##,
        r##"{"$ref":"#"}"##,
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"integer"}"#,
        r#"{"$dynamicRef":"x"}"#,
    ] {
        assert_ne!(read(text).0.rest, Rest::Nothing, "{text}");
    }
}

#[test]
fn fields_keep_their_order_and_nullability() {
    let text = r#"{"type":"object","required":["z","n"],"properties":{
        "z":{"type":"string"},"a":{"type":"integer"},"n":{"type":["object","null"],"properties":{"x":{"type":"boolean"}}}}}"#;
    let Type::Json(Shape::Object(fields)) = read(text).0.column_type() else { panic!("not an object") };
    let shown: Vec<_> = fields.iter().map(|f| (f.name.as_str(), f.ty.to_string(), f.nullable)).collect();
    assert_eq!(shown, [("z", "text".into(), false), ("a", "bigint".into(), true), ("n", "json".into(), true)]);
}

#[test]
fn recursion_ends() {
    let list = r##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##;
    let (schema, mistakes) = read(list);
    assert_eq!(mistakes, []);
    let next = &schema.property("next").unwrap().schema;
    assert_eq!((next.kinds, next.rest), (Kinds::OBJECT, Rest::Nothing));
    assert_eq!(next.property("next").unwrap().schema.rest, Rest::Everything);
}

#[test]
fn references_that_multiply_are_cut_off() {
    let steps: Vec<String> = (0..40)
        .map(|n| {
            format!(r##""d{n}":{{"properties":{{"a":{{"$ref":"#/$defs/d{m}"}},"b":{{"$ref":"#/$defs/d{m}"}}}}}}"##, m = n + 1)
        })
        .collect();
    let text = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d40":{{}}}}}}"##, steps.join(","));
    let (schema, _) = read(&text);
    assert_eq!(schema.property("a").unwrap().schema.rest, Rest::Nothing);
    assert_eq!(schema.property("b").unwrap().schema.rest, Rest::Everything);
}

#[test]
fn only_the_whole_has_an_id() {
    let text = r##"{"$id":"https://shop/a","properties":{"$id":{"$ref":"#/$defs/t"},"b":{"$ref":"#/$defs/t"}},"$defs":{"t":{"$id":"t"}}}"##;
    let (_, mistakes) = read(text);
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].message, "only the schema as a whole can have an `$id`");
    assert_eq!(&text[mistakes[0].span.clone().unwrap()], "\"t\"");
}

#[test]
fn references_that_lead_nowhere() {
    for reference in ["#/$defs/x", "other.json", "#x", ""] {
        let text = format!(r#"{{"properties":{{"a":{{"$ref":"{reference}"}}}}}}"#);
        let (_, mistakes) = read(&text);
        assert_eq!(mistakes.len(), 1, "{reference}");
        assert_eq!(mistakes[0].message, format!("`$ref` to \"{reference}\" leads nowhere"));
        assert_eq!(&text[mistakes[0].span.clone().unwrap()], format!("\"{reference}\""));
    }
}
