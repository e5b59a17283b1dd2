//! An engine without a store: its cache holds everything, so that nothing is ever missing.

use std::sync::Arc;

use schemas::Registry;

use super::Engine;
use super::batch::Batch;
use super::cells::{Changes, Missing};
use super::exchange::{Answers, Limits, LogEvent, Step};
use crate::codec::Corrupt;
use crate::plan::Plan;

/// A projection folded in memory.
pub struct InMemory {
    engine: Engine,
    /// Up to which events have been folded.
    position: u64,
}

impl InMemory {
    /// A projection of which nothing has been folded.
    pub fn new(plan: Arc<Plan>, registry: Arc<Registry>) -> InMemory {
        let limits = Limits { cache_bytes: usize::MAX, ..Limits::default() };
        let mut engine = Engine::new(plan, registry, limits);
        engine.assume_empty();
        InMemory { engine, position: 0 }
    }

    /// The engine itself.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Folds events that follow all before; what large sets make of them is left for [`InMemory::work_off`].
    pub fn fold(&mut self, events: &[LogEvent]) -> Result<Changes, Corrupt> {
        self.position = events.last().map_or(self.position, |event| event.position);
        let batch = self.engine.begin(events);
        self.complete(batch)
    }

    /// Works off a page of what was left, if there is anything; to be repeated until there is not.
    pub fn work_off(&mut self) -> Result<Option<Changes>, Corrupt> {
        let job = self.engine.begin_job(self.position);
        job.map(|batch| self.complete(batch)).transpose()
    }

    fn complete(&mut self, mut batch: Batch<'_>) -> Result<Changes, Corrupt> {
        loop {
            match self.engine.step(&mut batch)? {
                Step::Missing(missing) => self.engine.supply(nothing(missing))?,
                Step::Done(changes) => {
                    self.engine.committed(batch.number());
                    return Ok(changes);
                }
            }
        }
    }
}

/// What a store that holds nothing answers.
fn nothing(missing: Missing) -> Answers {
    Answers {
        cells: missing.cells.into_iter().map(|cell| (cell, None)).collect(),
        sets: missing.sets.into_iter().map(|wanted| (wanted, Vec::new())).collect(),
    }
}
