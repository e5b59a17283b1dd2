//! How a projection stands, as far as this process knows without asking anybody.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::Api;
use crate::clock;
use crate::run::{Health, Place, Wait};

/// What is stored of a projection, and what this process knows of it: as `daemon` of what it runs, as `building` of what it builds beside that,
/// as `operation` of what an operator has it do.
pub fn described(api: &Api, name: &str, stored: Value) -> Value {
    let place = |places: Vec<(String, Arc<Place>)>| {
        let place = places.into_iter().find(|(of, _)| of == name).map(|(_, place)| place);
        place.map(|place| standing(name, &place, &place.health(api.stall_after)))
    };
    let mut json = stored;
    json["daemon"] = place(api.board.places()).into();
    json["building"] = place(api.board.candidates()).into();
    json["operation"] = api.workshop.describe(name);
    json
}

/// As JSON; `health`: what it was judged to be.
pub fn standing(name: &str, place: &Place, health: &Health) -> Value {
    let (progress, rate) = (place.progress.borrow().clone(), place.rate());
    let (code, reason) = match health {
        Health::Well | Health::Paused(_) | Health::Starting | Health::Stopped => (None, None),
        Health::Stalled(stall) => (None, Some(stall.to_string())),
        Health::Halted { code, reason } => (Some(*code), Some(reason.clone())),
    };
    let to_go = rate.and_then(|rate| rate.time_for(progress.lag())).map(|time| time.as_secs_f64());
    json!({
        "projection": name,
        "generation": progress.generation,
        "stage": progress.stage.word(),
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
    let micros = i64::try_from(wait.lasting.as_micros()).unwrap_or(i64::MAX);
    json!({
        "port": wait.port.word(),
        "since": clock::shown(clock::now_micros().saturating_sub(micros)),
        "seconds": wait.lasting.as_secs_f64(),
        "failures": wait.failures,
        "error": wait.error,
    })
}
