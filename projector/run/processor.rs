//! The engine with its store: fetches what the engine misses, and notes where each batch leads.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use projections::codec::Corrupt;
use projections::engine::{Batch, CellKey, Changes, Engine, Limits, LogEvent, PARKED, Space, Step, Tried};
use projections::plan::Plan;
use schemas::Registry;
use tracing::field::Empty;
use tracing::{Span, debug_span};

use super::halt::Halt;
use super::retry::Patience;
use super::rulings::Rulings;
use super::waits::Port;
use crate::config::RunLimits;
use crate::log::{EventLog, ReadLimit};
use crate::state::views::StoredDeadLetter;
use crate::state::{Action, Carried, Checkpoint, Order, StateStore};

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
    rulings: Rulings,
    /// Orders of the build that readers see, which this one is to take the place of, for events that it has not come to; by position.
    inherited: BTreeMap<u64, Order>,
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
    /// The orders that it carries out.
    pub carried: Carried,
    /// When the log took the first of its events, where it is of events; in microseconds since 1970.
    pub taken: Option<i64>,
}

/// What an engine is made of.
pub struct Definition {
    /// The projection.
    pub plan: Arc<Plan>,
    /// The schemas of its events.
    pub registry: Arc<Registry>,
    /// The files that say so, as they are stored with each build.
    pub sources: Arc<str>,
}

// === impl Processor ===

impl<'s> Processor<'s> {
    /// An engine that goes on from the checkpoint, with what it must know from the start. `inherited`: how operators have settled
    /// events of the build in whose place this one is to come.
    pub fn load(
        definition: &Definition,
        limits: RunLimits,
        log: &dyn EventLog,
        store: &'s dyn StateStore,
        checkpoint: Checkpoint,
        inherited: &[Order],
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
        let mut rulings = Rulings::default();
        let ahead = inherited.iter().filter(|order| order.position > checkpoint.position);
        let inherited: BTreeMap<u64, Order> = ahead.map(|order| (order.position, order.clone())).collect();
        for order in patience.ask(Port::State, || store.settled())?.iter().chain(inherited.values()) {
            rulings.add(order, &mut engine);
        }
        Ok(Processor {
            engine,
            store,
            patience,
            projection: definition.plan.name.clone(),
            fetched: 0,
            checkpoint,
            rulings,
            inherited,
        })
    }

    /// Folds events that follow what was folded before, if there are any.
    pub fn fold(&mut self, events: &[LogEvent]) -> Result<Option<Computed>, Halt> {
        let Some(last) = events.last() else { return Ok(None) };
        // The event as the log has it: by that the log is recognized.
        let checkpoint = self.checkpoint.after_event(last);
        let ahead = self.inherited.split_off(&(last.position + 1));
        let settled = std::mem::replace(&mut self.inherited, ahead).into_values().collect();
        let span = self.span(events.first().map(|first| first.position), &checkpoint);
        let taken = events.first().map(|first| first.time);
        let events = self.rulings.applied_to(events);
        let batch = self.engine.begin(&events);
        let carried = Carried { done: Vec::new(), settled };
        Ok(Some(Computed { carried, taken, ..self.complete(batch, checkpoint, span)? }))
    }

    /// Whether there are dead letters that waited for others, and wait for nothing any more.
    pub fn is_any_free(&mut self) -> bool {
        self.engine.is_any_free()
    }

    /// Carries out the first of these orders, and tries the dead letters that wait for nothing any more: at most `limit` of them. Everything
    /// folded before must have been committed.
    pub fn settle(&mut self, orders: &BTreeMap<String, Order>, limit: usize) -> Result<Option<Computed>, Halt> {
        let chosen = self.engine.choose(orders.values().map(|order| order.position), limit);
        let orders: Vec<&Order> = orders.values().filter(|order| chosen.binary_search(&order.position).is_ok()).collect();
        let letters = self.patience.ask(Port::State, || self.store.letters(&chosen))?;
        require_letters(&chosen, &orders, &letters)?;
        let is_there = |order: &&&Order| letters.binary_search_by_key(&order.position, |letter| letter.position).is_ok();
        let settling = orders.iter().filter(is_there).filter(|order| order.is_ruling());
        let settled: Vec<Order> = settling.map(|order| (*order).clone()).collect();
        let earlier = self.rulings.clone();
        settled.iter().for_each(|order| self.rulings.add(order, &mut self.engine));
        let carried = Carried { done: orders.iter().map(|order| order.name()).collect(), settled };
        let events: Vec<LogEvent> = letters.into_iter().map(|letter| self.rulings.apply(event_of(letter))).collect();
        if events.is_empty() && carried.done.is_empty() {
            return Ok(None);
        }
        let checkpoint = self.checkpoint.after_job();
        let batch = self.engine.begin_dead_letters(&events, checkpoint.position);
        let span = self.span(None, &checkpoint);
        let mut computed = Computed { carried, ..self.complete(batch, checkpoint, span)? };
        self.take_back_repairs(&mut computed, &earlier);
        Ok(Some(computed))
    }

    /// A repair that does not help is no repair; one that only waits for others may help yet.
    fn take_back_repairs(&mut self, computed: &mut Computed, earlier: &Rulings) {
        let failed = |tried: &&Tried| tried.stays.as_ref().is_some_and(|(kind, _)| *kind != PARKED);
        for tried in computed.changes.tried.iter().filter(failed) {
            computed.carried.settled.retain(|order| order.position != tried.position || order.action == Action::Discard);
            self.rulings.take_back(tried.position, earlier);
        }
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

    /// Whether the next job needs everything to be committed first.
    pub fn is_job_after_commits(&self) -> bool {
        self.engine.is_job_after_commits()
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
        let (pending_jobs, carried) = (self.engine.pending_jobs(), Carried::default());
        Ok(Computed { number: batch.number(), follows, checkpoint, pending_jobs, changes, carried, span, taken: None })
    }
}

/// An event that waits has a dead letter; only what is merely asked for may be gone.
fn require_letters(chosen: &[u64], orders: &[&Order], letters: &[StoredDeadLetter]) -> Result<(), Corrupt> {
    let is_here = |position: &&u64| letters.iter().any(|letter| letter.position == **position);
    let is_asked = |position: &&u64| orders.iter().any(|order| order.position == **position);
    match chosen.iter().find(|position| !is_here(position) && !is_asked(position)) {
        Some(_) => Err(Corrupt("an event waits of which there is no dead letter")),
        None => Ok(()),
    }
}

/// It is an event of this projection, whatever its subject was.
fn event_of(letter: StoredDeadLetter) -> LogEvent {
    LogEvent { position: letter.position, time: letter.time, subject: None, data: letter.event.into(), flaw: None }
}

fn engine_limits(limits: RunLimits) -> Limits {
    Limits { cache_bytes: limits.cache_bytes, fan_out: limits.fan_out, hash_seed: hash_seed(), ..Limits::default() }
}

/// Something that nobody can guess. The standard library's hasher is the one source of randomness there is; results do not depend on it.
pub fn hash_seed() -> u64 {
    RandomState::new().hash_one(0u8)
}

/// Lets the engine see the events at these positions again.
pub fn remember(
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
