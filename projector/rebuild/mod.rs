//! A build made as fast as that goes: its rows first, then each view once.
//!
//! ```text
//! log ──────────► fold rows alone ─┐
//!                                  ├─► materialize each view ──► load ──► the build that is to be served
//! another build ─► copy rows ──────┘
//! └──── in a file, or, from the log and where it is embedded, in the build itself ──┘
//! ```
//! Each step ends in commits, and goes on from the last one after whatever has interrupted it; so what has been done is never
//! done again, but for the work behind the last commit. What is not in memory is on disk: the memory that it takes is the budget's.
//!
//! Nobody else writes the build meanwhile: it is a candidate that no session runs before it is made. What has happened in the log since is for
//! a session then.

mod copy;
mod limit;
mod load;
mod materialize;
mod progress;
mod reader;
mod seed;
mod writer;

use std::path::PathBuf;

use crate::fault::Fault;
use crate::log::{EventLog, LogIdentity};
use crate::run::{Definition, Halt, Patience, Port, StopFlag, Waits};
use crate::state::{Checkpoint, Claim, Order, Staging, StateStore};
pub use copy::Original;
pub use limit::RateLimit;
pub use progress::{Phase, Progress};
use projections::engine::Limits;

/// What a build is made of, and how.
pub struct Rebuild<'r> {
    /// The definitions.
    pub definition: &'r Definition,
    /// Where events come from.
    pub log: &'r dyn EventLog,
    /// The log that the build is folded from.
    pub folded_from: &'r LogIdentity,
    /// The build. It is empty, or was begun by an earlier call.
    pub target: &'r dyn StateStore,
    /// Where its rows come from.
    pub origin: Origin<'r>,
    /// Where it is made: in a file where rows are copied.
    pub place: Place,
    /// How operators have settled events of the build in whose place this one is to come.
    pub inherited: &'r [Order],
    /// The last position whose event is part of the build; later ones are for a session. An empty build of no position is made already.
    pub until: u64,
    /// About how many bytes of memory it takes at most.
    pub memory: usize,
    /// How fast it goes at most.
    pub rate: &'r RateLimit,
    /// Told how far it is, several times a second at most, from one thread.
    pub progress: &'r dyn Fn(&Progress),
    /// Raised when it should end; what is folded then is kept.
    pub stop: &'r StopFlag,
    /// Where it is seen what is waited for.
    pub waits: &'r Waits,
}

/// Where rows come from.
#[derive(Clone, Copy)]
pub enum Origin<'r> {
    /// They are folded from the log, from its first event on.
    Log,
    /// They are those of another build, which has folded them from the same log by the same rules; what has happened since is folded from the log.
    Build(Original<'r>),
}

/// Where a build is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it is to be: its store is embedded.
    InPlace,
    /// In a file that is loaded into its store then, and removed.
    File {
        /// The file.
        path: PathBuf,
        /// What the build is called that no other build is ([`Build::creation`](crate::state::Build::creation)): a file of another one is not
        /// gone on with.
        creation: String,
    },
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The build is made: a session may go on with it.
    Made,
    /// It was asked to end, and goes on from there when it is called again.
    Stopped,
}

/// Why a part of the work ends before its end.
#[derive(Debug)]
enum Broken {
    /// It cannot go on.
    Halt(Halt),
    /// The store is not where it was: all is looked at again.
    Moved,
}

/// How many bytes of rows may be open, of the budget: so much is folded again after a crash at most.
const OPEN: usize = 8;
/// What is read or loaded at once, of the budget.
const PIECE: usize = 16;
/// The most bytes that are read or loaded at once: a server that does one thing at a time does not keep others waiting for long.
const PIECE_BYTES: usize = 8 << 20;
/// Bytes of the budget for each unit of a page: what it reads and makes is most often less.
const UNIT: usize = 16 << 10;
/// The most units of a page, which is one commit.
const UNITS: usize = 10_000;

/// Makes a build, or goes on with it.
pub fn run(work: &Rebuild<'_>) -> Result<End, Halt> {
    loop {
        match work.attempt() {
            Ok(end) => return Ok(end),
            Err(Broken::Moved) => tracing::warn!("the store moved under the build that is made; starting over from there"),
            // What did not answer until the end is no reason to call it ill.
            Err(Broken::Halt(Halt::Fault(Fault::Unavailable { .. }))) if work.stop.is_up() => return Ok(End::Stopped),
            Err(Broken::Halt(halt)) => return Err(halt),
        }
    }
}

// === impl Rebuild ===

impl Rebuild<'_> {
    fn attempt(&self) -> Result<End, Broken> {
        match &self.place {
            Place::InPlace => self.make(self.target),
            Place::File { path, creation } => {
                let found = self.patience().ask(Port::State, || self.target.look())?.checkpoint;
                if found.position > 0 || self.until == 0 {
                    Staging::remove(path)?;
                    return Ok(End::Made);
                }
                let staging = match self.origin {
                    Origin::Log => Some(Staging::open(path, creation)?),
                    Origin::Build(original) => copy::run(self, original, path, creation)?,
                };
                let Some(staging) = staging else { return Ok(End::Stopped) };
                match self.make(&staging)? {
                    End::Stopped => Ok(End::Stopped),
                    End::Made => load::run(self, staging, path),
                }
            }
        }
    }

    /// Folds and materializes in this store.
    fn make(&self, store: &dyn StateStore) -> Result<End, Broken> {
        let claim = self.patience().ask(Port::State, || store.claim())?;
        let Claim { checkpoint, fence } = &claim;
        let seeding = seed::Seed::load(self, store, checkpoint)?;
        if !seeding.may_fold() || checkpoint.position >= self.until {
            return materialize::run(self, store, claim, seeding.into_engine());
        }
        let (end, checkpoint, engine) = seed::run(self, store, *fence, seeding)?;
        match end {
            End::Stopped => Ok(End::Stopped),
            End::Made => materialize::run(self, store, Claim { checkpoint, fence: *fence }, engine),
        }
    }

    fn patience(&self) -> Patience<'_> {
        Patience { stop: self.stop, waits: self.waits }
    }

    fn limits(&self) -> Limits {
        Limits {
            // The rest is for what is on its way.
            cache_bytes: self.memory / 2,
            fan_out: (self.memory / UNIT).clamp(1, UNITS),
            hash_seed: crate::run::hash_seed(),
            ..Limits::default()
        }
    }

    /// How many bytes of rows may wait to be closed.
    fn open_bytes(&self) -> usize {
        self.memory / OPEN
    }

    /// How many bytes are read or loaded at once.
    fn piece_bytes(&self) -> usize {
        (self.memory / PIECE).min(PIECE_BYTES)
    }

    fn show(&self, phase: Phase, checkpoint: &Checkpoint, done: u64) {
        (self.progress)(&Progress { phase, position: checkpoint.position, until: self.until, done });
    }
}

// === impl Broken ===

impl<E: Into<Halt>> From<E> for Broken {
    fn from(error: E) -> Broken {
        Broken::Halt(error.into())
    }
}
