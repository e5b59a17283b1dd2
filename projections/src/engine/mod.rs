//! The engine: events in, changes out.
//!
//! For a batch of events: fold them into rows; find the units that the changed rows affect; evaluate each once
//! from the rows as they now are; keep what differs. It does no I/O: [`Engine::step`] either says what it misses,
//! or is done. The caller fetches, supplies, and steps again.
//!
//! ```text
//! events ─ decode ─► effects ─ fold ─► rows ─ walk ─► dirty units ─ evaluate ─► documents
//!                                                                          └──► contributions ─► groups ─► documents
//! ```
//! Batches may be computed ahead of their commits, in order; the cache holds what is not committed yet. If a commit fails
//! the engine is dropped, and a new one starts from what the store holds.

mod adoption;
mod batch;
mod cache;
mod cells;
mod decode;
mod duplicates;
mod evaluate;
mod exchange;
mod fold;
mod group;
mod in_memory;
mod job;
mod job_page;
mod jobs;
mod materialization;
mod parking;
mod retrial;
mod rollup;
mod seeding;
mod subject;
mod walk;

use std::sync::Arc;

use schemas::{Extracted, Registry};

use crate::codec::Corrupt;
use crate::plan::Plan;

pub use adoption::{Adopted, adopt, adopted};
pub use batch::Batch;
pub use cells::{
    CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Link, MembersWanted, Missing, PARKED, SetKey, SetSpace,
    Space, Tally, Tried,
};
pub use exchange::{Answers, Limits, LogEvent, Step};
pub use in_memory::InMemory;
pub use seeding::Seeding;
pub use subject::matches as subject_matches;

use batch::{Outcome, RunningMaterialization, Tools};
use cache::Cache;
use decode::Decoder;
use duplicates::Duplicates;
use job_page::Page;
use jobs::{Jobs, Task};
use materialization::Source;
use parking::Parking;

/// Folds and joins the events of one projection.
pub struct Engine {
    plan: Arc<Plan>,
    decoder: Decoder,
    cache: Cache,
    parking: Parking,
    duplicates: Duplicates,
    jobs: Jobs,
    next_batch: u64,
    page: Page,
    limits: Limits,
}

impl Engine {
    /// An engine that knows nothing yet of what the store holds.
    pub fn new(plan: Arc<Plan>, registry: Arc<Registry>, limits: Limits) -> Engine {
        Engine {
            decoder: Decoder::new(&plan, registry),
            cache: Cache::new(plan.clone(), limits.cache_bytes, limits.hash_seed),
            parking: Parking::default(),
            duplicates: Duplicates::new(plan.duplicate_window, limits.hash_seed),
            jobs: Jobs::default(),
            next_batch: 1,
            page: Page::default(),
            plan,
            limits,
        }
    }

    /// The store holds nothing of this generation. Until the cache has to evict something, the engine then asks for nothing:
    /// what is not in the cache does not exist.
    pub fn assume_empty(&mut self) {
        self.cache.assume_complete();
    }

    /// Takes in a stored cell of [`Space::Parked`] or [`Space::Job`]: all of them, before the first batch. Others are ignored.
    pub fn restore(&mut self, cell: &CellKey, bytes: &[u8]) -> Result<(), Corrupt> {
        match cell.space {
            Space::Parked => self.parking.restore(&cell.key, bytes),
            Space::Job => self.jobs.restore(&cell.key, bytes),
            _ => Ok(()),
        }
    }

    /// Notes an event that the checkpoint covers: those of the last [`Plan::duplicate_window`] positions, in order, before
    /// the first batch.
    pub fn remember(&mut self, event: &LogEvent) {
        self.decoder.remember(event, &mut self.duplicates);
    }

    /// How much the cache holds, in bytes.
    pub fn cache_bytes(&self) -> usize {
        self.cache.weight()
    }

    /// The event at this position is not applied, when it comes or when it is tried again: an operator has given it up.
    pub fn discard(&mut self, position: u64) {
        self.decoder.discard(position);
    }

    /// Whether there are events that waited for another one, and wait for nothing any more.
    pub fn is_any_free(&mut self) -> bool {
        self.parking.is_any_free()
    }

    /// The positions of the dead letters that should be tried now, in order, at most `limit`: those that are asked for, and those
    /// that only wait for others of which none is left, now or when these are applied.
    pub fn choose(&mut self, asked: impl IntoIterator<Item = u64>, limit: usize) -> Vec<u64> {
        self.parking.choose(asked, limit)
    }

    /// How many keys wait for an event that could not be applied.
    pub fn parked(&self) -> usize {
        self.parking.len()
    }

    /// How many jobs are left: while there are any, some documents are behind the checkpoint.
    pub fn pending_jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Whether the next job reads from the store what batches have made. Then it begins when all of these are committed.
    pub fn is_job_after_commits(&self) -> bool {
        matches!(self.jobs.next(), Some((_, Task::Materialize(at))) if matches!(at.source(&self.plan), Some(Source::Groups(_))))
    }

    /// Begins a batch of events, in the order of the log, all after those of the batch before. One batch at a time.
    pub fn begin<'e>(&mut self, events: &'e [LogEvent]) -> Batch<'e> {
        let mut buffer = Extracted::default();
        let decode = |event| (event, self.decoder.decode(event, &mut self.duplicates, &mut buffer));
        let events = events.iter().map(decode).collect();
        let number = self.next_number();
        Batch::new(number, events, &self.limits)
    }

    /// Begins a batch that works off a page of a job, if there is one; see [`Engine::is_job_after_commits`]. `checkpoint`: the position up
    /// to which events have been folded.
    pub fn begin_job(&mut self, checkpoint: u64) -> Option<Batch<'static>> {
        let (id, task) = self.jobs.next().map(|(id, task)| (id, task.clone()))?;
        let number = self.next_number();
        Some(match task {
            Task::FanOut(job) => Batch::of_job(number, id, job, checkpoint, &self.limits),
            Task::Materialize(at) => {
                let running = RunningMaterialization::new(id, at, &self.plan);
                Batch::of_materialization(number, running, checkpoint, &self.limits)
            }
        })
    }

    /// Begins a batch that tries dead letters again, in the order of their positions; [`Changes::tried`] says what became of each.
    /// `checkpoint`: the position up to which events have been folded.
    ///
    /// An event is applied when it is the first of those that wait at each key that it touches. Where it touches a key at
    /// which nobody waited for it, it stays: later events of that key may have been applied, and no order is ever lost.
    pub fn begin_dead_letters<'e>(&mut self, letters: &'e [LogEvent], checkpoint: u64) -> Batch<'e> {
        let mut buffer = Extracted::default();
        let events = letters.iter().map(|event| (event, self.decoder.decode_again(event, &mut buffer))).collect();
        let number = self.next_number();
        Batch::of_dead_letters(number, events, checkpoint, &self.limits)
    }

    /// Goes as far as the cache allows. Fails only where the store holds bytes that cannot be read.
    pub fn step(&mut self, batch: &mut Batch<'_>) -> Result<Step, Corrupt> {
        let mut missing = Missing::default();
        if !batch.advance(&mut self.tools(), &mut missing) {
            missing.tidy();
            return Ok(Step::Missing(missing));
        }
        let Outcome { mut changes, new_jobs, progress } = batch.finish();
        changes.cells.extend(self.jobs.settle(progress, new_jobs));
        Ok(Step::Done(changes))
    }

    /// Takes in what was missing, as the store holds it now. Between the fetch and this call nothing is committed.
    pub fn supply(&mut self, mut answers: Answers) -> Result<(), Corrupt> {
        answers.sets.retain_mut(|(wanted, page)| !self.page.takes(wanted, page));
        self.cache.supply(answers)
    }

    /// The batch of this number is in the store. Batches are committed in order.
    pub fn committed(&mut self, batch: u64) {
        self.cache.committed(batch);
    }

    fn tools(&mut self) -> Tools<'_> {
        Tools { plan: &self.plan, cache: &mut self.cache, parking: &mut self.parking, limits: &self.limits, page: &mut self.page }
    }

    fn next_number(&mut self) -> u64 {
        let number = self.next_batch;
        self.next_batch += 1;
        self.cache.begin(number);
        number
    }
}
