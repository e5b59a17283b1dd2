//! The embedded daemon applying a backlog of the shop, against bare loops that insert as many rows of the same sizes, in
//! batches of the same size, into a SQLite file of the same settings: one appends them, one puts them where their keys say,
//! as is needed to read them by key.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use projections::engine::{Changes, Content, Engine, LogEvent, Step};
use projector::config::RunLimits;
use projector::demo::Shop;
use projector::deploy::Mode;
use projector::log::{EmbeddedLog, EventLog, NewEvent};
use projector::run::{Board, Definition, Deploying, Goal, Making, StopFlag, Supervisor, run_all};
use projector::sqlite::{Database, Durability};
use projector::state::EmbeddedState;
use projector::stores::Stores;
use projector::tables::EmbeddedTables;

use crate::Scale;
use crate::definitions::{events, shop};
use crate::engine::warm_engine;
use crate::table::Table;

/// Bounds of the daemon, as its defaults are.
const LIMITS: RunLimits = RunLimits {
    commit_events: 8192,
    commit_bytes: 16 << 20,
    cache_bytes: 256 << 20,
    fan_out: 1000,
    stall_after: Duration::from_secs(30),
};

/// What is kept beside a document: hash and version.
const MARK: usize = 24;

/// Rows of a batch: each with its key, and the size of its value.
type Rows = Vec<(Vec<u8>, usize)>;

/// A table that only grows.
const APPENDED: [&str; 2] = ["CREATE TABLE bare (key BLOB, value BLOB)", "INSERT INTO bare VALUES (?1, ?2)"];
/// A table that is read by key.
const KEYED: [&str; 2] =
    ["CREATE TABLE bare (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID", "INSERT OR REPLACE INTO bare VALUES (?1, ?2)"];

pub fn measure(scale: Scale, table: &mut Table) {
    let (plan, registry) = shop();
    let events = events(&mut Shop::new(1), 0, scale.events * 4);
    let mut engine = warm_engine(&plan, &registry);
    let batches: Vec<Rows> = events.chunks(LIMITS.commit_events).map(|events| rows(&mut engine, events)).collect();
    drop(engine);
    let definitions = [Definition { plan, registry, sources: "".into() }];
    let (mut appended, mut keyed) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds.min(5) {
        let (append, put) = (insert(&batches, APPENDED), insert(&batches, KEYED));
        let applied = apply(&definitions, &events);
        appended.push((applied, append));
        keyed.push((applied, put));
    }
    table.add("embedded daemon, shop / bare appends", &appended, events.len(), "<= 2");
    table.add("embedded daemon, shop / bare inserts by key", &keyed, events.len(), "<= 2");
}

/// What a commit of these events writes.
fn rows(engine: &mut Engine, events: &[LogEvent]) -> Rows {
    let mut batch = engine.begin(events);
    let changes = match engine.step(&mut batch).expect("nothing is stored that could be damaged") {
        Step::Done(changes) => changes,
        Step::Missing(missing) => panic!("all rows are cached, but {missing:?} is missing"),
    };
    engine.committed(batch.number());
    written(&changes)
}

fn written(changes: &Changes) -> Rows {
    let size = |bytes: &Option<Arc<[u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
    let cells = changes.cells.iter().map(|(cell, bytes)| (named(&cell.space, &[&cell.key]), size(bytes)));
    let links = changes.links.iter().map(|link| (named(&link.set.space, &[&link.set.value, &link.member]), 0));
    let documents = changes.documents.iter().map(|change| match &change.content {
        Content::Present(row) => (named(&change.view, &[&change.key]), row.bytes().len() + MARK),
        _ => (named(&change.view, &[&change.key]), MARK),
    });
    cells.chain(links).chain(documents).collect()
}

/// A key within a family: a short name of the family, then the keys.
fn named(family: &impl Hash, keys: &[&[u8]]) -> Vec<u8> {
    let mut hasher = DefaultHasher::new();
    family.hash(&mut hasher);
    let mut name = hasher.finish().to_be_bytes()[..3].to_vec();
    keys.iter().for_each(|key| name.extend_from_slice(key));
    name
}

fn database(folder: &tempfile::TempDir) -> Arc<Database> {
    let path = folder.path().join("projector.db");
    Arc::new(Database::open(&path, Durability::Process).expect("a new file can be opened"))
}

/// How long the daemon takes to apply all events that the log has.
fn apply(definitions: &[Definition], events: &[LogEvent]) -> Duration {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let database = database(&folder);
    let log = EmbeddedLog::new(database.clone());
    for events in events.chunks(10_000) {
        let new: Vec<NewEvent<'_>> = events.iter().map(|event| NewEvent { subject: None, data: &event.data }).collect();
        log.publish(&new).expect("the log takes events");
    }
    let states = Arc::new(EmbeddedState::new(database.clone()));
    let stores = Stores {
        log: Arc::new(log),
        builds: states.clone(),
        views: states,
        tables: Some(Arc::new(EmbeddedTables::new(database))),
        writer: None,
    };
    let (board, stop) = (Arc::new(Board::default()), Arc::new(StopFlag::default()));
    let deploying = Deploying { mode: Mode::ByItself, mapping: 0, making: Making::default() };
    let supervisor = Supervisor { stores, limits: LIMITS, deploying, board, stop };
    let start = Instant::now();
    let outcomes = run_all(&supervisor, definitions, Goal::CatchUp);
    let took = start.elapsed();
    assert!(outcomes.iter().all(|outcome| outcome.halt.is_none()), "{outcomes:?}");
    took
}

/// How long it takes to insert these rows into the table, and nothing else.
fn insert(batches: &[Rows], [create, insert]: [&str; 2]) -> Duration {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let mut file = rusqlite::Connection::open(folder.path().join("bare.db")).expect("a new file can be opened");
    file.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -131072")
        .and_then(|()| file.execute_batch(create))
        .expect("a table can be made");
    let zeros = vec![0u8; batches.iter().flatten().map(|(_, value)| *value).max().unwrap_or(0)];
    let start = Instant::now();
    for rows in batches {
        let transaction = file.transaction().expect("nobody else writes");
        let mut statement = transaction.prepare_cached(insert).expect("the statement is right");
        for (key, value) in rows {
            statement.execute((key, &zeros[..*value])).expect("the row fits");
        }
        drop(statement);
        transaction.commit().expect("nobody else writes");
    }
    start.elapsed()
}
