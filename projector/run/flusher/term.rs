//! A term of a flusher: what it does from when it begins until it is superseded or fails.

use std::time::Instant;

use super::batch::Batch;
use super::feeding::{Feeding, Rows};
use super::sweep::{Start, Sweep};
use super::{Task, Trouble};
use crate::clock;
use crate::fault::Fault;
use crate::run::board::{Stage, TableProgress};
use crate::state::outbox::{self, Filling, Left, Note, Swept, Taken};
use crate::tables::{Lost, RowVersion, Survey, VersionOverflow};

/// How many entries are taken at once: those that commit to the same store wait for it.
const PAGE: usize = 1000;
/// How many pages are entered between two flushes: as many as go out, so that the outbox does not fill up.
const PAGES_A_ROUND: usize = 50;

/// A term.
pub struct Term<'t> {
    task: &'t Task,
    epoch: u64,
    feeding: Feeding,
    audits: Vec<Lost>,
    second_audit: SecondAudit,
    sweep: Sweep,
    /// What was noted last: a position, and whether no fan-out was left.
    noted: Option<(u64, bool)>,
}

/// Rows are audited once more: what an earlier flusher had sent may arrive after the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SecondAudit {
    /// From this time on.
    Due(Instant),
    /// It may take many rounds.
    UnderWay,
    /// It is done, or there is nothing to audit.
    Done,
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
        let survey = task.tables(|writer, build| writer.survey(build))?;
        let outbox::Term { epoch, filling, mut audits } = task.outbox.begin(survey.newest.epoch())?;
        if !is_of(filling.as_ref(), &survey) {
            // Before tables are made: wherever this ends, the next term fills them.
            let note = forgetting(filling.as_ref(), &survey);
            task.outbox.note(epoch, note)?;
            if note == Note::Unknown {
                audits = vec![Lost { commits: 0, epoch }];
            }
        }
        let tables = task.tables(|writer, build| writer.ensure(build))?;
        let survey = Survey { tables: Some(tables.clone()), ..survey };
        let feeding = match filling.filter(|filling| is_of(Some(filling), &survey)) {
            Some(filling) => Feeding::after(filling.entered),
            None => {
                task.outbox.fill(epoch, &tables)?;
                show_empty(task);
                Feeding::Documents
            }
        };
        let second_audit =
            if audits.is_empty() { SecondAudit::Done } else { SecondAudit::Due(Instant::now() + task.late_writes) };
        Ok(Term { task, epoch, feeding, audits, second_audit, sweep: Sweep::default(), noted: None })
    }

    /// Brings one batch to the tables. `asked`: the number of the last sweep that was asked for.
    pub fn round(&mut self, asked: u64) -> Result<Round, Trouble> {
        self.feed()?;
        let batch = self.gather(asked)?;
        self.write(&batch)?;
        let left = self.settle(&batch)?;
        let swept = self.sweep.end(&left);
        if let Some(start) = swept {
            self.note_swept(&start, left)?;
        }
        self.show_progress(&batch, swept);
        let has_more = batch.is_full() || self.feeding != Feeding::Done;
        Ok(Round { has_more, swept: swept.map(|start| start.asked) })
    }

    /// Enters what has to be entered, as much as one round takes.
    fn feed(&mut self) -> Result<(), Trouble> {
        let is_due = matches!(self.second_audit, SecondAudit::Due(due) if due <= Instant::now());
        if is_due && self.feeding == Feeding::Done {
            self.feeding = Feeding::Rows(Rows::default());
            self.second_audit = SecondAudit::UnderWay;
        }
        for _ in 0..PAGES_A_ROUND {
            let feeding = std::mem::replace(&mut self.feeding, Feeding::Done);
            if feeding == Feeding::Done {
                break;
            }
            self.feeding = feeding.step(self.task, self.epoch, &self.audits)?;
        }
        if self.second_audit == SecondAudit::UnderWay && self.feeding == Feeding::Done {
            self.task.outbox.note(self.epoch, Note::Audited)?;
            self.second_audit = SecondAudit::Done;
        }
        Ok(())
    }

    /// A sweep begins with the first page, where all is entered that has to be.
    fn gather(&mut self, asked: u64) -> Result<Batch, Trouble> {
        let mut batch = Batch::new(self.task.build.catalogue.views.len());
        loop {
            let began = clock::now_micros();
            let taken = self.task.outbox.take(batch.entries(), PAGE)?;
            if batch.pages.is_empty() && self.feeding == Feeding::Done {
                self.sweep.begin(&taken, asked, began);
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

    /// Where nothing waits and all is as it was, nothing is written.
    fn note_swept(&mut self, start: &Start, left: Left) -> Result<(), Trouble> {
        let Start { position, is_settled, began, .. } = *start;
        let now = Some((position, is_settled));
        if left.entries > 0 || self.noted != now {
            self.task.outbox.note(self.epoch, Note::Swept(Swept { position, is_settled, began }))?;
            self.noted = now;
        }
        Ok(())
    }

    fn show_progress(&self, batch: &Batch, swept: Option<Start>) {
        self.task.place.progress.send_if_modified(|progress| {
            let before = progress.tables.unwrap_or_default();
            let settled = swept.filter(|start| start.is_settled).map(|start| start.position);
            let now = TableProgress {
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

/// Shows that the tables have nothing any more, whatever they had.
fn show_empty(task: &Task) {
    task.place.progress.send_modify(|progress| {
        if let Some(tables) = &mut progress.tables {
            (tables.flushed, tables.settled) = (0, 0);
        }
    });
}

/// Whether these are the tables that are being filled, or are full. Tables without any row may have been emptied by hand.
fn is_of(filling: Option<&Filling>, survey: &Survey) -> bool {
    filling.is_some_and(|filling| Some(&filling.tables) == survey.tables.as_ref()) && survey.newest != RowVersion::ZERO
}

/// What to note of tables that are to be filled anew. Rows that were written for what is known of are those of its history.
fn forgetting(filling: Option<&Filling>, survey: &Survey) -> Note {
    if filling.is_none() && survey.newest != RowVersion::ZERO { Note::Unknown } else { Note::Empty }
}

/// Whether there is nothing after this page. One that is empty is the last, whatever has come since.
fn is_last(taken: &Taken, before: usize) -> bool {
    let read = before + taken.documents.len();
    taken.documents.is_empty() || read as u64 >= taken.entries
}

fn overflow(overflow: VersionOverflow) -> Trouble {
    Trouble::Tables(Fault::Unfit { place: "the state store".to_owned(), reason: overflow.to_string() })
}
