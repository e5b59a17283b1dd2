//! Where the state of a projection is kept: the ports, the store that is embedded, and the one in Redis.
//!
//! [`StateStore`] is one build of a projection, as its owner writes it. [`Builds`] is what is known of all builds: which
//! one is live, how far each has come. [`Views`] is the reader's side, [`Outbox`] that of tables in another store. The ports block; see
//! [`crate::log`] for why.

mod audits;
pub mod builds;
mod catalogues;
mod copies;
mod deeds;
pub mod embedded;
pub(crate) mod letter_keys;
pub mod orders;
pub mod outbox;
pub mod redis;
pub mod views;

use std::sync::Arc;

pub use builds::{Build, Builds, Creation, NewBuild, ProjectionRecord, Standing, Switch};
pub use copies::{CopiedRows, Folded, TakeRows};
pub use deeds::{Deed, What};
pub use embedded::{EmbeddedState, Staging};
pub use orders::{Action, Asked, Carried, Order, Pause};
pub use outbox::{Backlog, Entering, Outbox};
use projections::codec::Key;
use projections::engine::{Answers, Changes, LogEvent, Missing, Space};
pub use redis::{RedisFacts, RedisState, RedisUrl};
pub use views::{Document, DocumentBody, KeyPage, KeyPlace, LiveView, Reading, Views};
use xxhash_rust::xxh3::xxh3_64;

use crate::fault::Fault;
use views::StoredDeadLetter;

/// The state of one build (a generation of a projection): cells, sets, documents, dead letters and the checkpoint.
///
/// **Atomicity.** A commit is seen whole or not at all, by readers too, and after any crash.
///
/// **Order.** Commits follow each other: each names the one it comes after.
///
/// **Ownership.** Who claims last owns the build. From the moment a claim returns, no commit of an earlier owner
/// succeeds.
///
/// **Errors.** After [`Fault::Unavailable`] a commit may have happened or not; the same commit repeated then answers
/// [`Outcome::AlreadyCommitted`] or does it. Everything else may simply be repeated.
///
/// **Loss.** A store may come back from an accident as it was some commits ago: whole, but older. The next commit then answers
/// [`Outcome::Stale`], and [`StateStore::look`] shows it to who has nothing to commit. Where nothing is left of the projection
/// at all the answer is [`Fault::Lost`]. A build that is gone while the projection is there was dropped by an owner of a newer one: the answer
/// is [`Fault::Gone`].
pub trait StateStore: Send + Sync {
    /// Takes the build over.
    fn claim(&self) -> Result<Claim, Fault>;

    /// The fence of the present owner, and how far the build has come: what a claim answers, without claiming anything.
    fn look(&self) -> Result<Claim, Fault>;

    /// Answers what the engine misses, from the last commit or, where one is under way, from before or after it. Keys of cells
    /// ([`SetSpace::Cells`](projections::engine::SetSpace::Cells)) are for stores in which builds are made; another one answers [`Fault::Unfit`].
    fn fetch(&self, missing: Missing) -> Result<Answers, Fault>;

    /// All cells of a family, by key; for the small ones that are kept in memory from the start.
    fn cells(&self, space: Space) -> Result<StoredCells, Fault>;

    /// How many dead letters are kept.
    fn dead_letters(&self) -> Result<u64, Fault>;

    /// The dead letters of these positions, in their order; those that are not there are left out.
    fn letters(&self, positions: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault>;

    /// What operators ask for: of orders the first `limit`, by name.
    fn asked(&self, limit: usize) -> Result<Asked, Fault>;

    /// The orders by which this build differs from its log, by position.
    fn settled(&self) -> Result<Vec<Order>, Fault>;

    /// Writes all changes and the checkpoint, or nothing.
    fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, Fault>;
}

/// Cells of one family: their keys and bytes.
pub type StoredCells = Vec<(Key, Arc<[u8]>)>;

/// What a new owner starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Rises with every owner.
    pub fence: u64,
    /// How far the build has come.
    pub checkpoint: Checkpoint,
}

/// How far a build has come. The effect of every event up to `position` is in the state, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position of the last event; 0 before the first.
    pub position: u64,
    /// How many commits led here: several may share a position, when fan-out is worked off.
    pub commits: u64,
    /// The last event, to recognize it by; `None` before the first.
    pub event: Option<EventMark>,
}

/// What an event is recognized by: should the log hold another one at its position, history was rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventMark {
    /// XXH3-64 of the event's bytes.
    pub hash: u64,
    /// When the log took it, in microseconds since 1970.
    pub time: i64,
}

/// One commit.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// The owner's fence.
    pub fence: u64,
    /// [`Checkpoint::commits`] of the commit that this one follows.
    pub follows: u64,
    /// The checkpoint after it.
    pub checkpoint: &'a Checkpoint,
    /// What it writes.
    pub changes: &'a Changes,
    /// The orders that it carries out.
    pub carried: &'a Carried,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is done.
    Committed,
    /// It had been done before, by this owner.
    AlreadyCommitted,
    /// The store is elsewhere: it stands at this checkpoint. Nothing was written; the owner must start over from there.
    Stale(Checkpoint),
    /// There is a newer owner, with this fence. Nothing was written.
    Fenced(u64),
}

// === impl Checkpoint ===

impl Checkpoint {
    /// The checkpoint after one more commit, at the same event.
    #[must_use]
    pub fn after_job(&self) -> Checkpoint {
        Checkpoint { commits: self.commits + 1, ..self.clone() }
    }

    /// The checkpoint after one more commit, whose last event is this one.
    #[must_use]
    pub fn after_event(&self, event: &LogEvent) -> Checkpoint {
        Checkpoint { position: event.position, commits: self.commits + 1, event: Some(EventMark::of(event)) }
    }
}

// === impl EventMark ===

impl EventMark {
    /// The mark of this event.
    pub fn of(event: &LogEvent) -> EventMark {
        EventMark { hash: xxh3_64(&event.data), time: event.time }
    }
}
