//! A term of a flusher: what it does from when it begins until it is superseded or fails.

use std::time::Instant;

use super::batch::Batch;
use super::feeding::Feeding;
use super::sweep::{Start, Sweep};
use super::{Task, Trouble};
use crate::fault::Fault;
use crate::run::board::{Stage, TableProgress};
use crate::state::outbox::{self, Left, Note, Taken};
use crate::tables::{Ensured, RowVersion, VersionOverflow};

/// How many entries are taken at once: those that commit to the same store wait for it.
const PAGE: usize = 1000;
/// How many pages are entered between two flushes: as many as go out, so that the outbox does not fill up.
const PAGES_A_ROUND: usize = 50;

/// A term.
pub struct Term<'t> {
    task: &'t Task,
    epoch: u64,
    feeding: Feeding,
    audit_from: Option<u64>,
    /// When to audit once more: what an earlier flusher had sent may arrive after the first time.
    second_audit: Option<Instant>,
    sweep: Sweep,
    /// What was noted last.
    flushed: Option<u64>,
}

/// What came of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Whether there was more to do than one round does.
    pub has_more: bool,
    /// The number of the last sweep that had been asked for when one began that is over now.
    pub swept: Option<u64>,
}

// === impl Term ===

impl<'t> Term<'t> {
    /// Begins one, with tables that are there and are those of the build.
    pub fn begin(task: &'t Task) -> Result<Term<'t>, Trouble> {
        let ensured = task.tables(|writer, build| writer.ensure(build))?;
        let newest = task.tables(|writer, build| writer.newest(build))?;
        let outbox::Term { epoch, mut is_filled, audit_from } = task.outbox.begin(newest.epoch())?;
        // Tables without any row may be new, though nobody lived to tell.
        if ensured == Ensured::Made || newest == RowVersion::ZERO {
            task.outbox.note(epoch, Note::Empty)?;
            is_filled = false;
        }
        let feeding = if is_filled { Feeding::Rows(0, None) } else { Feeding::Documents(None) };
        let second_audit = audit_from.map(|_| Instant::now() + task.late_writes);
        Ok(Term { task, epoch, feeding, audit_from, second_audit, sweep: Sweep::default(), flushed: None })
    }

    /// Brings one batch to the tables. `asked`: the number of the last sweep that was asked for.
    pub fn round(&mut self, asked: u64) -> Result<Round, Trouble> {
        self.feed()?;
        let batch = self.gather(asked)?;
        self.write(&batch)?;
        let left = self.settle(&batch)?;
        let swept = self.sweep.end(&left);
        if let Some(start) = swept {
            self.note_flushed(start.position)?;
        }
        self.show_progress(&batch, left, swept);
        let has_more = batch.is_full() || self.feeding != Feeding::Done;
        Ok(Round { has_more, swept: swept.map(|start| start.asked) })
    }

    /// Enters what has to be entered, as much as one round takes.
    fn feed(&mut self) -> Result<(), Trouble> {
        let is_due = self.feeding == Feeding::Done && self.second_audit.is_some_and(|due| due <= Instant::now());
        if is_due {
            self.feeding = Feeding::Rows(0, None);
        }
        for _ in 0..PAGES_A_ROUND {
            let feeding = std::mem::replace(&mut self.feeding, Feeding::Done);
            if feeding == Feeding::Done {
                break;
            }
            self.feeding = feeding.step(self.task, self.epoch, self.audit_from)?;
        }
        if is_due && self.feeding == Feeding::Done {
            self.task.outbox.note(self.epoch, Note::Audited)?;
            self.second_audit = None;
        }
        Ok(())
    }

    /// A sweep begins with the first page, where all is entered that has to be.
    fn gather(&mut self, asked: u64) -> Result<Batch, Trouble> {
        let mut batch = Batch::new(self.task.build.catalogue.views.len());
        loop {
            let taken = self.task.outbox.take(batch.entries(), PAGE)?;
            if batch.pages.is_empty() && self.feeding == Feeding::Done {
                self.sweep.begin(&taken, asked);
            }
            let is_last = is_last(&taken, batch.entries());
            batch.add(taken, self.epoch).map_err(overflow)?;
            if is_last || batch.is_full() {
                return Ok(batch);
            }
        }
    }

    fn write(&self, batch: &Batch) -> Result<(), Trouble> {
        for (view, rows) in batch.rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.task.tables(|writer, build| writer.write(build, view, rows))?;
        }
        Ok(())
    }

    fn settle(&self, batch: &Batch) -> Result<Left, Trouble> {
        let mut left = batch.left;
        for (read_at, entries) in batch.pages.iter().filter(|(_, entries)| !entries.is_empty()) {
            left = self.task.outbox.settle(self.epoch, entries, *read_at)?;
        }
        Ok(left)
    }

    fn note_flushed(&mut self, position: u64) -> Result<(), Trouble> {
        if self.flushed != Some(position) {
            self.task.outbox.note(self.epoch, Note::Flushed(position))?;
            self.flushed = Some(position);
        }
        Ok(())
    }

    fn show_progress(&self, batch: &Batch, left: Left, swept: Option<Start>) {
        self.task.place.progress.send_if_modified(|progress| {
            let before = progress.tables.unwrap_or_default();
            let settled = swept.filter(|start| start.is_settled).map(|start| start.position);
            let now = TableProgress {
                waiting: left.entries,
                written: before.written + batch.entries() as u64,
                flushed: swept.map_or(before.flushed, |start| start.position),
                settled: settled.unwrap_or(before.settled),
            };
            if progress.stage == Stage::Building && now.written > before.written {
                // Filling the tables of a build that is not seen yet is all that goes on with it.
                progress.moved = Instant::now();
            }
            progress.tables.replace(now) != Some(now)
        });
    }
}

/// Whether there is nothing after this page. One that is empty is the last, whatever has come since.
fn is_last(taken: &Taken, before: usize) -> bool {
    let read = before + taken.documents.len();
    taken.documents.is_empty() || read as u64 >= taken.entries
}

fn overflow(overflow: VersionOverflow) -> Trouble {
    Trouble::Tables(Fault::Unfit { place: "the state store".to_owned(), reason: overflow.to_string() })
}
