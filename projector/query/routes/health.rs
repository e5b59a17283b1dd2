//! `/healthz`: whether the process answers. `/readyz`: whether its views can be relied on; `?timeout=30s` waits until the start
//! is over.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::query::freshness::timeout;
use crate::query::{Api, Problem};
use crate::run::{Progress, Stage};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// How long to wait.
#[derive(Deserialize)]
struct Waiting {
    timeout: Option<String>,
}

/// A projection that has halted stays so when the process is started again; therefore it is not ready, but healthy.
async fn ready(
    State(api): State<Api>,
    waiting: Result<Query<Waiting>, QueryRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Query(waiting) = waiting?;
    let longest = waiting.timeout.as_deref().map_or(Ok(Duration::ZERO), timeout)?;
    // Who asked hears what is left to wait for, whether all have started or not.
    let _ = tokio::time::timeout(longest, api.board.started()).await;
    let unready: Vec<Value> = api.board.all().iter().filter_map(|(name, progress)| why_not(name, progress)).collect();
    let status = if unready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(json!({ "ready": unready.is_empty(), "waiting_for": unready }))))
}

fn why_not(name: &str, progress: &Progress) -> Option<Value> {
    match &progress.stage {
        // While a new generation is built readers see the one before.
        Stage::Live | Stage::Building => None,
        Stage::Starting | Stage::Stopped => Some(json!({ "projection": name, "state": progress.stage.word() })),
        Stage::Halted { code, reason } => Some(json!({ "projection": name, "state": "halted", "code": code, "reason": reason })),
    }
}
