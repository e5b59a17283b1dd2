//! How all projections stand, gathered from the stores: for `status`, with or without a running daemon, and for HTTP.

use serde_json::{Value, json};

use crate::clock;
use crate::fault::Fault;
use crate::log::{EventLog, Head};
use crate::state::{Build, ProjectionRecord};
use crate::stores::Stores;

/// How everything stands.
pub struct Status {
    /// The end of the log.
    pub head: Option<Head>,
    /// The projections, by name.
    pub projections: Vec<ProjectionStatus>,
}

/// How one projection stands.
pub struct ProjectionStatus {
    /// What is stored of it.
    pub record: ProjectionRecord,
    /// How far what readers see is behind.
    pub lag: Lag,
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
        let head = stores.log.head()?;
        let status = |record: ProjectionRecord| {
            let position = record.live_build().map_or(0, |build| build.checkpoint.position);
            Ok(ProjectionStatus { lag: lag(&*stores.log, position, head)?, record })
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

fn lag(log: &dyn EventLog, position: u64, head: Option<Head>) -> Result<Lag, Fault> {
    let events = head.map_or(0, |head| head.position.saturating_sub(position));
    if events == 0 {
        return Ok(Lag::default());
    }
    let next = log.fetch(position + 1)?.map(|event| event.time).or(head.map(|head| head.time));
    let micros = next.map_or(0, |time| clock::now_micros().saturating_sub(time).max(0));
    Ok(Lag { events, seconds: micros as f64 / 1e6 })
}

// === impl ProjectionStatus ===

impl ProjectionStatus {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        let live = self.record.live_build();
        json!({
            "name": self.record.name,
            "state": self.record.standing.word(),
            "reason": self.record.standing.reason(),
            "generation": self.record.live,
            "position": live.map(|build| build.checkpoint.position),
            "lag": { "events": self.lag.events, "seconds": self.lag.seconds },
            "dead_letters": live.map(dead_letters),
            "broken_documents": live.map(|build| build.broken_documents),
            "parked_keys": live.map(|build| build.parked_keys),
            "pending_jobs": live.map(|build| build.pending_jobs),
            "views": live.map(|build| build.catalogue.views.iter().map(|view| view.name.clone()).collect::<Vec<_>>()),
            "generations": self.record.builds.iter().map(|build| json!({
                "number": build.number,
                "live": Some(build.number) == self.record.live,
                "position": build.checkpoint.position,
                "fingerprint": format!("{:016x}", build.fingerprint),
            })).collect::<Vec<_>>(),
        })
    }
}

fn dead_letters(build: &Build) -> Value {
    let by_kind = build.dead_letters.iter().map(|(kind, count)| (kind.clone(), json!(count)));
    Value::Object(by_kind.collect())
}
