//! All metrics there are. README.md has them in a table; a test holds the two together.

use std::sync::atomic::Ordering;

use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::histogram::Histogram;

use super::Seen;
use crate::run::{Meters, Port};
use crate::state::{Backlog, Build};
use crate::status::ProjectionStatus;

/// A metric with all its samples.
pub struct Family {
    /// Its name; of a counter without `_total`.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Where its values come from.
    pub figure: Figure,
}

/// Where the values of a metric come from.
pub enum Figure {
    /// What is now.
    Gauge(fn(&Seen) -> Vec<Sample>),
    /// What has been since the start of the process.
    Counter(fn(&Seen) -> Vec<Sample>),
    /// How something is distributed.
    Histogram(fn(&Meters) -> &Histogram),
}

/// A value, with labels beside the projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values of labels.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// The one metric that belongs to no projection: its name, and what it is.
pub const BUILD: (&str, &str) = ("projector_build_info", "1; the version is a label");

/// What a projection can be, in the words of readiness.
const HEALTHS: [&str; 6] = ["starting", "well", "paused", "stalled", "stopped", "halted"];

/// All others.
pub const FAMILIES: &[Family] = &[
    gauge("projector_health", "1 for what the projection is, 0 for what it is not", |seen| {
        HEALTHS.map(|word| labelled("health", word, f64::from(u8::from(seen.health.word() == word)))).into()
    }),
    gauge("projector_generation", "generation that is run", |seen| one(seen.progress.generation as f64)),
    gauge("projector_position", "position that a store holds all events up to", |seen| {
        by_store(seen.progress.position as f64, flushed(seen).map(|flushed| flushed as f64))
    }),
    gauge("projector_log_head", "last position of the log as it was seen last", |seen| one(head(seen) as f64)),
    gauge("projector_lag_events", "positions not applied yet", |seen| {
        let behind = |position| head(seen).saturating_sub(position) as f64;
        by_store(behind(seen.progress.position), flushed(seen).map(behind))
    }),
    gauge("projector_lag_seconds", "how long ago the log took the first event not applied yet", |seen| {
        let tables = seen.status().and_then(|status| status.tables_lag).map(|lag| lag.seconds);
        lag_seconds(seen).map_or_else(Vec::new, |state| by_store(state, tables))
    }),
    gauge("projector_unmoved_seconds", "since the last commit, or the last look that found nothing to do", |seen| {
        one(seen.now.saturating_duration_since(seen.progress.moved).as_secs_f64())
    }),
    gauge("projector_history_left_events", "positions in the log before the next one to be read", |seen| {
        stored(seen, |status| status.margin.events as f64)
    }),
    gauge("projector_history_left_seconds", "time from the first event of the log to the next one to be read", |seen| {
        stored(seen, |status| status.margin.seconds)
    }),
    counter("projector_events", "events by what became of them", |seen| {
        let tally = &seen.progress.tally;
        let outcomes =
            [("applied", tally.applied), ("passed_by", tally.passed_by), ("duplicate", tally.duplicates), ("dead", tally.dead)];
        outcomes.map(|(outcome, count)| labelled("outcome", outcome, count as f64)).into()
    }),
    Family {
        name: "projector_commit_seconds",
        help: "how long commits took",
        figure: Figure::Histogram(|meters| &meters.commit_seconds),
    },
    Family {
        name: "projector_commit_events",
        help: "events of commits",
        figure: Figure::Histogram(|meters| &meters.commit_events),
    },
    Family {
        name: "projector_commit_documents",
        help: "documents that commits had to evaluate: the fan-out of their events",
        figure: Figure::Histogram(|meters| &meters.commit_documents),
    },
    gauge("projector_pending_jobs", "fan-out jobs that are left", |seen| one(seen.progress.pending_jobs as f64)),
    gauge("projector_outbox_documents", "changed documents that are not in the tables yet", |seen| {
        one(backlog(seen).map_or(0.0, |backlog| backlog.entries as f64))
    }),
    gauge(
        "projector_outbox_oldest_seconds",
        "for how long the oldest of them may have been waiting; 0 where none does",
        |seen| stored(seen, ProjectionStatus::oldest_seconds),
    ),
    gauge("projector_filled_documents", "documents entered so far for new tables; 0 where none are being filled", |seen| {
        one(backlog(seen).and_then(|backlog| backlog.filling).map_or(0.0, |entered| entered as f64))
    }),
    counter("projector_table_rows", "rows written to tables in another store", |seen| {
        one(seen.progress.tables.map_or(0.0, |tables| tables.written as f64))
    }),
    gauge("projector_dead_letters", "dead letters that are kept, of all kinds", |seen| {
        stored(seen, |status| live_sum(status, |live| live.dead_letters.iter().map(|(_, count)| count).sum()))
    }),
    gauge("projector_parked_keys", "entity keys whose events wait", |seen| {
        stored(seen, |status| live_sum(status, |live| live.parked_keys))
    }),
    gauge("projector_broken_documents", "documents whose SELECT fails", |seen| {
        stored(seen, |status| live_sum(status, |live| live.broken_documents))
    }),
    gauge(
        "projector_cache_bytes",
        "bytes of the cache",
        |seen| one(seen.place.meters.cache_bytes.load(Ordering::Relaxed) as f64),
    ),
    counter("projector_cache_misses", "rows, sets and marks that had to be fetched from the state", |seen| {
        one(seen.place.meters.fetched.load(Ordering::Relaxed) as f64)
    }),
    counter("projector_retries", "calls to a port that failed and were made again", |seen| {
        Port::ALL.map(|port| labelled("port", port.word(), seen.place.waits.failures(port) as f64)).into()
    }),
    gauge("projector_waiting_seconds", "for how long a port has not answered; 0 where it does", |seen| {
        let lasting = |port| seen.waits.iter().find(|wait| wait.port == port).map_or(0.0, |wait| wait.lasting.as_secs_f64());
        Port::ALL.map(|port| labelled("port", port.word(), lasting(port))).into()
    }),
    gauge("projector_observed_seconds", "age of what the log and the stores have said last", |seen| {
        seen.observed_ago().map_or_else(Vec::new, |ago| one(ago.as_secs_f64()))
    }),
];

const fn gauge(name: &'static str, help: &'static str, samples: fn(&Seen) -> Vec<Sample>) -> Family {
    Family { name, help, figure: Figure::Gauge(samples) }
}

const fn counter(name: &'static str, help: &'static str, samples: fn(&Seen) -> Vec<Sample>) -> Family {
    Family { name, help, figure: Figure::Counter(samples) }
}

// === impl Figure ===

impl Figure {
    /// What Prometheus calls it.
    pub fn kind(&self) -> MetricType {
        match self {
            Figure::Gauge(_) => MetricType::Gauge,
            Figure::Counter(_) => MetricType::Counter,
            Figure::Histogram(_) => MetricType::Histogram,
        }
    }
}

fn one(value: f64) -> Vec<Sample> {
    vec![Sample { labels: Vec::new(), value }]
}

fn labelled(name: &'static str, label: &str, value: f64) -> Sample {
    Sample { labels: vec![(name, label.to_owned())], value }
}

/// Of the store that state is in, and of that with the tables where it is another one.
fn by_store(state: f64, tables: Option<f64>) -> Vec<Sample> {
    let values = [(Port::State, Some(state)), (Port::Tables, tables)];
    values.into_iter().filter_map(|(port, value)| Some(labelled("store", port.word(), value?))).collect()
}

/// How its tables stand by what is stored: who writes them knows little while they do not answer.
fn backlog(seen: &Seen) -> Option<Backlog> {
    seen.status()?.record.live_build()?.backlog
}

/// The position that its tables have reached, by who writes them, else by what is stored.
fn flushed(seen: &Seen) -> Option<u64> {
    seen.progress.tables.map(|tables| tables.flushed).or_else(|| Some(backlog(seen)?.flushed))
}

/// What the stores have said, if they have.
fn stored(seen: &Seen, value: impl Fn(&ProjectionStatus) -> f64) -> Vec<Sample> {
    seen.status().map_or_else(Vec::new, |status| one(value(status)))
}

fn live_sum(status: &ProjectionStatus, count: impl Fn(&Build) -> u64) -> f64 {
    status.record.live_build().map_or(0.0, |live| count(live) as f64)
}

/// The end of the log, by whoever has seen it last.
fn head(seen: &Seen) -> u64 {
    let observed = seen.observed.as_ref().and_then(|observed| observed.status.head).map_or(0, |head| head.position);
    seen.progress.head.max(observed)
}

/// As it was observed. It goes on to grow while the projection is where it was observed, whether the log answers or not.
fn lag_seconds(seen: &Seen) -> Option<f64> {
    let (status, ago) = (seen.status()?, seen.observed_ago()?);
    let at = status.record.live_build().map_or(0, |build| build.checkpoint.position);
    let stands_still = status.lag.events > 0 && at == seen.progress.position;
    let growth = if stands_still { ago.as_secs_f64() } else { 0.0 };
    let is_behind = head(seen) > seen.progress.position;
    Some(if is_behind { status.lag.seconds + growth } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_metric_is_documented_and_each_documented_one_there() {
        let readme = include_str!("../../README.md");
        let documented: BTreeSet<&str> =
            readme.lines().filter_map(|line| line.strip_prefix("| `projector_")?.split('`').next()).collect();
        let suffix = |family: &Family| match family.figure {
            Figure::Counter(_) => "_total",
            Figure::Gauge(_) | Figure::Histogram(_) => "",
        };
        let names = FAMILIES.iter().map(|family| format!("{}{}", family.name, suffix(family)));
        let names: BTreeSet<String> =
            names.chain([BUILD.0.to_owned()]).filter_map(|name| name.strip_prefix("projector_").map(str::to_owned)).collect();
        assert_eq!(documented, names.iter().map(String::as_str).collect());
    }
}
