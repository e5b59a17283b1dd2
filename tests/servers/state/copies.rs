//! The contract of the ports of state about copies: what a build has folded is handed out as it was at one moment, whatever is committed meanwhile.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use projections::codec::Key;
use projections::engine::{Changes, DeadLetter, Space, Tried};
use projector::fault::Fault;
use projector::state::{Action, Carried, Folded, Order, Outcome, StateStore};

use super::contract::{Fixture, State, catalogue, cell, commit_with, key, open, store};

/// More than are handed out at once.
const ROWS: usize = 2500;
/// The number of the last row after the second commit: one is new.
const MORE: usize = ROWS + 1;

/// Rows by their keys.
type Rows = BTreeMap<Key, Vec<u8>>;

/// Copies the first build; when some rows were handed out, `meanwhile` is done.
pub fn copy(state: &State, meanwhile: impl FnOnce()) -> Result<(Rows, Folded), Fault> {
    let (mut rows, mut meanwhile) = (Rows::new(), Some(meanwhile));
    let folded = state.builds.copy("shop", 1, &catalogue(), &mut |page| {
        for (cell, bytes) in page {
            assert_eq!(cell.space, Space::Row(0));
            match bytes {
                Some(bytes) => _ = rows.insert(cell.key, bytes.to_vec()),
                None => _ = rows.remove(&cell.key),
            }
        }
        if let Some(work) = meanwhile.take() {
            work();
        }
        ControlFlow::Continue(())
    })?;
    Ok((rows, folded.expect("nobody breaks off")))
}

/// Rows of these numbers, with something in them.
pub fn rows(numbers: impl Iterator<Item = usize>, text: Option<&str>) -> Changes {
    let row = |number| (cell(Space::Row(0), &format!("p{number}")), text.map(|text| Arc::from(text.as_bytes())));
    Changes { cells: numbers.map(row).collect(), ..Changes::default() }
}

fn letter(position: u64) -> DeadLetter {
    let (keys, event) = (vec![(0, key("a"))], b"{"[..].into());
    DeadLetter { position, time: 9, kind: "unknown_type".into(), reason: "no".into(), keys, event }
}

/// What is there after the first commit, or after the second one, too.
fn expected(commits: u64) -> Rows {
    let is_there = |number: &usize| commits == 1 || !number.is_multiple_of(5);
    let text = |number: usize| if commits == 1 || number % 5 > 3 { "old" } else { "new" };
    let numbers = (0..if commits == 1 { ROWS } else { MORE + 1 }).filter(is_there);
    numbers.map(|number| (key(&format!("p{number}")), text(number).as_bytes().to_vec())).collect()
}

/// Many rows are others, or gone, one is new, one dead letter is settled, another one is new.
fn second_commit(store: &dyn StateStore, fence: u64) {
    let mut changes = rows((0..=MORE).filter(|number| (1..=3).contains(&(number % 5))), Some("new"));
    changes.cells.extend(rows((0..ROWS).filter(|number| number.is_multiple_of(5)), None).cells);
    changes.cells.push((cell(Space::Parked, "parked"), None));
    changes.dead_letters = vec![letter(7)];
    changes.tried = vec![Tried { position: 3, stays: None }];
    let settled = vec![Order { position: 3, action: Action::Discard, by: "ann".into(), at: 1, reason: None }];
    assert_eq!(commit_with(store, fence, 1, &changes, &Carried { done: vec![], settled }), Outcome::Committed);
}

/// What is handed out beside rows, in short.
fn rest(folded: &Folded) -> (usize, Vec<u64>, usize) {
    let letters = folded.dead_letters.iter().map(|letter| letter.position).collect();
    (folded.parked.len(), letters, folded.settled.len())
}

pub fn what_is_copied_is_of_one_moment(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    let mut changes = rows(0..ROWS, Some("old"));
    changes.cells.push((cell(Space::Parked, "parked"), Some(b"\0"[..].into())));
    changes.cells.push((cell(Space::Contribution(0), "c"), Some(b"no row"[..].into())));
    changes.dead_letters = vec![letter(3)];
    assert_eq!(commit_with(&*store, fence, 0, &changes, &Carried::default()), Outcome::Committed);
    assert_eq!(state.builds.count_rows("shop", 1, &catalogue()).unwrap(), ROWS as u64);
    let meanwhile = copy(&state, || second_commit(&*store, fence)).unwrap();
    let after = copy(&state, || ()).unwrap();
    assert_eq!(after.1.checkpoint, store.look().unwrap().checkpoint);
    for (found, folded) in [meanwhile, after] {
        assert!(found == expected(folded.checkpoint.commits), "at commit {}", folded.checkpoint.commits);
        let expected = if folded.checkpoint.commits == 1 { (1, vec![3], 0) } else { (0, vec![7], 1) };
        assert_eq!(rest(&folded), expected);
    }
}

pub fn a_copy_may_be_broken_off(fixture: &dyn Fixture) {
    let state = open(fixture);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit_with(&*store, fence, 0, &rows(0..9, Some("a")), &Carried::default()), Outcome::Committed);
    let copied = state.builds.copy("shop", 1, &catalogue(), &mut |_| ControlFlow::Break(()));
    assert_eq!(copied.unwrap(), None);
    assert_eq!(copy(&state, || ()).unwrap().0.len(), 9);
    let missing = state.builds.copy("shop", 7, &catalogue(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(missing, Err(Fault::Gone { .. })));
}
