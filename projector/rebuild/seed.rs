//! The rows of a build, folded from the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use projections::engine::{CellKey, Engine, LogEvent, Seeding, Space};
use projections::plan::{DeadLetters, Policy};

use super::reader::{self, Piece, Reader};
use super::writer::{self, Write, Writer};
use super::{Broken, End, Phase, Rebuild};
use crate::log::ReadLimit;
use crate::run::{Continuity, Halt, Patience, Port, RaisedAtEnd, Rulings, StopFlag, caught, remember};
use crate::state::{Carried, Checkpoint, EventMark, Order, StateStore};

/// Pieces that wait while one is folded.
const AHEAD: usize = 2;
/// So much is folded again after a crash at most.
const SAVED_EVERY: Duration = Duration::from_secs(20);

/// Rows on their way.
pub struct Seed<'w> {
    work: &'w Rebuild<'w>,
    store: &'w dyn StateStore,
    seeding: Seeding,
    rulings: Rulings,
    /// Orders for events that it has not come to; by position.
    inherited: BTreeMap<u64, Order>,
    /// After everything that was closed.
    closed: Checkpoint,
    /// The last event that was folded, where it is not closed.
    last: Option<(u64, EventMark)>,
    /// Orders that belong to what is open.
    settled: Vec<Order>,
    closed_at: Instant,
    /// Dead letters that are closed.
    dead_letters: u64,
    /// Events folded by this process.
    events: u64,
}

/// Folds from where it is to the end; what it comes to, and an engine that goes on from there.
pub fn run<'w>(
    work: &'w Rebuild<'w>,
    store: &'w dyn StateStore,
    fence: u64,
    mut seed: Seed<'w>,
) -> Result<(End, Checkpoint, Engine), Broken> {
    seed.remember()?;
    let ended: Arc<StopFlag> = Arc::default();
    let raised = ended.clone();
    let _listening = work.stop.listen(move || raised.raise());
    let reading = Patience { stop: &ended, ..work.patience() };
    let patience = work.patience();
    let reader = Reader {
        continuity: Continuity::new(work.log, work.folded_from, seed.closed.clone()),
        from: seed.closed.position + 1,
        until: work.until,
        limit: ReadLimit { events: reader::EVENTS, bytes: work.piece_bytes() },
        rate: work.rate,
        patience: reading,
    };
    let (sender, writes) = channel();
    let (done, outcomes) = channel();
    let (pieces, events) = sync_channel(AHEAD);
    thread::scope(|scope| {
        scope.spawn(move || {
            let panics = pieces.clone();
            if let Err(halt) = caught(|| reader.serve(&pieces)) {
                // Nobody listens any more: the other side has ended before.
                let _ = panics.send(Err(halt));
            }
        });
        scope.spawn(move || {
            if let Err(halt) = caught(|| writer::serve(store, fence, &writes, &done, patience)) {
                // As above.
                let _ = done.send(Err(Broken::Halt(halt)));
            }
        });
        // However it ends, by a panic too: the reader ends with it.
        let _raised = RaisedAtEnd(&ended);
        seed.run(events, Writer::new(sender, outcomes))
    })
}

// === impl Seed ===

impl<'w> Seed<'w> {
    /// What goes on from this checkpoint of the store.
    pub fn load(work: &'w Rebuild<'w>, store: &'w dyn StateStore, checkpoint: &Checkpoint) -> Result<Seed<'w>, Broken> {
        let (plan, patience) = (&work.definition.plan, work.patience());
        let mut seeding = Seeding::new(plan.clone(), work.definition.registry.clone(), work.limits());
        for space in [Space::Parked, Space::Job] {
            for (key, bytes) in patience.ask(Port::State, || store.cells(space))? {
                seeding.engine_mut().restore(&CellKey { space, key }, &bytes)?;
            }
        }
        if checkpoint.commits == 0 {
            seeding.assume_empty();
        }
        let ahead = work.inherited.iter().filter(|order| order.position > checkpoint.position);
        let inherited: BTreeMap<u64, Order> = ahead.map(|order| (order.position, order.clone())).collect();
        let mut rulings = Rulings::default();
        for order in patience.ask(Port::State, || store.settled())?.iter().chain(inherited.values()) {
            rulings.add(order, seeding.engine_mut());
        }
        let dead_letters = patience.ask(Port::State, || store.dead_letters())?;
        Ok(Seed {
            work,
            store,
            seeding,
            rulings,
            inherited,
            closed: checkpoint.clone(),
            last: None,
            settled: Vec::new(),
            closed_at: Instant::now(),
            dead_letters,
            events: 0,
        })
    }

    /// Whether the build is one whose rows are still folded alone.
    pub fn may_fold(&self) -> bool {
        self.seeding.may_fold(self.closed.commits)
    }

    /// Sees the events again among which a repetition of the next ones may be.
    fn remember(&mut self) -> Result<(), Broken> {
        let (position, window) = (self.closed.position, self.work.definition.plan.duplicate_window);
        let from = (position + 1).saturating_sub(window).max(1);
        Ok(remember(self.seeding.engine_mut(), self.work.log, from..=position, self.work.patience())?)
    }

    /// The engine that goes on without folding on.
    pub fn into_engine(self) -> Engine {
        self.seeding.into_engine()
    }

    fn run(mut self, pieces: Receiver<Piece>, mut writer: Writer) -> Result<(End, Checkpoint, Engine), Broken> {
        while let Ok(piece) = pieces.recv() {
            match piece {
                Ok(events) => self.fold(&events)?,
                Err(_) if self.work.stop.is_up() => break,
                Err(halt) => return Err(halt.into()),
            }
            let written = writer.poll()?;
            self.note(written);
            if self.is_time_to_close() {
                self.close(&mut writer)?;
            }
        }
        drop(pieces);
        if self.last.is_some() || self.closed.commits == 0 {
            self.close(&mut writer)?;
        }
        let written = writer.finish()?;
        self.note(written);
        let end = if self.work.stop.is_up() { End::Stopped } else { End::Made };
        Ok((end, self.closed, self.seeding.into_engine()))
    }

    fn fold(&mut self, events: &[LogEvent]) -> Result<(), Broken> {
        let Some(last) = events.last() else { return Ok(()) };
        let applied = self.rulings.applied_to(events);
        let mut batch = self.seeding.begin(&applied);
        while let Some(missing) = self.seeding.step(&mut batch) {
            let answers = self.work.patience().ask(Port::State, || self.store.fetch(missing.clone()))?;
            self.seeding.supply(answers)?;
        }
        let ahead = self.inherited.split_off(&(last.position + 1));
        self.settled.extend(std::mem::replace(&mut self.inherited, ahead).into_values());
        // The event as the log has it: by that the log is recognized.
        self.last = Some((last.position, EventMark::of(last)));
        self.events += events.len() as u64;
        self.work.show(Phase::Fold, &Checkpoint { position: last.position, ..Checkpoint::default() }, self.events);
        self.judge_letters()
    }

    /// Ends where an event must not be passed, or too many cannot be applied.
    fn judge_letters(&self) -> Result<(), Broken> {
        let DeadLetters { policy, limit } = self.work.definition.plan.dead_letters;
        let letters = self.seeding.so_far().map_or(&[][..], |changes| &changes.dead_letters);
        if let (Policy::Halt, Some(first)) = (policy, letters.first()) {
            let reason = format!("{}: {}", first.kind, first.reason);
            return Err(Halt::BadEvent { position: first.position, reason }.into());
        }
        let kept = self.dead_letters + letters.len() as u64;
        if kept >= limit { Err(Halt::Flood { kept, limit }.into()) } else { Ok(()) }
    }

    fn is_time_to_close(&self) -> bool {
        self.last.is_some() && (self.seeding.open_bytes() >= self.work.open_bytes() || self.closed_at.elapsed() >= SAVED_EVERY)
    }

    fn close(&mut self, writer: &mut Writer) -> Result<(), Broken> {
        let (number, changes) = self.seeding.close();
        self.dead_letters += changes.dead_letters.len() as u64;
        let follows = self.closed.commits;
        let (position, event) = match self.last.take() {
            Some((position, mark)) => (position, Some(mark)),
            None => (self.closed.position, self.closed.event),
        };
        self.closed = Checkpoint { position, commits: follows + 1, event };
        self.closed_at = Instant::now();
        let carried = Carried { done: Vec::new(), settled: std::mem::take(&mut self.settled) };
        let written = writer.submit(Write { number, follows, checkpoint: self.closed.clone(), changes, carried })?;
        self.note(written);
        Ok(())
    }

    fn note(&mut self, written: Option<u64>) {
        if let Some(number) = written {
            self.seeding.committed(number);
        }
    }
}
