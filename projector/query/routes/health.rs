//! `/healthz`: whether the process answers. `/readyz`: whether its views can be relied on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::query::Api;
use crate::run::{Progress, Stage};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// A projection that has halted stays so when the process is started again; therefore it is not ready, but healthy.
async fn ready(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    let unready: Vec<Value> = api.board.all().iter().filter_map(|(name, progress)| why_not(name, progress)).collect();
    let status = if unready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": unready.is_empty(), "waiting_for": unready })))
}

fn why_not(name: &str, progress: &Progress) -> Option<Value> {
    match &progress.stage {
        // While a new generation is built readers see the one before.
        Stage::Live | Stage::Building => None,
        Stage::Starting | Stage::Stopped => Some(json!({ "projection": name, "state": progress.stage.word() })),
        Stage::Halted { code, reason } => Some(json!({ "projection": name, "state": "halted", "code": code, "reason": reason })),
    }
}
