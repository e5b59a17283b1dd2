//! How fast events are read at most.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::StopFlag;

/// How long another limit, or a stop, may go unnoticed.
const GLANCE: Duration = Duration::from_millis(50);

/// A limit that can be changed while it counts. The default: none.
#[derive(Debug, Default)]
pub struct RateLimit {
    /// Events a second; 0: no limit.
    events: AtomicU64,
}

// === impl RateLimit ===

impl RateLimit {
    /// So many events a second, from now on; `None`: as fast as it goes.
    pub fn set(&self, events: Option<u64>) {
        self.events.store(events.unwrap_or(0), Ordering::Relaxed);
    }

    /// When events that were read at `since`, so many, are over: the earliest moment for the next ones.
    fn due(&self, since: Instant, events: usize) -> Option<Instant> {
        match self.events.load(Ordering::Relaxed) {
            0 => None,
            limit => Some(since + Duration::from_secs_f64(events as f64 / limit as f64)),
        }
    }

    /// Waits until it is time to read on, after so many events that were asked for at `since`; or until it should stop.
    pub(super) fn rest(&self, since: Instant, events: usize, stop: &StopFlag) {
        while let Some(due) = self.due(since, events)
            && let left @ 1.. = due.saturating_duration_since(Instant::now()).as_nanos()
            && !stop.is_up()
        {
            thread::sleep(GLANCE.min(Duration::from_nanos(left as u64)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_take_their_time() {
        let (limit, since) = (RateLimit::default(), Instant::now());
        assert_eq!(limit.due(since, 9), None);
        limit.set(Some(100));
        assert_eq!(limit.due(since, 9), Some(since + Duration::from_millis(90)));
        limit.set(None);
        assert_eq!(limit.due(since, 9), None);
    }
}
