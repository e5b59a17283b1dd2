//! What was made in a file, loaded into the store that is to serve it.
//!
//! A part is a commit. While parts are loaded the build stays at position 0, and counts its commits: by that it is seen how far
//! the load is, for where each part starts is noted in the file before the part in front of it is committed. The last commit moves the checkpoint.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use projections::plan::Plan;

use super::{Broken, End, Phase, Rebuild};
use crate::fault::Fault;
use crate::run::{Halt, Port, caught};
use crate::state::embedded::{Page, PageLimit, Place};
use crate::state::{Carried, Checkpoint, Claim, Commit, Outcome, Staging, StateStore};

/// The most things of a commit; a server takes several words for each.
const THINGS: usize = 20_000;
/// Parts that wait while one is committed.
const AHEAD: usize = 2;

/// A part, or why there is none.
type Part = Result<Page, Halt>;

/// Loads what is left to be loaded, and removes the file.
pub fn run(work: &Rebuild<'_>, staging: Staging, path: &Path) -> Result<End, Broken> {
    let made = staging.look()?.checkpoint;
    let claim = work.patience().ask(Port::State, || work.target.claim())?;
    let number = claim.checkpoint.commits;
    let start = match number {
        0 => Place::default(),
        number => staging.start(number)?.ok_or_else(|| not_begun(path, number))?,
    };
    let load = Load { work, staging: &staging, made, claim, things: 0 };
    let end = thread::scope(|scope| {
        let (sender, parts) = sync_channel(AHEAD);
        let (staging, plan) = (load.staging, &*work.definition.plan);
        let limit = PageLimit { things: THINGS, bytes: work.piece_bytes() };
        scope.spawn(move || {
            let panics = sender.clone();
            if let Err(halt) = caught(|| read(staging, plan, limit, (start, number), &sender)) {
                // Nobody listens any more: the other side has ended before.
                let _ = panics.send(Err(halt));
            }
        });
        load.run(&parts)
    })?;
    if end == End::Made {
        drop(staging);
        Staging::remove(path)?;
    }
    Ok(end)
}

fn not_begun(path: &Path, number: u64) -> Fault {
    let reason = format!("the build has {number} parts that were not loaded from it: cancel the rebuild, and begin it anew");
    Fault::Unfit { place: path.display().to_string(), reason }
}

/// Reads parts, until there is none or nobody listens any more. `first`: where the first one starts, and its number.
fn read(staging: &Staging, plan: &Plan, limit: PageLimit, first: (Place, u64), parts: &SyncSender<Part>) {
    let (mut start, mut number) = first;
    loop {
        let read = || -> Part {
            let page = staging.page(&start, limit, plan)?;
            if let Some(next) = &page.next {
                staging.note_start(number + 1, next)?;
            }
            Ok(page)
        };
        let part = read();
        let next = part.as_ref().ok().and_then(|page| page.next.clone());
        if parts.send(part).is_err() {
            return;
        }
        let Some(next) = next else { return };
        (start, number) = (next, number + 1);
    }
}

struct Load<'w> {
    work: &'w Rebuild<'w>,
    staging: &'w Staging,
    /// What is loaded.
    made: Checkpoint,
    /// After everything that was committed.
    claim: Claim,
    /// How much was loaded.
    things: u64,
}

// === impl Load ===

impl Load<'_> {
    fn run(mut self, parts: &Receiver<Part>) -> Result<End, Broken> {
        while !self.work.stop.is_up() {
            let Ok(part) = parts.recv() else { return Ok(End::Made) };
            self.commit(part?)?;
        }
        Ok(End::Stopped)
    }

    fn commit(&mut self, part: Page) -> Result<(), Broken> {
        let Claim { fence, checkpoint: Checkpoint { commits: follows, .. } } = self.claim;
        let (checkpoint, carried) = match part.next {
            Some(_) => (Checkpoint { position: 0, commits: follows + 1, event: None }, Carried::default()),
            None => {
                let settled = self.staging.settled()?;
                (Checkpoint { commits: follows + 1, ..self.made.clone() }, Carried { done: Vec::new(), settled })
            }
        };
        let commit = Commit { fence, follows, checkpoint: &checkpoint, changes: &part.changes, carried: &carried };
        match self.work.patience().ask(Port::State, || self.work.target.commit(&commit))? {
            Outcome::Committed | Outcome::AlreadyCommitted => {}
            Outcome::Fenced(newer) => return Err(Halt::Fenced { ours: fence, newer }.into()),
            Outcome::Stale(_) => return Err(Broken::Moved),
        }
        self.claim.checkpoint = checkpoint;
        self.things += part.size as u64;
        self.work.show(Phase::Load, &self.made, self.things);
        Ok(())
    }
}
