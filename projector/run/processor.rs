//! The engine with its store: fetches what the engine misses, and notes where each batch leads.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use projections::engine::{Batch, CellKey, Changes, Engine, Limits, LogEvent, Space, Step};
use projections::plan::Plan;
use schemas::Registry;
use tracing::field::Empty;
use tracing::{Span, debug_span};

use super::halt::Halt;
use super::retry::Patience;
use super::waits::Port;
use crate::config::RunLimits;
use crate::log::{EventLog, ReadLimit};
use crate::state::{Checkpoint, StateStore};

/// How many events are read at once to fill the window of duplicates.
const REMEMBERED_AT_ONCE: ReadLimit = ReadLimit { events: 10_000, bytes: 16 << 20 };

/// Folds batches.
pub struct Processor<'s> {
    engine: Engine,
    store: &'s dyn StateStore,
    patience: Patience<'s>,
    /// Its name, for logs.
    projection: String,
    /// Things fetched since they were counted last.
    fetched: usize,
    /// After everything that was folded.
    checkpoint: Checkpoint,
}

/// A folded batch, to be committed.
pub struct Computed {
    /// The engine's number for it.
    pub number: u64,
    /// [`Checkpoint::commits`] of the commit before.
    pub follows: u64,
    /// The checkpoint after it.
    pub checkpoint: Checkpoint,
    /// Jobs that are left after it.
    pub pending_jobs: usize,
    /// What it writes.
    pub changes: Changes,
    /// The work on it, for logs.
    pub span: Span,
}

/// What an engine is made of.
pub struct Definition {
    /// The projection.
    pub plan: Arc<Plan>,
    /// The schemas of its events.
    pub registry: Arc<Registry>,
}

// === impl Processor ===

impl<'s> Processor<'s> {
    /// An engine that goes on from the checkpoint, with what it must know from the start.
    pub fn load(
        definition: &Definition,
        limits: RunLimits,
        log: &dyn EventLog,
        store: &'s dyn StateStore,
        checkpoint: Checkpoint,
        patience: Patience<'s>,
    ) -> Result<Processor<'s>, Halt> {
        let mut engine = Engine::new(definition.plan.clone(), definition.registry.clone(), engine_limits(limits));
        if checkpoint.commits == 0 {
            engine.assume_empty();
        }
        for space in [Space::Parked, Space::Job] {
            for (key, bytes) in patience.ask(Port::State, || store.cells(space))? {
                engine.restore(&CellKey { space, key }, &bytes)?;
            }
        }
        let from = (checkpoint.position + 1).saturating_sub(definition.plan.duplicate_window).max(1);
        remember(&mut engine, log, from..=checkpoint.position, patience)?;
        Ok(Processor { engine, store, patience, projection: definition.plan.name.clone(), fetched: 0, checkpoint })
    }

    /// Folds events that follow what was folded before, if there are any.
    pub fn fold(&mut self, events: &[LogEvent]) -> Result<Option<Computed>, Halt> {
        let Some(last) = events.last() else { return Ok(None) };
        let checkpoint = self.checkpoint.after_event(last);
        let span = self.span(events.first().map(|first| first.position), &checkpoint);
        let batch = self.engine.begin(events);
        self.complete(batch, checkpoint, span).map(Some)
    }

    /// Works off a page of the oldest job, if there is one.
    pub fn work_off(&mut self) -> Result<Option<Computed>, Halt> {
        let checkpoint = self.checkpoint.after_job();
        match self.engine.begin_job(checkpoint.position) {
            Some(batch) => {
                let span = self.span(None, &checkpoint);
                self.complete(batch, checkpoint, span).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The batch of this number is in the store.
    pub fn committed(&mut self, number: u64) {
        self.engine.committed(number);
    }

    /// Jobs that are left after everything that was folded.
    pub fn pending_jobs(&self) -> usize {
        self.engine.pending_jobs()
    }

    /// How many things have been fetched from the store since this was asked last.
    pub fn take_fetched(&mut self) -> usize {
        std::mem::take(&mut self.fetched)
    }

    /// How much the engine holds in memory, in bytes.
    pub fn cache_bytes(&self) -> usize {
        self.engine.cache_bytes()
    }

    /// The checkpoint after everything that was folded.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The position up to which events have been folded.
    pub fn folded(&self) -> u64 {
        self.checkpoint.position
    }

    /// The work on a batch, from folding to commit, as logs show it; `first`: its first position, where it is one of events.
    fn span(&self, first: Option<u64>, checkpoint: &Checkpoint) -> Span {
        let (projection, position, commit) = (&self.projection, checkpoint.position, checkpoint.commits);
        debug_span!("batch", projection, first, position, commit, events = Empty, documents = Empty, commit_ms = Empty)
    }

    fn complete(&mut self, mut batch: Batch<'_>, checkpoint: Checkpoint, span: Span) -> Result<Computed, Halt> {
        let entered = span.enter();
        let changes = loop {
            match self.engine.step(&mut batch)? {
                Step::Done(changes) => break changes,
                Step::Missing(missing) => {
                    self.fetched += missing.cells.len() + missing.sets.len();
                    let answers = self.patience.ask(Port::State, || self.store.fetch(missing.clone()))?;
                    self.engine.supply(answers)?;
                }
            }
        };
        let follows = self.checkpoint.commits;
        self.checkpoint = checkpoint.clone();
        drop(entered);
        Ok(Computed { number: batch.number(), follows, checkpoint, pending_jobs: self.engine.pending_jobs(), changes, span })
    }
}

fn engine_limits(limits: RunLimits) -> Limits {
    Limits {
        cache_bytes: limits.cache_bytes,
        fan_out: limits.fan_out,
        // The standard library's hasher is the one source of randomness there is; results do not depend on it.
        hash_seed: RandomState::new().hash_one(0u8),
        ..Limits::default()
    }
}

fn remember(
    engine: &mut Engine,
    log: &dyn EventLog,
    positions: std::ops::RangeInclusive<u64>,
    patience: Patience<'_>,
) -> Result<(), Halt> {
    let mut from = *positions.start();
    while from <= *positions.end() {
        let left = usize::try_from(positions.end() - from + 1).unwrap_or(usize::MAX);
        let limit = ReadLimit { events: left.min(REMEMBERED_AT_ONCE.events), ..REMEMBERED_AT_ONCE };
        let events = patience.ask(Port::Log, || log.read(from, limit))?;
        let Some(last) = events.last() else { break };
        from = last.position + 1;
        for event in events.iter().filter(|event| positions.contains(&event.position)) {
            engine.remember(event);
        }
    }
    Ok(())
}
