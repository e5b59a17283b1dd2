//! How often somebody may ask.

use std::time::{Duration, Instant};

/// So many requests a second, and as many at once.
#[derive(Debug)]
pub struct Budget {
    rate: f64,
    left: f64,
    at: Instant,
}

// === impl Budget ===

impl Budget {
    /// A full one.
    pub fn new(rate: u32, now: Instant) -> Budget {
        Budget { rate: f64::from(rate), left: f64::from(rate), at: now }
    }

    /// Takes one request from it, or says after how long there is one to take.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * self.rate).min(self.rate);
        self.at = now;
        if self.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.left) / self.rate));
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_and_fills_up_to_what_it_was() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut budget = Budget::new(2, start);
        assert_eq!([budget.take(start), budget.take(start)], [Ok(()), Ok(())]);
        assert_eq!(budget.take(start), Err(Duration::from_millis(500)));
        assert_eq!(budget.take(after(500)), Ok(()));
        assert!(budget.take(after(600)).is_err());
        assert_eq!([budget.take(after(60_000)), budget.take(after(60_000))], [Ok(()), Ok(())]);
        assert!(budget.take(after(60_000)).is_err());
    }
}
