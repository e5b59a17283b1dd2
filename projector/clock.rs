//! The wall clock: for the times that the log notes, and for what people are shown. Nothing that a view
//! holds depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970.
pub fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A time for people, to the second; one that no calendar has is shown as the number that it is.
pub fn shown(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).and_then(|time| time.round(jiff::Unit::Second));
    time.map_or_else(|_| micros.to_string(), |time| time.to_string())
}

/// The time that such a text says, in microseconds since 1970.
pub fn read(text: &str) -> Result<i64, String> {
    let time: jiff::Timestamp = text.parse().map_err(|error| format!("{error}; write 2026-03-01T10:00:00Z"))?;
    Ok(time.as_microsecond())
}
