//! The thread that commits.

use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use projections::engine::Tally;

use super::processor::Computed;
use super::retry::Patience;
use super::session::Event;
use super::waits::Port;
use crate::state::{Commit, Outcome, StateStore};

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

/// Commits what it is given, in order, again and again while the store does not answer; until it is given no more.
pub fn serve(store: &dyn StateStore, fence: u64, work: &Receiver<Computed>, inbox: &Sender<Event>, patience: Patience<'_>) {
    while let Ok(computed) = work.recv() {
        let start = Instant::now();
        let Computed { number, follows, ref checkpoint, pending_jobs, ref changes, ref carried, ref span, taken } = computed;
        let _entered = span.enter();
        let commit = Commit { fence, follows, checkpoint, changes, carried };
        let event = match patience.ask(Port::State, || store.commit(&commit)) {
            Ok(outcome) => {
                let (position, tally, took) = (checkpoint.position, changes.tally, start.elapsed());
                span.record("events", tally.events()).record("documents", changes.documents.len());
                span.record("commit_ms", took.as_secs_f64() * 1e3);
                let orders = carried.done.clone();
                Event::Committed(Committed { number, position, pending_jobs, outcome, tally, orders, took, taken })
            }
            Err(fault) => Event::Failed(fault.into()),
        };
        // Nobody listens any more: the session has ended, and the commit counts all the same.
        if inbox.send(event).is_err() {
            return;
        }
    }
}
