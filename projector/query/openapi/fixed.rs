//! What is the same whatever is deployed.

use serde_json::{Value, json};

use super::operation::{Operation, json_of, object, parameter, text};
use crate::query::Code;

/// All of it.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![publishing()];
    all.extend(standing());
    all.extend(dead_letters());
    all.extend(operating());
    all
}

fn get(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new("get", path, id, summary)
}

fn post(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new("post", path, id, summary)
}

fn publishing() -> Operation {
    let event = json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "minLength": 1 },
            "source": { "type": "string", "minLength": 1 },
            "type": { "type": "string", "minLength": 1 },
            "data": {},
        },
    });
    let events = json!({ "oneOf": [event.clone(), { "type": "array", "minItems": 1, "items": event }] });
    let published = json!({
        "type": "object",
        "required": ["position", "first", "published"],
        "properties": { "position": integer(), "first": integer(), "published": integer() },
    });
    let accept = json!({ "type": "string", "enum": ["valid", "any"], "default": "valid" });
    post("/v1/events", "publish", "Publish CloudEvents: one, an array of them, or one a line")
        .with([parameter("accept", "any: also what would become dead letters", accept)])
        .taking(json!({
            "application/json": { "schema": events },
            "application/x-ndjson": { "schema": { "type": "string" } },
        }))
        .answering("200", "the positions of the first and of the last one", json_of(published))
        .failing(&[Code::InvalidEvents, Code::StoreUnfit, Code::StateLost])
}

fn standing() -> Vec<Operation> {
    let timeout = || {
        parameter(
            "timeout",
            "how long to wait for the start to be over",
            json!({ "type": "string", "pattern": "^[0-9]{1,2}ms$" }),
        )
    };
    vec![
        get("/v1/openapi.json", "openapi", "This description").answering("200", "OpenAPI 3.1", object()),
        get("/v1/views", "views", "All views, with their columns, keys and filters").answering("200", "the views", object()),
        get("/v1/status", "status", "How everything stands").answering("200", "log and projections", object()),
        get("/v1/projections", "projections", "How all projections stand").answering("200", "the projections", object()),
        get("/v1/projections/{name}", "projection", "How a projection stands")
            .answering("200", "the projection", object())
            .failing(&[Code::NoProjection]),
        get("/v1/overview", "overview", "How everything stands, as far as this process knows")
            .with([parameter("since", "samples after this number only", json!({ "type": "integer", "minimum": 0 }))])
            .answering("200", "projections and samples of their work", object()),
        get("/metrics", "metrics", "Metrics for Prometheus").answering(
            "200",
            "metrics",
            json!({ "application/openmetrics-text": { "schema": { "type": "string" } } }),
        ),
        get("/healthz", "healthz", "Whether the process answers").answering("200", "it does", text()),
        get("/readyz", "readyz", "Whether views can be relied on")
            .with([timeout()])
            .answering("200", "they can", object())
            .answering("503", "not all of them", object()),
    ]
}

fn dead_letters() -> Vec<Operation> {
    let number = |name, description| parameter(name, description, json!({ "type": "integer", "minimum": 0 }));
    let word = |name, description| parameter(name, description, json!({ "type": "string" }));
    let path = "/v1/projections/{name}/dead-letters";
    let settle = |what: &str, summary: &str| {
        post(&format!("{path}/{what}"), &format!("{what}_dead_letters"), summary)
            .taking(json_of(asked(json!({
                "by": string(), "reason": string(), "positions": list(integer()), "all": { "type": "boolean" },
                "kinds": list(string()), "matching": string(), "key": string(), "repairs": list(json!({ "type": "object" })),
            }))))
            .answering("200", "what came of them", object())
            .answering("202", "they will be carried out; `waits_for` says when", object())
            .failing(&[Code::NoProjection, Code::NoDeadLetter, Code::Rebuilding, Code::Halted, Code::BadRepair])
    };
    vec![
        get(path, "dead_letters", "What could not be applied")
            .with([
                number("after", "those after this position"),
                number("limit", "at most so many"),
                number("from", ""),
                number("to", ""),
            ])
            .with([
                word("kind", ""),
                word("matching", ""),
                word("key", "ENTITY=KEY"),
                word("since", "a time"),
                word("until", "a time"),
            ])
            .answering("200", "dead letters by position", object())
            .failing(&[Code::NoProjection]),
        get(&format!("{path}/{{position}}"), "dead_letter", "What could not be applied of one event")
            .answering("200", "the dead letter", object())
            .failing(&[Code::NoProjection, Code::NoDeadLetter]),
        settle("retry", "Try dead letters again, or repair them"),
        settle("discard", "Give dead letters up"),
    ]
}

fn operating() -> Vec<Operation> {
    let refusals = [
        Code::NoProjection,
        Code::Busy,
        Code::Deploying,
        Code::NoneBefore,
        Code::NotDone,
        Code::Rebuilding,
        Code::Halted,
        Code::DefinitionsUnusable,
    ];
    let path = |what: &str| format!("/v1/projections/{{name}}/{what}");
    let operation = |what: &str, summary: &str, body: Value| {
        post(&path(what), &what.replace('/', "_"), summary).taking(json_of(asked(body))).failing(&refusals)
    };
    let told = |operation: Operation| operation.answering("200", "what was done", object());
    let begun = |operation: Operation| operation.answering("202", "it has begun", object());
    let look =
        |what: &str, summary: &str| get(&path(what), what, summary).answering("200", "as JSON", object()).failing(&refusals);
    let go_live = json!({ "type": "string", "enum": ["unless_worse", "anyway", "hold"] });
    vec![
        told(operation("pause", "Apply nothing for a while", json!({ "by": string(), "reason": string() }))),
        told(operation("resume", "Go on after a pause", json!({ "by": string(), "reason": string() }))),
        begun(operation("rebuild", "Build a new generation from the log", json!({ "by": string(), "go_live": go_live }))),
        told(operation("rebuild/cancel", "Drop what is built", json!({ "by": string(), "reason": string() }))),
        begun(operation("rollback", "Go back to another generation", json!({ "by": string(), "to": integer() }))),
        told(operation("gc", "Drop old generations", json!({ "by": string(), "keep": integer() }))),
        look("history", "Who has deployed what, and when"),
        look("lineage", "Where views come from"),
    ]
}

/// A body with some of these members.
fn asked(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn integer() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}
