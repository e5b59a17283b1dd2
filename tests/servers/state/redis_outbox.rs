//! The outbox of a Redis that comes back without its newest writes.

use projector::state::Outcome;
use projector::state::outbox::{Entered, Filling, Note, Term};
use projector::tables::Lost;

use super::contract::{commit, store};
use super::outbox::{backlog, entry, is_superseded, open, outbox, people, seen, swept};
use super::redis::redis;
use crate::redis as server;

#[test]
fn what_redis_forgets_ends_the_term_and_is_audited() {
    let mut redis = redis(&["--appendonly", "no"]);
    let state = open(&redis);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let Term { epoch, .. } = outbox.begin(0).unwrap();
    outbox.fill(epoch, "t").unwrap();
    while !outbox.enter_page(epoch).unwrap().is_all {}
    outbox.note(epoch, Note::Audited).unwrap();
    assert_eq!(commit(&*store, fence, 0, &people(&["a"], 1)), Outcome::Committed);
    let _: () = ::redis::cmd("SAVE").query(&mut server::client(&redis.server)).unwrap();
    assert_eq!(commit(&*store, fence, 1, &people(&["a"], 2)), Outcome::Committed);
    assert_eq!(outbox.settle(epoch, &[entry("a")], 2).unwrap().entries, 0);
    outbox.note(epoch, swept(20)).unwrap();
    redis.server.restart();

    assert!(is_superseded(outbox.take(0, 9)), "what is there now may be older");
    assert!(is_superseded(outbox.note(epoch, swept(20))));
    store.claim().unwrap();
    let since = backlog(&state).unwrap().since;
    assert_eq!(backlog(&state), seen(1, 10, since), "no further than the build itself");
    let (term, audits) = (outbox.begin(epoch).unwrap(), vec![Lost { commits: 1, epoch: epoch + 1 }]);
    let filling = Filling { tables: "t".into(), entered: Entered { documents: 0, is_all: true } };
    assert_eq!(term, Term { epoch: epoch + 1, filling: Some(filling), audits });
    assert_eq!(outbox.take(0, 9).unwrap().entries, 1);
}

#[test]
fn another_run_of_redis_enters_all_documents_anew() {
    let mut redis = redis(&["--appendonly", "yes", "--appendfsync", "always"]);
    let state = open(&redis);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let ids: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(commit(&*store, fence, 0, &people(&all, 1)), Outcome::Committed);
    let epoch = outbox.begin(0).unwrap().epoch;
    outbox.fill(epoch, "t").unwrap();
    assert!(!outbox.enter_page(epoch).unwrap().is_all);
    let entries: Vec<_> = all.iter().map(|id| entry(id)).collect();
    assert_eq!(outbox.settle(epoch, &entries, 1).unwrap().entries, 0);
    redis.server.restart();

    store.claim().unwrap();
    let epoch = outbox.begin(0).unwrap().epoch;
    while !outbox.enter_page(epoch).unwrap().is_all {}
    assert_eq!(outbox.take(0, 1).unwrap().entries, 5000, "a place in the one run is none in the other");
}
