//! Builds that fail where a test says so, over those of a real store.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use projections::engine::{Answers, Missing, Space};

use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::views::StoredDeadLetter;
use crate::state::{
    Asked, Builds, Claim, Commit, Creation, Deed, Folded, NewBuild, Order, Outbox, Outcome, Pause, ProjectionRecord, Standing,
    StateStore, StoredCells, Switch, TakeRows,
};
use crate::view::Catalogue;

/// What goes wrong, once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accident {
    /// A commit panics.
    CommitPanics,
    /// A claim panics.
    ClaimPanics,
    /// Somebody else makes a generation of the same number.
    NumberTaken,
    /// A generation is dropped, and the answer gets lost.
    DropUnanswered,
}

/// Builds, and what happens to them.
pub struct Scripted {
    builds: Arc<dyn Builds>,
    script: Script,
}

#[derive(Clone)]
struct Script {
    accident: Accident,
    has_happened: Arc<AtomicBool>,
}

struct ScriptedStore {
    store: Arc<dyn StateStore>,
    script: Script,
}

// === impl Scripted ===

impl Scripted {
    /// These builds, with an accident to come.
    pub fn new(builds: Arc<dyn Builds>, accident: Accident) -> Scripted {
        Scripted { builds, script: Script { accident, has_happened: Arc::default() } }
    }
}

impl Script {
    fn happens(&self, accident: Accident) -> bool {
        self.accident == accident && !self.has_happened.swap(true, Ordering::Relaxed)
    }
}

impl Builds for Scripted {
    fn projections(&self) -> Result<Vec<ProjectionRecord>, Fault> {
        self.builds.projections()
    }

    fn create(&self, build: &NewBuild) -> Result<Creation, Fault> {
        if self.script.happens(Accident::NumberTaken) {
            let other = NewBuild { fingerprint: build.fingerprint + 1, ..build.clone() };
            self.builds.create(&other)?;
        }
        self.builds.create(build)
    }

    fn open(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn StateStore>, Fault> {
        let store = self.builds.open(projection, number, catalogue)?;
        Ok(Arc::new(ScriptedStore { store, script: self.script.clone() }))
    }

    fn outbox(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn Outbox>, Fault> {
        self.builds.outbox(projection, number, catalogue)
    }

    fn copy(&self, projection: &str, number: u64, catalogue: &Catalogue, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
        self.builds.copy(projection, number, catalogue, to)
    }

    fn count_rows(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<u64, Fault> {
        self.builds.count_rows(projection, number, catalogue)
    }

    fn definitions(&self, projection: &str, number: u64) -> Result<Option<String>, Fault> {
        self.builds.definitions(projection, number)
    }

    fn go_live(&self, projection: &str, number: u64, before: Option<u64>) -> Result<Switch, Fault> {
        self.builds.go_live(projection, number, before)
    }

    fn drop_build(&self, projection: &str, number: u64) -> Result<(), Fault> {
        self.builds.drop_build(projection, number)?;
        if self.script.happens(Accident::DropUnanswered) {
            return Err(Fault::Unavailable { operation: "dropping", place: "here".into(), source: "no answer".into() });
        }
        Ok(())
    }

    fn accept_log(&self, projection: &str, number: u64, from: &LogIdentity, to: &LogIdentity) -> Result<bool, Fault> {
        self.builds.accept_log(projection, number, from, to)
    }

    fn attend(&self, projection: &str) -> Result<Box<dyn Any + Send>, Fault> {
        self.builds.attend(projection)
    }

    fn order(&self, projection: &str, number: u64, orders: &[Order]) -> Result<(), Fault> {
        self.builds.order(projection, number, orders)
    }

    fn pause(&self, projection: &str, pause: Option<&Pause>) -> Result<bool, Fault> {
        self.builds.pause(projection, pause)
    }

    fn limit_rate(&self, projection: &str, events: Option<u64>) -> Result<bool, Fault> {
        self.builds.limit_rate(projection, events)
    }

    fn rate_limit(&self, projection: &str) -> Result<Option<u64>, Fault> {
        self.builds.rate_limit(projection)
    }

    fn note(&self, projection: &str, standing: &Standing) -> Result<(), Fault> {
        self.builds.note(projection, standing)
    }

    fn record(&self, projection: &str, deed: &Deed) -> Result<(), Fault> {
        self.builds.record(projection, deed)
    }

    fn deeds(&self, projection: &str) -> Result<Vec<Deed>, Fault> {
        self.builds.deeds(projection)
    }
}

impl StateStore for ScriptedStore {
    fn claim(&self) -> Result<Claim, Fault> {
        assert!(!self.script.happens(Accident::ClaimPanics), "a mistake in claim");
        self.store.claim()
    }

    fn look(&self) -> Result<Claim, Fault> {
        self.store.look()
    }

    fn fetch(&self, missing: Missing) -> Result<Answers, Fault> {
        self.store.fetch(missing)
    }

    fn cells(&self, space: Space) -> Result<StoredCells, Fault> {
        self.store.cells(space)
    }

    fn dead_letters(&self) -> Result<u64, Fault> {
        self.store.dead_letters()
    }

    fn letters(&self, positions: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault> {
        self.store.letters(positions)
    }

    fn asked(&self, limit: usize) -> Result<Asked, Fault> {
        self.store.asked(limit)
    }

    fn settled(&self) -> Result<Vec<Order>, Fault> {
        self.store.settled()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, Fault> {
        assert!(!self.script.happens(Accident::CommitPanics), "a mistake in commit");
        self.store.commit(commit)
    }
}
