//! Dead letters tried again, given up and repaired, in any order, with restarts in between: what comes of it is what a log comes to
//! in which nothing was ever wrong.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use projections::codec::{Key, print_key};
use projections::definition::{load_projection, load_registry};
use projections::engine::{
    Answers, Batch, CellKey, Changes, Content, DocumentMark, Engine, Limits, LogEvent, Missing, Space, Step,
};
use projections::plan::Plan;
use schemas::{Registry, SourceFile};

/// Each account remembers the events that touched it, in the order in which they did.
const TOML: &str = r#"
name = "bank"

[entities.accounts]
key = ["account"]
on.Moved = { for_each = "legs", key = { account = "each.account" }, set = { trail = "concat(coalesce(self.trail, ''), ' ', event.id, ':', 100 / each.amount)" } }

[views.accounts]
query = "accounts.sql"
"#;

const SCHEMA: &str = r#"{"type":"object","properties":{"legs":{"type":"array","items":{"type":"object","properties":
    {"account":{"type":"string"},"amount":{"type":"integer","maximum":9}}}}}}"#;

const ACCOUNTS: u64 = 12;

// === the world around the engine ===

fn definitions() -> (Arc<Plan>, Arc<Registry>) {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let registry = load_registry("schemas", &[file("schemas/bank/Moved.v1.json", SCHEMA)]).unwrap();
    let files = [file("bank/projection.toml", TOML), file("bank/accounts.sql", "SELECT a.account, a.trail FROM accounts a")];
    let plan = load_projection("bank", &files, &registry).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    (Arc::new(plan), Arc::new(registry))
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// An event that touches accounts; its amounts are the same.
fn moved(position: u64, accounts: &[u64], amount: u64) -> LogEvent {
    let legs: Vec<String> = accounts.iter().map(|of| format!(r#"{{"account":"a{of}","amount":{amount}}}"#)).collect();
    let data = format!(
        r#"{{"specversion":"1.0","id":"{position}","source":"/bank","type":"Moved","data":{{"legs":[{}]}}}}"#,
        legs.join(",")
    );
    LogEvent { position, time: 0, subject: None, data: data.into_bytes().into(), flaw: None }
}

/// Accounts of one event.
fn accounts(random: &mut Random) -> Vec<u64> {
    (0..=random.below(2)).map(|_| random.below(ACCOUNTS)).collect()
}

/// What a store keeps.
#[derive(Default)]
struct Memory {
    cells: BTreeMap<CellKey, Arc<[u8]>>,
    documents: BTreeMap<String, String>,
    letters: BTreeMap<u64, (LogEvent, String)>,
}

struct Run {
    plan: Arc<Plan>,
    registry: Arc<Registry>,
    engine: Engine,
    discarded: BTreeSet<u64>,
    checkpoint: u64,
    store: Memory,
}

impl Run {
    fn new() -> Run {
        let (plan, registry) = definitions();
        let engine = Engine::new(plan.clone(), registry.clone(), Limits::default());
        Run { plan, registry, engine, discarded: BTreeSet::new(), checkpoint: 0, store: Memory::default() }
    }

    fn restart(&mut self) {
        self.engine = Engine::new(self.plan.clone(), self.registry.clone(), Limits::default());
        self.store.cells.iter().for_each(|(key, bytes)| self.engine.restore(key, bytes).unwrap());
        self.discarded.iter().for_each(|position| self.engine.discard(*position));
    }

    fn apply(&mut self, events: &[LogEvent]) {
        let batch = self.engine.begin(events);
        let changes = self.complete(batch);
        self.checkpoint = events.last().unwrap().position;
        for letter in changes.dead_letters {
            let event = events.iter().find(|event| event.position == letter.position).unwrap();
            self.store.letters.insert(letter.position, (event.clone(), letter.kind.into_owned()));
        }
    }

    /// Tries these, and what waits for nothing any more, until nothing does.
    fn retry(&mut self, asked: &[u64], limit: usize) {
        let mut asked = asked.to_vec();
        while !asked.is_empty() || self.engine.is_any_free() {
            let chosen = self.engine.choose(std::mem::take(&mut asked), limit);
            let letters: Vec<LogEvent> = chosen.iter().map(|position| self.store.letters[position].0.clone()).collect();
            let batch = self.engine.begin_dead_letters(&letters, self.checkpoint);
            for tried in self.complete(batch).tried {
                match tried.stays {
                    None => _ = self.store.letters.remove(&tried.position),
                    Some((kind, _)) => self.store.letters.get_mut(&tried.position).unwrap().1 = kind.into(),
                }
            }
        }
    }

    fn complete(&mut self, mut batch: Batch<'_>) -> Changes {
        let changes = loop {
            match self.engine.step(&mut batch).unwrap() {
                Step::Missing(missing) => self.engine.supply(self.store.fetch(missing)).unwrap(),
                Step::Done(changes) => break changes,
            }
        };
        self.store.commit(&changes);
        self.engine.committed(batch.number());
        changes
    }
}

impl Memory {
    fn fetch(&self, missing: Missing) -> Answers {
        let cells = missing.cells.into_iter().map(|key| (key.clone(), self.cells.get(&key).cloned())).collect();
        Answers { cells, sets: missing.sets.into_iter().map(|wanted| (wanted, Vec::<Key>::new())).collect() }
    }

    fn commit(&mut self, changes: &Changes) {
        for (key, bytes) in &changes.cells {
            match bytes {
                Some(bytes) => self.cells.insert(key.clone(), bytes.clone()),
                None => self.cells.remove(key),
            };
        }
        for change in &changes.documents {
            let Content::Present(row) = &change.content else { panic!("no account ever goes") };
            let mark = DocumentMark { hash: change.content.hash(), version: change.version };
            let cell = CellKey { space: Space::Document(change.view), key: change.key.clone() };
            self.cells.insert(cell, mark.to_bytes().into());
            self.documents.insert(print_key(&change.key).unwrap(), format!("{row:?}"));
        }
    }

    fn failed(&self) -> Vec<u64> {
        self.letters.iter().filter(|(_, (_, kind))| *kind != "parked").map(|(position, _)| *position).collect()
    }
}

/// The documents of a log in which nothing is wrong.
fn clean(log: &[LogEvent]) -> BTreeMap<String, String> {
    let mut run = Run::new();
    run.apply(log);
    assert!(run.store.letters.is_empty());
    run.store.documents
}

// === tests ===

#[test]
fn whatever_order_they_are_settled_in_the_views_are_clean_at_the_end() {
    for seed in 1..=40 {
        let mut random = Random(seed);
        let (mut run, mut repaired, mut clean_log) = (Run::new(), BTreeMap::new(), Vec::new());
        for position in 1..=200 {
            let of = accounts(&mut random);
            let (event, right) = match random.below(20) {
                0 => (moved(position, &of, 0), Some(moved(position, &of, 5))),
                1 => (moved(position, &of, 70), Some(moved(position, &of, 7))),
                2 => (moved(position, &of, 0), None),
                _ => (moved(position, &of, 3), Some(moved(position, &of, 3))),
            };
            run.apply(std::slice::from_ref(&event));
            clean_log.extend(right.clone());
            repaired.insert(position, right);
            if random.below(40) == 0 {
                settle_some(&mut run, &repaired, &mut random);
            }
        }
        while !run.store.letters.is_empty() {
            settle_some(&mut run, &repaired, &mut random);
        }
        assert_eq!(run.store.documents, clean(&clean_log), "seed {seed}");
        assert!(run.store.cells.keys().all(|cell| cell.space != Space::Parked), "seed {seed}");
        assert_eq!(run.engine.parked(), 0);
    }
}

/// Repairs or gives up one of the letters that failed, and tries some letters; sometimes after a restart.
fn settle_some(run: &mut Run, repaired: &BTreeMap<u64, Option<LogEvent>>, random: &mut Random) {
    let failed = run.store.failed();
    if failed.is_empty() {
        return;
    }
    let position = failed[random.below(failed.len() as u64) as usize];
    match &repaired[&position] {
        Some(right) => run.store.letters.get_mut(&position).unwrap().0 = right.clone(),
        None => {
            run.discarded.insert(position);
            run.engine.discard(position);
        }
    }
    if random.below(3) == 0 {
        run.restart();
    }
    let any: Vec<u64> = run.store.letters.keys().copied().filter(|_| random.below(8) == 0).collect();
    run.retry(&[any, vec![position]].concat(), 1 + random.below(6) as usize);
}

#[test]
fn a_letter_that_nobody_waited_for_is_not_applied_out_of_order() {
    let mut run = Run::new();
    run.apply(&[moved(1, &[1], 0), moved(2, &[2], 3)]);
    run.store.letters.get_mut(&1).unwrap().0 = moved(1, &[1, 2], 3);
    run.retry(&[1], 9);
    assert_eq!(run.store.letters[&1].1, "out_of_order", "2 was applied before it");
    assert_eq!(run.store.documents.len(), 1);
}

#[test]
fn data_that_violates_its_schema_keeps_the_rows_that_it_names() {
    let mut run = Run::new();
    run.apply(&[moved(1, &[1, 2], 70), moved(2, &[2], 3), moved(3, &[3], 3)]);
    assert_eq!(run.store.letters[&1].1, "schema_violation");
    assert_eq!(run.store.letters[&2].1, "parked");
    assert_eq!(run.engine.parked(), 2);
}

#[test]
fn one_that_is_given_up_is_not_applied_when_it_comes_again() {
    let mut run = Run::new();
    run.engine.discard(1);
    run.apply(&[moved(1, &[1], 3), moved(2, &[1], 3)]);
    assert_eq!(run.store.documents, clean(&[moved(2, &[1], 3)]));
}
