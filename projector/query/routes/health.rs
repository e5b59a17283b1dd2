//! `/healthz`: whether the process answers. `/readyz`: whether its views can be relied on; `?timeout=30s` waits until the start
//! is over.

use std::time::{Duration, Instant};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::query::freshness::timeout;
use crate::query::{Api, Problem};
use crate::run::{Health, Place, Wait};

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
    let unready: Vec<Value> = api.board.places().iter().filter_map(|(name, place)| why_not(&api, name, place)).collect();
    let status = if unready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(json!({ "ready": unready.is_empty(), "waiting_for": unready }))))
}

fn why_not(api: &Api, name: &str, place: &Place) -> Option<Value> {
    let health = place.health(api.stall_after);
    let mut unready = match &health {
        Health::Well => return None,
        Health::Starting | Health::Stopped => json!({}),
        Health::Stalled(stall) => json!({ "reason": stall.to_string() }),
        Health::Halted { code, reason } => json!({ "code": code, "reason": reason }),
    };
    unready["projection"] = name.into();
    unready["state"] = health.word().into();
    unready["retrying"] = place.waits.at(Instant::now()).iter().map(retrying).collect();
    Some(unready)
}

/// A port that does not answer just now.
pub fn retrying(wait: &Wait) -> Value {
    json!({ "port": wait.port.word(), "seconds": wait.lasting.as_secs_f64(), "failures": wait.failures, "error": wait.error })
}
