//! What goes in and out of the engine beside [`Changes`]: events, answers, limits.

use std::sync::Arc;

use crate::codec::Key;

use super::cells::{CellKey, Changes, MembersWanted, Missing};

/// An event as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place in the log, from 1.
    pub position: u64,
    /// When the log took it, in microseconds since 1970: the time of an event that states none.
    pub time: i64,
    /// The NATS subject it was published under; an event without one belongs to every projection.
    pub subject: Option<Arc<str>>,
    /// The event's bytes.
    pub data: Arc<[u8]>,
    /// Why the log could make no event of what it holds there, if so; the bytes are then what it holds.
    pub flaw: Option<Arc<str>>,
}

/// What a store found of what was [`Missing`]: every cell and every page that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The cells; `None` where there is none.
    pub cells: Vec<(CellKey, Option<Arc<[u8]>>)>,
    /// The pages: members in ascending order; fewer than the limit only where the set ends.
    pub sets: Vec<(MembersWanted, Vec<Key>)>,
}

/// Where a batch stands.
#[derive(Debug)]
pub enum Step {
    /// Fetch these, [`supply`](super::Engine::supply) them, and step again.
    Missing(Missing),
    /// Commit these; then say so by [`committed`](super::Engine::committed), or drop the engine if it failed.
    Done(Changes),
}

/// Bounds on what the engine holds and does at once.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many bytes of rows, sets and aggregates to keep in memory.
    pub cache_bytes: usize,
    /// How many rows a changed row may affect through one index at once; more become a job that is worked off in pages of this
    /// size. A batch as a whole may reach 32 times as many; what it does not reach becomes jobs too.
    pub fan_out: usize,
    /// How many members of a set to ask for at once.
    pub page: usize,
    /// Seeds the hash tables, so that keys cannot be chosen to collide. Nothing that comes out depends on it.
    pub hash_seed: u64,
}

/// How many of the largest sets that are followed at once a batch has room for.
const SETS: usize = 32;

impl Limits {
    /// How many rows a batch may reach through indexes.
    pub(super) fn reach(&self) -> usize {
        self.fan_out.saturating_mul(SETS)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { cache_bytes: 128 << 20, fan_out: 1000, page: 1000, hash_seed: 0 }
    }
}
