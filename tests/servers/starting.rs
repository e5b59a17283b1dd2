//! Daemons that are there before their servers, and servers that come back to daemons.

use projector::demo::Shop;

use crate::daemon::Daemon;
use crate::folder::{Folder, wait_until_folded};
use crate::process::Server;
use crate::{nats, redis};

const EVENTS: usize = 60;
/// The exit code of a command that found no server.
const NO_STORE: i32 = 3;

/// Two servers with a stream of events, and nothing else.
struct World {
    nats: Server,
    redis: Server,
    folder: Folder,
}

impl World {
    fn new() -> World {
        let (nats, redis) = (nats::start(), redis::start());
        let folder = Folder::on_servers(&nats, &redis);
        folder.run(&["log", "create"]);
        folder.publish(events(0, EVENTS));
        World { nats, redis, folder }
    }
}

fn events(from: usize, to: usize) -> impl Iterator<Item = Vec<u8>> {
    Shop::new(9).map(|event| event.bytes).take(to).skip(from)
}

fn assert_starting(daemon: &Daemon) {
    let ready = daemon.ask("GET", "/readyz", "");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("starting"), "{ready}");
    assert!(daemon.ask("GET", "/healthz", "").starts_with("HTTP/1.1 200"), "it answers");
}

/// How many events of the shop came to this, as `/metrics` tells it.
fn counted(daemon: &Daemon, outcome: &str) -> usize {
    let metrics = daemon.ask("GET", "/metrics", "");
    let start = format!("projector_events_total{{projection=\"shop\",outcome=\"{outcome}\"}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no {outcome}: {metrics}"));
    value.parse::<f64>().expect("it is a number") as usize
}

/// Starts a daemon with neither server there, and lets them come, the one first that is named.
fn check(first: fn(&mut World) -> &mut Server, second: fn(&mut World) -> &mut Server) {
    let mut world = World::new();
    world.nats.kill();
    world.redis.kill();
    let daemon = world.folder.daemon();
    assert_starting(&daemon);
    first(&mut world).restart();
    assert_starting(&daemon);
    second(&mut world).restart();
    wait_until_folded(&daemon, EVENTS);
    // The other projection may still be about to try again.
    assert!(daemon.ask("GET", "/readyz?timeout=60s", "").starts_with("HTTP/1.1 200"));
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn a_daemon_waits_for_its_log() {
    check(|world| &mut world.redis, |world| &mut world.nats);
}

#[test]
fn a_daemon_waits_for_its_state() {
    check(|world| &mut world.nats, |world| &mut world.redis);
}

#[test]
fn a_daemon_that_still_waits_can_be_ended() {
    let mut world = World::new();
    world.nats.kill();
    let daemon = world.folder.daemon();
    assert_starting(&daemon);
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn other_commands_do_not_wait() {
    let mut world = World::new();
    world.nats.kill();
    let output = world.folder.start(&["status"]).wait_with_output().expect("the binary ends");
    assert_eq!(output.status.code(), Some(NO_STORE), "{output:?}");
}

#[test]
fn a_daemon_goes_on_where_it_was_when_its_log_was_killed() {
    const ROUNDS: usize = 3;
    let mut world = World::new();
    let daemon = world.folder.daemon();
    wait_until_folded(&daemon, EVENTS);
    for round in 1..=ROUNDS {
        world.nats.restart();
        world.folder.publish(events(round * EVENTS, (round + 1) * EVENTS));
        wait_until_folded(&daemon, (round + 1) * EVENTS);
    }
    let counted = ["applied", "passed_by", "duplicate", "dead"].map(|outcome| counted(&daemon, outcome));
    assert_eq!(counted.iter().sum::<usize>(), (ROUNDS + 1) * EVENTS, "no event is read twice: {counted:?}");
    assert_eq!(daemon.terminate(), Some(0));
}
