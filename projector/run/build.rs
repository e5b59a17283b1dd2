//! One build of a projection, run: its sessions one after another, and beside them the flusher of its tables.

use std::sync::Arc;

use super::board::{Place, Stage, TableProgress};
use super::flusher::{Flusher, LATE_WRITES, Task, Visibility};
use super::halt::Halt;
use super::pace::Until;
use super::processor::Definition;
use super::retry::{Patience, StopFlag};
use super::session::{self, End, Setting};
use super::supervisor::{Goal, Supervisor};
use super::waits::Port;
use crate::deploy::{self, Deployment, Role};
use crate::fault::Fault;
use crate::log::EventLog;
use crate::state::{Build, Order};
use crate::tables::{TableBuild, TableWriter};
use crate::view::Catalogue;

/// There are never so many orders.
const EVERYTHING: usize = usize::MAX >> 1;

/// A build that is run.
struct BuildRun<'s> {
    supervisor: &'s Supervisor,
    definition: &'s Definition,
    place: &'s Arc<Place>,
    deployment: Deployment,
    goal: Goal,
    /// Raised when its sessions should end: with the process, or when the flusher has failed where it never should.
    ended: Arc<StopFlag>,
    flusher: Option<Flusher>,
}

/// Runs a build to its end, with a flusher beside it where its tables are in another store.
pub fn run(
    supervisor: &Supervisor,
    definition: &Definition,
    place: &Arc<Place>,
    deployment: Deployment,
    goal: Goal,
    until: Until,
) -> Result<End, Halt> {
    let ended: Arc<StopFlag> = Arc::default();
    let raised = ended.clone();
    let _listening = supervisor.stop.listen(move || raised.raise());
    let mut run = BuildRun { supervisor, definition, place, deployment, goal, ended, flusher: None };
    if let Some(writer) = &supervisor.stores.writer {
        run.flusher = Some(run.start_flusher(writer.clone())?);
    }
    let end = run.sessions(until);
    match (run.flusher.take(), &end) {
        // What it would write now, the next one writes better: from the state as it is then.
        (None, _) | (_, Ok(End::Restart) | Err(Halt::Fault(_) | Halt::Fenced { .. })) => end,
        (Some(flusher), _) => flusher.finish().and(end),
    }
}

// === impl BuildRun ===

impl BuildRun<'_> {
    fn sessions(&self, until: Until) -> Result<End, Halt> {
        if self.deployment.role == Role::Candidate {
            let end = self.go_live()?;
            if end != End::Reached {
                return Ok(end);
            }
        }
        match self.session(Stage::Live, until)? {
            End::Reached => self.catch_up(),
            end => Ok(end),
        }
    }

    /// Readers see the build once it has caught up, and its tables with it.
    fn go_live(&self) -> Result<End, Halt> {
        let head = self.patience().ask(Port::Log, || self.log().head())?;
        let end = match self.session(Stage::Building, Until::Position(head.map_or(0, |head| head.position)))? {
            End::Reached => self.catch_up()?,
            end => end,
        };
        if end != End::Reached {
            return Ok(end);
        }
        let (builds, number) = (&*self.supervisor.stores.builds, self.deployment.number);
        // Seen once: when it is repeated, the cut-over may have been done.
        let before = self.patience().ask(Port::State, || deploy::live(builds, self.name()))?;
        self.patience().ask(Port::State, || deploy::cut_over(builds, self.name(), number, before))?;
        tracing::info!(projection = self.name(), generation = number, "went live");
        self.flusher.iter().for_each(Flusher::show);
        Ok(End::Reached)
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
        let catalogue = Catalogue::of(&self.definition.plan);
        let store = self.supervisor.stores.builds.open(self.name(), self.deployment.number, &catalogue)?;
        let inherited = self.inherited()?;
        let setting = Setting {
            definition: self.definition,
            limits: self.supervisor.limits,
            log: self.log(),
            folded_from: &self.deployment.log,
            store: &*store,
            generation: self.deployment.number,
            inherited: &inherited,
            goal: self.goal,
            stage,
            place: self.place,
            stop: &self.ended,
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

    /// How operators have settled events of the build that readers see, or want to, for one that is to take its place.
    fn inherited(&self) -> Result<Vec<Order>, Fault> {
        let (builds, patience) = (&*self.supervisor.stores.builds, self.patience());
        if self.deployment.role == Role::Live {
            return Ok(Vec::new());
        }
        let live = patience.ask(Port::State, || deploy::live(builds, self.name()))?;
        let Some(live) = live.filter(|live| *live != self.deployment.number) else { return Ok(Vec::new()) };
        let store = builds.open(self.name(), live, &Catalogue::default())?;
        let mut orders = patience.ask(Port::State, || store.settled())?;
        let asked = patience.ask(Port::State, || store.asked(EVERYTHING))?;
        orders.extend(asked.orders.into_iter().filter(Order::is_ruling));
        Ok(orders)
    }

    fn start_flusher(&self, writer: Arc<dyn TableWriter>) -> Result<Flusher, Halt> {
        let builds = &self.supervisor.stores.builds;
        let catalogue = Catalogue::of(&self.definition.plan);
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
            place: self.place.clone(),
            late_writes: LATE_WRITES,
        };
        // Who reads lists meanwhile is told what is known, also where the tables do not answer for long.
        let tables = TableProgress { written: 0, flushed: backlog.flushed, settled: backlog.settled };
        self.place.progress.send_modify(|progress| progress.tables = Some(tables));
        let visibility = if self.deployment.role == Role::Live { Visibility::Shown } else { Visibility::Hidden };
        Flusher::start(task, visibility, self.ended.clone())
    }

    /// The build, as it is stored.
    fn stored(&self) -> Result<Build, Fault> {
        let builds = &*self.supervisor.stores.builds;
        deploy::build(builds, self.name(), self.deployment.number)?.ok_or_else(|| Fault::Lost {
            place: "the state store".to_owned(),
            what: format!("generation {} of {}", self.deployment.number, self.name()),
        })
    }

    fn patience(&self) -> Patience<'_> {
        Patience { stop: &self.ended, waits: &self.place.waits }
    }

    fn log(&self) -> &dyn EventLog {
        &*self.supervisor.stores.log
    }

    fn name(&self) -> &str {
        &self.definition.plan.name
    }
}
