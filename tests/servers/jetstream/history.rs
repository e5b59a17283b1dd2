//! History that is lost or rewritten stops the projections at the first reconnect, each time by its name, and nothing is written.
//!
//! Whatever happens to the stream happens while the daemon is cut off from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Child;

use projector::demo::Shop;
use serde_json::Value;
use tempfile::TempDir;

use crate::folder::{Folder, complaint};
use crate::nats::{self, Operator, STREAM};
use crate::process::Server;
use crate::proxy::Proxy;
use crate::redis;

/// The daemon runs two projections, each with a consumer.
const READERS: usize = 2;
/// The exit code of a daemon whose projections halted.
const HALTED: i32 = 4;
const SEED: u64 = 7;
/// Events that the backup has.
const EARLIER: usize = 60;
/// Events that are applied.
const APPLIED: usize = 100;

/// What is stored of builds, by key: all that a commit writes.
type Stored = BTreeMap<Vec<u8>, Vec<u8>>;

/// A stream of events, all of them applied, and a daemon's way to it.
struct World {
    nats: Server,
    redis: Server,
    proxy: Proxy,
    /// Where the daemon runs.
    folder: Folder,
    /// Where others publish, past the proxy.
    publisher: Folder,
    /// The server's data as it was some events ago.
    backup: TempDir,
}

// === impl World ===

impl World {
    fn new() -> World {
        let (nats, redis) = (nats::start(), redis::start());
        make_stream(&nats);
        let proxy = Proxy::start(nats.port());
        let (folder, publisher) = (Folder::through(&proxy, &redis), Folder::on_jetstream(&nats));
        let backup = tempfile::tempdir().expect("a folder can be made");
        let mut world = World { nats, redis, proxy, folder, publisher, backup };
        world.publish(0, EARLIER);
        world.nats.kill();
        copy(world.nats.data(), world.backup.path());
        world.nats.restart();
        world.publish(EARLIER, APPLIED);
        world.folder.run(&["run", "--until-caught-up"]);
        world
    }

    fn operator(&self) -> Operator {
        Operator::connect(&self.nats)
    }

    fn publish(&self, from: usize, to: usize) {
        self.publisher.publish(Shop::new(SEED).map(|event| event.bytes).take(to).skip(from));
    }

    fn daemon(&self) -> Child {
        self.folder.start(&["--json", "run"])
    }

    /// A daemon that reads.
    fn reading_daemon(&self) -> Child {
        let operator = self.operator();
        let before = operator.consumers();
        let daemon = self.daemon();
        operator.wait_for_consumers(before + READERS);
        daemon
    }

    /// Puts the server back to where it was.
    fn restore(&mut self) {
        self.nats.kill();
        fs::remove_dir_all(self.nats.data().join("jetstream")).expect("the server is gone");
        copy(self.backup.path(), self.nats.data());
        self.nats.restart();
    }

    /// Everything but who owns the projections and how they stand.
    fn stored(&self) -> Stored {
        let mut redis = redis::client(&self.redis);
        let keys: Vec<Vec<u8>> = ::redis::cmd("KEYS").arg("*").query(&mut redis).expect("the server answers");
        let is_of_a_build = |key: &Vec<u8>| ![&b":projection"[..], b":owner"].iter().any(|end| key.ends_with(end));
        let keys = keys.into_iter().filter(is_of_a_build);
        keys.map(|key| (key.clone(), value(&mut redis, &key))).collect()
    }
}

/// The bytes of a value; of a checkpoint only what commits write.
fn value(redis: &mut ::redis::Connection, key: &[u8]) -> Vec<u8> {
    if key.ends_with(b":cp") {
        let fields = &["commits", "position", "hash", "time"];
        let values: Vec<String> = ::redis::cmd("HMGET").arg(key).arg(fields).query(redis).expect("the server answers");
        return values.join(" ").into_bytes();
    }
    ::redis::cmd("DUMP").arg(key).query(redis).expect("the server answers")
}

fn make_stream(server: &Server) {
    Operator::connect(server).make(async_nats::jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["shop.>".to_owned()],
        ..Default::default()
    });
}

/// The daemon must end by itself, and name the reason.
fn assert_halts(daemon: Child, code: &str, reason: &str) {
    let output = daemon.wait_with_output().expect("the daemon ends");
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(HALTED), "{said}");
    let errors = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let error = errors.map(|line| line["error"].clone()).find(|error| !error.is_null()).unwrap_or_default();
    assert_eq!(error["code"], code, "{said}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(reason)), "{said}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).expect("files can be copied") }
    }
}

/// What happens to the stream stops a daemon that runs, and each one that is started later.
fn check(happens: impl FnOnce(&mut World), code: &str, reason: &str) {
    let mut world = World::new();
    let daemon = world.reading_daemon();
    let before = world.stored();
    world.proxy.interrupt();
    happens(&mut world);
    world.proxy.resume();
    assert_halts(daemon, code, reason);
    assert_eq!(world.proxy.connections(), 1, "one reconnect is enough");
    assert_halts(world.daemon(), code, reason);
    assert!(!before.is_empty() && world.stored() == before, "nothing is written");
}

#[test]
fn a_stream_that_is_made_anew() {
    let recreate = |world: &mut World| {
        world.operator().delete_stream();
        make_stream(&world.nats);
        world.publish(APPLIED, APPLIED + 50);
    };
    check(recreate, "log_replaced", "log replaced: the state was folded from log EVENTS of ");
}

#[test]
fn events_that_are_purged_before_they_are_read() {
    let purge = |world: &mut World| {
        world.publish(APPLIED, APPLIED + 20);
        world.operator().purge_below(111);
    };
    check(purge, "history_lost", "history lost: the next event is at position 101, but the log begins at 111");
}

#[test]
fn events_that_expire_before_they_are_read() {
    let expire = |world: &mut World| {
        world.publish(APPLIED, APPLIED + 20);
        world.operator().expire();
    };
    check(expire, "history_lost", "history lost: the next event is at position 101, but the log begins at 121");
}

#[test]
fn a_stream_that_is_cut_off_before_the_checkpoint() {
    check(World::restore, "history_lost", "history lost: the state holds events up to position 100, but the log ends at 60");
}

#[test]
fn a_stream_with_other_events_at_the_same_positions() {
    let rewrite = |world: &mut World| {
        world.restore();
        world.publish(2 * APPLIED, 3 * APPLIED);
    };
    check(rewrite, "history_rewritten", "history rewritten: the event at position 100 is not the one that was folded");
}

#[test]
fn events_that_are_purged_after_they_were_read() {
    let world = World::new();
    world.operator().purge_below(101);
    world.folder.run(&["run", "--until-caught-up"]);
    world.publish(APPLIED, APPLIED + 20);
    world.operator().purge_below(101);
    world.folder.run(&["run", "--until-caught-up"]);
    assert!(world.folder.run(&["status"]).contains("position 120"), "nothing is missing");
}
