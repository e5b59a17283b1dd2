//! The contract of the ports of state, for every store that keeps it.

use std::sync::Arc;

use projections::codec::{Key, Row};
use projections::engine::{
    CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Link, MembersWanted, Missing, SetKey, SetSpace, Space,
};
use projector::fault::Fault;
use projector::log::LogIdentity;
use projector::state::{
    Builds, Carried, Checkpoint, Claim, Commit, Creation, Deed, DocumentBody, EventMark, NewBuild, Outcome, Reading, Standing,
    StateStore, Switch, Views, What,
};
use projector::tables::Flushed;
use projector::view::{Catalogue, ColumnSpec, ViewSpec};
use schemas::{Type, Value};

use crate::stored_views;

/// A place where state is kept, empty at first.
pub trait Fixture {
    /// Opens it as another process would.
    fn open(&self) -> State;
    /// The same, as one whose tables are elsewhere.
    fn open_with_outbox(&self) -> State;
}

/// State, opened.
pub struct State {
    pub builds: Arc<dyn Builds>,
    pub views: Arc<dyn Views>,
    pub flushed: Arc<dyn Flushed>,
}

/// The whole contract as tests of one store: `each_alone` or `all_in_one`.
macro_rules! keeps_the_contract {
    ($how:ident, $fixture:expr) => {
        $crate::state::$how!(contract, $fixture;
            what_was_committed_is_fetched, what_is_removed_is_gone, many_cells_and_members, commits_follow_each_other,
            an_older_owner_writes_nothing, readers_see_documents_and_why_one_is_broken, keys_of_documents_come_page_by_page,
            dead_letters_are_kept_with_names,
            builds_are_made_switched_and_dropped, a_build_takes_the_place_of_the_live_one_when_it_is_not_behind, a_build_keeps_its_definitions, a_limit_is_kept_until_it_is_lifted,
            what_was_done_is_kept_in_order, a_build_goes_on_from_another_log_only_from_its_own, an_owner_is_there_until_it_says_otherwise_or_is_gone);
        $crate::state::$how!(copies, $fixture; what_is_copied_is_of_one_moment, a_copy_may_be_broken_off);
        $crate::state::$how!(letters, $fixture;
            what_became_of_dead_letters_is_kept, orders_are_open_until_a_commit_carries_them_out, many_orders_are_given_at_once,
            a_pause_lasts_until_it_is_ended, keys_are_counted_once_however_many_events_wait_at_them);
    };
}
pub(crate) use keeps_the_contract;

pub fn catalogue() -> Catalogue {
    let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
    let view = ViewSpec {
        name: "people".into(),
        columns: vec![column("id", Type::Text), column("age", Type::Int8)],
        key: vec![0],
        listed: vec![0, 1],
        order_by: vec![1, 0],
    };
    Catalogue { entities: vec!["persons".into()], views: vec![view] }
}

/// Opens the place with a first build in it.
pub fn open(fixture: &dyn Fixture) -> State {
    let state = fixture.open();
    state.builds.create(&new_build(1)).unwrap();
    state
}

pub fn new_build(number: u64) -> NewBuild {
    let log = LogIdentity("l".into());
    NewBuild {
        projection: "shop".into(),
        number,
        fingerprint: number,
        catalogue: catalogue(),
        log,
        definitions: format!("definitions {number}"),
    }
}

pub fn store(state: &State, number: u64) -> Arc<dyn StateStore> {
    state.builds.open("shop", number, &catalogue()).unwrap()
}

pub fn key(text: &str) -> Key {
    Key::of(&[Value::Text(text.into())])
}

pub fn cell(space: Space, text: &str) -> CellKey {
    CellKey { space, key: key(text) }
}

fn set(value: &str) -> SetKey {
    SetKey { space: SetSpace::Index(0), value: key(value) }
}

pub fn links(value: &str, members: &[&str]) -> Vec<Link> {
    members.iter().map(|member| Link { set: set(value), member: key(member), present: true }).collect()
}

pub fn document(id: &str, version: u64, content: Content) -> DocumentChange {
    DocumentChange { view: 0, key: key(id), version, content }
}

pub fn person(id: &str, age: i64) -> Content {
    Content::Present(Row::of(&[Value::Text(id.into()), Value::Int(age)]))
}

fn try_commit(store: &dyn StateStore, fence: u64) -> Result<Outcome, Fault> {
    store.commit(&Commit {
        fence,
        follows: 0,
        checkpoint: &Checkpoint::default(),
        changes: &Changes::default(),
        carried: &Carried::default(),
    })
}

/// Commits `changes` after commit number `follows`, up to position `10 * follows + 10`.
pub fn commit(store: &dyn StateStore, fence: u64, follows: u64, changes: &Changes) -> Outcome {
    try_to_commit(store, fence, follows, changes, &Carried::default()).unwrap()
}

/// The same, with orders that it carries out.
pub fn commit_with(store: &dyn StateStore, fence: u64, follows: u64, changes: &Changes, carried: &Carried) -> Outcome {
    try_to_commit(store, fence, follows, changes, carried).unwrap()
}

/// Why the commit fails.
pub fn failure_of_commit(store: &dyn StateStore, fence: u64, follows: u64, changes: &Changes) -> Fault {
    try_to_commit(store, fence, follows, changes, &Carried::default()).unwrap_err()
}

fn try_to_commit(
    store: &dyn StateStore,
    fence: u64,
    follows: u64,
    changes: &Changes,
    carried: &Carried,
) -> Result<Outcome, Fault> {
    let event = EventMark { hash: 0xfeed << 48, time: 5 };
    let checkpoint = Checkpoint { position: 10 * follows + 10, commits: follows + 1, event: Some(event) };
    store.commit(&Commit { fence, follows, checkpoint: &checkpoint, changes, carried })
}

/// Brings a build as far as the live one is, and lets it go live in its place.
pub fn let_live(state: &State, number: u64) -> Switch {
    let record = state.builds.projections().unwrap().swap_remove(0);
    let checkpoint = Checkpoint { commits: 1, ..record.live_build().unwrap().checkpoint.clone() };
    let (behind, nothing, carried) = (store(state, number), Changes::default(), Carried::default());
    let fence = behind.claim().unwrap().fence;
    let commit = Commit { fence, follows: 0, checkpoint: &checkpoint, changes: &nothing, carried: &carried };
    assert_eq!(behind.commit(&commit).unwrap(), Outcome::Committed);
    state.builds.go_live("shop", number, record.live).unwrap()
}

pub fn a_build_takes_the_place_of_the_live_one_when_it_is_not_behind(fixture: &dyn Fixture) {
    let state = open(fixture);
    let live = || {
        let record = state.builds.projections().unwrap().swap_remove(0);
        let seen: Vec<u64> = record.builds.iter().filter(|build| build.went_live).map(|build| build.number).collect();
        (record.live, seen)
    };
    assert_eq!(live(), (Some(1), vec![1]));
    let first = store(&state, 1);
    assert_eq!(commit(&*first, first.claim().unwrap().fence, 0, &Changes::default()), Outcome::Committed);
    for number in [2, 3] {
        assert_eq!(state.builds.create(&new_build(number)).unwrap(), Creation::Made);
    }
    assert_eq!(state.builds.go_live("shop", 2, Some(1)).unwrap(), Switch::Behind);
    assert_eq!(live(), (Some(1), vec![1]));
    assert_eq!(let_live(&state, 2), Switch::Live);
    assert_eq!(state.builds.go_live("shop", 2, Some(1)).unwrap(), Switch::Live, "it may be repeated");
    assert_eq!(state.builds.go_live("shop", 3, Some(1)).unwrap(), Switch::Overtaken);
    assert_eq!(live(), (Some(2), vec![1, 2]));
    assert_eq!(state.builds.projections().unwrap()[0].switches, 1, "what changed nothing does not count");
    assert_eq!(store(&state, 1).asked(9).unwrap().live, Some(2), "whoever runs another one is told");
    assert!(matches!(state.builds.go_live("shop", 9, Some(2)), Err(Fault::Lost { .. })));
}

pub fn a_build_keeps_its_definitions(fixture: &dyn Fixture) {
    let state = open(fixture);
    state.builds.create(&new_build(2)).unwrap();
    let definitions = |number| state.builds.definitions("shop", number).unwrap();
    assert_eq!((definitions(1), definitions(2)), (Some("definitions 1".into()), Some("definitions 2".into())));
    state.builds.drop_build("shop", 2).unwrap();
    assert_eq!((definitions(2), definitions(3)), (None, None));
}

pub fn a_limit_is_kept_until_it_is_lifted(fixture: &dyn Fixture) {
    let state = open(fixture);
    let limit = || state.builds.rate_limit("shop").unwrap();
    assert_eq!(limit(), None);
    for events in [Some(7), Some(u64::from(u32::MAX)), None, None] {
        assert!(state.builds.limit_rate("shop", events).unwrap());
        assert_eq!(limit(), events);
    }
    assert!(!state.builds.limit_rate("other", Some(7)).unwrap());
    assert_eq!(state.builds.rate_limit("other").unwrap(), None);
}

pub fn what_was_done_is_kept_in_order(fixture: &dyn Fixture) {
    let state = open(fixture);
    let deed = |what, generation| Deed { before: Some(1), events: 7, ..Deed::now(what, generation, "ann", 0) };
    let deeds = [deed(What::CutOver, 2), deed(What::RolledBack, 1), deed(What::Dropped, 2)];
    assert_eq!(state.builds.deeds("shop").unwrap(), []);
    deeds.iter().for_each(|deed| state.builds.record("shop", deed).unwrap());
    state.builds.drop_build("shop", 2).unwrap();
    assert_eq!(state.builds.deeds("shop").unwrap(), deeds);
    assert_eq!(state.builds.deeds("other").unwrap(), []);
}

pub fn what_was_committed_is_fetched(fixture: &dyn Fixture) {
    let store = store(&open(fixture), 1);
    let fence = store.claim().unwrap().fence;
    let mut changes = Changes::default();
    changes.cells.push((cell(Space::Row(0), "b"), Some(b"B"[..].into())));
    changes.cells.push((cell(Space::Row(0), "a"), Some(b"A"[..].into())));
    changes.cells.push((cell(Space::Job, "j"), Some(b"J"[..].into())));
    changes.links = [links("x", &["3", "1", "2"]), links("y", &["9"])].concat();
    changes.documents.push(document("a", 7, person("a", 1)));
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);

    let wanted = |value, after: Option<&str>, limit| MembersWanted { set: set(value), after: after.map(key), limit };
    let cells = [cell(Space::Row(0), "b"), cell(Space::Row(0), "none"), cell(Space::Document(0), "a")];
    let sets = [wanted("x", None, 2), wanted("x", Some("2"), 2), wanted("none", None, 2)];
    let answers = store.fetch(Missing { cells: cells.to_vec(), sets: sets.to_vec() }).unwrap();
    let found = |cell: &CellKey| answers.cells.iter().find(|(found, _)| found == cell).unwrap().1.clone();
    assert_eq!(found(&cells[0]).as_deref(), Some(&b"B"[..]));
    assert_eq!(found(&cells[1]), None);
    let mark = DocumentMark { hash: person("a", 1).hash(), version: 7 };
    assert_eq!(found(&cells[2]).and_then(|bytes| DocumentMark::from_bytes(&bytes)), Some(mark));
    let pages: Vec<_> = answers.sets.into_iter().map(|(_, page)| page).collect();
    assert_eq!(pages, [vec![key("1"), key("2")], vec![key("3")], vec![]]);
    assert_eq!(store.cells(Space::Job).unwrap(), [(key("j"), b"J"[..].into())]);
}

pub fn what_is_removed_is_gone(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let mut changes = Changes { links: links("x", &["1"]), ..Changes::default() };
    changes.cells.push((cell(Space::Row(0), "a"), Some(b"A"[..].into())));
    changes.documents.push(document("a", 7, person("a", 1)));
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);
    changes.cells[0].1 = None;
    changes.links[0].present = false;
    changes.documents[0].content = Content::Absent;
    assert_eq!(commit(&*store, fence, 1, &changes), Outcome::Committed);
    let sets = vec![MembersWanted { set: set("x"), after: None, limit: 9 }];
    let answers = store.fetch(Missing { cells: vec![cell(Space::Row(0), "a")], sets }).unwrap();
    assert_eq!((answers.cells[0].1.clone(), answers.sets[0].1.clone()), (None, vec![]));
    let view = &state.views.views().unwrap()[0];
    assert_eq!(state.views.documents(view, &[key("a")]).unwrap(), Reading { position: 20, value: vec![None] });
}

pub fn commits_follow_each_other(fixture: &dyn Fixture) {
    let store = store(&open(fixture), 1);
    let claim = store.claim().unwrap();
    assert_eq!(claim, Claim { fence: 1, checkpoint: Checkpoint::default() });
    let nothing = Changes::default();
    assert_eq!(commit(&*store, 1, 0, &nothing), Outcome::Committed);
    assert_eq!(commit(&*store, 1, 0, &nothing), Outcome::AlreadyCommitted);
    let Outcome::Stale(found) = commit(&*store, 1, 7, &nothing) else { panic!("should be stale") };
    assert_eq!((found.position, found.commits), (10, 1));
    assert_eq!(store.claim().unwrap(), Claim { fence: 2, checkpoint: found });
}

pub fn an_older_owner_writes_nothing(fixture: &dyn Fixture) {
    let (one, other) = (open(fixture), open(fixture));
    let (old, new) = (store(&one, 1), store(&other, 1));
    let old_fence = old.claim().unwrap().fence;
    let new_fence = new.claim().unwrap().fence;
    let changes = Changes { documents: vec![document("a", 1, person("a", 1))], ..Changes::default() };
    assert_eq!(commit(&*old, old_fence, 0, &changes), Outcome::Fenced(new_fence));
    let view = &one.views.views().unwrap()[0];
    assert_eq!(one.views.documents(view, &[key("a")]).unwrap().value, [None]);
    assert_eq!(commit(&*new, new_fence, 0, &changes), Outcome::Committed);
    assert_eq!(old.look().unwrap().fence, new_fence);
}

pub fn readers_see_documents_and_why_one_is_broken(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let broken = Content::Broken("division by zero".into());
    let documents = vec![document("b", 2, broken), document("a", 1, person("a", 30))];
    assert_eq!(commit(&*store, fence, 0, &Changes { documents, ..Changes::default() }), Outcome::Committed);
    let view = &state.views.views().unwrap()[0];
    let keys = [key("a"), key("b"), key("c")];
    let Reading { position, value: seen } = state.views.documents(view, &keys).unwrap();
    let json = DocumentBody::Json(r#"{"id":"a","age":30}"#.into());
    let bodies: Vec<_> = seen.into_iter().map(|document| document.map(|document| document.body)).collect();
    assert_eq!((position, bodies), (10, vec![Some(json), Some(DocumentBody::Broken("division by zero".into())), None]));
    assert_eq!(state.builds.projections().unwrap()[0].live_build().unwrap().broken_documents, 1);
}

pub fn keys_of_documents_come_page_by_page(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let content = |number: u64| if number.is_multiple_of(7) { Content::Broken("no".into()) } else { person("a", 30) };
    let documents: Vec<_> = (0..2500).map(|number| document(&format!("p{number}"), number, content(number))).collect();
    let mut expected: Vec<Key> = documents.iter().map(|document| document.key.clone()).collect();
    assert_eq!(commit(&*store, fence, 0, &Changes { documents, ..Changes::default() }), Outcome::Committed);
    expected.sort_unstable();
    let found = stored_views::documents(&*state.views, &state.views.views().unwrap()[0]);
    assert_eq!(found.into_iter().map(|document| document.key).collect::<Vec<_>>(), expected);
}

pub fn dead_letters_are_kept_with_names(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let keys = vec![(0, key("a\nb"))];
    let letter = |position| DeadLetter {
        position,
        time: 7,
        kind: "broken_json".into(),
        reason: "no".into(),
        keys: keys.clone(),
        event: b"{"[..].into(),
    };
    let dead_letters = vec![letter(3), letter(5)];
    assert_eq!(commit(&*store, fence, 0, &Changes { dead_letters, ..Changes::default() }), Outcome::Committed);
    let after = |position| -> Vec<u64> {
        state.views.dead_letters("shop", None, position, 9).unwrap().iter().map(|letter| letter.position).collect()
    };
    assert_eq!((after(0), after(3), after(5)), (vec![3, 5], vec![5], vec![]));
    let of = |number| state.views.dead_letters("shop", Some(number), 0, 9).unwrap().len();
    state.builds.create(&new_build(2)).unwrap();
    assert_eq!((of(1), of(2), of(3)), (2, 0, 0));
    let found = state.views.dead_letter("shop", 5).unwrap().unwrap();
    assert_eq!((found.keys, found.event), (vec!["persons a\\nb".to_owned()], b"{".to_vec()));
    assert_eq!(state.builds.projections().unwrap()[0].builds[0].dead_letters, [("broken_json".to_owned(), 2)]);
}

pub fn builds_are_made_switched_and_dropped(fixture: &dyn Fixture) {
    assert_eq!(fixture.open().views.views().unwrap(), [], "nothing is there yet");
    let state = open(fixture);
    for _ in 0..2 {
        assert_eq!(state.builds.create(&new_build(2)).unwrap(), Creation::Made);
    }
    assert_eq!(state.builds.create(&NewBuild { fingerprint: 9, ..new_build(2) }).unwrap(), Creation::Taken);
    let standing = || {
        let record = state.builds.projections().unwrap().swap_remove(0);
        (record.live, record.builds.iter().map(|build| build.number).collect::<Vec<_>>())
    };
    assert_eq!(standing(), (Some(1), vec![1, 2]));
    state.builds.drop_build("shop", 1).unwrap();
    assert_eq!(standing(), (Some(1), vec![1, 2]), "the live one stays");
    assert_eq!(let_live(&state, 2), Switch::Live);
    let old = store(&state, 1);
    let fence = old.claim().unwrap().fence;
    state.builds.drop_build("shop", 1).unwrap();
    assert_eq!(standing(), (Some(2), vec![2]));
    let is_gone = |fault| matches!(fault, Some(Fault::Gone { .. }));
    assert!(is_gone(old.claim().err()) && is_gone(old.look().err()) && is_gone(try_commit(&*old, fence).err()));
    assert_eq!(state.views.views().unwrap()[0].generation, 2);
}

pub fn a_build_goes_on_from_another_log_only_from_its_own(fixture: &dyn Fixture) {
    let state = open(fixture);
    let log = || state.builds.projections().unwrap().swap_remove(0).builds.swap_remove(0).log;
    let (own, other, third) = (log(), LogIdentity("other".into()), LogIdentity("third".into()));
    assert!(!state.builds.accept_log("shop", 1, &third, &other).unwrap());
    assert!(!state.builds.accept_log("shop", 7, &own, &other).unwrap(), "there is no such build");
    assert_eq!(log(), own);
    for _ in 0..2 {
        assert!(state.builds.accept_log("shop", 1, &own, &other).unwrap());
        assert_eq!(log(), other);
    }
}

pub fn an_owner_is_there_until_it_says_otherwise_or_is_gone(fixture: &dyn Fixture) {
    let state = open(fixture);
    let standing = || state.builds.projections().unwrap().swap_remove(0).standing;
    assert_eq!(standing(), Standing::Stopped);
    let present = state.builds.attend("shop").unwrap();
    assert_eq!(standing(), Standing::Running);
    drop(present);
    assert_eq!(standing(), Standing::Killed);
    state.builds.note("shop", &Standing::Halted("why".into())).unwrap();
    assert_eq!(standing(), Standing::Halted("why".into()));
    let _newer = fixture.open().builds.attend("shop").unwrap();
    state.builds.note("shop", &Standing::Stopped).unwrap();
    assert_eq!(standing(), Standing::Running, "who is not the owner any more has nothing to say");
}

/// More than any store writes or reads at once.
pub fn many_cells_and_members(fixture: &dyn Fixture) {
    let store = store(&open(fixture), 1);
    let fence = store.claim().unwrap().fence;
    let names: Vec<String> = (0..5003).map(|number| format!("{number:05}")).collect();
    let mut changes = Changes { links: links("x", &names.iter().map(String::as_str).collect::<Vec<_>>()), ..Changes::default() };
    changes.cells = names.iter().map(|name| (cell(Space::Row(0), name), Some(name.as_bytes().into()))).collect();
    changes.documents = names.iter().map(|name| document(name, 1, person(name, 1))).collect();
    assert_eq!(commit(&*store, fence, 0, &changes), Outcome::Committed);
    let everything = || Missing {
        cells: names.iter().map(|name| cell(Space::Row(0), name)).collect(),
        sets: vec![MembersWanted { set: set("x"), after: Some(key("00002")), limit: 9000 }],
    };
    let answers = store.fetch(everything()).unwrap();
    assert!(answers.cells.iter().zip(&names).all(|((_, bytes), name)| bytes.as_deref() == Some(name.as_bytes())));
    assert_eq!(answers.sets[0].1, names[3..].iter().map(|name| key(name)).collect::<Vec<_>>());
    changes.cells.iter_mut().for_each(|(_, bytes)| *bytes = None);
    changes.links.iter_mut().for_each(|link| link.present = false);
    changes.documents.iter_mut().for_each(|document| document.content = Content::Absent);
    assert_eq!(commit(&*store, fence, 1, &changes), Outcome::Committed);
    let answers = store.fetch(everything()).unwrap();
    assert!(answers.cells.iter().all(|(_, bytes)| bytes.is_none()) && answers.sets[0].1.is_empty());
}
