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
use crate::query::standing::standing;
use crate::query::{Api, Caller, Problem};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// How long to wait.
#[derive(Deserialize)]
struct Waiting {
    timeout: Option<String>,
}

/// Whoever asks without a token, where others have one, hears no more than whether it is ready. A projection that has halted stays so when the process is started again; therefore it is not ready, but healthy.
async fn ready(
    State(api): State<Api>,
    caller: Caller,
    waiting: Result<Query<Waiting>, QueryRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Query(waiting) = waiting?;
    let longest = waiting.timeout.as_deref().map_or(Ok(Duration::ZERO), timeout)?;
    // Who asked hears what is left to wait for, whether all have started or not.
    let _ = tokio::time::timeout(longest, api.board.started()).await;
    let standings = api.board.places().into_iter().map(|(name, place)| {
        let health = place.health(api.stall_after);
        (health.is_ready(), standing(&name, &place, &health))
    });
    let standings: Vec<(bool, Value)> = standings.collect();
    let unready: Vec<&Value> = standings.iter().filter_map(|(is_ready, standing)| (!is_ready).then_some(standing)).collect();
    let status = if unready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if matches!(caller, Caller::Nobody) {
        return Ok((status, Json(json!({ "ready": unready.is_empty() }))));
    }
    let all: Vec<&Value> = standings.iter().map(|(_, standing)| standing).collect();
    Ok((status, Json(json!({ "ready": unready.is_empty(), "waiting_for": unready, "projections": all }))))
}
