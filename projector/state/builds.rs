//! The builds of all projections: the port by which they are made, made live and dropped.

use std::any::Any;
use std::sync::Arc;

use super::{Backlog, Checkpoint, Deed, Folded, Order, Outbox, Pause, StateStore, TakeRows};
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::view::Catalogue;

/// What is known of the builds of all projections.
///
/// Each method may be repeated, and is one atomic step; except that a build may be dropped in several, of which the first keeps its owner
/// from writing.
pub trait Builds: Send + Sync {
    /// All projections, by name.
    fn projections(&self) -> Result<Vec<ProjectionRecord>, Fault>;

    /// Adds an empty build, beside those that there are. The first of a projection is live at once. Where there is one of this number
    /// already, nothing happens.
    fn create(&self, build: &NewBuild) -> Result<Creation, Fault>;

    /// The store of a build.
    fn open(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn StateStore>, Fault>;

    /// The outbox of a build, for one flusher.
    fn outbox(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn Outbox>, Fault>;

    /// Hands out all that a build has folded, as it was at one moment of this call: rows go to `to`, in pages, the rest is the answer; `None`
    /// where `to` breaks off. The owner of the build goes on meanwhile. After an error, whatever was handed out is of no moment at all, and
    /// all of it has to be asked for again; [`Fault::Unavailable`] also says that the build changed hands. Who asks while another one
    /// does lets that one fail so. `catalogue` is the build's own.
    fn copy(&self, projection: &str, number: u64, catalogue: &Catalogue, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault>;

    /// About how many rows there are in a build; `catalogue` is its own.
    fn count_rows(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<u64, Fault>;

    /// The definitions that a build is of, as they were given with it.
    fn definitions(&self, projection: &str, number: u64) -> Result<Option<String>, Fault>;

    /// Makes a build the one that readers see, from one moment to the next, in the place of `before`, unless it is behind that one: nothing
    /// that readers have seen is unsaid. Where the build is not there the answer is [`Fault::Lost`].
    fn go_live(&self, projection: &str, number: u64, before: Option<u64>) -> Result<Switch, Fault>;

    /// Drops a build that is not live, with all that is in it. Nothing happens to the live one.
    fn drop_build(&self, projection: &str, number: u64) -> Result<(), Fault>;

    /// Notes that a build goes on from the log `to` in the place of `from`; answers whether it does so now: not where it is folded from a
    /// third one, or is gone.
    fn accept_log(&self, projection: &str, number: u64, from: &LogIdentity, to: &LogIdentity) -> Result<bool, Fault>;

    /// Notes that a projection has an owner now, and that it has none any more when what comes back is dropped, or the process
    /// ends in whatever way.
    fn attend(&self, projection: &str) -> Result<Box<dyn Any + Send>, Fault>;

    /// Gives orders to the owner of a build, all of them or none. Where there is no such build the answer is [`Fault::Gone`].
    fn order(&self, projection: &str, number: u64, orders: &[Order]) -> Result<(), Fault>;

    /// Lets a projection pause, or go on; whether it is there.
    fn pause(&self, projection: &str, pause: Option<&Pause>) -> Result<bool, Fault>;

    /// Limits how many events a second are read for builds of a projection, those that are made now among them; `None`: no limit. Answers whether
    /// the projection is there.
    fn limit_rate(&self, projection: &str, events: Option<u64>) -> Result<bool, Fault>;

    /// That limit.
    fn rate_limit(&self, projection: &str) -> Result<Option<u64>, Fault>;

    /// Notes how a projection ended; nothing happens where another process owns it by now.
    fn note(&self, projection: &str, standing: &Standing) -> Result<(), Fault>;

    /// Adds to what has been done to a projection, after all that was added before. Of what is repeated both may be kept.
    fn record(&self, projection: &str, deed: &Deed) -> Result<(), Fault>;

    /// What has been done to a projection, in order.
    fn deeds(&self, projection: &str) -> Result<Vec<Deed>, Fault>;
}

/// A build to be made.
#[derive(Clone, Debug)]
pub struct NewBuild {
    /// The projection.
    pub projection: String,
    /// The number of the generation.
    pub number: u64,
    /// The fingerprint of the definitions.
    pub fingerprint: u64,
    /// The names behind its numbers.
    pub catalogue: Catalogue,
    /// The log it is folded from.
    pub log: LogIdentity,
    /// The definitions themselves, for whoever is to run it when the files are others.
    pub definitions: String,
}

/// What became of a build to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there, made now or before.
    Made,
    /// Its number has gone to one of other definitions.
    Taken,
}

/// What became of a build that is to be the one that readers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Switch {
    /// It is, now or since before.
    Live,
    /// It is not: the one that is has events in its documents, or in its tables elsewhere, that this one has not.
    Behind,
    /// It is not: another one is by now than the one in whose place it should come.
    Overtaken,
}

/// A projection and its builds.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionRecord {
    /// Its name.
    pub name: String,
    /// The generation that readers see.
    pub live: Option<u64>,
    /// How often another one took the place of the live one.
    pub switches: u64,
    /// What its owner said last.
    pub standing: Standing,
    /// The pause that it is in, if it is in one.
    pub pause: Option<Pause>,
    /// Its builds, by number.
    pub builds: Vec<Build>,
}

/// One build of a projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The number of the generation.
    pub number: u64,
    /// The fingerprint of the definitions.
    pub fingerprint: u64,
    /// The names behind its numbers.
    pub catalogue: Catalogue,
    /// The log it is folded from.
    pub log: LogIdentity,
    /// A name that no other build has or had.
    pub creation: String,
    /// Whether readers see it, or have seen it.
    pub went_live: bool,
    /// How far it has come.
    pub checkpoint: Checkpoint,
    /// Dead letters, by kind.
    pub dead_letters: Vec<(String, u64)>,
    /// Documents whose SELECT fails.
    pub broken_documents: u64,
    /// Fan-out jobs not yet worked off.
    pub pending_jobs: u64,
    /// Entity keys whose events wait.
    pub parked_keys: u64,
    /// How far its tables are, where those are in another store.
    pub backlog: Option<Backlog>,
    /// Orders not yet carried out.
    pub open_orders: u64,
}

/// What a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its owner applies events.
    Running,
    /// Its owner ended without a word: it was killed.
    Killed,
    /// Its owner ended as it should.
    Stopped,
    /// Its owner ended because it could not go on; the text says why.
    Halted(String),
}

// === impl Build ===

#[cfg(test)]
impl Build {
    /// One of these definitions that has done nothing yet.
    pub fn new(number: u64, fingerprint: u64) -> Build {
        Build {
            number,
            fingerprint,
            catalogue: Catalogue::default(),
            log: LogIdentity("l".into()),
            creation: String::new(),
            went_live: true,
            checkpoint: Checkpoint::default(),
            dead_letters: vec![],
            broken_documents: 0,
            pending_jobs: 0,
            parked_keys: 0,
            backlog: None,
            open_orders: 0,
        }
    }
}

// === impl ProjectionRecord ===

impl ProjectionRecord {
    /// The build that readers see.
    pub fn live_build(&self) -> Option<&Build> {
        self.builds.iter().find(|build| Some(build.number) == self.live)
    }
}

// === impl Standing ===

impl Standing {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Standing::Running => "running",
            Standing::Killed => "killed",
            Standing::Stopped => "stopped",
            Standing::Halted(_) => "halted",
        }
    }

    /// Why, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Standing::Halted(reason) => Some(reason),
            Standing::Running | Standing::Killed | Standing::Stopped => None,
        }
    }
}
