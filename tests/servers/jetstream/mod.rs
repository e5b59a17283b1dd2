//! The log on JetStream.

mod accept;
mod auth;
mod credentials;
mod history;
mod mapping;
mod publishing;
mod reading;
mod restart;
mod shop;

use projector::log::{EventLog, LogEvent, NewEvent, ReadLimit};

/// As much as there is.
const ALL: ReadLimit = ReadLimit { events: 1_000_000, bytes: usize::MAX };

/// An event of this id.
fn event(id: impl std::fmt::Display) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/people","type":"PersonSeen","data":{{"person_id":"{id}"}}}}"#)
}

/// Publishes events of these ids.
fn publish(log: &dyn EventLog, ids: std::ops::RangeInclusive<u64>) {
    let events: Vec<String> = ids.map(event).collect();
    let new: Vec<_> = events.iter().map(|event| NewEvent { subject: None, data: event.as_bytes() }).collect();
    log.publish(&new).expect("events are published");
}

fn positions(events: &[LogEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

fn text(event: &LogEvent) -> &str {
    std::str::from_utf8(&event.data).expect("events are text")
}
