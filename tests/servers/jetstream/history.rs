//! History that is lost or rewritten stops the projections, each time by its name, and nothing is written.

use std::fs;
use std::path::Path;
use std::process::Child;

use projector::demo::Shop;

use crate::folder::{Folder, complaint};
use crate::nats::{self, Operator, STREAM};
use crate::process::Server;

/// The daemon runs two projections, each with a consumer.
const READERS: usize = 2;
const SEED: u64 = 7;

/// A server with a stream of a hundred events, all of them applied.
struct World {
    server: Server,
    folder: Folder,
}

impl World {
    fn new() -> World {
        let server = nats::start();
        make_stream(&server);
        let folder = Folder::on_jetstream(&server);
        folder.publish(events(0, 100));
        folder.run(&["run", "--until-caught-up"]);
        World { server, folder }
    }

    fn operator(&self) -> Operator {
        Operator::connect(&self.server)
    }

    /// Starts the daemon, and waits until it reads.
    fn daemon(&self) -> Child {
        let (operator, before) = (self.operator(), self.operator().consumers());
        let daemon = self.folder.start(&["run"]);
        operator.wait_for_consumers(before + READERS);
        daemon
    }

    /// Puts the server back to where it was when `earlier` was copied.
    fn restore(&mut self, earlier: &Path) {
        self.server.kill();
        fs::remove_dir_all(self.server.data().join("jetstream")).expect("the server is gone");
        copy(earlier, self.server.data());
        self.server.restart();
    }
}

fn make_stream(server: &Server) {
    Operator::connect(server).make(async_nats::jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["shop.>".to_owned()],
        ..Default::default()
    });
}

fn events(from: usize, to: usize) -> impl Iterator<Item = Vec<u8>> {
    Shop::new(SEED).map(|event| event.bytes).take(to).skip(from)
}

/// The daemon must end by itself, and say this.
fn assert_halts(daemon: Child, reason: &str) {
    let output = daemon.wait_with_output().expect("the daemon ends");
    assert_eq!(output.status.code(), Some(4), "{}", complaint(&output));
    assert!(complaint(&output).contains(reason), "{reason}: {}", complaint(&output));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).expect("files can be copied") }
    }
}

#[test]
fn a_stream_that_is_made_anew() {
    let world = World::new();
    let before = world.folder.run(&["query", "order_overview", "--all"]);
    let daemon = world.daemon();
    world.operator().delete_stream();
    make_stream(&world.server);
    assert_halts(daemon, "log replaced: the state was folded from log EVENTS of ");
    world.folder.publish(events(100, 250));
    assert_halts(world.folder.start(&["run"]), "log replaced: ");
    assert_eq!(world.folder.run(&["query", "order_overview", "--all"]), before, "nothing is written");
}

#[test]
fn events_that_are_purged_before_they_are_read() {
    let world = World::new();
    world.folder.publish(events(100, 120));
    world.operator().purge_below(111);
    assert_halts(world.folder.start(&["run"]), "history lost: the next event is at position 101, but the log begins at 111");
}

#[test]
fn events_that_are_purged_after_they_were_read() {
    let world = World::new();
    let operator = world.operator();
    operator.purge_below(101);
    world.folder.run(&["run", "--until-caught-up"]);
    world.folder.publish(events(100, 120));
    operator.purge_below(101);
    world.folder.run(&["run", "--until-caught-up"]);
    assert!(world.folder.run(&["status"]).contains("position 120"), "nothing is missing");
}

#[test]
fn a_stream_that_is_put_back_to_an_earlier_state() {
    let mut world = World::new();
    let backup = tempfile::tempdir().expect("a folder can be made");
    world.server.kill();
    copy(world.server.data(), backup.path());
    world.server.restart();
    world.folder.publish(events(100, 120));
    world.folder.run(&["run", "--until-caught-up"]);

    let daemon = world.daemon();
    world.restore(backup.path());
    assert_halts(daemon, "history lost: the state holds events up to position 120, but the log ends at 100");
    // The same positions again, with other events.
    world.folder.publish(events(200, 230));
    assert_halts(world.folder.start(&["run"]), "history rewritten: the event at position 120 is not the one that was folded");
}
