//! Rows without views: how a build begins whose views are materialized afterwards.
//!
//! Folding is what has to be done event by event; views need to be evaluated only once, when all events are folded. Batches
//! of events change the same rows on until [`Seeding::close`] is called, so that a row which changes often is stored once.

use std::sync::Arc;

use schemas::{Extracted, Registry};

use super::batch::{Batch, Outcome};
use super::cache::Table;
use super::cells::{CellKey, Changes, Missing, Space};
use super::exchange::{Answers, Limits, LogEvent};
use super::materialization::Materialization;
use super::{Engine, fold};
use crate::codec::{Corrupt, Row};
use crate::plan::Plan;

/// Folds the events of one projection into rows, and evaluates nothing.
///
/// What it stores is a build that is complete but for its documents, groups and contributions; a job that materializes these is stored with its
/// first commit. Whoever goes on from there, a seeding or an engine, has all that is needed.
pub struct Seeding {
    engine: Engine,
    /// Beside rows and index entries, what has come of the events since rows were closed last.
    open: Option<Open>,
}

/// Batches that change the same rows on.
struct Open {
    number: u64,
    changes: Changes,
    /// How much the cache held before.
    weight: usize,
}

// === impl Seeding ===

impl Seeding {
    /// A seeding that knows nothing yet of what the store holds.
    pub fn new(plan: Arc<Plan>, registry: Arc<Registry>, limits: Limits) -> Seeding {
        Seeding { engine: Engine::new(plan, registry, limits), open: None }
    }

    /// The store holds nothing of this generation: as [`Engine::assume_empty`].
    pub fn assume_empty(&mut self) {
        self.engine.cache.assume_rows_complete();
    }

    /// The engine itself, for what it has to be told before the first batch: what is stored, what came before, and what operators have
    /// discarded. It begins no batch.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Whether events may be folded into the build, of which there have been so many commits, without its views: not where views have begun to be
    /// materialized, or are there.
    pub fn may_fold(&self, commits: u64) -> bool {
        match self.engine.jobs.materialization() {
            Some(at) => at.is_at_start() && self.engine.jobs.len() == 1,
            None => commits == 0,
        }
    }

    /// Begins a batch of events, in the order of the log, all after those of the batch before. One batch at a time.
    pub fn begin<'e>(&mut self, events: &'e [LogEvent]) -> Batch<'e> {
        let number = self.open().number;
        let Engine { decoder, duplicates, limits, .. } = &mut self.engine;
        let mut buffer = Extracted::default();
        let events = events.iter().map(|event| (event, decoder.decode(event, duplicates, &mut buffer))).collect();
        Batch::of_rows(number, events, limits)
    }

    /// Goes as far as the cache allows; what is missing, to be supplied before it goes on, if anything is.
    pub fn step(&mut self, batch: &mut Batch<'_>) -> Option<Missing> {
        let mut missing = Missing::default();
        if !batch.advance(&mut self.engine.tools(), &mut missing) {
            missing.tidy();
            return Some(missing);
        }
        let Outcome { changes, .. } = batch.finish();
        let open = &mut self.open().changes;
        open.dead_letters.extend(changes.dead_letters);
        open.tally += changes.tally;
        None
    }

    /// As [`Engine::supply`].
    pub fn supply(&mut self, answers: Answers) -> Result<(), Corrupt> {
        self.engine.supply(answers)
    }

    /// What has come of the events since rows were closed last, beside rows and index entries.
    pub fn so_far(&self) -> Option<&Changes> {
        self.open.as_ref().map(|open| &open.changes)
    }

    /// About how many bytes of rows wait to be closed and committed.
    pub fn open_bytes(&self) -> usize {
        let Some(open) = &self.open else { return 0 };
        let cache = &self.engine.cache;
        let touched: usize = cache.rows.iter().map(Table::touched_weight).sum();
        touched + cache.weight().saturating_sub(open.weight)
    }

    /// Closes the rows that batches have changed since this was called last; the number and the changes of the commit. It is to be
    /// followed by [`Seeding::committed`], in the order of the numbers; what comes after it may be folded before.
    pub fn close(&mut self) -> (u64, Changes) {
        let open = self.open.take();
        let Open { number, mut changes, .. } = open.unwrap_or_else(|| Open::begin(&mut self.engine));
        let Engine { plan, cache, parking, jobs, .. } = &mut self.engine;
        cache.seal_rows();
        changes.links = fold::index_links(plan, cache);
        changes.cells.extend(parking.take_changes());
        for (entity, table) in cache.rows.iter().enumerate() {
            let changed = table.changed().iter();
            let cell = |key| CellKey { space: Space::Row(entity), key };
            changes.cells.extend(changed.map(|row| (cell(row.key.clone()), row.new.as_ref().map(Row::shared))));
        }
        if jobs.materialization().is_none() {
            changes.cells.push(jobs.materialize());
        }
        (number, changes)
    }

    /// The commit of this number is in the store.
    pub fn committed(&mut self, number: u64) {
        self.engine.committed(number);
    }

    /// An engine that goes on with the materialization: what is closed must have been committed. It knows the rows that are cached here.
    pub fn into_engine(self) -> Engine {
        let mut engine = self.engine;
        if engine.jobs.materialization().is_some_and(Materialization::is_at_start) {
            engine.cache.assume_views_complete();
        }
        engine
    }

    fn open(&mut self) -> &mut Open {
        self.open.get_or_insert_with(|| Open::begin(&mut self.engine))
    }
}

impl Open {
    fn begin(engine: &mut Engine) -> Open {
        let weight = engine.cache.weight();
        Open { number: engine.next_number(), changes: Changes::default(), weight }
    }
}
