//! A build that readers have never seen, made before a session follows the log with it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::board::Stage;
use super::build::{BuildTask, Origin};
use super::halt::Halt;
use super::retry::Patience;
use super::supervisor::InFiles;
use super::waits::Port;
use crate::deploy;
use crate::fault::Fault;
use crate::rebuild::{self, End, Original, Phase, Place, Progress, RateLimit, Rebuild};
use crate::state::{Build, Builds, Staging};
use crate::view::Catalogue;

/// How often it is looked whether the limit is another one.
const LOOK: Duration = Duration::from_millis(500);

/// Makes the build, up to the end of the log as it is now; or goes on with that, or finds it made.
pub fn run(task: &BuildTask<'_>) -> Result<End, Halt> {
    let (stores, name, number) = (&task.supervisor.stores, &task.definition.plan.name, task.deployment.number);
    let (builds, patience) = (&*stores.builds, patience(task));
    let found = patience.ask(Port::State, || deploy::build(builds, name, number))?;
    let build = found
        .ok_or_else(|| Fault::Gone { place: "the state store".to_owned(), what: format!("generation {number} of {name}") })?;
    if build.went_live {
        return Ok(End::Made);
    }
    let head = patience.ask(Port::Log, || stores.log.head())?;
    let inherited = patience.ask(Port::State, || deploy::inherited(builds, name, number))?;
    let target = builds.open(name, number, &Catalogue::of(&task.definition.plan))?;
    let live = original(task)?;
    let origin = live.as_ref().map_or(rebuild::Origin::Log, |build| rebuild::Origin::Build(Original { builds, build }));
    let rate = &RateLimit::default();
    rate.set(patience.ask(Port::State, || builds.rate_limit(name))?);
    let work = Rebuild {
        definition: task.definition,
        log: &*stores.log,
        folded_from: &task.deployment.log,
        target: &*target,
        place: place(task, &build, &origin)?,
        origin,
        inherited: &inherited,
        until: head.map_or(0, |head| head.position),
        memory: task.supervisor.deploying.making.memory,
        rate,
        progress: &|progress| show(task, progress),
        stop: task.stop,
        waits: &task.place.waits,
    };
    let (over, ended) = channel();
    thread::scope(|scope| {
        // It ends when nobody is left to tell it anything.
        let _over: Sender<()> = over;
        scope.spawn(move || follow_limit(builds, name, rate, &ended));
        rebuild::run(&work)
    })
}

/// Keeps to the limit that is stored, which may be changed at any time, until it is over.
fn follow_limit(builds: &dyn Builds, projection: &str, rate: &RateLimit, ended: &Receiver<()>) {
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        // Where the store does not answer, what it has said last counts.
        if let Ok(limit) = builds.rate_limit(projection) {
            rate.set(limit);
        }
    }
}

/// The build whose rows are copied, if any are.
fn original(task: &BuildTask<'_>) -> Result<Option<Build>, Fault> {
    let (builds, plan) = (&*task.supervisor.stores.builds, &task.definition.plan);
    let mapping = task.supervisor.deploying.mapping;
    match task.origin {
        Origin::Log => Ok(None),
        Origin::LiveRows => {
            let ask = || deploy::with_same_rows(builds, plan, &task.deployment.log, mapping);
            patience(task).ask(Port::State, ask)
        }
    }
}

/// Where the build is made. One that has events was begun, or is made, where it is to be; one that has commits alone is loaded from a file.
fn place(task: &BuildTask<'_>, build: &Build, origin: &rebuild::Origin<'_>) -> Result<Place, Fault> {
    let making = &task.supervisor.deploying.making;
    let path = making.file(&task.definition.plan.name, build.number);
    let is_loaded = build.checkpoint.commits > 0 || matches!(origin, rebuild::Origin::Build(_));
    if making.in_files == InFiles::Copies && (build.checkpoint.position > 0 || !is_loaded) {
        // It may have been loaded from one.
        Staging::remove(&path)?;
        return Ok(Place::InPlace);
    }
    Ok(Place::File { path, creation: build.creation.clone() })
}

fn show(task: &BuildTask<'_>, Progress { phase, position, until, .. }: &Progress) {
    task.place.progress.send_modify(|progress| {
        progress.generation = task.deployment.number;
        progress.stage = Stage::Making(*phase);
        progress.position = *position;
        progress.head = *until;
        progress.moved = std::time::Instant::now();
        if *phase == Phase::Copy {
            progress.copied = *position;
        }
    });
}

fn patience<'t>(task: &'t BuildTask<'_>) -> Patience<'t> {
    Patience { stop: task.stop, waits: &task.place.waits }
}
