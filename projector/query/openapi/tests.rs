//! The description says what the routes do.

use std::fs;
use std::path::Path;

use schemas::Type;

use super::*;
use crate::view::{ColumnSpec, ViewSpec};

fn view(projection: &str) -> LiveView {
    let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
    let columns = vec![column("id", Type::Text), column("age", Type::Int8), column("tags", Type::Array(Box::new(Type::Text)))];
    let spec = ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![1] };
    LiveView { projection: projection.into(), generation: 1, spec }
}

/// All paths that routes are made of, from their sources.
fn routed() -> Vec<String> {
    fn collect(folder: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                collect(&entry.path(), paths);
            } else {
                let source = fs::read_to_string(entry.path()).unwrap();
                let routes = source.split(".route(\"").skip(1).filter_map(|rest| rest.split_once('"'));
                paths.extend(routes.map(|(path, _)| path.to_owned()));
            }
        }
    }
    let mut paths = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("projector/query/routes"), &mut paths);
    paths
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document(&[view("shop")]);
    let described = document["paths"].as_object().unwrap();
    let mut routed: Vec<String> = routed().iter().map(|path| path.replace("{view}", "people")).collect();
    routed.sort();
    let mut described: Vec<String> = described.keys().cloned().collect();
    described.sort();
    assert_eq!(described, routed);
}

#[test]
fn operations_have_names_of_their_own_and_refer_to_what_there_is() {
    let document = document(&[view("shop"), view("other")]);
    let operations = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split_once('"')) {
        assert!(document["components"]["schemas"].get(reference.0).is_some(), "{}", reference.0);
    }
    assert!(document["paths"].get("/v1/views/shop.people/{key}").is_some());
}

#[test]
fn a_view_is_described_with_its_types() {
    let text = json!({ "type": ["string", "null"], "description": "text" });
    let expected = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "id": text,
            "age": { "type": ["integer", "null"], "format": "int64" },
            "tags": { "type": ["array", "null"], "items": text },
        },
    });
    assert_eq!(views::schema(&view("shop")), expected);
    let document = document(&[view("shop")]);
    let parameters = document["paths"]["/v1/views/people"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    for name in ["age", "age[gte]", "id[prefix]", "id[in]", "order", "cursor", "fields", "min_position"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(!names.contains(&"age[prefix]") && !names.contains(&"tags"));
}
