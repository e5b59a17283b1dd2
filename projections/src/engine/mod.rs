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

mod batch;
mod cache;
mod cells;
mod decode;
mod duplicates;
mod evaluate;
mod exchange;
mod fold;
mod group;
mod job_page;
mod jobs;
mod parking;
mod rollup;
mod subject;
mod walk;

use std::collections::VecDeque;
use std::sync::Arc;

use schemas::{Extracted, Registry, Value};

use crate::codec::{Corrupt, Key};
use crate::plan::Plan;

pub use batch::Batch;
pub use cells::{
    CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Link, MembersWanted, Missing, SetKey, SetSpace, Space,
    Tally,
};
pub use exchange::{Answers, Limits, LogEvent, Step};

use batch::Tools;
use cache::Cache;
use decode::Decoder;
use duplicates::Duplicates;
use job_page::Page;
use jobs::Job;
use parking::Parking;

/// Folds and joins the events of one projection.
pub struct Engine {
    plan: Arc<Plan>,
    decoder: Decoder,
    cache: Cache,
    parking: Parking,
    duplicates: Duplicates,
    jobs: VecDeque<(u64, Job)>,
    next_job: u64,
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
            jobs: VecDeque::new(),
            next_job: 1,
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
            Space::Job => {
                let id = job_id(&cell.key)?;
                self.next_job = self.next_job.max(id + 1);
                self.jobs.push_back((id, Job::decode(bytes)?));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes an event that the checkpoint covers: those of the last [`Plan::duplicate_window`] positions, in order, before
    /// the first batch.
    pub fn remember(&mut self, event: &LogEvent) {
        self.decoder.remember(event, &mut self.duplicates);
    }

    /// How many keys wait for an event that could not be applied.
    pub fn parked(&self) -> usize {
        self.parking.len()
    }

    /// How many jobs are left: while there are any, some documents are behind the checkpoint.
    pub fn pending_jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Begins a batch of events, in the order of the log, all after those of the batch before. One batch at a time.
    pub fn begin<'e>(&mut self, events: &'e [LogEvent]) -> Batch<'e> {
        let mut buffer = Extracted::default();
        let decode = |event| (event, self.decoder.decode(event, &mut self.duplicates, &mut buffer));
        let events = events.iter().map(decode).collect();
        let number = self.next_number();
        Batch::new(number, events)
    }

    /// Begins a batch that works off a page of the oldest job, if there is one. `checkpoint`: the position up to which
    /// events have been folded.
    pub fn begin_job(&mut self, checkpoint: u64) -> Option<Batch<'static>> {
        let (id, job) = self.jobs.front()?.clone();
        let number = self.next_number();
        Some(Batch::of_job(number, id, job, checkpoint))
    }

    /// Goes as far as the cache allows. Fails only where the store holds bytes that cannot be read.
    pub fn step(&mut self, batch: &mut Batch<'_>) -> Result<Step, Corrupt> {
        let mut missing = Missing::default();
        let mut tools = Tools {
            plan: &self.plan,
            cache: &mut self.cache,
            parking: &mut self.parking,
            limits: &self.limits,
            page: &mut self.page,
        };
        if !batch.advance(&mut tools, &mut missing) {
            missing.tidy();
            return Ok(Step::Missing(missing));
        }
        let mut outcome = batch.finish();
        self.keep_jobs(&mut outcome);
        Ok(Step::Done(outcome.changes))
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

    fn next_number(&mut self) -> u64 {
        let number = self.next_batch;
        self.next_batch += 1;
        self.cache.begin(number);
        number
    }

    /// Takes note of the jobs that a batch left behind, and writes them down.
    fn keep_jobs(&mut self, outcome: &mut batch::Outcome) {
        let cells = &mut outcome.changes.cells;
        if let Some((id, left)) = outcome.progress.take() {
            self.jobs.pop_front();
            cells.push((job_cell(id), left.as_ref().map(|job| Arc::from(job.encode()))));
            self.jobs.extend(left.map(|job| (id, job)));
        }
        for job in outcome.new_jobs.drain(..) {
            let id = match self.jobs.iter().position(|(_, other)| other.is_same_way(&job)) {
                // It starts again from the first member, for the sake of those that it is past already.
                Some(place) => self.jobs.remove(place).map_or(self.next_job, |(id, _)| id),
                None => self.next_job,
            };
            self.next_job = self.next_job.max(id + 1);
            cells.retain(|(cell, _)| *cell != job_cell(id));
            cells.push((job_cell(id), Some(Arc::from(job.encode()))));
            self.jobs.push_back((id, job));
        }
    }
}

fn job_cell(id: u64) -> CellKey {
    CellKey { space: Space::Job, key: Key::of(&[Value::Int(id as i64)]) }
}

fn job_id(key: &Key) -> Result<u64, Corrupt> {
    match crate::codec::decode_key(key)?.as_slice() {
        [Value::Int(id)] => u64::try_from(*id).map_err(|_| Corrupt("bad job number")),
        _ => Err(Corrupt("bad job number")),
    }
}
