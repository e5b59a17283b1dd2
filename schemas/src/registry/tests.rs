//! Registries, by example.

use super::*;
use crate::upcast::NoSql;

const ORDER: &str = r#"{"type":"object","required":["id"],"properties":{
    "id":{"type":"string"},
    "address":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]},
    "lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}}}}}}"#;

fn build(files: &[(&str, &str)]) -> Result<Registry, Vec<Diagnostic>> {
    let files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
    Registry::build("schemas", &files, &NoSql)
}

fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    build(files).unwrap_err().iter().map(ToString::to_string).collect()
}

fn field(registry: &Registry, path: &str) -> Option<(String, bool)> {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    registry.event_type("OrderPlaced")?.field(&path).map(|field| (field.ty.to_string(), field.nullable))
}

#[test]
fn types_and_fields() {
    let registry = build(&[("schemas/shop/orders/OrderPlaced.v1.json", ORDER), ("schemas/README.md", "")]).unwrap();
    let order = registry.event_type("OrderPlaced").unwrap();
    assert_eq!(order.service, "orders");
    assert_eq!(field(&registry, "id"), Some(("text".to_owned(), false)));
    assert_eq!(field(&registry, "address.city"), Some(("text".to_owned(), true)));
    assert_eq!(field(&registry, "address.street"), None);
    assert_eq!(field(&registry, "lines.sku"), None);
    let line = order.field(&["lines".to_owned()]).unwrap().element().unwrap();
    assert_eq!(line.at(&["sku".to_owned()]).unwrap().ty, crate::Type::Text);
}

#[test]
fn ownership_and_versions() {
    let files = [("schemas/orders/A.v2.json", ORDER), ("schemas/orders/A.v3.json", ORDER)];
    let registry = build(&files).unwrap();
    let check = |ty: &str, source: &str| {
        let event = format!(r#"{{"specversion":"1.0","id":"1","type":"{ty}","source":"{source}"}}"#);
        let envelope = Envelope::parse(event.as_bytes()).unwrap();
        registry
            .resolve(&envelope)
            .map(|found| found.name.clone())
            .map_err(|violation| format!("{}: {violation}", violation.kind))
    };
    for source in ["orders", "/orders", "/shop/orders/", "https://x/shop/orders", "urn/orders?x=/y#z"] {
        assert_eq!(check("A.v2", source), Ok("A".to_owned()), "{source}");
    }
    for source in ["payments", "/orders/x", "myorders", "/orders?x=/payments/"] {
        let expect = format!("wrong_owner: A belongs to service \"orders\", but came from \"{source}\"");
        assert_eq!(check("A.v2", source).err(), (source != "/orders?x=/payments/").then_some(expect), "{source}");
    }
    let long = check("A.v2", &"x".repeat(500_000)).unwrap_err();
    assert!(long.len() < 200 && check(&"B".repeat(500_000), "orders").unwrap_err().len() < 200, "{long}");
    assert_eq!(check("B", "orders"), Err("unknown_type: no schema for event type \"B\"".to_owned()));
    assert_eq!(check("A", "orders"), Err("unknown_version: A has no version 1: there is v2, v3".to_owned()));
}

#[test]
fn all_mistakes_are_reported() {
    let found = mistakes(&[
        ("schemas/a/Order.json", "{}"),
        ("schemas/Order.v1.json", "{}"),
        ("schemas/a/Broken.v1.json", "{"),
        ("schemas/a/Scalar.v1.json", r#"{"type":"string"}"#),
        ("schemas/a/Gap.v1.json", ORDER),
        ("schemas/a/Gap.v3.json", ORDER),
        ("schemas/a/Twice.v1.json", ORDER),
        ("schemas/b/Twice.v1.json", ORDER),
        ("schemas/a/Moved.v1.json", ORDER),
        ("schemas/b/Moved.v2.json", ORDER),
        ("schemas/a/Ref.v1.json", r##"{"type":"object","properties":{"x":{"$ref":"#/$defs/x"},"y":{"$ref":"z"}}}"##),
        ("schemas/a/Form.v1.json", r#"{"type":"object","properties":{"x":{"type":"strin"},"y":{"minLength":-1}}}"#),
        ("schemas/a/Draft.v1.json", r#"{"$schema":"urn:x","type":"object"}"#),
        ("schemas/a/Alone.v1-to-v2.toml", ""),
    ]);
    let expect = [
        "schemas/a/Order.json: the file's name is not that of a schema",
        "schemas/Order.v1.json: the file is in no service's folder",
        "schemas/b/Twice.v1.json: the same is already declared in schemas/a/Twice.v1.json",
        "schemas/a/Alone.v1-to-v2.toml: there is no schema of v1",
        "schemas/a/Alone.v1-to-v2.toml: there is no schema of v2",
        "schemas/a/Broken.v1.json: broken JSON: expected a name in quotes",
    ];
    assert_eq!(found[..6], expect);
    assert!(found[6].starts_with("schemas/a/Draft.v1.json: unknown `$schema`"), "{}", found[6]);
    assert_eq!(
        found[7],
        "schemas/a/Form.v1.json: not a JSON Schema: \"strin\" is not valid under any of the schemas listed in the 'anyOf' keyword"
    );
    assert_eq!(found[8], "schemas/a/Form.v1.json: not a JSON Schema: -1 is less than the minimum of 0");
    let expect = [
        "schemas/a/Gap.v3.json: v3 follows v1: Gap.v2.json is missing",
        "schemas/b/Moved.v2.json: the type's other files are in the folder a",
        "schemas/a/Ref.v1.json: `$ref` to \"#/$defs/x\" leads nowhere",
        "schemas/a/Ref.v1.json: `$ref` to \"z\" leads nowhere",
        "schemas/a/Scalar.v1.json: the data of an event is an object, but the schema allows string",
    ];
    assert_eq!(found[9..], expect);
}

#[test]
fn drafts() {
    for draft in [
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-04/schema#",
    ] {
        let schema = ORDER.replacen('{', &format!(r#"{{"$schema":"{draft}","#), 1);
        let registry = build(&[("schemas/orders/OrderPlaced.v1.json", &schema)]).unwrap();
        assert_eq!(field(&registry, "id"), Some(("text".to_owned(), false)), "{draft}");
    }
}

#[test]
fn mistakes_point_at_their_place() {
    let text = r#"{"type":"object","properties":{"x":{"type":"strin"}}}"#;
    let found = build(&[("schemas/a/Form.v1.json", text)]).unwrap_err();
    assert_eq!(&text[found[0].span.clone().unwrap()], "\"strin\"");
}

proptest::proptest! {
    #[test]
    fn whatever_the_files_hold_mistakes_point_into_them(
        schema in r##"[{}\[\]:,é" ]{0,6}|\{("(type|properties|items|required|\$ref|enum|é)":("object"|"é"|\{\}|\[\]|\["é"\]|\{"a":\{"type":"é"\}\}|"#/x"|1),?){0,4}\}"##,
        step in r#"((rename|drop|default|set|é|"é") = (\{\}|\["é"\]|\{ é = "é" \}|\{ id = "é" \}|\{ id = 'id' \})[\n ]?){0,3}"#,
    ) {
        let files = [("schemas/a/X.v1.json", schema.as_str()), ("schemas/a/O.v1.json", ORDER), ("schemas/a/O.v2.json", ORDER), ("schemas/a/O.v1-to-v2.toml", step.as_str())];
        for mistake in build(&files).err().into_iter().flatten() {
            let text = files.iter().find(|(path, _)| *path == mistake.path).map(|(_, text)| *text).unwrap();
            let span = mistake.span.unwrap_or(0..0);
            proptest::prop_assert!(text.get(span.clone()).is_some(), "{:?} of {}: {}", span, text, mistake.message);
        }
    }
}
