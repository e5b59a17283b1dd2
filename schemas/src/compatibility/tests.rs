//! Breaks, by example.

use super::*;
use crate::SourceFile;
use crate::upcast::NoSql;

fn registry(files: &[(&str, String)]) -> Registry {
    let files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: text.clone() }).collect();
    Registry::build("", &files, &NoSql).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A registry with one type whose data has these properties.
fn with(properties: &str, more: &str) -> Registry {
    registry(&[("s/A.v1.json", format!(r#"{{"type":"object","properties":{{{properties}}}{more}}}"#))])
}

fn check(older: &Registry, newer: &Registry, asked: Compatibility) -> Vec<String> {
    compare(older, newer, asked).iter().map(ToString::to_string).collect()
}

#[test]
fn fields() {
    let base = r#""a":{"type":"string"},"b":{"type":"integer"}"#;
    for (older, newer, backward, forward) in [
        ((base, ""), (base, ""), vec![], vec![]),
        ((base, ""), (r#""a":{"type":"string"}"#, ""), vec!["A.v1 b: the field is gone (removed_field)"], vec![]),
        (
            (base, ""),
            (base, r#","required":["a"]"#),
            vec!["A.v1 a: the newer schema requires it, the older does not (added_required)"],
            vec![],
        ),
        (
            (base, r#","required":["a"]"#),
            (base, ""),
            vec![],
            vec!["A.v1 a: the older schema requires it, the newer does not (added_required)"],
        ),
        (
            (r#""a":{"type":"string"}"#, r#","additionalProperties":false"#),
            (base, r#","additionalProperties":false"#),
            vec![],
            vec!["A.v1 b: the field is new, and the older schema allows none but the declared (added_field)"],
        ),
        (
            (base, ""),
            (base, r#","additionalProperties":false"#),
            vec!["A.v1: the newer schema allows no fields but the declared, the older does (closed_object)"],
            vec![],
        ),
    ] {
        let (old, new) = (with(older.0, older.1), with(newer.0, newer.1));
        assert_eq!(check(&old, &new, Compatibility::Backward), backward, "{older:?} {newer:?}");
        assert_eq!(check(&old, &new, Compatibility::Forward), forward, "{older:?} {newer:?}");
        assert_eq!(check(&old, &new, Compatibility::Full), [backward, forward].concat(), "{older:?} {newer:?}");
    }
}

/// Older and newer schema of the field `a`, and what breaks backward compatibility, in it or inside of it.
fn check_field(cases: &[(&str, &str, &[&str])]) {
    for (older, newer, expect) in cases {
        let (old, new) = (with(&format!(r#""a":{older}"#), ""), with(&format!(r#""a":{newer}"#), ""));
        let place = |message: &str| if message.starts_with(['[', '.']) { "A.v1 a" } else { "A.v1 a: " };
        let expect: Vec<String> = expect.iter().map(|message| format!("{}{message}", place(message))).collect();
        assert_eq!(check(&old, &new, Compatibility::Backward), expect, "{older} {newer}");
    }
}

#[test]
fn values() {
    check_field(&[
        (r#"{"type":"string"}"#, r#"{"type":"integer"}"#, &["it was text, and now is bigint (changed_type)"]),
        (r#"{"type":"string"}"#, r#"{"type":"string","format":"date"}"#, &["it was text, and now is date (changed_type)"]),
        (
            r#"{"type":["string","null"]}"#,
            r#"{"type":"string"}"#,
            &["the older allows null, the newer schema does not (narrowed_type)"],
        ),
        (r#"{"type":"string"}"#, r#"{"type":["string","null"]}"#, &[]),
        (r#"{"enum":["a","b","c"]}"#, r#"{"enum":["c","d"]}"#, &["the newer schema does not allow \"a\", \"b\" (narrowed_enum)"]),
        (
            r#"{"type":"string"}"#,
            r#"{"enum":["a"]}"#,
            &["the newer schema allows only some values, the older any (narrowed_enum)"],
        ),
        (
            r#"{"type":"string","pattern":"^a"}"#,
            r#"{"type":"string","pattern":"^b"}"#,
            &["the newer schema has `pattern`: \"^b\", the older does not (changed_constraint)"],
        ),
        (r#"{"type":"string","pattern":"^a"}"#, r#"{"type":"string"}"#, &[]),
        (
            r#"{"type":"object","properties":{"x":{"type":"string"}}}"#,
            r#"{"type":"object","properties":{"x":{"type":"boolean"}}}"#,
            &[".x: it was text, and now is boolean (changed_type)"],
        ),
        (
            r#"{"type":"array","items":{"type":"object"}}"#,
            r#"{"type":"object"}"#,
            &["it was a JSON array, and now is any JSON (changed_type)"],
        ),
    ]);
}

#[test]
fn bounds() {
    check_field(&[
        (
            r#"{"type":"integer","minimum":0}"#,
            r#"{"type":"integer","minimum":1,"maximum":9}"#,
            &[
                "the newer schema has `maximum` 9, the older has none (narrowed_bounds)",
                "the newer schema has `minimum` 1, the older has 0 (narrowed_bounds)",
            ],
        ),
        (r#"{"type":"integer","exclusiveMinimum":1}"#, r#"{"type":"integer","minimum":1}"#, &[]),
        (r#"{"type":"number","minimum":1,"maximum":8}"#, r#"{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":9}"#, &[]),
        (
            r#"{"type":"number","minimum":0}"#,
            r#"{"type":"number","exclusiveMinimum":0}"#,
            &["the newer schema has `exclusiveMinimum` 0, the older has none (narrowed_bounds)"],
        ),
        (r#"{"type":"string","maxLength":5}"#, r#"{"type":"string","maxLength":6,"minLength":0}"#, &[]),
        (
            r#"{"type":"array","items":{"type":"string","maxLength":5}}"#,
            r#"{"type":"array","minItems":1,"items":{"type":"string","maxLength":4}}"#,
            &[
                "the newer schema has `minItems` 1, the older has none (narrowed_bounds)",
                "[]: the newer schema has `maxLength` 4, the older has 5 (narrowed_bounds)",
            ],
        ),
    ]);
}

#[test]
fn members_that_are_not_declared() {
    let base = r#""a":{"type":"string"}"#;
    let others = |schema: &str| with(base, &format!(r#","additionalProperties":{schema}"#));
    let (open, any, integer) = (with(base, ""), others("{}"), others(r#"{"type":"integer"}"#));
    let positive = others(r#"{"type":"integer","minimum":1}"#);
    let narrowed = ["A.v1 *: the newer schema has `minimum` 1, the older has none (narrowed_bounds)"];
    let changed = ["A.v1 *: it was any JSON, and now is bigint (changed_type)"];
    assert_eq!(check(&open, &any, Compatibility::Full), [""; 0]);
    assert_eq!(check(&integer, &positive, Compatibility::Backward), narrowed);
    assert_eq!(check(&positive, &integer, Compatibility::Backward), [""; 0]);
    assert_eq!(check(&open, &integer, Compatibility::Backward), changed);
    assert_eq!(check(&integer, &open, Compatibility::Backward), [""; 0]);
    let declared = with(&format!(r#"{base},"b":{{"type":"boolean"}}"#), "");
    let forward = check(&integer, &declared, Compatibility::Forward);
    assert!(forward.contains(&"A.v1 b: it was bigint, and now is boolean (changed_type)".to_owned()), "{forward:?}");
}

#[test]
fn types_versions_and_owners() {
    let schema = || r#"{"type":"object"}"#.to_owned();
    let older =
        registry(&[("s/A.v1.json", schema()), ("s/A.v2.json", schema()), ("s/B.v1.json", schema()), ("s/C.v1.json", schema())]);
    let newer =
        registry(&[("s/A.v2.json", schema()), ("s/A.v3.json", schema()), ("t/C.v1.json", schema()), ("s/D.v1.json", schema())]);
    let backward = [
        "A.v1: the version is gone (removed_version)",
        "B: the type is gone (removed_type)",
        "C: it belonged to service \"s\", and now belongs to \"t\" (changed_owner)",
    ];
    assert_eq!(check(&older, &newer, Compatibility::Backward), backward);
    let forward = [
        "A.v3: the version is new: older readers do not know it (added_version)",
        "C: it belonged to service \"s\", and now belongs to \"t\" (changed_owner)",
        "D: the type is new: older readers do not know it (added_type)",
    ];
    assert_eq!(check(&older, &newer, Compatibility::Forward), forward);
    assert_eq!(compare(&older, &newer, Compatibility::Full).len(), 5);
    assert_eq!(check(&older, &older, Compatibility::Full), [""; 0]);
}
