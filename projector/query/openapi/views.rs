//! The paths of a view, with its own columns.

use schemas::Type;
use serde_json::{Map, Value, json};

use super::operation::{Operation, json_of, names, parameter};
use super::types::{in_conditions, in_documents};
use crate::query::Code;
use crate::state::LiveView;
use crate::view::ColumnSpec;

/// Comparisons beside equality, as they are written behind a column.
const COMPARISONS: [&str; 5] = ["ne", "gt", "gte", "lt", "lte"];
/// What reads of a view may come to.
const READING: [Code; 8] = [
    Code::BadKey,
    Code::NoField,
    Code::NoView,
    Code::Starting,
    Code::StateLost,
    Code::GenerationGone,
    Code::PositionNotReached,
    Code::StoreDamaged,
];

/// What can be asked of this view; `all`: those that it must not be taken for.
pub fn operations(view: &LiveView, all: &[LiveView]) -> Vec<Operation> {
    let name = name(view, all);
    let (path, schema) = (format!("/v1/views/{name}"), reference(view, all));
    let new = |method, path, what: &str, summary: &str| {
        let id = format!("{what}_{}", schema_name(view, all));
        Operation::new(method, path, id, format!("{summary} {name}")).failing(&READING)
    };
    let document = new("get", format!("{path}/{{key}}"), "get", "A document of").with(freshness()).with([fields(view)]);
    let batch =
        new("post", format!("{path}/batch"), "batch", "Documents by their keys of").with(freshness()).with([fields(view)]);
    let list = new("get", path.clone(), "list", "A list of").with(freshness()).with([fields(view)]).with(page(view));
    let lists = [Code::BadCondition, Code::UndeclaredColumn, Code::BadCursor, Code::NoLists];
    let watch = new("get", format!("{path}/watch"), "watch_list", "What changes in");
    let watch_document = new("get", format!("{path}/{{key}}/watch"), "watch", "What changes in a document of");
    vec![
        document
            .answering("200", "the document", json_of(schema.clone()))
            .answering("304", "it is what the client has", Value::Null)
            .failing(&[Code::NoDocument, Code::DocumentBroken]),
        batch.taking(json_of(keys())).answering("200", "the documents, in the order of their keys", json_of(many(&schema))),
        list.with(conditions(view)).failing(&lists).answering("304", "it is what the client has", Value::Null).answering(
            "200",
            "a page; or, for who accepts it, a line for each document",
            json!({
                "application/json": { "schema": page_of(&schema) },
                "application/x-ndjson": { "schema": { "type": "string" } },
            }),
        ),
        watch.with([fields(view)]).with(conditions(view)).failing(&lists).answering("200", "server-sent events", events()),
        watch_document.with(freshness()).with([fields(view)]).answering("200", "server-sent events", events()),
    ]
}

/// The schema of its documents; columns are missing where `fields` says so.
pub fn schema(view: &LiveView) -> Value {
    let columns = view.spec.columns.iter().map(|column| (column.name.clone(), in_documents(&column.ty)));
    json!({ "type": "object", "properties": columns.collect::<Map<_, _>>(), "additionalProperties": false })
}

/// A name for that schema that no other view has.
pub fn schema_name(view: &LiveView, all: &[LiveView]) -> String {
    name(view, all).replace('.', "_")
}

/// What the view is called, with its projection's name where several have one of the name.
fn name(view: &LiveView, all: &[LiveView]) -> String {
    match all.iter().filter(|other| other.spec.name == view.spec.name).count() {
        0 | 1 => view.spec.name.clone(),
        _ => format!("{}.{}", view.projection, view.spec.name),
    }
}

fn reference(view: &LiveView, all: &[LiveView]) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", schema_name(view, all)) })
}

fn freshness() -> [Value; 2] {
    let position = json!({ "type": "integer", "minimum": 0 });
    let timeout = json!({ "type": "string", "pattern": "^[0-9]{1,5}(ms|s|m)$" });
    [
        parameter("min_position", "answer when this position has been reached, with no fan-out left", position),
        parameter("timeout", "how long to wait for it: 5s where nothing is said, 60s at most", timeout),
    ]
}

fn fields(view: &LiveView) -> Value {
    let columns = view.spec.columns.iter().map(|column| column.name.clone()).collect();
    names("fields", "send documents with these columns only", columns)
}

fn page(view: &LiveView) -> [Value; 4] {
    let ways = listed(view).flat_map(|column| [column.name.clone(), format!("-{}", column.name)]).collect();
    [
        names("order", "sort by these columns, descending with - before one", ways),
        parameter("cursor", "go on here: `next` of the page before", json!({ "type": "string" })),
        parameter("limit", "at most so many", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 })),
        parameter("count", "say how many there are on all pages", json!({ "type": "boolean", "default": false })),
    ]
}

fn conditions(view: &LiveView) -> Vec<Value> {
    let of_column = |column: &ColumnSpec| {
        let (name, schema) = (&column.name, in_conditions(&column.ty));
        let mut all = vec![parameter(name.clone(), "equal; \\N is NULL", schema.clone())];
        all.extend(COMPARISONS.map(|comparison| parameter(format!("{name}[{comparison}]"), comparison, schema.clone())));
        let text = json!({ "type": "string" });
        all.push(parameter(format!("{name}[in]"), "one of these, between commas", text.clone()));
        all.extend((column.ty == Type::Text).then(|| parameter(format!("{name}[prefix]"), "starts so", text)));
        all
    };
    listed(view).flat_map(of_column).collect()
}

fn listed(view: &LiveView) -> impl Iterator<Item = &ColumnSpec> {
    view.spec.listed.iter().map(|column| &view.spec.columns[*column])
}

fn keys() -> Value {
    let keys = json!({ "type": "array", "maxItems": 1000, "items": { "type": "string" } });
    json!({ "type": "object", "required": ["keys"], "properties": { "keys": keys }, "additionalProperties": false })
}

fn many(schema: &Value) -> Value {
    let entry = json!({
        "type": "object",
        "required": ["key", "document"],
        "properties": { "key": { "type": "string" }, "document": or_null(schema), "broken": { "type": "string" } },
    });
    let documents = json!({ "type": "array", "items": entry });
    json!({ "type": "object", "required": ["position", "generation", "documents"], "properties": moment(documents) })
}

fn page_of(schema: &Value) -> Value {
    let mut properties = moment(json!({ "type": "array", "items": schema }));
    properties["next"] = json!({ "type": ["string", "null"], "description": "the cursor of the next page" });
    properties["count"] = json!({ "type": "integer" });
    json!({ "type": "object", "required": ["position", "generation", "documents", "next"], "properties": properties })
}

fn moment(documents: Value) -> Value {
    json!({ "position": { "type": "integer" }, "generation": { "type": "integer" }, "documents": documents })
}

fn or_null(schema: &Value) -> Value {
    json!({ "oneOf": [schema, { "type": "null" }] })
}

fn events() -> Value {
    json!({ "text/event-stream": { "schema": { "type": "string" } } })
}
