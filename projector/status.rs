//! How all projections stand, gathered from the stores: for `status`, with or without a running daemon, and for HTTP.

use serde_json::{Value, json};

use crate::clock;
use crate::fault::Fault;
use crate::log::{EventLog, Head, LogState};
use crate::state::{Build, Pause, ProjectionRecord};
use crate::stores::Stores;

/// How everything stands.
#[derive(Debug)]
pub struct Status {
    /// The end of the log.
    pub head: Option<Head>,
    /// The projections, by name.
    pub projections: Vec<ProjectionStatus>,
}

/// How one projection stands.
#[derive(Debug)]
pub struct ProjectionStatus {
    /// What is stored of it.
    pub record: ProjectionRecord,
    /// How far what readers see is behind.
    pub lag: Lag,
    /// How far its tables are behind, where those are in another store.
    pub tables_lag: Option<Lag>,
    /// How much of the log is left before what is to be read next.
    pub margin: Margin,
}

/// What lies in the log before the event that is to be read next: when that much is gone too, history is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Margin {
    /// Positions.
    pub events: u64,
    /// From when the log took its first event to when it took the next one to be read, or the last where there is none.
    pub seconds: f64,
}

/// How far a build is behind the log.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    /// Positions that are not applied yet.
    pub events: u64,
    /// How long ago the log took the first event that is not applied yet; 0 when there is none.
    pub seconds: f64,
}

// === impl Status ===

impl Status {
    /// Gathers it.
    pub fn gather(stores: &Stores) -> Result<Status, Fault> {
        // The projections first: a checkpoint then is never ahead of the head.
        let records = stores.builds.projections()?;
        let LogState { first, head, .. } = stores.log.state()?;
        let began = if head.is_some() { stores.log.fetch(first)?.map(|event| event.time) } else { None };
        let status = |record: ProjectionRecord| {
            let position = record.live_build().map_or(0, |build| build.checkpoint.position);
            let next = next_time(&*stores.log, position, head)?;
            let tables_lag = match record.live_build().and_then(|build| build.backlog) {
                Some(backlog) => Some(lag(backlog.flushed, head, next_time(&*stores.log, backlog.flushed, head)?)),
                None => None,
            };
            let margin = margin(position, first, began, next.or(head.map(|head| head.time)));
            Ok(ProjectionStatus { lag: lag(position, head, next), tables_lag, margin, record })
        };
        Ok(Status { head, projections: records.into_iter().map(status).collect::<Result<_, Fault>>()? })
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "head": self.head.map_or(0, |head| head.position),
            "projections": self.projections.iter().map(ProjectionStatus::to_json).collect::<Vec<_>>(),
        })
    }
}

/// When the log took the first event after this position; `None` where there is none.
fn next_time(log: &dyn EventLog, position: u64, head: Option<Head>) -> Result<Option<i64>, Fault> {
    match head {
        Some(head) if head.position > position => {
            // There may be none at the next position; the last is the nearest that is known.
            Ok(Some(log.fetch(position + 1)?.map_or(head.time, |event| event.time)))
        }
        _ => Ok(None),
    }
}

fn lag(position: u64, head: Option<Head>, next: Option<i64>) -> Lag {
    let events = head.map_or(0, |head| head.position.saturating_sub(position));
    let seconds = next.map_or(0.0, |time| seconds_between(time, clock::now_micros()));
    Lag { events, seconds }
}

fn margin(position: u64, first: u64, began: Option<i64>, next: Option<i64>) -> Margin {
    let seconds = began.zip(next).map_or(0.0, |(began, next)| seconds_between(began, next));
    Margin { events: (position + 1).saturating_sub(first), seconds }
}

/// From one time to another, both in microseconds since 1970; 0 where they are the other way round.
fn seconds_between(from: i64, to: i64) -> f64 {
    to.saturating_sub(from).max(0) as f64 / 1e6
}

// === impl ProjectionStatus ===

impl ProjectionStatus {
    /// For how long, at most, a document has been waiting to be written to the tables; 0 where none waits.
    pub fn oldest_seconds(&self) -> f64 {
        let since = self.record.live_build().and_then(|live| live.backlog?.since);
        since.map_or(0.0, |since| seconds_between(since, clock::now_micros()))
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let live = self.record.live_build();
        json!({
            "name": self.record.name,
            "state": self.record.standing.word(),
            "reason": self.record.standing.reason(),
            "paused": self.record.pause.as_ref().map(paused),
            "generation": self.record.live,
            "position": live.map(|build| build.checkpoint.position),
            "lag": { "events": self.lag.events, "seconds": self.lag.seconds },
            "tables": live.and_then(|build| build.backlog).map(|backlog| json!({
                "position": backlog.flushed,
                "waiting": backlog.entries,
                "oldest_seconds": self.oldest_seconds(),
                "filling": backlog.filling,
                "lag": self.tables_lag.map(|lag| json!({ "events": lag.events, "seconds": lag.seconds })),
            })),
            "margin": { "events": self.margin.events, "seconds": self.margin.seconds },
            "dead_letters": live.map(dead_letters),
            "broken_documents": live.map(|build| build.broken_documents),
            "parked_keys": live.map(|build| build.parked_keys),
            "open_orders": live.map(|build| build.open_orders),
            "pending_jobs": live.map(|build| build.pending_jobs),
            "views": live.map(|build| build.catalogue.views.iter().map(|view| view.name.clone()).collect::<Vec<_>>()),
            "generations": self.record.builds.iter().map(|build| json!({
                "number": build.number,
                "live": Some(build.number) == self.record.live,
                "went_live": build.went_live,
                "position": build.checkpoint.position,
                "fingerprint": format!("{:016x}", build.fingerprint),
            })).collect::<Vec<_>>(),
        })
    }
}

fn paused(pause: &Pause) -> Value {
    json!({ "since": clock::shown(pause.since), "by": pause.by, "reason": pause.reason })
}

fn dead_letters(build: &Build) -> Value {
    let by_kind = build.dead_letters.iter().map(|(kind, count)| (kind.clone(), json!(count)));
    Value::Object(by_kind.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_before_the_next_event() {
        for (position, first, began, next, events, seconds) in [
            (0, 1, None, None, 0, 0.0),
            (9, 1, Some(1_000_000), Some(4_000_000), 9, 3.0),
            (9, 8, Some(4_000_000), Some(4_500_000), 2, 0.5),
            (9, 10, Some(5_000_000), Some(5_000_000), 0, 0.0),
            (9, 15, Some(5_000_000), Some(4_000_000), 0, 0.0),
        ] {
            assert_eq!(margin(position, first, began, next), Margin { events, seconds }, "{position} {first}");
        }
    }
}
