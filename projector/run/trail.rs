//! What a projection has done in the last minutes, second by second, for who draws it.

use std::collections::VecDeque;

/// How many seconds are kept: what fits on a screen.
const KEPT: usize = 300;

/// The last minutes of a projection.
#[derive(Debug, Default)]
pub struct Trail {
    samples: VecDeque<Sample>,
}

/// One second, or about that.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Its number since the start, from 1.
    pub number: u64,
    /// When it ended, in microseconds since 1970.
    pub at: i64,
    /// Seconds that it lasted.
    pub lasted: f64,
    /// Where it led.
    pub measured: Measured,
}

/// What is seen of a projection at the end of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// The position of the last commit.
    pub position: u64,
    /// The end of the log as it was seen last.
    pub head: u64,
    /// What its commits did since the second before.
    pub work: Work,
}

/// What commits did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Events in them.
    pub events: u64,
    /// How many they were.
    pub commits: u64,
    /// How long the longest took, in microseconds.
    pub longest_commit: u64,
    /// The longest time from when the log took an event to when it was in the views, in microseconds.
    pub longest_delay: u64,
}

// === impl Trail ===

impl Trail {
    /// Adds what is seen at this time, in microseconds since 1970; what is too old is forgotten.
    pub fn add(&mut self, at: i64, measured: Measured) {
        let (number, lasted) = match self.samples.back() {
            Some(before) => (before.number + 1, at.saturating_sub(before.at).max(0) as f64 / 1e6),
            None => (1, 0.0),
        };
        self.samples.push_back(Sample { number, at, lasted, measured });
        if self.samples.len() > KEPT {
            self.samples.pop_front();
        }
    }

    /// What came after the sample of this number; everything where that is of another life, and has a number that is yet to come.
    pub fn after(&self, number: u64) -> Vec<Sample> {
        let is_known = self.samples.back().is_some_and(|last| number <= last.number);
        let after = if is_known { number } else { 0 };
        self.samples.iter().filter(|sample| sample.number > after).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_minutes_are_kept_and_told_from_where_one_knows_them() {
        let mut trail = Trail::default();
        for second in 0..400 {
            trail.add(second * 1_000_000, Measured { position: second as u64, ..Measured::default() });
        }
        let numbers = |after| trail.after(after).iter().map(|sample| sample.number).collect::<Vec<_>>();
        assert_eq!((numbers(0).len(), numbers(0)[0]), (300, 101));
        assert_eq!((numbers(398), numbers(400)), (vec![399, 400], vec![]));
        assert_eq!(numbers(401).len(), 300, "who has seen more has seen another process");
        assert_eq!(trail.after(399)[0].lasted, 1.0);
    }
}
