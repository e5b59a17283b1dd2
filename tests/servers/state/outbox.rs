//! The contract of the outbox, for every store that keeps it.

use std::sync::Arc;

use projections::engine::{Changes, Content, Space};
use projector::clock::now_micros;
use projector::state::outbox::{Denied, Entered, Entry, Filling, Note, Swept, Taken, Term};
use projector::state::{Backlog, DocumentBody, Outbox, Outcome, Switch};
use projector::tables::Lost;

use super::contract::{Fixture, State, catalogue, cell, commit, document, key, let_live, new_build, person, store};

/// The whole contract as tests of one store: `each_alone` or `all_in_one`.
macro_rules! keeps_the_outbox {
    ($how:ident, $fixture:expr) => {
        $crate::state::$how!(outbox, $fixture;
            what_changes_waits_until_it_is_settled, what_is_entered_again_stays, pages_follow_each_other, all_documents_can_be_entered,
            what_is_forgotten_is_entered_anew, it_is_known_since_when_something_waits,
            a_term_ends_with_the_next_and_with_a_claim, lost_terms_are_audited_whole, claims_say_from_where_to_audit,
            an_owner_without_tables_takes_back_that_they_are_filled, it_goes_with_its_build);
    };
}
pub(crate) use keeps_the_outbox;

/// Opens the place with a first build in it, whose tables are elsewhere.
pub fn open(fixture: &dyn Fixture) -> State {
    let state = fixture.open_with_outbox();
    state.builds.create(&new_build(1)).unwrap();
    state
}

pub fn outbox(state: &State) -> Arc<dyn Outbox> {
    state.builds.outbox("shop", 1, &catalogue()).unwrap()
}

pub fn entry(id: &str) -> Entry {
    Entry { view: 0, key: key(id) }
}

pub fn people(ids: &[&str], age: i64) -> Changes {
    Changes { documents: ids.iter().map(|id| document(id, 7, person(id, age))).collect(), ..Changes::default() }
}

pub fn names(taken: &Taken) -> Vec<Entry> {
    taken.documents.iter().map(|(entry, _)| entry.clone()).collect()
}

pub fn is_superseded<T>(answer: Result<T, Denied>) -> bool {
    matches!(answer, Err(Denied::Superseded))
}

pub fn backlog(state: &State) -> Option<Backlog> {
    state.builds.projections().unwrap()[0].builds[0].backlog
}

pub fn what_changes_waits_until_it_is_settled(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let mut changes = people(&["a"], 30);
    changes.documents.push(document("b", 8, Content::Broken("no".into())));
    changes.cells.push((cell(Space::Job, "j"), Some(b"J"[..].into())));
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);
    let epoch = outbox.begin(0).unwrap().epoch;
    let taken = outbox.take(0, 9).unwrap();
    assert_eq!((names(&taken), taken.entries, taken.pending_jobs), (vec![entry("a"), entry("b")], 2, 1));
    assert_eq!(taken.checkpoint, store.look().unwrap().checkpoint);
    let found: Vec<_> = taken.documents.into_iter().map(|(_, found)| found.map(|found| (found.version, found.body))).collect();
    let json = DocumentBody::Json(r#"{"id":"a","age":30}"#.into());
    assert_eq!(found, [Some((7, json)), Some((8, DocumentBody::Broken("no".into())))]);
    let left = outbox.settle(epoch, &[entry("b"), entry("none")], 1).unwrap();
    assert_eq!((left.entries, left.oldest), (1, Some(1)));

    changes.documents[0].content = Content::Absent;
    changes.documents.truncate(1);
    assert_eq!(commit(&*store, fence, 1, &changes), Outcome::Committed);
    assert_eq!(outbox.take(0, 9).unwrap().documents, [(entry("a"), None)]);
    let left = outbox.settle(epoch, &[entry("a")], 2).unwrap();
    assert_eq!((left.entries, left.oldest), (0, None));
    let taken = outbox.take(0, 9).unwrap();
    assert_eq!((taken.documents, taken.entries), (vec![], 0));
}

pub fn what_is_entered_again_stays(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &people(&["a", "b"], 1)), Outcome::Committed);
    let epoch = outbox.begin(0).unwrap().epoch;
    let read_at = outbox.take(0, 9).unwrap().checkpoint.commits;
    assert_eq!(commit(&*store, fence, 1, &people(&["a"], 2)), Outcome::Committed);
    let left = outbox.settle(epoch, &[entry("a"), entry("b")], read_at).unwrap();
    assert_eq!((left.entries, left.oldest), (1, Some(2)));
    outbox.enter(epoch, &[entry("a"), entry("none")]).unwrap();
    assert_eq!(commit(&*store, fence, 2, &people(&["b"], 2)), Outcome::Committed);
    assert_eq!(names(&outbox.take(0, 9).unwrap()), [entry("a"), entry("none"), entry("b")], "the oldest first");
}

pub fn pages_follow_each_other(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    for (follows, id) in ["c", "b", "a"].into_iter().enumerate() {
        assert_eq!(commit(&*store, fence, follows as u64, &people(&[id], 1)), Outcome::Committed);
    }
    outbox.begin(0).unwrap();
    let page = |skip, limit| names(&outbox.take(skip, limit).unwrap());
    assert_eq!((page(0, 2), page(2, 2), page(3, 2)), (vec![entry("c"), entry("b")], vec![entry("a")], vec![]));
}

pub fn all_documents_can_be_entered(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let ids: Vec<String> = (0..12_003).map(|number| format!("{number:05}")).collect();
    let mut changes = people(&ids.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    changes.cells.push((cell(Space::Row(0), "a"), Some(b"A"[..].into())));
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);
    let epoch = outbox.begin(0).unwrap().epoch;
    let all: Vec<Entry> = ids.iter().map(|id| entry(id)).collect();
    assert_eq!(outbox.settle(epoch, &all, 1).unwrap().entries, 0);
    outbox.fill(epoch, "t").unwrap();
    let first = outbox.enter_page(epoch).unwrap();
    assert!((1..ids.len() as u64).contains(&first.documents) && !first.is_all, "{first:?}");
    assert_eq!(backlog(&state).unwrap().filling, Some(first.documents));
    assert_eq!(outbox.take(0, 1).unwrap().entries, first.documents);
    assert_eq!(outbox.settle(epoch, &all, 1).unwrap().entries, 0);

    // Whoever begins next goes on from there.
    store.claim().unwrap();
    let outbox = self::outbox(&state);
    let Term { epoch, filling, .. } = outbox.begin(0).unwrap();
    assert_eq!(filling, Some(Filling { tables: "t".into(), entered: first }));
    enter_all(&*outbox, epoch);
    let entered = Entered { documents: ids.len() as u64, is_all: true };
    assert_eq!(outbox.enter_page(epoch).unwrap(), entered, "there are no more");
    assert_eq!(outbox.take(0, 1).unwrap().entries, entered.documents - first.documents);
    assert_eq!(backlog(&state).unwrap().filling, None);
    assert_eq!(self::outbox(&state).begin(0).unwrap().filling, Some(Filling { tables: "t".into(), entered }));
}

pub fn what_is_forgotten_is_entered_anew(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &people(&["a", "b"], 1)), Outcome::Committed);
    for (note, audited) in [(Note::Empty, None), (Note::Unknown, Some(0))] {
        let epoch = outbox.begin(0).unwrap().epoch;
        outbox.fill(epoch, "t").unwrap();
        enter_all(&*outbox, epoch);
        outbox.note(epoch, swept(10)).unwrap();
        outbox.note(epoch, Note::Audited).unwrap();
        assert_eq!(outbox.settle(epoch, &[entry("a"), entry("b")], 1).unwrap().entries, 0);
        outbox.note(epoch, note).unwrap();
        assert_eq!(backlog(&state), Some(Backlog::default()));
        let term = outbox.begin(0).unwrap();
        let mut found = term.audits.iter().map(|lost| (lost.commits, lost.epoch));
        assert_eq!((term.filling, found.next_back()), (None, audited.map(|commits| (commits, epoch))), "{note:?}");
        outbox.fill(term.epoch, "u").unwrap();
        enter_all(&*outbox, term.epoch);
        assert_eq!(outbox.take(0, 9).unwrap().entries, 2);
    }
}

pub fn it_is_known_since_when_something_waits(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    let since = || backlog(&state).unwrap().since;
    assert_eq!(commit(&*store, fence, 0, &people(&[], 1)), Outcome::Committed);
    assert_eq!(since(), None);
    let before = now_micros();
    assert_eq!(commit(&*store, fence, 1, &people(&["a"], 1)), Outcome::Committed);
    let first = since().unwrap();
    assert!((before..=now_micros()).contains(&first));
    assert_eq!(commit(&*store, fence, 2, &people(&["b"], 1)), Outcome::Committed);
    assert_eq!(since(), Some(first), "the first still waits");

    let epoch = outbox.begin(0).unwrap().epoch;
    let sweep = |began| outbox.note(epoch, Note::Swept(Swept { position: 10, is_settled: true, began })).unwrap();
    outbox.settle(epoch, &[entry("a")], 3).unwrap();
    sweep(first + 5);
    assert_eq!(since(), Some(first + 5), "what was there before has gone");
    sweep(first);
    assert_eq!(since(), Some(first + 5), "an older answer changes nothing");
    outbox.settle(epoch, &[entry("b")], 3).unwrap();
    assert_eq!(since(), None);
    sweep(first + 9);
    assert_eq!(since(), None, "nothing waits");
    outbox.enter(epoch, &[]).unwrap();
    assert_eq!(since(), None, "nothing has come");
    outbox.enter(epoch, &[entry("c")]).unwrap();
    assert!(since().is_some_and(|since| since >= first));
}

fn enter_all(outbox: &dyn Outbox, epoch: u64) {
    while !outbox.enter_page(epoch).unwrap().is_all {}
}

/// Everything up to this position is in the tables.
pub fn swept(position: u64) -> Note {
    Note::Swept(Swept { position, is_settled: true, began: 0 })
}

/// The same, as it is seen, while so many wait.
pub fn seen(entries: u64, position: u64, since: Option<i64>) -> Option<Backlog> {
    Some(Backlog { entries, since, flushed: position, settled: position, filling: None })
}

pub fn a_term_ends_with_the_next_and_with_a_claim(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let (one, other) = (outbox(&state), outbox(&state));
    assert!(is_superseded(one.begin(0)), "nobody owns the build, and enters what changes");
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &people(&["a"], 1)), Outcome::Committed);
    let first = one.begin(0).unwrap().epoch;
    let second = other.begin(0).unwrap().epoch;
    assert!(second > first);
    let waiting = backlog(&state).unwrap().since;
    let assert_over = |outbox: &dyn Outbox, epoch| {
        assert!(is_superseded(outbox.settle(epoch, &[entry("a")], 9)));
        assert!(is_superseded(outbox.enter(epoch, &[entry("b")])));
        assert!(is_superseded(outbox.enter_page(epoch)));
        assert!(is_superseded(outbox.fill(epoch, "t")));
        assert!(is_superseded(outbox.note(epoch, swept(9))));
        assert_eq!(backlog(&state), seen(1, 0, waiting));
    };
    assert_over(&*one, first);
    assert_over(&*one, second);
    other.note(second, Note::Audited).unwrap();
    store.claim().unwrap();
    assert_over(&*other, second);
    assert!(one.begin(0).unwrap().epoch > second);
}

pub fn lost_terms_are_audited_whole(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    store.claim().unwrap();
    let epoch = outbox.begin(0).unwrap().epoch;
    outbox.note(epoch, Note::Audited).unwrap();
    assert_eq!(outbox.begin(epoch).unwrap(), Term { epoch: epoch + 1, filling: None, audits: vec![] });
    assert_eq!(outbox.begin(50).unwrap(), Term { epoch: 51, filling: None, audits: vec![Lost { commits: 0, epoch: 51 }] });
}

pub fn claims_say_from_where_to_audit(fixture: &dyn Fixture) {
    let state = open(fixture);
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let mut fence = store.claim().unwrap().fence;
    let term = |outbox: &dyn Outbox| outbox.begin(0).unwrap();
    let lost = |commits, before: &Term| Lost { commits, epoch: before.epoch + 1 };
    let first = term(&*outbox);
    assert_eq!((first.epoch, &*first.audits), (1, &[Lost { commits: 0, epoch: 1 }][..]));
    outbox.note(first.epoch, Note::Audited).unwrap();
    for follows in 0..3 {
        assert_eq!(commit(&*store, fence, follows, &people(&["a"], follows as i64)), Outcome::Committed);
    }
    fence = store.claim().unwrap().fence;
    let second = term(&*outbox);
    assert_eq!(second.audits, [lost(3, &first)]);
    assert_eq!(commit(&*store, fence, 3, &people(&["a"], 7)), Outcome::Committed);
    store.claim().unwrap();
    let third = term(&*outbox);
    assert_eq!(
        third.audits,
        [lost(3, &first), lost(4, &second)],
        "what was written in the second term is not of the commits before"
    );
    outbox.note(third.epoch, Note::Audited).unwrap();
    assert_eq!(term(&*outbox).audits, []);
    for _ in 0..500 {
        store.claim().unwrap();
    }
    assert_eq!(term(&*outbox).audits, [Lost { commits: 4, epoch: third.epoch + 2 }]);
}

pub fn an_owner_without_tables_takes_back_that_they_are_filled(fixture: &dyn Fixture) {
    let (with, without) = (open(fixture), fixture.open());
    let (one, other, outbox) = (store(&with, 1), store(&without, 1), outbox(&with));
    let fence = other.claim().unwrap().fence;
    assert_eq!(commit(&*other, fence, 0, &people(&["a"], 1)), Outcome::Committed);
    assert!(is_superseded(outbox.begin(0)));
    assert_eq!(backlog(&with), None);

    let fence = one.claim().unwrap().fence;
    let Term { epoch, .. } = outbox.begin(0).unwrap();
    outbox.fill(epoch, "t").unwrap();
    enter_all(&*outbox, epoch);
    outbox.settle(epoch, &[entry("a")], 9).unwrap();
    outbox.note(epoch, swept(10)).unwrap();
    assert_eq!(commit(&*one, fence, 1, &people(&["b"], 1)), Outcome::Committed);
    let since = backlog(&with).unwrap().since;
    assert_eq!(backlog(&with), seen(1, 10, since));
    assert_eq!((with.flushed.flushed("shop", 1).unwrap(), with.flushed.flushed("shop", 2).unwrap()), (10, 0));
    assert!(outbox.begin(0).unwrap().filling.is_some());

    other.claim().unwrap();
    assert_eq!(backlog(&with), None);
    one.claim().unwrap();
    assert_eq!(backlog(&with), Some(Backlog::default()));
    let Term { epoch: later, filling, .. } = outbox.begin(0).unwrap();
    assert!(later > epoch && filling.is_none());
}

pub fn it_goes_with_its_build(fixture: &dyn Fixture) {
    let state = open(fixture);
    let creation = || state.builds.projections().unwrap()[0].builds[0].creation.clone();
    let first = creation();
    state.builds.create(&new_build(1)).unwrap();
    assert_eq!(creation(), first, "it is there already");
    let (store, outbox) = (store(&state, 1), outbox(&state));
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &people(&["a"], 1)), Outcome::Committed);
    state.builds.create(&new_build(2)).unwrap();
    assert_eq!(let_live(&state, 2), Switch::Live);
    state.builds.drop_build("shop", 1).unwrap();
    assert!(is_superseded(outbox.begin(0)));
    assert!(matches!(outbox.take(0, 9), Err(Denied::Fault(_))));
    state.builds.create(&new_build(1)).unwrap();
    assert_ne!(creation(), first);
    assert_eq!(backlog(&state), None);
}
