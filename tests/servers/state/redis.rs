//! State in Redis: the contract, and what happens when Redis forgets, refuses or does not answer.

use std::sync::Arc;

use projections::engine::{Changes, Space};
use projector::config::{RedisPlace, Tls};
use projector::fault::Fault;
use projector::state::{Checkpoint, Claim, Outcome, RedisState, RedisUrl, Standing, StateStore};
use redis::Commands;

use super::contract::{
    self, Fixture, State, cell, commit, document, failure_of_commit, keeps_the_contract, key, open, person, store,
};
use super::copies;
use super::outbox::keeps_the_outbox;
use crate::cluster::until;
use crate::process::Server;
use crate::proxy::{Cut, Proxy};
use crate::redis as server;

/// A server, and how it is reached.
pub struct Redis {
    pub server: Server,
    pub url: String,
    pub namespace: String,
    pub tls: Tls,
}

impl Fixture for Redis {
    fn open(&self) -> State {
        self.try_open().unwrap()
    }

    fn open_with_outbox(&self) -> State {
        self.state(RedisState::with_outbox).unwrap()
    }
}

impl Redis {
    pub fn try_open(&self) -> Result<State, Fault> {
        self.state(|state| state)
    }

    fn state(&self, change: impl Fn(RedisState) -> RedisState) -> Result<State, Fault> {
        let url = RedisUrl::parse(&self.url).unwrap();
        connect(&RedisPlace { url, namespace: self.namespace.clone(), tls: self.tls.clone() }, change)
    }
}

/// The state at this place, changed before it is used.
pub fn connect(place: &RedisPlace, change: impl Fn(RedisState) -> RedisState) -> Result<State, Fault> {
    let state = Arc::new(change(RedisState::new(place)?));
    Ok(State { builds: state.clone(), views: state.clone(), flushed: state })
}

/// A server with these arguments.
pub fn redis(arguments: &[&str]) -> Redis {
    let server = server::start_with(arguments);
    Redis { url: server::url(&server), server, namespace: "test".into(), tls: Tls::default() }
}

/// Ends every transaction that moves the checkpoint.
const COMMIT: &[u8] = b"\r\nEXEC\r\n";

/// The place with a first build in it, which is ours.
fn owned(redis: &Redis) -> (State, Arc<dyn StateStore>, u64) {
    let state = open(redis);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    (state, store, fence)
}

/// A commit of one document, one row and one member.
pub fn changes(version: u64) -> Changes {
    let documents = vec![document("a", version, person("a", version as i64))];
    let links = contract::links("x", &[&version.to_string()]);
    Changes { documents, links, cells: vec![(cell(Space::Row(0), "a"), Some(b"A"[..].into()))], ..Changes::default() }
}

pub fn version_of(state: &State, id: &str) -> Option<u64> {
    let view = &state.views.views().unwrap()[0];
    state.views.documents(view, &[key(id)]).unwrap().value.remove(0).map(|document| document.version)
}

keeps_the_contract!(each_alone, redis(&[]));
keeps_the_outbox!(each_alone, redis(&[]));

#[test]
fn any_client_reads_documents() {
    let redis = redis(&[]);
    let (_, store, fence) = owned(&redis);
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
    let mut client = server::client(&redis.server);
    let found: String = client.get("{test:shop:0}:g1:v:people:a").unwrap();
    assert_eq!(found, r#"{"id":"a","age":1}"#);
}

#[test]
fn a_commit_whose_answer_is_lost_is_done_once() {
    let mut redis = redis(&[]);
    let proxy = Proxy::start(redis.server.port());
    redis.url = format!("redis://127.0.0.1:{}/0", proxy.port());
    let state = open(&redis);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
    proxy.cut(Cut::AnswerTo(COMMIT));
    assert_eq!(commit(&*store, fence, 1, &changes(2)), Outcome::AlreadyCommitted);
    assert!(!proxy.is_to_cut());
    assert_eq!(commit(&*store, fence, 2, &changes(3)), Outcome::Committed);
    assert_eq!(version_of(&state, "a"), Some(3));
}

#[test]
fn a_claim_whose_answer_is_lost_does_not_fence_off_its_owner() {
    let mut redis = redis(&[]);
    let proxy = Proxy::start(redis.server.port());
    redis.url = format!("redis://127.0.0.1:{}/0", proxy.port());
    let store = store(&open(&redis), 1);
    proxy.cut(Cut::Answer);
    assert_eq!(store.claim().unwrap().fence, 1, "the one that was claimed before the cut");
    assert_eq!(commit(&*store, 1, 0, &changes(1)), Outcome::Committed);
    assert_eq!(store.claim().unwrap().fence, 2);
}

#[test]
fn two_owners_of_the_same_fence_are_told_apart() {
    let redis = redis(&[]);
    let state = open(&redis);
    let (one, other) = (store(&state, 1), store(&state, 1));
    let fence = one.claim().unwrap().fence;
    // As if Redis had lost the first claim before the second came.
    let _: () = server::client(&redis.server).hset("{test:shop:0}:g1:cp", "fence", 0).unwrap();
    assert_eq!(other.claim().unwrap().fence, fence);
    assert_eq!(commit(&*one, fence, 0, &changes(1)), Outcome::Fenced(fence));
    assert_eq!(commit(&*other, fence, 0, &changes(1)), Outcome::Committed);
}

#[test]
fn commits_in_a_row_need_no_look_before_each() {
    let redis = redis(&[]);
    let (_, store, fence) = owned(&redis);
    for number in 0..5 {
        assert_eq!(commit(&*store, fence, number, &changes(number + 1)), Outcome::Committed);
    }
    let said: String = ::redis::cmd("INFO").arg("commandstats").query(&mut server::client(&redis.server)).unwrap();
    assert!(said.contains("cmdstat_watch:calls=6,"), "one before the first, and one at the end of each: {said}");
}

#[test]
fn whoever_was_overtaken_since_its_last_commit_is_told_by_whom() {
    let redis = redis(&[]);
    let (state, one, fence) = owned(&redis);
    assert_eq!(commit(&*one, fence, 0, &changes(1)), Outcome::Committed);
    let other = store(&state, 1);
    let next = other.claim().unwrap().fence;
    assert_eq!(commit(&*one, fence, 1, &changes(2)), Outcome::Fenced(next));
    assert_eq!(commit(&*other, next, 1, &changes(3)), Outcome::Committed);
    assert_eq!(version_of(&state, "a"), Some(3));
}

#[test]
fn an_accident_that_takes_the_newest_commits_is_noticed() {
    let mut redis = redis(&["--appendonly", "no"]);
    let state = open(&redis);
    let store = store(&state, 1);
    let first = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, first, 0, &changes(1)), Outcome::Committed);
    let kept = store.look().unwrap();
    let _: () = redis::cmd("SAVE").query(&mut server::client(&redis.server)).unwrap();
    let second = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, second, 1, &changes(2)), Outcome::Committed);
    redis.server.restart();

    assert_eq!(store.look().unwrap(), kept, "what a session without work sees");
    let Outcome::Stale(found) = commit(&*store, second, 2, &changes(3)) else { panic!("should be stale") };
    assert_eq!((found.clone(), version_of(&state, "a")), (kept.checkpoint, Some(1)));
    assert_eq!(store.claim().unwrap(), Claim { fence: second + 1, checkpoint: found }, "no fence is used twice");
}

#[test]
fn the_loss_of_everything_has_a_name() {
    let redis = redis(&[]);
    let (state, store, fence) = owned(&redis);
    let _: () = redis::cmd("FLUSHALL").query(&mut server::client(&redis.server)).unwrap();
    let lost = failure_of_commit(&*store, fence, 0, &changes(1));
    assert!(matches!(lost, Fault::Lost { .. }), "{lost:?}");
    assert!(matches!(store.claim(), Err(Fault::Lost { .. })));
    assert!(matches!(store.look(), Err(Fault::Lost { .. })));
    state.builds.note("shop", &Standing::Stopped).unwrap();
    assert_eq!(state.builds.projections().unwrap(), [], "a word on it does not bring it back");
    assert!(matches!(store.claim(), Err(Fault::Lost { .. })));
    state.builds.create(&contract::new_build(1)).unwrap();
    assert_eq!(store.claim().unwrap().checkpoint, Checkpoint::default());
}

#[test]
fn a_list_of_projections_that_is_lost_alone_is_made_again() {
    let redis = redis(&[]);
    let state = open(&redis);
    let _present = state.builds.attend("shop").unwrap();
    let _: () = server::client(&redis.server).del("test:projections").unwrap();
    until("its owner does not list it", || !state.builds.projections().unwrap().is_empty());
}

#[test]
fn a_dropped_build_is_not_a_lost_one() {
    let redis = redis(&[]);
    let state = open(&redis);
    state.builds.create(&contract::new_build(2)).unwrap();
    let store = store(&state, 2);
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
    state.builds.drop_build("shop", 2).unwrap();
    assert!(matches!(store.look(), Err(Fault::Gone { .. })));
    let left: Vec<String> = server::client(&redis.server).keys("*:g2:*").unwrap();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn nobody_goes_on_from_a_commit_that_was_done_in_part() {
    for foreign in [b"{test:shop:0}:g1:j".to_vec(), [&b"{test:shop:0}:g1:x:0:"[..], &key("x")].concat()] {
        let redis = redis(&[]);
        let (_, store, fence) = owned(&redis);
        let mut client = server::client(&redis.server);
        let _: () = client.set(&foreign, "not ours").unwrap();
        let mut changes = changes(1);
        changes.cells.push((cell(Space::Job, "j"), Some(b"J"[..].into())));
        let torn = |fault: Fault, why: &str| match fault {
            Fault::Damaged { reason, .. } => reason.contains(why) && reason.contains("{test:shop:0}, and"),
            _ => false,
        };
        assert!(torn(failure_of_commit(&*store, fence, 0, &changes), "in part (WRONGTYPE"));
        let _: () = client.del(&foreign).unwrap();
        let known = "in part (one of its writes was refused)";
        assert!(torn(failure_of_commit(&*store, fence, 0, &changes), known));
        assert!(torn(store.claim().unwrap_err(), known), "half of it is there");
        let keys: Vec<Vec<u8>> = client.keys("{test:shop:0}*").unwrap();
        let _: () = client.del(keys).unwrap();
        assert!(matches!(store.claim(), Err(Fault::Lost { .. })));
    }
}

#[test]
fn short_memory_refuses_a_commit_as_a_whole() {
    let redis = redis(&[]);
    let (state, store, fence) = owned(&redis);
    let mut client = server::client(&redis.server);
    let mut limit = |bytes: &str| {
        let _: () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query(&mut client).unwrap();
    };
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
    limit("1");
    let refused = failure_of_commit(&*store, fence, 1, &changes(2));
    assert!(matches!(refused, Fault::Unavailable { .. }), "{refused:?}");
    assert_eq!(version_of(&state, "a"), Some(1));
    limit("0");
    assert_eq!(commit(&*store, fence, 1, &changes(2)), Outcome::Committed);
}

#[test]
fn a_replica_takes_nothing_until_it_is_the_primary_again() {
    let redis = redis(&[]);
    let (_, store, fence) = owned(&redis);
    let mut client = server::client(&redis.server);
    let mut follow = |host: &str, port: &str| {
        let _: () = redis::cmd("REPLICAOF").arg(host).arg(port).query(&mut client).unwrap();
    };
    follow("127.0.0.1", "1");
    let refused = failure_of_commit(&*store, fence, 0, &changes(1));
    assert!(matches!(refused, Fault::Unavailable { .. }), "{refused:?}");
    follow("NO", "ONE");
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
}

#[test]
fn a_commit_that_is_carried_out_after_its_time_is_done_once() {
    let mut redis = redis(&[]);
    let proxy = Proxy::start(redis.server.port());
    redis.url = format!("redis://127.0.0.1:{}/0", proxy.port());
    let (state, store, fence) = owned(&redis);
    let late = |follows: u64| {
        proxy.cut(Cut::Delay(COMMIT));
        let unanswered = failure_of_commit(&*store, fence, follows, &changes(follows + 1));
        assert!(matches!(unanswered, Fault::Unavailable { .. }), "{unanswered:?}");
    };
    late(0);
    proxy.release();
    while store.look().unwrap().checkpoint.commits == 0 {}
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::AlreadyCommitted);
    late(1);
    assert_eq!(commit(&*store, fence, 1, &changes(2)), Outcome::Committed);
    proxy.release();
    assert_eq!(commit(&*store, fence, 2, &changes(3)), Outcome::Committed);
    assert_eq!(version_of(&state, "a"), Some(3));
}

#[test]
fn a_copy_ends_where_the_build_changes_hands_and_leaves_nothing_behind() {
    let redis = redis(&[]);
    let (state, store, fence) = owned(&redis);
    assert_eq!(commit(&*store, fence, 0, &copies::rows(0..9, Some("a"))), Outcome::Committed);
    let disturbed = copies::copy(&state, || _ = store.claim().unwrap());
    assert!(matches!(disturbed, Err(Fault::Unavailable { .. })), "{disturbed:?}");
    let other = copies::copy(&state, || _ = copies::copy(&redis.open(), || ()).unwrap());
    assert!(matches!(other, Err(Fault::Unavailable { .. })), "another one copies: {other:?}");
    let fence = store.claim().unwrap().fence;
    let copied = copies::copy(&state, || assert_eq!(commit(&*store, fence, 1, &copies::rows(0..1, None)), Outcome::Committed));
    assert_eq!(copied.unwrap().0.len(), 8);
    let mut client = server::client(&redis.server);
    let record = "{test:shop:0}:g1:cp";
    assert!(
        !client.hexists::<_, _, bool>(record, "copying").unwrap() && !client.exists::<_, bool>("{test:shop:0}:g1:t").unwrap()
    );
}
