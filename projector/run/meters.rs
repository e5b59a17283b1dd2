//! What is measured of a projection's work, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::committer::Committed;
use super::trail::Work;
use crate::clock;

/// The measurements of one projection since the start of the process.
#[derive(Debug)]
pub struct Meters {
    /// Seconds that commits took.
    pub commit_seconds: Histogram,
    /// Events of commits.
    pub commit_events: Histogram,
    /// Documents that had to be evaluated for commits: how far their events reached.
    pub commit_documents: Histogram,
    /// Bytes of the cache, as they were last.
    pub cache_bytes: AtomicU64,
    /// Rows, sets and marks that had to be fetched, for they were not in the cache.
    pub fetched: AtomicU64,
    /// What was done since somebody looked.
    work: Mutex<Work>,
}

// === impl Meters ===

impl Default for Meters {
    fn default() -> Self {
        let sizes = || Histogram::new(exponential_buckets(1.0, 4.0, 9));
        Meters {
            // From half a millisecond to sixteen seconds: a lone event to a server under load.
            commit_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            commit_events: sizes(),
            commit_documents: sizes(),
            cache_bytes: AtomicU64::new(0),
            fetched: AtomicU64::new(0),
            work: Mutex::default(),
        }
    }
}

impl Meters {
    /// Takes in a commit.
    pub fn committed(&self, commit: &Committed) {
        self.commit_seconds.observe(commit.took.as_secs_f64());
        self.commit_events.observe(commit.tally.events() as f64);
        self.commit_documents.observe(commit.tally.evaluated as f64);
        let delay = commit.taken.map_or(0, |taken| clock::now_micros().saturating_sub(taken));
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.events += commit.tally.events();
        work.commits += 1;
        work.longest_commit = work.longest_commit.max(u64::try_from(commit.took.as_micros()).unwrap_or(u64::MAX));
        // The log's clock may be ahead of ours.
        work.longest_delay = work.longest_delay.max(u64::try_from(delay).unwrap_or(0));
    }

    /// What was done since this was asked last.
    pub fn take_work(&self) -> Work {
        std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in what the cache holds now, and how much more had to be fetched.
    pub fn folded(&self, cache_bytes: usize, fetched: usize) {
        self.cache_bytes.store(cache_bytes as u64, Ordering::Relaxed);
        self.fetched.fetch_add(fetched as u64, Ordering::Relaxed);
    }
}
