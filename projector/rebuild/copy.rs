//! Rows that another build has folded by the same rules, copied into the file in which a build is made; no event is read for that.
//!
//! They are all of one moment, which is known only at the end. A copy that was interrupted is begun anew.

use std::ops::ControlFlow;
use std::path::Path;

use projections::engine::{CellKey, Changes, DeadLetter, Missing, Space, adopt, adopted};
use projections::plan::Plan;

use super::{Broken, Phase, Rebuild};
use crate::fault::Fault;
use crate::run::Port;
use crate::state::views::StoredDeadLetter;
use crate::state::{
    Build, Builds, Carried, Checkpoint, Claim, Commit, CopiedRows, Folded, Outcome, Staging, StateStore, letter_keys,
};

/// The file, with all rows in it; `None` where it was asked to end before. Rows that are in it already, wherever they are from, stay.
pub fn run(work: &Rebuild<'_>, from: Original<'_>, path: &Path, creation: &str) -> Result<Option<Staging>, Broken> {
    let staging = Staging::open(path, creation)?;
    if staging.look()?.checkpoint.position > 0 {
        return Ok(Some(staging));
    }
    drop(staging);
    work.patience().ask(Port::State, || attempt(work, from, path, creation))?
}

/// The outer error may pass, and then it is tried again.
fn attempt(
    work: &Rebuild<'_>,
    Original { builds, build }: Original<'_>,
    path: &Path,
    creation: &str,
) -> Result<Result<Option<Staging>, Broken>, Fault> {
    // What is in it is of another moment.
    Staging::remove(path)?;
    let staging = Staging::open(path, creation)?;
    let claim = staging.claim()?;
    let mut copy = Copy { work, staging: &staging, claim, rows: 0, broken: None };
    let projection = &work.definition.plan.name;
    let folded = builds.copy(projection, build.number, &build.catalogue, &mut |rows| copy.take(rows))?;
    let end = match (folded, copy.broken.take()) {
        (_, Some(broken)) => Err(broken),
        (Some(folded), None) => copy.finish(folded).map(|()| true),
        (None, None) => Ok(false),
    };
    Ok(end.map(|is_whole| is_whole.then_some(staging)))
}

/// The build whose rows are copied.
#[derive(Clone, Copy)]
pub struct Original<'r> {
    /// Where it is.
    pub builds: &'r dyn Builds,
    /// Which one.
    pub build: &'r Build,
}

struct Copy<'w> {
    work: &'w Rebuild<'w>,
    staging: &'w Staging,
    /// After everything that was committed.
    claim: Claim,
    rows: u64,
    /// Why it broke off.
    broken: Option<Broken>,
}

// === impl Copy ===

impl Copy<'_> {
    fn take(&mut self, rows: CopiedRows) -> ControlFlow<()> {
        if self.work.stop.is_up() {
            return ControlFlow::Break(());
        }
        match self.keep(rows) {
            Ok(()) => ControlFlow::Continue(()),
            Err(broken) => {
                self.broken = Some(broken);
                ControlFlow::Break(())
            }
        }
    }

    fn keep(&mut self, mut rows: CopiedRows) -> Result<(), Broken> {
        rows.sort_unstable();
        self.rows += rows.len() as u64;
        let cells: Vec<CellKey> = rows.iter().map(|(cell, _)| cell.clone()).collect();
        // In the order in which they are asked for.
        let before = self.staging.fetch(Missing { cells, sets: Vec::new() })?.cells;
        let rows = rows.into_iter().zip(before).map(|((cell, new), (_, old))| (cell, old, new));
        let changes = adopt(&self.work.definition.plan, rows.collect())?;
        // Of no moment yet.
        let checkpoint = Checkpoint { position: 0, commits: self.claim.checkpoint.commits + 1, event: None };
        self.commit(checkpoint, &changes, &Carried::default())
    }

    fn finish(&mut self, folded: Folded) -> Result<(), Broken> {
        let plan = &self.work.definition.plan;
        let Folded { checkpoint, parked, dead_letters, settled } = folded;
        let waiting = parked.into_iter().map(|(key, bytes)| (CellKey { space: Space::Parked, key }, Some(bytes)));
        let changes = Changes {
            cells: waiting.chain([adopted()]).collect(),
            dead_letters: dead_letters.into_iter().map(|letter| restored(letter, plan)).collect::<Result<_, _>>()?,
            ..Changes::default()
        };
        let checkpoint = Checkpoint { commits: self.claim.checkpoint.commits + 1, ..checkpoint };
        self.commit(checkpoint, &changes, &Carried { done: Vec::new(), settled })
    }

    fn commit(&mut self, checkpoint: Checkpoint, changes: &Changes, carried: &Carried) -> Result<(), Broken> {
        let Claim { fence, checkpoint: Checkpoint { commits: follows, .. } } = self.claim;
        let commit = Commit { fence, follows, checkpoint: &checkpoint, changes, carried };
        match self.staging.commit(&commit)? {
            Outcome::Committed | Outcome::AlreadyCommitted => {}
            Outcome::Fenced(_) | Outcome::Stale(_) => return Err(Broken::Moved),
        }
        self.work.show(Phase::Copy, &checkpoint, self.rows);
        self.claim.checkpoint = checkpoint;
        Ok(())
    }
}

/// A dead letter as the engine has it.
fn restored(letter: StoredDeadLetter, plan: &Plan) -> Result<DeadLetter, Fault> {
    let StoredDeadLetter { position, time, kind, reason, keys, event } = letter;
    let unreadable = || {
        let reason = format!("the keys of the dead letter at position {position} cannot be read");
        Fault::Damaged { place: "the state store".to_owned(), reason }
    };
    let keys: Option<Vec<_>> = keys.iter().map(|key| letter_keys::read(key, plan)).collect();
    let keys = keys.ok_or_else(unreadable)?;
    Ok(DeadLetter { position, time, kind: kind.into(), reason, keys, event: event.into() })
}
