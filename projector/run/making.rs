//! A build that readers have never seen, made from the log before a session follows it.

use super::board::Stage;
use super::build::BuildTask;
use super::halt::Halt;
use super::retry::Patience;
use super::waits::Port;
use crate::deploy;
use crate::fault::Fault;
use crate::rebuild::{self, End, Place, Progress, Rebuild};
use crate::view::Catalogue;

/// Makes the build, up to the end of the log as it is now; or goes on with that, or finds it made.
pub fn run(task: &BuildTask<'_>) -> Result<End, Halt> {
    let (stores, name, number) = (&task.supervisor.stores, &task.definition.plan.name, task.deployment.number);
    let patience = Patience { stop: task.stop, waits: &task.place.waits };
    let found = patience.ask(Port::State, || deploy::build(&*stores.builds, name, number))?;
    let build = found
        .ok_or_else(|| Fault::Gone { place: "the state store".to_owned(), what: format!("generation {number} of {name}") })?;
    if build.went_live {
        return Ok(End::Made);
    }
    let head = patience.ask(Port::Log, || stores.log.head())?;
    let inherited = patience.ask(Port::State, || deploy::inherited(&*stores.builds, name, number))?;
    let target = stores.builds.open(name, number, &Catalogue::of(&task.definition.plan))?;
    let making = &task.supervisor.deploying.making;
    let place = match &making.folder {
        None => Place::InPlace,
        Some(folder) => Place::File { path: folder.join(format!("{name}.g{number}.db")), creation: build.creation },
    };
    rebuild::run(&Rebuild {
        definition: task.definition,
        log: &*stores.log,
        folded_from: &task.deployment.log,
        target: &*target,
        place,
        inherited: &inherited,
        until: head.map_or(0, |head| head.position),
        memory: making.memory,
        rate: &making.rate,
        progress: &|progress| show(task, progress),
        stop: task.stop,
        waits: &task.place.waits,
    })
}

fn show(task: &BuildTask<'_>, Progress { phase, position, until, .. }: &Progress) {
    task.place.progress.send_modify(|progress| {
        progress.generation = task.deployment.number;
        progress.stage = Stage::Making(*phase);
        progress.position = *position;
        progress.head = *until;
        progress.moved = std::time::Instant::now();
    });
}
