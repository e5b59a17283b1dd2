//! A log of which nothing may be asked.

use std::ops::RangeInclusive;
use std::time::Duration;

use projector::fault::Fault;
use projector::log::{EventLog, LogEvent, LogState, NewEvent, ReadLimit};

/// Whoever asks it anything fails.
pub struct SilentLog;

impl EventLog for SilentLog {
    fn read(&self, from: u64, _: ReadLimit) -> Result<Vec<LogEvent>, Fault> {
        panic!("events from {from} on are read");
    }

    fn wait(&self, _: u64, _: Duration) -> Result<bool, Fault> {
        panic!("it is waited for events");
    }

    fn state(&self) -> Result<LogState, Fault> {
        panic!("it is asked how far the log is");
    }

    fn fetch(&self, position: u64) -> Result<Option<LogEvent>, Fault> {
        panic!("the event at {position} is read");
    }

    fn publish(&self, _: &[NewEvent<'_>]) -> Result<RangeInclusive<u64>, Fault> {
        panic!("events are published");
    }
}
