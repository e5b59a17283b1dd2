//! `/v1/openapi.json`: the description of the API.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use crate::query::openapi::document;
use crate::query::{Api, Caller, Problem};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/v1/openapi.json", get(describe))
}

/// With the views that the caller may read.
async fn describe(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    let mut views = api.blocking(|api| Ok(api.stores.views.views()?)).await?;
    views.retain(|view| caller.may_read(view).is_ok());
    Ok(Json(document(&views)))
}
