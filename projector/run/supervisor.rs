//! Several projections in one process: a thread for each, none of which waits for another.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use super::board::{Board, Place, Stage};
use super::build;
use super::halt::{Halt, caught};
use super::pace::Until;
use super::processor::Definition;
use super::retry::{Patience, StopFlag};
use super::session::End;
use super::waits::Port;
use super::watchman;
use crate::config::RunLimits;
use crate::deploy;
use crate::fault::{Fault, chain};
use crate::state::Standing;
use crate::stores::Stores;

/// Runs projections.
pub struct Supervisor {
    /// Where everything is.
    pub stores: Stores,
    /// Bounds on the work of each projection.
    pub limits: RunLimits,
    /// Where progress is shown.
    pub board: Arc<Board>,
    /// Raised when the process should end.
    pub stop: Arc<StopFlag>,
}

/// When a run has reached its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Never: it follows the log.
    Follow,
    /// When all events are applied that the log has now.
    CatchUp,
    /// When all orders are carried out; no further event is applied.
    Settle,
}

/// How a projection ended.
#[derive(Debug)]
pub struct Outcome {
    /// The projection.
    pub projection: String,
    /// Why it could not go on, if so.
    pub halt: Option<Halt>,
}

/// Runs all projections until each has ended.
pub fn run_all(supervisor: &Supervisor, definitions: &[Definition], goal: Goal) -> Vec<Outcome> {
    let (over, ended) = channel::<()>();
    thread::scope(|scope| {
        // It only tells; who cannot have it does without.
        let _ = thread::Builder::new()
            .name("watchman".to_owned())
            .spawn_scoped(scope, move || watchman::serve(&supervisor.board, supervisor.limits.stall_after, &ended));
        let threads: Vec<_> = definitions
            .iter()
            .map(|definition| {
                let name = definition.plan.name.clone();
                let run = move || Run::new(supervisor, definition).to_the_end(goal);
                (definition, thread::Builder::new().name(name).spawn_scoped(scope, run))
            })
            .collect();
        let join = |(definition, thread): (&Definition, io::Result<thread::ScopedJoinHandle<'_, Option<Halt>>>)| {
            let halt = match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(error) => Some(Halt::NoThread(error)),
            };
            Outcome { projection: definition.plan.name.clone(), halt }
        };
        let outcomes = threads.into_iter().map(join).collect();
        drop(over);
        outcomes
    })
}

/// The run of one projection.
struct Run<'s> {
    supervisor: &'s Supervisor,
    definition: &'s Definition,
    place: Arc<Place>,
}

// === impl Run ===

impl<'s> Run<'s> {
    fn new(supervisor: &'s Supervisor, definition: &'s Definition) -> Run<'s> {
        Run { supervisor, definition, place: supervisor.board.place(&definition.plan.name) }
    }

    fn to_the_end(&self, goal: Goal) -> Option<Halt> {
        let stop = &self.supervisor.stop;
        let halt = match caught(|| self.run(goal)).flatten() {
            Ok(()) => None,
            // What did not answer until the end is no reason to call the projection ill; neither is what the next run folds anew.
            Err(Halt::Fault(Fault::Unavailable { .. } | Fault::Lost { .. })) if stop.is_up() => None,
            Err(halt) => Some(halt),
        };
        if let Err(fault) = self.note_end(halt.as_ref()) {
            tracing::warn!(projection = self.name(), "cannot note how the projection ended: {}", chain(&fault));
        }
        halt
    }

    /// Runs builds until there is one that reaches its end. Where the store moved, it may have lost which build is live, too: all is looked at
    /// again. A build that is lost, with all else of its projection, is folded anew from the log; should the log no longer begin at its
    /// beginning, that stops it.
    fn run(&self, goal: Goal) -> Result<(), Halt> {
        loop {
            self.place.progress.send_modify(|progress| progress.stage = Stage::Starting);
            match self.run_build(goal) {
                Ok(End::Restart) => {
                    tracing::warn!(projection = self.name(), "the store moved under it; starting over from there");
                }
                Err(Halt::Fault(fault @ Fault::Lost { .. })) if !self.supervisor.stop.is_up() => {
                    tracing::error!(projection = self.name(), "{}; folding the log anew", chain(&fault));
                }
                end => return end.map(|_| ()),
            }
        }
    }

    fn run_build(&self, goal: Goal) -> Result<End, Halt> {
        let Stores { log, builds, .. } = &self.supervisor.stores;
        let target = match goal {
            Goal::Follow => Until::Forever,
            Goal::CatchUp => Until::Position(self.head()?),
            // Whatever has been folded is enough.
            Goal::Settle => Until::Position(0),
        };
        let patience = self.patience();
        let identity = patience.ask(Port::Log, || log.identity())?;
        let deployment = patience.ask(Port::State, || deploy::settle(&**builds, &self.definition.plan, &identity))?;
        let _present = patience.ask(Port::State, || builds.attend(self.name()))?;
        build::run(self.supervisor, self.definition, &self.place, deployment, goal, target)
    }

    fn note_end(&self, halt: Option<&Halt>) -> Result<(), Fault> {
        let builds = &self.supervisor.stores.builds;
        let Some(halt) = halt else {
            self.place.progress.send_modify(|progress| progress.stage = Stage::Stopped);
            return builds.note(self.name(), &Standing::Stopped);
        };
        let reason = chain(halt);
        tracing::error!(projection = self.name(), code = halt.code(), "halted: {reason}");
        self.place.progress.send_modify(|progress| progress.stage = Stage::Halted { code: halt.code(), reason: reason.clone() });
        match halt.standing() {
            Some(standing) => self.patience().ask(Port::State, || builds.note(self.name(), &standing)),
            None => Ok(()),
        }
    }

    fn head(&self) -> Result<u64, Fault> {
        let head = self.patience().ask(Port::Log, || self.supervisor.stores.log.head())?;
        Ok(head.map_or(0, |head| head.position))
    }

    fn patience(&self) -> Patience<'_> {
        Patience { stop: &self.supervisor.stop, waits: &self.place.waits }
    }

    fn name(&self) -> &'s str {
        &self.definition.plan.name
    }
}
