//! The contract of the ports of state about dead letters, orders and pauses.

use projections::engine::{Changes, DeadLetter, Space, Tried};
use projector::fault::Fault;
use projector::state::{Action, Carried, Order, Outcome, Pause, Switch};

use super::contract::{Fixture, State, cell, commit, commit_with, key, let_live, new_build, open, store};

fn letter(position: u64, kind: &'static str) -> DeadLetter {
    let keys = vec![(0, key("a"))];
    DeadLetter { position, time: 100 + position as i64, kind: kind.into(), reason: "no".into(), keys, event: b"{"[..].into() }
}

fn order(position: u64, action: Action, at: i64) -> Order {
    Order { position, action, by: "ann".into(), at, reason: Some("a \"good\" one\n".into()) }
}

/// The positions and kinds of all dead letters, as readers see them.
fn kinds(state: &State) -> Vec<(u64, String)> {
    let letters = state.views.dead_letters("shop", None, 0, 99).unwrap();
    letters.into_iter().map(|letter| (letter.position, letter.kind)).collect()
}

pub fn what_became_of_dead_letters_is_kept(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let dead_letters = vec![letter(3, "broken_json"), letter(5, "parked"), letter(12, "parked")];
    assert_eq!(commit(&*store, fence, 0, &Changes { dead_letters, ..Changes::default() }), Outcome::Committed);
    let found = store.letters(&[3, 4, 12]).unwrap();
    assert_eq!(found.iter().map(|letter| (letter.position, letter.time)).collect::<Vec<_>>(), [(3, 103), (12, 112)]);
    let gone = Tried { position: 3, stays: None };
    let stays = Tried { position: 5, stays: Some(("expression_failed", "why".into())) };
    let unknown = Tried { position: 4, stays: None };
    let tried = Changes { tried: vec![gone, unknown, stays], ..Changes::default() };
    assert_eq!(commit(&*store, fence, 1, &tried), Outcome::Committed);
    assert_eq!(kinds(&state), [(5, "expression_failed".to_owned()), (12, "parked".to_owned())]);
    assert_eq!(store.dead_letters().unwrap(), 2);
    let found = state.views.dead_letter("shop", 5).unwrap().unwrap();
    let facts = (found.reason.as_str(), found.time, found.keys.as_slice(), found.event.as_slice());
    assert_eq!(facts, ("why", 105, &["persons a".to_owned()][..], &b"{"[..]));
    let counts = state.builds.projections().unwrap().swap_remove(0).builds.swap_remove(0).dead_letters;
    assert_eq!(counts, [("expression_failed".to_owned(), 1), ("parked".to_owned(), 1)]);
}

pub fn orders_are_open_until_a_commit_carries_them_out(fixture: &dyn Fixture) {
    let (operator, owner) = (open(fixture), open(fixture));
    let store = store(&owner, 1);
    let (old, fence) = (store.claim().unwrap().fence, store.claim().unwrap().fence);
    let orders = [order(30, Action::Discard, 9), order(4, Action::Retry, 8), order(4, Action::Repair("{\"a\": 1}".into()), 9)];
    operator.builds.order("shop", 1, &orders).unwrap();
    operator.builds.order("shop", 1, &orders[..1]).unwrap();
    let open_orders = || operator.builds.projections().unwrap().swap_remove(0).builds.swap_remove(0).open_orders;
    assert_eq!(open_orders(), 3, "the same one again is the same one");
    assert_eq!(store.asked(9).unwrap().orders, [orders[1].clone(), orders[2].clone(), orders[0].clone()]);
    assert_eq!(store.asked(1).unwrap().orders, orders[1..2]);
    let carried = Carried { done: vec![orders[1].name(), orders[2].name()], settled: vec![orders[2].clone()] };
    assert_eq!(commit_with(&*store, old, 0, &Changes::default(), &carried), Outcome::Fenced(fence));
    assert_eq!((open_orders(), store.settled().unwrap()), (3, vec![]));
    assert_eq!(commit_with(&*store, fence, 0, &Changes::default(), &carried), Outcome::Committed);
    assert_eq!((store.asked(9).unwrap().orders, store.settled().unwrap()), (orders[..1].to_vec(), orders[2..].to_vec()));
    let discarded = Carried { done: vec![], settled: vec![order(4, Action::Discard, 10), orders[0].clone()] };
    assert_eq!(commit_with(&*store, fence, 1, &Changes::default(), &discarded), Outcome::Committed);
    assert_eq!(store.settled().unwrap(), discarded.settled, "the last one counts, and they are in order");
    assert!(matches!(operator.builds.order("shop", 7, &orders), Err(Fault::Gone { .. })));
    owner.builds.create(&new_build(2)).unwrap();
    assert_eq!(let_live(&owner, 2), Switch::Live);
    owner.builds.drop_build("shop", 1).unwrap();
    owner.builds.create(&new_build(1)).unwrap();
    assert_eq!((store.asked(9).unwrap().orders, store.settled().unwrap()), (vec![], vec![]), "dropped with the build");
}

pub fn many_orders_are_given_at_once(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let orders: Vec<Order> = (1..=9001).map(|position| order(position, Action::Discard, 9)).collect();
    state.builds.order("shop", 1, &orders).unwrap();
    assert_eq!(store.asked(10_000).unwrap().orders, orders);
    let carried = Carried { done: orders.iter().map(Order::name).collect(), settled: orders.clone() };
    let dead_letters = orders.iter().map(|order| letter(order.position, "parked")).collect();
    assert_eq!(commit_with(&*store, fence, 0, &Changes { dead_letters, ..Changes::default() }, &carried), Outcome::Committed);
    assert_eq!((store.asked(10_000).unwrap().orders, store.settled().unwrap()), (vec![], orders.clone()));
    let tried = orders.iter().map(|order| Tried { position: order.position, stays: None }).collect();
    assert_eq!(commit(&*store, fence, 1, &Changes { tried, ..Changes::default() }), Outcome::Committed);
    assert_eq!(store.dead_letters().unwrap(), 0);
}

pub fn a_pause_lasts_until_it_is_ended(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let pause = Pause { since: 7, by: "ann".into(), reason: None };
    let shown = || state.builds.projections().unwrap().swap_remove(0).pause;
    assert_eq!((shown(), store.asked(9).unwrap().pause), (None, None));
    assert!(state.builds.pause("shop", Some(&pause)).unwrap());
    let _present = state.builds.attend("shop").unwrap();
    assert_eq!((shown(), store.asked(9).unwrap().pause), (Some(pause.clone()), Some(pause)));
    assert!(state.builds.pause("shop", None).unwrap());
    assert_eq!((shown(), store.asked(9).unwrap().pause), (None, None));
    assert!(!state.builds.pause("nothing", None).unwrap());
}

pub fn keys_are_counted_once_however_many_events_wait_at_them(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let mut changes = Changes::default();
    for (name, position) in [("a", 3u64), ("a", 5), ("b", 5)] {
        let mut parked = cell(Space::Parked, name);
        parked.key = projections::codec::Key::from_bytes(&[&parked.key[..], &position.to_be_bytes()].concat());
        changes.cells.push((parked, Some(b"\0"[..].into())));
    }
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);
    assert_eq!(state.builds.projections().unwrap().swap_remove(0).builds.swap_remove(0).parked_keys, 2);
}
