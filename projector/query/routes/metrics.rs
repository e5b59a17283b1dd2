//! `/metrics`: counters and gauges in Prometheus' text format.

use std::fmt::Write;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::query::Api;
use crate::run::{Progress, Stage};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/metrics", get(metrics))
}

/// A metric: its name, its kind, what it is, and its value.
type Metric = (&'static str, &'static str, &'static str, fn(&Progress) -> f64);

const METRICS: [Metric; 11] = [
    ("projector_position", "gauge", "position of the last commit", |now| now.position as f64),
    ("projector_log_head", "gauge", "last position of the log, as it was seen last", |now| now.head as f64),
    ("projector_lag_events", "gauge", "events that are not applied yet", |now| now.lag() as f64),
    ("projector_generation", "gauge", "generation that is run", |now| now.generation as f64),
    ("projector_halted", "gauge", "1 when the projection could not go on", |now| {
        f64::from(u8::from(matches!(now.stage, Stage::Halted { .. })))
    }),
    ("projector_pending_jobs", "gauge", "fan-out jobs that are left", |now| now.pending_jobs as f64),
    ("projector_events_applied_total", "counter", "events folded", |now| now.tally.applied as f64),
    ("projector_events_passed_by_total", "counter", "events of no concern", |now| now.tally.passed_by as f64),
    ("projector_events_duplicate_total", "counter", "events seen before", |now| now.tally.duplicates as f64),
    ("projector_dead_letters_total", "counter", "events that could not be applied", |now| now.tally.dead as f64),
    ("projector_commit_seconds_total", "counter", "time spent in commits", |now| now.commit_time.as_secs_f64()),
];

async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], render(&api.board.all()))
}

fn render(projections: &[(String, Progress)]) -> String {
    let mut out = String::new();
    for (name, kind, help, value) in METRICS {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (projection, progress) in projections {
            let _ = writeln!(out, "{name}{{projection=\"{projection}\"}} {}", value(progress));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_projection_has_a_line() {
        let progress = Progress { position: 3, head: 10, ..Progress::default() };
        let text = render(&[("shop".to_owned(), progress)]);
        assert!(text.contains("# TYPE projector_lag_events gauge\nprojector_lag_events{projection=\"shop\"} 7\n"), "{text}");
    }
}
