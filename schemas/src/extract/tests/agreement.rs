//! The pass and the validator agree, on schemas and data made up at random.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// Keywords that hold no schema, of those that the pass knows and of some that it does not.
fn keyword() -> impl Strategy<Value = (&'static str, Json)> + Clone {
    let word = prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
    let types =
        prop_oneof![word.clone().prop_map(Json::from), prop::collection::btree_set(word, 1..4).prop_map(|set| json!(set))];
    let scalar =
        prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!(1.5)), Just(json!("a")), Just(json!("")), Just(json!(true))];
    prop_oneof![
        types.prop_map(|types| ("type", types)),
        prop::collection::vec(scalar.clone(), 1..4).prop_map(|choices| ("enum", json!(choices))),
        scalar.prop_map(|value| ("const", value)),
        (-3..3i64).prop_map(|n| ("minimum", json!(n))),
        (-3..3i64).prop_map(|n| ("maximum", json!(n as f64 + 0.5))),
        (-3..3i64).prop_map(|n| ("exclusiveMinimum", json!(n))),
        (-3..3i64).prop_map(|n| ("exclusiveMaximum", json!(n))),
        (0..3u64).prop_map(|n| ("minLength", json!(n))),
        (0..3u64).prop_map(|n| ("maxLength", json!(n))),
        (0..3u64).prop_map(|n| ("minItems", json!(n))),
        (0..3u64).prop_map(|n| ("maxItems", json!(n))),
        prop::sample::select(vec!["^a", "é$", "a.", "^$"]).prop_map(|pattern| ("pattern", json!(pattern))),
        (1..4u64).prop_map(|n| ("multipleOf", json!(n))),
        Just(("uniqueItems", json!(true))),
        prop::sample::subsequence(vec!["a", "b", "c"], 0..3).prop_map(|names| ("required", json!(names))),
        any::<bool>().prop_map(|open| ("additionalProperties", json!(open))),
    ]
}

/// Schemas, and what they refer to.
fn schema() -> impl Strategy<Value = Json> {
    let leaf = prop::collection::vec(keyword(), 0..3).prop_map(object);
    let part = leaf.clone().prop_recursive(3, 16, 3, |inner| {
        let members = prop::collection::btree_map("[abc]", inner.clone(), 0..3);
        let nested = prop_oneof![
            members.prop_map(|members| ("properties", json!(members))),
            inner.clone().prop_map(|items| ("items", items)),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|items| ("prefixItems", json!(items))),
            inner.clone().prop_map(|other| ("additionalProperties", other)),
            ("[abc]", inner.clone()).prop_map(|(name, other)| ("patternProperties", json!({ name: other }))),
            inner.clone().prop_map(|other| ("allOf", json!([other]))),
            inner.clone().prop_map(|other| ("anyOf", json!([other, { "type": "null" }]))),
            inner.clone().prop_map(|other| ("oneOf", json!([{ "type": "null" }, other]))),
            inner.prop_map(|other| ("not", other)),
            Just(("$ref", json!("#/$defs/d"))),
        ];
        prop::collection::vec(prop_oneof![keyword(), nested], 0..4).prop_map(object)
    });
    let whole = |(part, referred)| {
        let b = json!({ "type": "array", "items": {} });
        json!({ "type": "object", "properties": { "a": part, "b": b }, "$defs": { "d": referred } })
    };
    (part, leaf).prop_map(whole)
}

fn object(keywords: Vec<(&'static str, Json)>) -> Json {
    keywords.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn instance() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        (-3..4i64).prop_map(Json::from),
        (-3..4i64).prop_map(|n| json!(n as f64)),
        (-3..4i64).prop_map(|n| json!(n as f64 + 0.5)),
        "[aé]{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_pass_accepts_only_what_the_validator_accepts(whole in schema(), data in instance()) {
        let data = json!({ "a": data });
        let event_type = event_type(&whole.to_string());
        let (version, text) = (event_type.latest(), data.to_string());
        let expect = version.validate(&data).is_ok();
        let plan = Plan::new(&version.schema, &[path("a")], &[]);
        let read = plan.read(version, &text, &mut Extracted::default());
        prop_assert_eq!(read.is_ok(), expect, "{} {}: {:?}", whole, text, read);
    }

    #[test]
    fn how_data_is_spelled_does_not_matter(whole in schema(), data in instance()) {
        let event_type = event_type(&whole.to_string());
        let wanted = [path("a"), path("a.b"), path("a.a.c"), path("b"), path("")];
        let extractor = Extractor::new(&event_type, &wanted, &[(path("a"), vec![path(""), path("a")])]);
        let data = json!({ "a": data, "b": [data] });
        let (compact, pretty) = (data.to_string(), serde_json::to_string_pretty(&data).unwrap());
        let repeated = compact.replacen('{', r#"{"a":[{"a":1}],"b":7,"#, 1);
        let read = |text: &str| {
            let mut out = Extracted::default();
            let result = extractor.extract(&envelope(text), &mut out).map(|()| (out.fields, out.loops));
            result.map(|(fields, loops)| {
                let fields: Vec<Value<'static>> = fields.into_iter().map(Value::into_owned).collect();
                (fields, loops.into_iter().map(Elements::into_owned).collect::<Vec<_>>())
            })
        };
        prop_assert_eq!(read(&compact), read(&pretty));
        prop_assert_eq!(read(&compact), read(&repeated));
    }

    #[test]
    fn what_is_understood_is_accepted_without_doubt(n in 0..10i64, word in "[a-z]{1,8}") {
        let schema = r#"{"type":"object","required":["n"],"additionalProperties":false,"properties":{
            "n":{"type":"integer","minimum":0},"w":{"type":"string","maxLength":8,"pattern":"^[a-z]+$"},"l":{"type":"array","items":{"type":"number"}}}}"#;
        let event_type = event_type(schema);
        let plan = Plan::new(&event_type.latest().schema, &[], &[]);
        let data = json!({ "n": n, "w": word, "l": [n, 0.5] }).to_string();
        prop_assert!(plan.accepts(&data));
    }
}
