//! Several projections in one process: a thread for each, none of which waits for another.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use super::board::{Board, Place, Stage};
use super::build::{self, BuildTask, CutOver, Older, Origin};
use super::halt::{Halt, caught};
use super::pace::Until;
use super::processor::Definition;
use super::retry::{Patience, StopFlag};
use super::session::End;
use super::waits::Port;
use super::watchman;
use crate::clock;
use crate::config::RunLimits;
use crate::deploy::{self, CannotRecall, CannotSettle, Deployment, Mode, Role, Whose};
use crate::fault::{Fault, chain};
use crate::log::LogIdentity;
use crate::state::{ProjectionRecord, Standing, What};
use crate::stores::Stores;

/// Who has done what a daemon does by itself.
const BY_ITSELF: &str = "projector run";

/// Runs projections.
pub struct Supervisor {
    /// Where everything is.
    pub stores: Stores,
    /// Bounds on the work of each projection.
    pub limits: RunLimits,
    /// What becomes of definitions that are not live.
    pub deploying: Deploying,
    /// Where progress is shown.
    pub board: Arc<Board>,
    /// Raised when the process should end.
    pub stop: Arc<StopFlag>,
}

/// What becomes of definitions that are not live.
#[derive(Clone, Debug)]
pub struct Deploying {
    /// Who decides that they go live.
    pub mode: Mode,
    /// The fingerprint of the rules by which messages are made into events.
    pub mapping: u64,
    /// How generations are made from the log.
    pub making: Making,
}

/// How generations are made from the log.
#[derive(Clone, Debug, Default)]
pub struct Making {
    /// About how many bytes of memory it takes at most.
    pub memory: usize,
    /// The folder of those that are made in a file.
    pub folder: PathBuf,
    /// Which these are.
    pub in_files: InFiles,
}

/// Which generations are made in a file of their own, which is loaded into their store then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InFiles {
    /// All: their store is a server.
    All,
    /// Those whose rows are copied; others are made where they are to be, in a file as well.
    #[default]
    Copies,
}

// === impl Making ===

impl Making {
    /// The file in which a generation is made.
    pub fn file(&self, projection: &str, number: u64) -> PathBuf {
        self.folder.join(format!("{projection}.g{number}.db"))
    }
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

    /// Runs builds until there is one that reaches its end. Where another one went live, that one is next. Where the store moved, it may have
    /// lost which build is live, too: all is looked at again. A build that is lost, with all else of its projection, is folded anew from the log; should the log no longer begin at its
    /// beginning, that stops it.
    fn run(&self, goal: Goal) -> Result<(), Halt> {
        loop {
            self.place.progress.send_modify(|progress| progress.stage = Stage::Starting);
            match self.run_build(goal) {
                Ok(End::Restart) => {
                    tracing::warn!(projection = self.name(), "the store moved under it; starting over from there");
                }
                Ok(End::Moved) => tracing::info!(projection = self.name(), "going on with the generation that is live now"),
                Err(Halt::Fault(fault @ Fault::Lost { .. })) if !self.supervisor.stop.is_up() => {
                    tracing::error!(projection = self.name(), "{}; folding the log anew", chain(&fault));
                }
                end => return end.map(|_| ()),
            }
        }
    }

    fn run_build(&self, goal: Goal) -> Result<End, Halt> {
        let Stores { log, builds, .. } = &self.supervisor.stores;
        let until = match goal {
            Goal::Follow => Until::Forever,
            Goal::CatchUp => Until::Position(self.head()?),
            // Whatever has been folded is enough.
            Goal::Settle => Until::Position(0),
        };
        let patience = self.patience();
        let identity = patience.ask(Port::Log, || log.identity())?;
        let mode = self.supervisor.deploying.mode;
        let deployment = self.settle(&identity, mode)?;
        let _present = patience.ask(Port::State, || builds.attend(self.name()))?;
        match deployment.role {
            Role::Live => self.run_live(deployment, goal, until, &self.supervisor.stop),
            Role::Candidate => self.replace(deployment, goal),
        }
    }

    fn settle(&self, identity: &LogIdentity, mode: Mode) -> Result<Deployment, Halt> {
        let builds = &*self.supervisor.stores.builds;
        let ask = || match deploy::settle(builds, self.definition, identity, mode, BY_ITSELF) {
            Ok(deployment) => Ok(Some(deployment)),
            Err(CannotSettle::Undeployed) => Ok(None),
            Err(CannotSettle::Fault(fault)) => Err(fault),
        };
        self.patience().ask(Port::State, ask)?.ok_or(Halt::Undeployed)
    }

    /// Runs the build that readers see, from its own definitions.
    fn run_live(&self, deployment: Deployment, goal: Goal, until: Until, stop: &Arc<StopFlag>) -> Result<End, Halt> {
        let stored = match deployment.definitions {
            Whose::Files => None,
            Whose::Stored => Some(self.recall(deployment.number)?),
        };
        let definition = stored.as_ref().unwrap_or(self.definition);
        let number = deployment.number;
        let place = self.place.clone();
        let task = BuildTask { supervisor: self.supervisor, definition, place, deployment, origin: Origin::Log, goal, stop };
        let before = self.record()?;
        match build::run(task, until) {
            // It was dropped, which is no news where it is not the live one any more; or somebody has owned it meanwhile, which who switches between
            // generations does with one that is to be live again.
            Err(Halt::Fault(Fault::Gone { .. }) | Halt::Fenced { .. }) if self.has_switched(before.as_ref(), number)? => {
                Ok(End::Moved)
            }
            end => end,
        }
    }

    /// Whether another build is live than this one, or was since.
    fn has_switched(&self, before: Option<&ProjectionRecord>, number: u64) -> Result<bool, Fault> {
        let switches = |record: &ProjectionRecord| record.switches;
        let now = self.record()?;
        let live = now.as_ref().and_then(|now| now.live);
        Ok(live.is_some_and(|live| live != number) || now.as_ref().map(switches) > before.map(switches))
    }

    fn record(&self) -> Result<Option<ProjectionRecord>, Fault> {
        self.patience().ask(Port::State, || deploy::record_of(&*self.supervisor.stores.builds, self.name()))
    }

    /// Builds what is to take the place of the live build, and runs that one beside it, if it can be, so that readers miss nothing meanwhile.
    fn replace(&self, deployment: Deployment, goal: Goal) -> Result<End, Halt> {
        let live = match goal {
            Goal::Follow => self.live_beside()?,
            Goal::CatchUp | Goal::Settle => None,
        };
        let Some(live) = live else {
            return self.build_candidate(deployment, goal, &self.place, &self.supervisor.stop);
        };
        let stop: Arc<StopFlag> = Arc::default();
        let raised = stop.clone();
        let _listening = self.supervisor.stop.listen(move || raised.raise());
        let beside = self.supervisor.board.candidate(self.name());
        thread::scope(|scope| {
            let run = || caught(|| self.run_live(live, goal, Until::Forever, &stop)).flatten();
            let running = thread::Builder::new().name(format!("{} live", self.name())).spawn_scoped(scope, run);
            let running = running.map_err(Halt::NoThread)?;
            let end = self.build_candidate(deployment, goal, &beside, &self.supervisor.stop);
            match &end {
                Ok(_) => stop.raise(),
                // Readers have the live one, as current as ever, until a person has seen to it.
                Err(halt) => self.show_halt(&beside, halt),
            }
            let live = running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            self.supervisor.board.dismiss_candidate(self.name());
            end.and_then(|end| live.map(|_| end))
        })
    }

    fn build_candidate(&self, deployment: Deployment, goal: Goal, place: &Arc<Place>, stop: &Arc<StopFlag>) -> Result<End, Halt> {
        let place = place.clone();
        let task = BuildTask {
            supervisor: self.supervisor,
            definition: self.definition,
            place,
            deployment,
            origin: Origin::LiveRows,
            goal,
            stop,
        };
        build::replace(task, CutOver { what: What::CutOver, by: BY_ITSELF, since: clock::now_micros(), older: Older::Dropped })
    }

    /// The live build; nothing where this program cannot run it, so that readers see what there is until it is replaced.
    fn live_beside(&self) -> Result<Option<Deployment>, Halt> {
        let record = self.record()?;
        let Some(build) = record.as_ref().and_then(|record| record.live_build()) else { return Ok(None) };
        match self.recall(build.number) {
            Ok(_) => {
                let (number, position, log) = (build.number, build.checkpoint.position, build.log.clone());
                Ok(Some(Deployment { number, position, log, role: Role::Live, definitions: Whose::Stored }))
            }
            Err(Halt::Fault(fault)) => Err(fault.into()),
            Err(halt) => {
                let reason = chain(&halt);
                tracing::warn!(projection = self.name(), "what is live stays as it is until it is replaced: {reason}");
                Ok(None)
            }
        }
    }

    fn recall(&self, number: u64) -> Result<Definition, Halt> {
        let (builds, mapping) = (&*self.supervisor.stores.builds, self.supervisor.deploying.mapping);
        let recall = || match deploy::recall(builds, self.name(), number, mapping) {
            Err(CannotRecall::Fault(fault)) => Err(fault),
            recalled => Ok(recalled),
        };
        Ok(self.patience().ask(Port::State, recall)??)
    }

    fn note_end(&self, halt: Option<&Halt>) -> Result<(), Fault> {
        let builds = &self.supervisor.stores.builds;
        let Some(halt) = halt else {
            self.place.progress.send_modify(|progress| progress.stage = Stage::Stopped);
            return builds.note(self.name(), &Standing::Stopped);
        };
        self.show_halt(&self.place, halt);
        match halt.standing() {
            Some(standing) => self.patience().ask(Port::State, || builds.note(self.name(), &standing)),
            None => Ok(()),
        }
    }

    fn show_halt(&self, place: &Place, halt: &Halt) {
        let reason = chain(halt);
        tracing::error!(projection = self.name(), code = halt.code(), "halted: {reason}");
        place.progress.send_modify(|progress| progress.stage = Stage::Halted { code: halt.code(), reason });
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
