//! The thread that commits.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use projections::engine::{DocumentChange, Tally};

use super::feed::{CommitId, Feed, Told};
use super::processor::Computed;
use super::retry::Patience;
use super::session::Event;
use super::waits::Port;
use crate::state::{Checkpoint, Commit, Outcome, StateStore};
use crate::view::Catalogue;

/// What became of a commit.
#[derive(Debug)]
pub struct Committed {
    /// The engine's number of the batch.
    pub number: u64,
    /// The position that it led to.
    pub position: u64,
    /// Jobs that are left after it.
    pub pending_jobs: usize,
    /// What the store said.
    pub outcome: Outcome,
    /// What the batch did.
    pub tally: Tally,
    /// The names of the orders that it carried out.
    pub orders: Vec<String>,
    /// How long the commit took.
    pub took: Duration,
    /// When the log took the first event of the batch, where it has events; in microseconds since 1970.
    pub taken: Option<i64>,
}

/// Who commits.
pub struct Committer<'s> {
    /// Where to.
    pub store: &'s dyn StateStore,
    /// Our fence.
    pub fence: u64,
    /// How the store is asked.
    pub patience: Patience<'s>,
    /// Whom to tell of commits, where readers see them.
    pub teller: Option<Teller>,
}

/// Tells of the commits of a generation.
pub struct Teller {
    /// Those who want to know.
    pub feed: Arc<Feed>,
    /// The generation.
    pub generation: u64,
    /// Its names.
    pub catalogue: Arc<Catalogue>,
}

// === impl Committer ===

impl Committer<'_> {
    /// Commits what it is given, in order, again and again while the store does not answer; until it is given no more.
    pub fn serve(&self, work: &Receiver<Computed>, inbox: &Sender<Event>) {
        while let Ok(computed) = work.recv() {
            let event = self.commit(&computed);
            let is_done = matches!(&event, Event::Committed(done) if matches!(done.outcome, Outcome::Committed | Outcome::AlreadyCommitted));
            // Nobody listens any more: the session has ended, and the commit counts all the same.
            if inbox.send(event).is_err() {
                return;
            }
            if let Some(teller) = self.teller.as_ref().filter(|_| is_done) {
                teller.tell(self.fence, &computed.checkpoint, computed.changes.documents);
            }
        }
    }

    fn commit(&self, computed: &Computed) -> Event {
        let start = Instant::now();
        let Computed { number, follows, checkpoint, pending_jobs, changes, carried, span, taken } = computed;
        let _entered = span.enter();
        let commit = Commit { fence: self.fence, follows: *follows, checkpoint, changes, carried };
        match self.patience.ask(Port::State, || self.store.commit(&commit)) {
            Ok(outcome) => {
                let (position, tally, took) = (checkpoint.position, changes.tally, start.elapsed());
                span.record("events", tally.events()).record("documents", changes.documents.len());
                span.record("commit_ms", took.as_secs_f64() * 1e3);
                let (number, pending_jobs, orders, taken) = (*number, *pending_jobs, carried.done.clone(), *taken);
                Event::Committed(Committed { number, position, pending_jobs, outcome, tally, orders, took, taken })
            }
            Err(fault) => Event::Failed(fault.into()),
        }
    }
}

// === impl Teller ===

impl Teller {
    /// From this checkpoint on commits are told.
    pub fn begin(&self, fence: u64, checkpoint: &Checkpoint) {
        self.feed.begin(self.id(fence, checkpoint), checkpoint.position);
    }

    fn tell(&self, fence: u64, checkpoint: &Checkpoint, documents: Vec<DocumentChange>) {
        let (id, catalogue) = (self.id(fence, checkpoint), self.catalogue.clone());
        self.feed.tell(Told::new(id, checkpoint.position, catalogue, documents));
    }

    fn id(&self, fence: u64, checkpoint: &Checkpoint) -> CommitId {
        CommitId { generation: self.generation, fence, number: checkpoint.commits }
    }
}
