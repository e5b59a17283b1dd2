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
    let standings = api.board.places().into_iter().map(|(name, place)| {
        let health = place.health(api.stall_after);
        (health.is_ready(), standing(&name, &place, &health))
    });
    let standings: Vec<(bool, Value)> = standings.collect();
    let unready: Vec<&Value> = standings.iter().filter_map(|(is_ready, standing)| (!is_ready).then_some(standing)).collect();
    let status = if unready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let all: Vec<&Value> = standings.iter().map(|(_, standing)| standing).collect();
    Ok((status, Json(json!({ "ready": unready.is_empty(), "waiting_for": unready, "projections": all }))))
}

/// How a projection stands, as far as this process knows without asking anybody.
fn standing(name: &str, place: &Place, health: &Health) -> Value {
    let (progress, rate) = (place.progress.borrow().clone(), place.rate());
    let (code, reason) = match health {
        Health::Well | Health::Paused(_) | Health::Starting | Health::Stopped => (None, None),
        Health::Stalled(stall) => (None, Some(stall.to_string())),
        Health::Halted { code, reason } => (Some(*code), Some(reason.clone())),
    };
    let to_go = rate.and_then(|rate| rate.time_for(progress.lag())).map(|time| time.as_secs_f64());
    json!({
        "projection": name,
        "state": health.word(),
        "code": code,
        "reason": reason,
        "position": progress.position,
        "head": progress.head,
        "events_per_second": rate.map(|rate| rate.per_second()),
        "seconds_to_go": to_go,
        "retrying": place.waits.at(Instant::now()).iter().map(retrying).collect::<Vec<_>>(),
    })
}

/// A port that does not answer just now.
fn retrying(wait: &Wait) -> Value {
    json!({ "port": wait.port.word(), "seconds": wait.lasting.as_secs_f64(), "failures": wait.failures, "error": wait.error })
}
