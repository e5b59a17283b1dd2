//! `/v1/overview`: how everything stands as far as this process knows, for who looks at it again and again. It is answered at once, also while
//! the log and the stores do not answer: what they have to say is asked for every few seconds.

use std::collections::BTreeSet;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;
use crate::query::standing::described;
use crate::query::{Api, Problem};
use crate::run::{Measured, Observed, Place, Sample, Work};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/v1/overview", get(overview))
}

/// What the client has seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The number of the last sample.
    #[serde(default)]
    since: u64,
}

async fn overview(State(api): State<Api>, seen: Result<Query<Seen>, QueryRejection>) -> Result<Json<Value>, Problem> {
    let Query(Seen { since }) = seen?;
    let (observed, places) = (api.board.observed(), api.board.places());
    let stored = observed.iter().flat_map(|observed| observed.status.projections.iter().map(|stored| stored.record.name.clone()));
    let names: BTreeSet<String> = stored.chain(places.iter().map(|(name, _)| name.clone())).collect();
    let projection = |name: &String| {
        let mut json = described(&api, name, stored_of(observed.as_deref(), name));
        json["trail"] = places.iter().find(|(of, _)| of == name).map_or(Value::Null, |(_, place)| trail(place, since));
        json
    };
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "now": clock::shown(clock::now_micros()),
        "observed_seconds": observed.as_ref().map(|observed| observed.at.elapsed().as_secs_f64()),
        "head": observed.as_ref().and_then(|observed| observed.status.head).map(|head| head.position),
        "projections": names.iter().map(projection).collect::<Vec<_>>(),
    })))
}

/// What the store has said last of a projection; its name alone where it has said nothing.
fn stored_of(observed: Option<&Observed>, name: &str) -> Value {
    let stored = observed.and_then(|observed| observed.status.projections.iter().find(|stored| stored.record.name == name));
    stored.map_or_else(|| json!({ "name": name }), |stored| stored.to_json())
}

/// Seconds of work, each as an array: five hundred of them are sent often.
fn trail(place: &Place, since: u64) -> Value {
    let samples: Vec<Value> = place.trail(since).iter().map(sample).collect();
    json!({ "columns": COLUMNS, "samples": samples })
}

/// What the numbers of a sample are.
const COLUMNS: [&str; 9] =
    ["number", "time_ms", "seconds", "position", "head", "events", "commits", "longest_commit_ms", "longest_delay_ms"];

fn sample(sample: &Sample) -> Value {
    let Sample { number, at, lasted, measured: Measured { position, head, work } } = sample;
    let Work { events, commits, longest_commit, longest_delay } = work;
    let millis = |micros: u64| micros as f64 / 1e3;
    json!([number, at / 1000, lasted, position, head, events, commits, millis(*longest_commit), millis(*longest_delay)])
}
