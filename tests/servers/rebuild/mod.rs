//! Builds made from the log, rows first, or from the rows of another build: what is stored must be what a session stores, wherever it was
//! interrupted.

mod silent;
mod stored;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use projector::config;
use projector::definitions;
use projector::demo::Shop;
use projector::log::EventLog;
use projector::rebuild::{self, End, Origin, Original, Phase, Place, Progress, RateLimit, Rebuild};
use projector::run::{Definition, StopFlag, Waits};
use projector::state::{Creation, NewBuild};
use projector::stores::Stores;
use projector::view::Catalogue;

use crate::folder::Folder;
use crate::process::Server;
use crate::redis;
use silent::SilentLog;
use stored::{Stored, in_file, in_redis};

const EVENTS: usize = 500;
/// So little that rows are closed often, that they are read back, and that pages and parts are small.
const MEMORY: usize = 1 << 20;

/// Each so many moments at which it dies it is also asked to end.
const STOPPED: usize = 4;

/// A folder whose shop has been folded by a session, as generation 1.
struct World {
    folder: Folder,
    stores: Stores,
    definition: Definition,
    server: Option<Server>,
}

/// Where the rows of a build come from.
#[derive(Clone, Copy, Debug)]
enum From {
    Log,
    /// They are those of the first build; the log is not read.
    Rows,
}

/// When a build is interrupted.
#[derive(Clone, Copy, Debug)]
enum Interruption {
    Never,
    /// It dies when it tells how far it is for the time of this number.
    Death(usize),
    /// It is asked to end then.
    Stop(usize),
}

// === impl World ===

impl World {
    fn embedded() -> World {
        World::new(Folder::embedded(), None)
    }

    fn on_redis() -> World {
        let server = redis::start();
        World::new(Folder::on_redis(&server), Some(server))
    }

    fn new(folder: Folder, server: Option<Server>) -> World {
        folder.publish(events());
        folder.run(&["run", "--until-caught-up"]);
        let config = config::load(folder.path(), None, std::iter::empty()).expect("the configuration is right");
        let loaded = definitions::load(&config).unwrap_or_else(|error| panic!("{error}"));
        let definition = loaded.named("shop").expect("there is a shop");
        World { stores: folder.stores(), definition, folder, server }
    }

    /// Goes on with the build of this number, and makes it first where it is not there; how often it told how far it is.
    fn build(&self, number: u64, from: From, interruption: Interruption) -> (Option<End>, Vec<Phase>) {
        let (plan, log) = (&self.definition.plan, self.stores.log.identity().unwrap());
        let catalogue = Catalogue::of(plan);
        let new = NewBuild {
            projection: plan.name.clone(),
            number,
            fingerprint: plan.fingerprint,
            catalogue: catalogue.clone(),
            log: log.clone(),
            definitions: self.definition.sources.to_string(),
        };
        assert_eq!(self.stores.builds.create(&new).unwrap(), Creation::Made);
        let target = self.stores.builds.open(&plan.name, number, &catalogue).unwrap();
        let (stop, told) = (StopFlag::default(), Cell::new(Vec::new()));
        let tell = |progress: &Progress| {
            let mut before = told.take();
            before.push(progress.phase);
            let times = before.len();
            told.set(before);
            match interruption {
                Interruption::Death(at) if at == times => panic!("it dies"),
                Interruption::Stop(at) if at == times => stop.raise(),
                _ => {}
            }
        };
        let mut records = self.stores.builds.projections().unwrap().into_iter();
        let first = records.find(|record| record.name == plan.name).unwrap().builds.swap_remove(0);
        let (log_to_read, origin): (&dyn EventLog, _) = match from {
            From::Log => (&*self.stores.log, Origin::Log),
            From::Rows => (&SilentLog, Origin::Build(Original { builds: &*self.stores.builds, build: &first })),
        };
        let work = Rebuild {
            definition: &self.definition,
            log: log_to_read,
            folded_from: &log,
            target: &*target,
            origin,
            place: self.place(number, from),
            inherited: &[],
            until: EVENTS as u64,
            memory: MEMORY,
            rate: &RateLimit::default(),
            progress: &tell,
            stop: &stop,
            waits: &Waits::default(),
        };
        let end = catch_unwind(AssertUnwindSafe(|| rebuild::run(&work).unwrap_or_else(|halt| panic!("{halt:?}")))).ok();
        (end, told.take())
    }

    fn place(&self, number: u64, from: From) -> Place {
        match (&self.server, from) {
            (None, From::Log) => Place::InPlace,
            _ => Place::File { path: self.file(number), creation: number.to_string() },
        }
    }

    /// Where the build is made before it is loaded.
    fn file(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("made/shop.g{number}.db"))
    }

    /// Everything that is stored of a build, by its key there, but what depends on how the log was cut into commits.
    fn stored(&self, number: u64) -> Stored {
        match &self.server {
            None => in_file(self.folder.path(), &self.definition.plan, number),
            Some(server) => in_redis(server, number),
        }
    }

    /// That a build is what the session made.
    fn assert_made(&self, number: u64, expected: &Stored, what: &str) {
        let stored = self.stored(number);
        for (key, value) in expected {
            assert!(stored.get(key) == Some(value), "{what}: {}", String::from_utf8_lossy(key));
        }
        assert_eq!(stored.len(), expected.len(), "{what}");
        assert!(!self.file(number).exists(), "{what}: the file is left");
    }

    /// Interrupts a build each time that it tells how far it is, and goes on with it.
    fn interrupt_everywhere(&self, from: From, phases_of_it: &[Phase]) {
        let expected = self.stored(1);
        assert!(expected.len() > EVENTS, "{} things show little", expected.len());
        let (end, phases) = self.build(2, from, Interruption::Never);
        assert_eq!(end, Some(End::Made));
        self.assert_made(2, &expected, "undisturbed");
        for phase in phases_of_it {
            assert!(phases.iter().filter(|told| *told == phase).count() > 1, "{phases:?}");
        }
        for at in 1..=phases.len() {
            self.interrupt(from, Interruption::Death(at), &expected);
            if at % STOPPED == 0 && at < phases.len() {
                self.interrupt(from, Interruption::Stop(at), &expected);
            }
        }
    }

    /// Makes a build that is interrupted once.
    fn interrupt(&self, from: From, interruption: Interruption, expected: &Stored) {
        let (end, phases) = self.build(3, from, interruption);
        let interrupted = matches!(interruption, Interruption::Stop(_)).then_some(End::Stopped);
        assert_eq!(end, interrupted, "{interruption:?}");
        assert_eq!(self.build(3, from, Interruption::Never).0, Some(End::Made));
        self.assert_made(3, expected, &format!("{interruption:?} after {phases:?}"));
        self.stores.builds.drop_build("shop", 3).unwrap();
    }
}

/// Events of the shop, of which one cannot be applied, and another one waits behind it.
fn events() -> Vec<Vec<u8>> {
    let mut events: Vec<Vec<u8>> = Shop::new(21).take(EVENTS - 2).map(|event| event.bytes).collect();
    for (id, quantity) in [(1, "0"), (2, "1")] {
        let event = format!(
            r#"{{"specversion":"1.0","id":"bad-{id}","source":"/shop/orders","type":"OrderPlaced.v2","time":"2026-03-01T10:00:00Z","data":{{"order_id":"o-bad","customer_id":"c-1","channel":"web","delivery":"standard","lines":[{{"line_no":1,"sku":"sku-1","quantity":{quantity},"unit_price":4.50}}]}}}}"#
        );
        events.insert(EVENTS / 2, event.into_bytes());
    }
    events.swap(EVENTS / 2, EVENTS / 2 + 1);
    events
}

// === tests ===

#[test]
fn a_build_in_place_is_what_a_session_makes_wherever_it_was_interrupted() {
    World::embedded().interrupt_everywhere(From::Log, &[Phase::Fold, Phase::Materialize]);
}

#[test]
fn a_build_loaded_into_redis_is_what_a_session_makes_wherever_it_was_interrupted() {
    World::on_redis().interrupt_everywhere(From::Log, &[Phase::Fold, Phase::Materialize]);
}

#[test]
fn a_build_of_copied_rows_is_what_a_session_makes_wherever_it_was_interrupted() {
    World::on_redis().interrupt_everywhere(From::Rows, &[Phase::Copy, Phase::Materialize]);
}

#[test]
fn a_build_of_copied_rows_is_loaded_into_the_file_that_state_is_in() {
    let world = World::embedded();
    assert_eq!(world.build(2, From::Rows, Interruption::Stop(1)).0, Some(End::Stopped));
    assert_eq!(world.build(2, From::Rows, Interruption::Never).0, Some(End::Made));
    world.assert_made(2, &world.stored(1), "of copied rows");
}

#[test]
fn a_file_of_another_build_is_begun_anew() {
    let world = World::on_redis();
    assert_eq!(world.build(2, From::Log, Interruption::Stop(1)).0, Some(End::Stopped));
    std::fs::rename(world.file(2), world.file(3)).unwrap();
    assert_eq!(world.build(3, From::Log, Interruption::Never).0, Some(End::Made));
    world.assert_made(3, &world.stored(1), "of another build");
}
