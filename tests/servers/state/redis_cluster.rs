//! State in a Redis Cluster: the contract, and what happens when a slot moves, or its master is gone.

use projections::engine::{Changes, DeadLetter, Space, Tried};
use projector::config::{RedisPlace, Tls};
use projector::demo::Shop;
use projector::fault::{Fault, chain};
use projector::state::{Carried, Checkpoint, Commit, Outcome, RedisState, RedisUrl};

use super::contract::{Fixture, State, commit, keeps_the_contract, open, store};
use super::outbox::keeps_the_outbox;
use super::redis::connect;
use crate::cluster::{self, Cluster, Replicas, until};
use crate::daemon::Daemon;
use crate::folder::{Folder, succeed, wait_until_folded};
use crate::reference::assert_as_embedded;

/// How many events are published around each accident.
const EVENTS: usize = 400;
const ACCIDENTS: usize = 2;
/// A key of the shop.
const SHOP: &str = "{projector:shop:0}:projection";

/// A part of a cluster.
struct Part {
    url: String,
    namespace: String,
}

impl Fixture for Part {
    fn open(&self) -> State {
        self.connect(|state| state)
    }

    fn open_with_outbox(&self) -> State {
        self.connect(RedisState::with_outbox)
    }
}

impl Part {
    fn connect(&self, change: impl Fn(RedisState) -> RedisState) -> State {
        let url = RedisUrl::parse(&self.url).unwrap();
        connect(&RedisPlace { url, namespace: self.namespace.clone(), tls: Tls::default() }, change).unwrap()
    }
}

/// Parts of one cluster, one after another; their keys are in other slots each time.
fn parts(cluster: Cluster) -> impl FnMut() -> Part {
    let mut number = 0;
    move || {
        number += 1;
        Part { url: cluster.url(), namespace: format!("part{number}") }
    }
}

keeps_the_contract!(all_in_one, parts(cluster::start(Replicas::None)));
keeps_the_outbox!(all_in_one, parts(cluster::start(Replicas::None)));

#[test]
fn a_commit_is_refused_as_a_whole_while_its_slot_moves() {
    let cluster = cluster::start(Replicas::None);
    let state = open(&Part { url: cluster.url(), namespace: "test".into() });
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let letter =
        DeadLetter { position: 3, time: 7, kind: "parked".into(), reason: "no".into(), keys: vec![], event: b"{"[..].into() };
    assert_eq!(commit(&*store, fence, 0, &Changes { dead_letters: vec![letter], ..Changes::default() }), Outcome::Committed);

    let moving = cluster.begin_move("{test:shop:0}:projection");
    // All keys of this commit are there; but one of them is removed, and made again.
    let tried = Changes { tried: vec![Tried { position: 3, stays: Some(("parked", "still".into())) }], ..Changes::default() };
    let checkpoint = Checkpoint { position: 20, commits: 2, event: None };
    let refused =
        store.commit(&Commit { fence, follows: 1, checkpoint: &checkpoint, changes: &tried, carried: &Carried::default() });
    assert!(matches!(refused, Err(Fault::Unavailable { .. })), "{refused:?}");
    let looked = store.look().unwrap();
    assert_eq!(looked.checkpoint.commits, 1, "what is there is read");
    assert!(moving.carry(1) > 0);
    let refused = store.cells(Space::Row(0)).unwrap_err();
    assert!(chain(&refused).contains("on its way to another master"), "{refused:?}");
    moving.finish();

    assert_eq!(store.look().unwrap(), looked);
    assert_eq!(commit(&*store, fence, 1, &tried), Outcome::Committed);
    assert_eq!(store.letters(&[3]).unwrap()[0].reason, "still");
}

#[test]
fn a_slot_that_moves_in_the_middle_of_the_work() {
    let cluster = cluster::start(Replicas::None);
    let (folder, mut shop) = (Folder::with_state(&cluster.url()), Shop::new(21));
    let (before, amid) = (take(&mut shop), take(&mut shop));
    let daemon = folder.daemon();
    folder.publish(before.clone());
    wait_until_folded(&daemon, before.len());
    let moving = cluster.begin_move(SHOP);
    assert!(moving.carry(50) > 0);
    folder.publish(amid.clone());
    until("the daemon does not wait for the slot", || waits(&daemon).contains("on its way"));
    moving.finish();
    wait_until_folded(&daemon, before.len() + amid.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, [before, amid].concat());
}

#[test]
fn masters_that_are_killed_are_replaced_and_nothing_is_lost_or_doubled() {
    let mut cluster = cluster::start(Replicas::One);
    let (folder, mut shop, mut published) = (Folder::with_state(&cluster.url()), Shop::new(22), Vec::new());
    let daemon = folder.daemon();
    for _ in 0..ACCIDENTS {
        let events = take(&mut shop);
        let publisher = folder.start_publish(events.clone());
        wait_until_folded(&daemon, published.len() + EVENTS / 4);
        cluster.kill_master(SHOP);
        succeed(publisher);
        published.extend(events);
        wait_until_folded(&daemon, published.len());
        cluster.restart_killed();
    }
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, published);
}

#[test]
fn what_a_replica_had_not_heard_of_is_folded_again() {
    let mut cluster = cluster::start(Replicas::One);
    let (folder, mut shop) = (Folder::with_state(&cluster.url()), Shop::new(23));
    let (kept, lost) = (take(&mut shop), take(&mut shop));
    let daemon = folder.daemon();
    folder.publish(kept.clone());
    wait_until_folded(&daemon, kept.len());
    let cut_off = cluster.cut_off_replica(SHOP);
    folder.publish(lost.clone());
    wait_until_folded(&daemon, kept.len() + lost.len());
    cluster.kill_master(SHOP);
    cluster.resume(cut_off);
    wait_until_folded(&daemon, kept.len() + lost.len());
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, [kept, lost].concat());
}

/// What the daemon waits for, in its words.
fn waits(daemon: &Daemon) -> String {
    daemon.ask("GET", "/readyz", "")
}

fn take(shop: &mut Shop) -> Vec<Vec<u8>> {
    shop.take(EVENTS).map(|event| event.bytes).collect()
}
