//! One operation, as OpenAPI describes it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::query::Code;

/// What can go wrong with every request.
const ALWAYS: [Code; 10] = [
    Code::BadRequest,
    Code::NoToken,
    Code::BadToken,
    Code::NotPermitted,
    Code::ForeignPage,
    Code::TooManyRequests,
    Code::Internal,
    Code::StoreUnavailable,
    Code::StoreSlow,
    Code::Overloaded,
];

/// A method of a path.
pub struct Operation {
    method: &'static str,
    path: String,
    id: String,
    summary: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    codes: Vec<Code>,
}

// === impl Operation ===

impl Operation {
    /// With the parameters of its path. `id`: what clients that are generated name it.
    pub fn new(method: &'static str, path: impl Into<String>, id: impl Into<String>, summary: impl Into<String>) -> Operation {
        let path = path.into();
        let parameters = in_path(&path).map(path_parameter).collect();
        let (id, summary) = (id.into(), summary.into());
        Operation { method, path, id, summary, parameters, body: None, answers: Map::new(), codes: ALWAYS.to_vec() }
    }

    /// Takes these parameters too.
    pub fn with(mut self, parameters: impl IntoIterator<Item = Value>) -> Operation {
        self.parameters.extend(parameters);
        self
    }

    /// Takes a body of this kind.
    pub fn taking(mut self, content: Value) -> Operation {
        self.body = Some(content);
        self.codes.extend([Code::TooLarge, Code::TooSlowRequest]);
        self
    }

    /// Answers this, where all goes well.
    pub fn answering(mut self, status: &str, description: &str, content: Value) -> Operation {
        let content = if content.is_null() { json!({}) } else { content };
        self.answers.insert(status.to_owned(), json!({ "description": description, "content": content }));
        self
    }

    /// May fail in these ways too.
    pub fn failing(mut self, codes: &[Code]) -> Operation {
        self.codes.extend(codes);
        self
    }

    /// Puts it where it belongs.
    pub fn add_to(self, paths: &mut Map<String, Value>) {
        let mut responses = problems(&self.codes);
        for (status, answer) in self.answers {
            // What says that all is not well may be no problem, and the other way around.
            merge(&mut responses, status, answer);
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": self.parameters,
            "responses": responses,
        });
        if let Some(content) = self.body {
            operation["requestBody"] = json!({ "content": content });
        }
        let path = paths.entry(self.path).or_insert_with(|| json!({}));
        path[self.method] = operation;
    }
}

/// Answers with problems, by status.
fn problems(codes: &[Code]) -> Map<String, Value> {
    let mut by_status: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_str().to_owned()).or_default().push(code.word());
    }
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let response = |words: Vec<&str>| json!({ "description": words.join(", "), "content": content });
    by_status.into_iter().map(|(status, words)| (status, response(words))).collect()
}

fn merge(responses: &mut Map<String, Value>, status: String, answer: Value) {
    match responses.get_mut(&status).and_then(|response| response["content"].as_object_mut()) {
        Some(content) => content.extend(answer["content"].as_object().cloned().unwrap_or_default()),
        None => drop(responses.insert(status, answer)),
    }
}

/// The names between braces.
fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn path_parameter(name: &str) -> Value {
    let schema =
        if name == "position" { json!({ "type": "integer", "minimum": 0 }) } else { json!({ "type": "string", "minLength": 1 }) };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

/// A parameter of the query.
pub fn parameter(name: impl Into<String>, description: &str, schema: Value) -> Value {
    json!({ "name": name.into(), "in": "query", "description": description, "schema": schema })
}

/// A parameter of the query with names between commas.
pub fn names(name: &str, description: &str, known: Vec<String>) -> Value {
    let schema = json!({ "type": "array", "items": { "type": "string", "enum": known } });
    json!({ "name": name, "in": "query", "description": description, "schema": schema, "style": "form", "explode": false })
}

/// A body or an answer of JSON with this schema.
pub fn json_of(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// An object about which nothing more is said.
pub fn object() -> Value {
    json_of(json!({ "type": "object" }))
}

/// Plain text.
pub fn text() -> Value {
    json!({ "text/plain": { "schema": { "type": "string" } } })
}
