//! The description of the API in OpenAPI 3.1: what is the same for all, and a typed path and schema for each view that is deployed.

mod fixed;
mod operation;
mod types;
mod views;

use serde_json::{Map, Value, json};

use super::Code;
use crate::state::LiveView;

/// The description, for who may read these views.
pub fn document(views: &[LiveView]) -> Value {
    let mut paths = Map::new();
    for operation in fixed::operations().into_iter().chain(views.iter().flat_map(|view| views::operations(view, views))) {
        operation.add_to(&mut paths);
    }
    let schemas = views.iter().map(|view| (views::schema_name(view, views), views::schema(view)));
    let mut schemas: Map<String, Value> = schemas.collect();
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Projector",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Views over event streams: documents by key, lists, what changes, and publishing.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        // Without tokens nobody needs one.
        "security": [{ "token": [] }, {}],
    })
}

/// What every error is (RFC 9457).
fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "hint"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "enum": codes },
            "detail": { "type": "string", "description": "what failed, on what" },
            "hint": { "type": "string", "description": "what to do about it" },
        },
    })
}

#[cfg(test)]
mod tests;
