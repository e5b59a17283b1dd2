//! The thread that commits, while the next commit is made.

use std::sync::mpsc::{Receiver, Sender};

use projections::engine::Changes;

use super::Broken;
use crate::fault::Fault;
use crate::run::{Halt, Patience, Port};
use crate::state::{Carried, Checkpoint, Commit, Outcome, StateStore};

/// A commit to be made.
pub struct Write {
    /// The number of what it writes, for who waits for it.
    pub number: u64,
    /// [`Checkpoint::commits`] of the commit before.
    pub follows: u64,
    /// The checkpoint after it.
    pub checkpoint: Checkpoint,
    /// What it writes.
    pub changes: Changes,
    /// The orders that it carries out.
    pub carried: Carried,
}

/// What became of a write: its number.
pub type Written = Result<u64, Broken>;

/// Commits one after another, of which one is under way.
pub struct Writer {
    work: Sender<Write>,
    done: Receiver<Written>,
    is_writing: bool,
}

/// Commits what it is given, in order, until it is given no more.
pub fn serve(store: &dyn StateStore, fence: u64, work: &Receiver<Write>, done: &Sender<Written>, patience: Patience<'_>) {
    while let Ok(write) = work.recv() {
        // Nobody listens any more: the commit counts all the same.
        if done.send(commit(store, fence, &write, patience)).is_err() {
            return;
        }
    }
}

fn commit(store: &dyn StateStore, fence: u64, write: &Write, patience: Patience<'_>) -> Written {
    let Write { number, follows, checkpoint, changes, carried } = write;
    let commit = Commit { fence, follows: *follows, checkpoint, changes, carried };
    match patience.ask(Port::State, || store.commit(&commit))? {
        Outcome::Committed | Outcome::AlreadyCommitted => Ok(*number),
        Outcome::Fenced(newer) => Err(Halt::Fenced { ours: fence, newer }.into()),
        Outcome::Stale(_) => Err(Broken::Moved),
    }
}

// === impl Writer ===

impl Writer {
    /// Commits what goes into `work`, as `done` says.
    pub fn new(work: Sender<Write>, done: Receiver<Written>) -> Writer {
        Writer { work, done, is_writing: false }
    }

    /// Hands on a write, once the one before is done; the number of that one.
    pub fn submit(&mut self, write: Write) -> Result<Option<u64>, Broken> {
        let before = self.finish()?;
        self.is_writing = self.work.send(write).is_ok();
        if self.is_writing { Ok(before) } else { Err(vanished()) }
    }

    /// The write that has been done since this was asked last, if one has.
    pub fn poll(&mut self) -> Result<Option<u64>, Broken> {
        self.done.try_recv().ok().map(|written| self.note(written)).transpose()
    }

    /// Waits until everything is committed; the number of what was done last, if anything was.
    pub fn finish(&mut self) -> Result<Option<u64>, Broken> {
        if !self.is_writing {
            return Ok(None);
        }
        let written = self.done.recv().unwrap_or_else(|_| Err(vanished()));
        self.note(written).map(Some)
    }

    fn note(&mut self, written: Written) -> Written {
        self.is_writing = false;
        written
    }
}

/// The thread is gone without a word.
fn vanished() -> Broken {
    let (operation, place) = ("committing", "the state store".to_owned());
    Fault::Unavailable { operation, place, source: "the thread that commits has ended".into() }.into()
}
