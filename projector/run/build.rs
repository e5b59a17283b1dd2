//! One build of a projection, run: its sessions one after another, and beside them the flusher of its tables.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::board::{Place, Stage, TableProgress};
use super::flusher::{Flusher, LATE_WRITES, Task, Visibility};
use super::halt::{Halt, caught};
use super::making;
use super::pace::Until;
use super::processor::Definition;
use super::retry::{Patience, StopFlag};
use super::session::{self, End, Setting};
use super::supervisor::{Goal, Supervisor};
use super::waits::Port;
use crate::deploy::{self, Deployment, Role};
use crate::fault::Fault;
use crate::log::EventLog;
use crate::rebuild::End as Made;
use crate::state::{Build, Deed, Order, Switch, What};
use crate::tables::{TableBuild, TableWriter};
use crate::view::Catalogue;

/// From one attempt to cut over to the next.
const TRY_AGAIN: Duration = Duration::from_millis(20);
/// A build to be run.
#[derive(Clone)]
pub struct BuildTask<'s> {
    /// With what.
    pub supervisor: &'s Supervisor,
    /// What it is a build of.
    pub definition: &'s Definition,
    /// Where it is shown how far it is.
    pub place: Arc<Place>,
    /// Which one it is.
    pub deployment: Deployment,
    /// Where its rows come from, if it has none yet.
    pub origin: Origin,
    /// What for.
    pub goal: Goal,
    /// Raised when it should end.
    pub stop: &'s StopFlag,
}

/// Where the rows of a build come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The log.
    Log,
    /// The build that is live, if it has folded them by the same rules; else the log.
    LiveRows,
}

/// How a build takes the place of the live one.
#[derive(Clone, Copy, Debug)]
pub struct CutOver<'c> {
    /// What that is called.
    pub what: What,
    /// Who does it.
    pub by: &'c str,
    /// Since when it is built, in microseconds since 1970.
    pub since: i64,
    /// What becomes of the builds before the one that was live.
    pub older: Older,
}

/// What becomes of builds that nobody can go back to in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// They are dropped.
    Dropped,
    /// They stay, until somebody drops them.
    Kept,
}

/// A build that is run.
struct BuildRun<'s> {
    task: BuildTask<'s>,
    /// Raised when its sessions should end: as the task says, or when the flusher has failed where it never should.
    ended: Arc<StopFlag>,
    flusher: Option<Flusher>,
}

/// Runs the build that readers see to its end, with a flusher beside it where its tables are in another store.
pub fn run(task: BuildTask<'_>, until: Until) -> Result<End, Halt> {
    with_flusher(task, |run| match run.session(Stage::Live, until)? {
        End::Reached => run.catch_up(),
        end => Ok(end),
    })
}

/// The same, to the end of the log as it is now.
pub fn run_to_head(task: BuildTask<'_>) -> Result<End, Halt> {
    with_flusher(task, |run| run.come_up(Stage::Live))
}

/// Brings a build to the end of the log as it is now, and its tables with it. Readers do not see it.
pub fn come_up(task: BuildTask<'_>) -> Result<End, Halt> {
    if making::run(&task)? == Made::Stopped {
        return Ok(End::Stopped);
    }
    with_flusher(task, |run| run.come_up(Stage::Building))
}

/// Brings a build to the end of the log as it is now, and its tables with it, and lets readers see it in the place of the live one. Where another
/// one took that place meanwhile nothing is seen. The end is [`End::Moved`]: there is another live build to look at.
pub fn replace(task: BuildTask<'_>, cut_over: CutOver<'_>) -> Result<End, Halt> {
    if making::run(&task)? == Made::Stopped {
        return Ok(End::Stopped);
    }
    with_flusher(task, |run| match run.come_up(Stage::Building)? {
        End::Reached => run.go_live(cut_over),
        end => Ok(end),
    })
}

fn with_flusher(task: BuildTask<'_>, work: impl FnOnce(&BuildRun<'_>) -> Result<End, Halt>) -> Result<End, Halt> {
    let ended: Arc<StopFlag> = Arc::default();
    let raised = ended.clone();
    let stop = task.stop;
    let _listening = stop.listen(move || raised.raise());
    let mut run = BuildRun { task, ended, flusher: None };
    if let Some(writer) = &run.task.supervisor.stores.writer {
        run.flusher = Some(run.start_flusher(writer.clone())?);
    }
    let end = work(&run);
    match (run.flusher.take(), &end) {
        // What it would write now, the next one writes better: from the state as it is then.
        (None, _) | (_, Ok(End::Restart) | Err(Halt::Fault(_) | Halt::Fenced { .. })) => end,
        (Some(flusher), _) => flusher.finish().and(end),
    }
}

// === impl BuildRun ===

impl BuildRun<'_> {
    /// To the end of the log as it is now.
    fn come_up(&self, stage: Stage) -> Result<End, Halt> {
        let head = self.patience().ask(Port::Log, || self.log().head())?;
        match self.session(stage, Until::Position(head.map_or(0, |head| head.position)))? {
            End::Reached => self.catch_up(),
            end => Ok(end),
        }
    }

    /// Follows the log, and with it the live build, until there is a moment at which this one is not behind that: then readers see it.
    fn go_live(&self, cut_over: CutOver<'_>) -> Result<End, Halt> {
        // Seen once: when it is repeated, the cut-over may have been done.
        let before = self.live()?.filter(|&before| before != self.task.deployment.number);
        let stop: Arc<StopFlag> = Arc::default();
        let raised = stop.clone();
        let _listening = self.ended.listen(move || raised.raise());
        // Not before it owns the build again: whoever runs what is live claims it as soon as it is.
        self.task.place.progress.send_modify(|progress| progress.stage = Stage::Starting);
        let (switch, end) = thread::scope(|scope| {
            let follow = || caught(|| self.session_until(Stage::Building, Until::Forever, &stop)).flatten();
            let following = thread::Builder::new().name(format!("{} follow", self.name())).spawn_scoped(scope, follow);
            let following = following.map_err(Halt::NoThread)?;
            let switch = self.switch(before, || stop.is_up() || following.is_finished());
            stop.raise();
            let end = following.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok::<_, Halt>((switch, end))
        })?;
        match (switch?, end) {
            (Some(Switch::Live), _) => self.went_live(before, cut_over),
            // The reason for which it does not follow any more.
            (_, Err(halt)) => Err(halt),
            (Some(_), Ok(_)) => Ok(End::Moved),
            (None, Ok(end)) => Ok(end),
        }
    }

    /// Tries until readers see the build, or another one; nothing where it is over before.
    fn switch(&self, before: Option<u64>, is_over: impl Fn() -> bool) -> Result<Option<Switch>, Halt> {
        let (builds, number) = (&*self.task.supervisor.stores.builds, self.task.deployment.number);
        while !is_over() {
            if self.task.place.progress.borrow().stage == Stage::Starting {
                thread::sleep(TRY_AGAIN);
                continue;
            }
            match self.patience().ask(Port::State, || builds.go_live(self.name(), number, before))? {
                Switch::Behind => thread::sleep(TRY_AGAIN),
                switch => return Ok(Some(switch)),
            }
        }
        Ok(None)
    }

    fn went_live(&self, before: Option<u64>, CutOver { what, by, since, older }: CutOver<'_>) -> Result<End, Halt> {
        let (builds, number) = (&*self.task.supervisor.stores.builds, self.task.deployment.number);
        // However they were folded: rows first, or by a session.
        let events = {
            let progress = self.task.place.progress.borrow();
            progress.position.saturating_sub(self.task.deployment.position.max(progress.copied))
        };
        let deed = Deed { before, events, ..Deed::now(what, number, by, since) };
        self.patience().ask(Port::State, || builds.record(self.name(), &deed))?;
        tracing::info!(projection = self.name(), generation = number, "went live");
        self.flusher.iter().for_each(Flusher::show);
        if older == Older::Dropped {
            self.patience().ask(Port::State, || deploy::tidy(builds, self.name(), before))?;
        }
        Ok(End::Moved)
    }

    fn live(&self) -> Result<Option<u64>, Fault> {
        let builds = &*self.task.supervisor.stores.builds;
        self.patience().ask(Port::State, || deploy::live(builds, self.name()))
    }

    /// Waits until the tables have what has been committed.
    fn catch_up(&self) -> Result<End, Halt> {
        if let Some(flusher) = &self.flusher {
            flusher.catch_up(&self.ended)?;
            if self.ended.is_up() {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Reached)
    }

    /// A session; where an event stops it, a second one up to there.
    fn session(&self, stage: Stage, until: Until) -> Result<End, Halt> {
        self.session_until(stage, until, &self.ended)
    }

    fn session_until(&self, stage: Stage, until: Until, stop: &StopFlag) -> Result<End, Halt> {
        let catalogue = Catalogue::of(&self.task.definition.plan);
        let store = self.task.supervisor.stores.builds.open(self.name(), self.task.deployment.number, &catalogue)?;
        let inherited = self.inherited()?;
        let setting = Setting {
            definition: self.task.definition,
            limits: self.task.supervisor.limits,
            log: self.log(),
            folded_from: &self.task.deployment.log,
            store: &*store,
            generation: self.task.deployment.number,
            inherited: &inherited,
            goal: self.task.goal,
            stage,
            place: &self.task.place,
            stop,
        };
        match session::run(&setting, until)? {
            End::BadEvent { position, reason } => {
                // What comes before the event is applied; the event itself, and what follows, waits for a person.
                match session::run(&setting, Until::Position(position - 1))? {
                    End::Reached => Err(Halt::BadEvent { position, reason }),
                    end => Ok(end),
                }
            }
            End::Paused(pause) => Err(Halt::Paused { pause }),
            end => Ok(end),
        }
    }

    fn inherited(&self) -> Result<Vec<Order>, Fault> {
        let (builds, number) = (&*self.task.supervisor.stores.builds, self.task.deployment.number);
        match self.task.deployment.role {
            Role::Live => Ok(Vec::new()),
            Role::Candidate => self.patience().ask(Port::State, || deploy::inherited(builds, self.name(), number)),
        }
    }

    fn start_flusher(&self, writer: Arc<dyn TableWriter>) -> Result<Flusher, Halt> {
        let builds = &self.task.supervisor.stores.builds;
        let catalogue = Catalogue::of(&self.task.definition.plan);
        let build = self.patience().ask(Port::State, || self.stored())?;
        let backlog = build.backlog.unwrap_or_default();
        let task = Task {
            outbox: builds.outbox(self.name(), build.number, &catalogue)?,
            writer,
            builds: builds.clone(),
            build: TableBuild {
                projection: self.name().to_owned(),
                number: build.number,
                identity: TableBuild::identity(build.fingerprint, &build.creation),
                catalogue,
            },
            place: self.task.place.clone(),
            late_writes: LATE_WRITES,
        };
        // Who reads lists meanwhile is told what is known, also where the tables do not answer for long.
        let tables = TableProgress { written: 0, flushed: backlog.flushed, settled: backlog.settled };
        self.task.place.progress.send_modify(|progress| progress.tables = Some(tables));
        let visibility = if self.task.deployment.role == Role::Live { Visibility::Shown } else { Visibility::Hidden };
        Flusher::start(task, visibility, self.ended.clone())
    }

    /// The build, as it is stored.
    fn stored(&self) -> Result<Build, Fault> {
        let builds = &*self.task.supervisor.stores.builds;
        deploy::build(builds, self.name(), self.task.deployment.number)?.ok_or_else(|| Fault::Lost {
            place: "the state store".to_owned(),
            what: format!("generation {} of {}", self.task.deployment.number, self.name()),
        })
    }

    fn patience(&self) -> Patience<'_> {
        Patience { stop: &self.ended, waits: &self.task.place.waits }
    }

    fn log(&self) -> &dyn EventLog {
        &*self.task.supervisor.stores.log
    }

    fn name(&self) -> &str {
        &self.task.definition.plan.name
    }
}
