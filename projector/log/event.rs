//! An event as the log holds it.

use std::sync::Arc;

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place.
    pub position: u64,
    /// When the log took it, in microseconds since 1970.
    pub time: i64,
    /// What it was published under.
    pub subject: Option<Arc<str>>,
    /// Its bytes.
    pub data: Arc<[u8]>,
}
