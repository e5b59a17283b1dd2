//! The outbox of a Redis that comes back without its newest writes.

use projector::state::outbox::{Note, Term};
use projector::state::{Backlog, Outcome};

use super::contract::{commit, store};
use super::outbox::{backlog, entry, is_superseded, open, outbox, people};
use super::redis::redis;
use crate::redis as server;

#[test]
fn what_redis_forgets_ends_the_term_and_is_audited() {
    let mut redis = redis(&["--appendonly", "no"]);
    let state = open(&redis);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let Term { epoch, .. } = outbox.begin(0).unwrap();
    outbox.note(epoch, Note::Filled).unwrap();
    outbox.note(epoch, Note::Audited).unwrap();
    assert_eq!(commit(&*store, fence, 0, &people(&["a"], 1)), Outcome::Committed);
    let _: () = ::redis::cmd("SAVE").query(&mut server::client(&redis.server)).unwrap();
    assert_eq!(commit(&*store, fence, 1, &people(&["a"], 2)), Outcome::Committed);
    assert_eq!(outbox.settle(epoch, &[entry("a")], 2).unwrap().entries, 0);
    outbox.note(epoch, Note::Flushed(20)).unwrap();
    redis.server.restart();

    assert!(is_superseded(outbox.take(0, 9)), "what is there now may be older");
    assert!(is_superseded(outbox.note(epoch, Note::Flushed(20))));
    store.claim().unwrap();
    assert_eq!(backlog(&state), Some(Backlog { entries: 1, flushed: 10 }), "no further than the build itself");
    let term = outbox.begin(epoch).unwrap();
    assert_eq!(term, Term { epoch: epoch + 1, is_filled: true, audit_from: Some(1) });
    assert_eq!(outbox.take(0, 9).unwrap().entries, 1);
}
