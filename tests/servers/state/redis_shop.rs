//! The shop with its state in Redis, which is killed, and loses what it had: every document must be what the embedded store has.

use std::thread;
use std::time::Duration;

use projector::demo::{Random, Shop};

use crate::daemon::Daemon;
use crate::folder::{Folder, complaint, succeed, wait_until_folded};
use crate::process::Server;
use crate::reference::assert_as_embedded;
use crate::{nats, redis};

const KILLS: usize = 8;
/// How many events are published around each kill.
const EVENTS_A_KILL: usize = 400;
/// At least so many of the kills must come while there is something to fold.
const AMID_WORK: usize = KILLS / 4;
/// Within so many microseconds Redis dies.
const LONGEST_LIFE: usize = 400_000;
/// The exit code of a daemon whose projection halted.
const HALTED: i32 = 4;

#[test]
fn a_redis_that_is_killed_loses_and_doubles_nothing() {
    let mut server = redis::start();
    let folder = Folder::on_redis(&server);
    let (mut random, mut shop, mut published) = (Random::new(11), Shop::new(11), Vec::new());
    let (daemon, mut amid_work) = (folder.daemon(), 0);
    for _ in 0..KILLS {
        let events = take(&mut shop);
        let publisher = folder.start_publish(events.clone());
        wait_until_folded(&daemon, published.len() + random.below(EVENTS_A_KILL));
        amid_work += usize::from(folded(&daemon) < published.len() + events.len());
        server.restart();
        succeed(publisher);
        published.extend(events);
    }
    assert!(amid_work >= AMID_WORK, "only {amid_work} of {KILLS} kills came while there was something to fold");
    wait_until_folded(&daemon, published.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, published);
}

#[test]
fn servers_that_are_killed_together_lose_and_double_nothing() {
    let (mut nats, mut redis) = (nats::start(), redis::start());
    let folder = Folder::on_servers(&nats, &redis);
    folder.run(&["log", "create"]);
    let (mut random, mut shop, mut published) = (Random::new(12), Shop::new(12), Vec::new());
    let daemon = folder.daemon();
    // A daemon that finds no log at its start ends at once.
    wait_until_folded(&daemon, 0);
    for _ in 0..KILLS {
        let events = take(&mut shop);
        folder.publish(events.clone());
        pass(moment(&mut random) / 4);
        kill_both(&mut nats, &mut redis);
        published.extend(events);
    }
    wait_until_folded(&daemon, published.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, published);
}

#[test]
fn a_daemon_folds_again_what_redis_has_forgotten() {
    let mut server = redis::start_with(&["--appendonly", "no"]);
    let folder = Folder::on_redis(&server);
    let mut shop = Shop::new(5);
    let (first, second) = (take(&mut shop), take(&mut shop));
    let daemon = folder.daemon();
    folder.publish(first.clone());
    wait_until_folded(&daemon, first.len());
    ::redis::cmd("SAVE").exec(&mut redis::client(&server)).expect("the server saves");
    folder.publish(second.clone());
    wait_until_folded(&daemon, first.len() + second.len());
    server.restart();
    wait_until_folded(&daemon, first.len() + second.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, [first, second].concat());
}

#[test]
fn a_daemon_folds_anew_what_redis_has_lost() {
    let mut server = redis::start_with(&["--appendonly", "no"]);
    let folder = Folder::on_redis(&server);
    let events = take(&mut Shop::new(3));
    let daemon = folder.daemon();
    folder.publish(events.clone());
    wait_until_folded(&daemon, events.len());
    server.restart();
    wait_until_folded(&daemon, events.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, events);
}

#[test]
fn a_daemon_ends_well_whatever_redis_has_lost() {
    let server = redis::start();
    let folder = Folder::on_redis(&server);
    let events = take(&mut Shop::new(6));
    let daemon = folder.daemon();
    folder.publish(events.clone());
    wait_until_folded(&daemon, events.len());
    ::redis::cmd("FLUSHALL").exec(&mut redis::client(&server)).expect("the server forgets");
    // It may have seen the loss or not.
    assert_eq!(daemon.terminate(), Some(0));
    folder.run(&["run", "--until-caught-up"]);
    assert_as_embedded(&folder, events);
}

#[test]
fn a_daemon_that_was_replaced_says_so_and_ends() {
    let server = redis::start();
    let folder = Folder::on_redis(&server);
    let events = take(&mut Shop::new(4));
    let replaced = folder.daemon();
    folder.publish(events.clone());
    wait_until_folded(&replaced, events.len());
    let daemon = folder.daemon();
    assert_eq!(replaced.wait(), Some(HALTED));
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, events);
}

#[test]
fn lists_are_refused_where_there_are_none() {
    let server = redis::start();
    let folder = Folder::on_redis(&server);
    folder.publish(take(&mut Shop::new(1)));
    folder.run(&["run", "--until-caught-up"]);
    let output = folder.start(&["query", "order_overview"]).wait_with_output().expect("the binary ends");
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("there are no lists with these stores"), "{said}");
}

/// How many events the daemon has folded.
fn folded(daemon: &Daemon) -> usize {
    let answer = daemon.ask("GET", "/v1/projections/shop", "");
    let (_, body) = answer.split_once("\n\n").expect("there is a body");
    let shop: serde_json::Value = serde_json::from_str(body).expect("it is JSON");
    shop["position"].as_u64().expect("there is a position") as usize
}

/// Both are gone before either is back.
fn kill_both(nats: &mut Server, redis: &mut Server) {
    nats.kill();
    redis.restart();
    nats.restart();
}

fn take(shop: &mut Shop) -> Vec<Vec<u8>> {
    shop.take(EVENTS_A_KILL).map(|event| event.bytes).collect()
}

fn moment(random: &mut Random) -> Duration {
    Duration::from_micros(random.below(LONGEST_LIFE) as u64)
}

/// Lets time pass. The sleep waits for nothing: the moment is the point.
fn pass(time: Duration) {
    thread::sleep(time);
}
