//! A build made from a whole stream into Redis. Folding against a bare loop that reads the stream and throws it away; all of it against
//! that, and another that sets the documents that there are at the end.

use std::cell::Cell;
use std::time::{Duration, Instant};

use projector::demo::Shop;
use projector::rebuild::{self, End, Origin, Phase, Place, Progress, RateLimit, Rebuild};
use projector::run::{StopFlag, Waits};
use projector::state::NewBuild;
use projector::stores::Stores;
use projector::view::Catalogue;

use crate::table::Table;
use crate::world::World;
use crate::{bare, recorded};

/// Bytes that a build may take.
const MEMORY: usize = 4 << 30;

pub fn measure(events: usize, rounds: usize, table: &mut Table) {
    let world = World::start("shop", &[]);
    let published: Vec<Vec<u8>> = Shop::new(1).take(events).map(|event| event.bytes).collect();
    world.publish(&published);
    let documents = recorded::at_the_end(recorded::record(&world.definitions(), &published));
    drop(published);
    let round = |_| {
        let read = bare::read(&world, events);
        let set = bare::set_all(&world, &documents);
        world.forget();
        let (folded, made) = make(&world, events);
        world.forget();
        ((folded, read), (made, read + set))
    };
    let (folds, wholes): (Vec<_>, Vec<_>) = (0..rounds).map(round).unzip();
    table.rates(&format!("rebuild of {events}: fold"), &folds, events, ">= 0.6");
    table.rates(&format!("rebuild of {events}, into Redis"), &wholes, events, ">= 0.5");
}

/// How long it takes until all events are folded, and until the build is made.
fn make(world: &World, events: usize) -> (Duration, Duration) {
    let stores = Stores::open(&world.config()).expect("the servers answer");
    let definition = world.definitions().named("shop").expect("there is a shop");
    let (plan, log) = (&definition.plan, stores.log.identity().expect("the server answers"));
    let catalogue = Catalogue::of(plan);
    let (projection, fingerprint) = (plan.name.clone(), plan.fingerprint);
    let new = NewBuild {
        projection,
        number: 1,
        fingerprint,
        catalogue: catalogue.clone(),
        log: log.clone(),
        definitions: String::new(),
    };
    stores.builds.create(&new).expect("the server answers");
    let target = stores.builds.open(&plan.name, 1, &catalogue).expect("the server answers");
    let (start, folded, last) = (Instant::now(), Cell::new(Duration::ZERO), Cell::new(Phase::Fold));
    let tell = |progress: &Progress| {
        if last.replace(progress.phase) != progress.phase {
            eprintln!("  {} after {:.2?}", progress.phase.word(), start.elapsed());
        }
        if progress.phase == Phase::Fold {
            folded.set(start.elapsed());
        }
    };
    let work = Rebuild {
        definition: &definition,
        log: &*stores.log,
        folded_from: &log,
        target: &*target,
        origin: Origin::Log,
        place: Place::File { path: world.path().join("made.db"), creation: "1".to_owned() },
        inherited: &[],
        until: events as u64,
        memory: MEMORY,
        rate: &RateLimit::default(),
        progress: &tell,
        stop: &StopFlag::default(),
        waits: &Waits::default(),
    };
    assert_eq!(rebuild::run(&work).expect("nothing is in the way"), End::Made);
    (folded.get(), start.elapsed())
}
