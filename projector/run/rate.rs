//! How fast a projection goes.

use std::time::{Duration, Instant};

/// What was longer ago than this hardly counts any more.
const MEMORY: Duration = Duration::from_secs(10);

/// Positions a second, smoothed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    at: Instant,
    position: u64,
    per_second: f64,
}

// === impl Rate ===

impl Rate {
    /// Nothing is known but where it is now.
    pub fn new(at: Instant, position: u64) -> Rate {
        Rate { at, position, per_second: 0.0 }
    }

    /// The rate, after it has come to this position. One that is behind belongs to another build, and begins anew.
    #[must_use]
    pub fn after(self, at: Instant, position: u64) -> Rate {
        let passed = at.saturating_duration_since(self.at).as_secs_f64();
        let Some(done) = position.checked_sub(self.position) else { return Rate::new(at, position) };
        if passed == 0.0 {
            return self;
        }
        let weight = 1.0 - (-passed / MEMORY.as_secs_f64()).exp();
        Rate { at, position, per_second: self.per_second + weight * (done as f64 / passed - self.per_second) }
    }

    /// Positions a second.
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// How long so many positions take at this rate, if that can be said.
    pub fn time_for(self, positions: u64) -> Option<Duration> {
        Duration::try_from_secs_f64(positions as f64 / self.per_second).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_near_to_what_is_done_and_forgets() {
        let start = Instant::now();
        let mut rate = Rate::new(start, 0);
        assert_eq!(rate.time_for(1), None, "nothing is known");
        for second in 1..=60 {
            rate = rate.after(start + Duration::from_secs(second), second * 100);
        }
        assert!((99.0..=100.0).contains(&rate.per_second()), "{rate:?}");
        assert!(rate.time_for(1000).is_some_and(|time| time.as_secs() == 10), "{rate:?}");
        let still = rate.after(start + Duration::from_secs(120), 6000);
        assert!(still.per_second() < 1.0, "{still:?}");
        assert_eq!(rate.after(start + Duration::from_secs(61), 5).per_second(), 0.0, "it began anew");
    }
}
