//! The embedded daemon applying a backlog of the shop, against a bare loop that inserts as many rows of the same sizes, in
//! batches of the same size, into a SQLite file of the same settings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use projections::engine::{Changes, Engine, LogEvent, Step};
use projector::config::RunLimits;
use projector::demo::Shop;
use projector::log::{EmbeddedLog, EventLog, NewEvent};
use projector::run::{Board, Definition, Goal, StopFlag, Supervisor, run_all};
use projector::sqlite::{Database, Durability};
use projector::state::EmbeddedState;
use projector::stores::Stores;
use projector::tables::EmbeddedTables;

use crate::Scale;
use crate::definitions::{events, shop};
use crate::engine::warm_engine;
use crate::table::Table;

/// Bounds of the daemon, as its defaults are.
const LIMITS: RunLimits = RunLimits { commit_events: 8192, commit_bytes: 16 << 20, cache_bytes: 256 << 20, fan_out: 1000 };

/// Rows of a batch: bytes of key and value.
type Sizes = Vec<(usize, usize)>;

pub fn measure(scale: Scale, table: &mut Table) {
    let (plan, registry) = shop();
    let events = events(&mut Shop::new(1), 0, scale.events * 4);
    let mut engine = warm_engine(&plan, &registry);
    let batches: Vec<Sizes> = events.chunks(LIMITS.commit_events).map(|events| sizes(&mut engine, events)).collect();
    drop(engine);
    let definitions = [Definition { plan, registry }];
    let mut rounds = Vec::new();
    for _ in 0..scale.rounds.min(5) {
        let floor = insert(&batches);
        rounds.push((apply(&definitions, &events), floor));
    }
    table.add("embedded daemon, shop / bare inserts", &rounds, events.len(), "<= 2");
}

/// The sizes of what a commit of these events writes.
fn sizes(engine: &mut Engine, events: &[LogEvent]) -> Sizes {
    let mut batch = engine.begin(events);
    let changes = match engine.step(&mut batch).expect("nothing is stored that could be damaged") {
        Step::Done(changes) => changes,
        Step::Missing(missing) => panic!("all rows are cached, but {missing:?} is missing"),
    };
    engine.committed(batch.number());
    row_sizes(&changes)
}

fn row_sizes(changes: &Changes) -> Sizes {
    let cells = changes.cells.iter().map(|(cell, bytes)| (cell.key.len() + 3, bytes.as_ref().map_or(0, |bytes| bytes.len())));
    let links = changes.links.iter().map(|link| (link.set.value.len() + link.member.len() + 3, 0));
    let documents = changes.documents.iter().map(|change| match &change.content {
        projections::engine::Content::Present(row) => (change.key.len(), row.bytes().len() + 24),
        _ => (change.key.len(), 24),
    });
    cells.chain(links).chain(documents).collect()
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
    let stores =
        Stores { log: Arc::new(log), builds: states.clone(), views: states, tables: Arc::new(EmbeddedTables::new(database)) };
    let (board, stop) = (Arc::new(Board::default()), Arc::new(StopFlag::default()));
    let supervisor = Supervisor { stores, limits: LIMITS, board, stop };
    let start = Instant::now();
    let outcomes = run_all(&supervisor, definitions, Goal::CatchUp);
    let took = start.elapsed();
    assert!(outcomes.iter().all(|outcome| outcome.halt.is_none()), "{outcomes:?}");
    took
}

/// How long it takes to insert rows of these sizes, and nothing else.
fn insert(batches: &[Sizes]) -> Duration {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let mut file = rusqlite::Connection::open(folder.path().join("bare.db")).expect("a new file can be opened");
    file.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE bare (key BLOB, value BLOB)")
        .expect("a table can be made");
    let zeros = vec![0u8; batches.iter().flatten().map(|(key, value)| *key.max(value)).max().unwrap_or(0)];
    let start = Instant::now();
    for rows in batches {
        let transaction = file.transaction().expect("nobody else writes");
        let mut insert = transaction.prepare_cached("INSERT INTO bare VALUES (?1, ?2)").expect("the statement is right");
        for (key, value) in rows {
            insert.execute((&zeros[..*key], &zeros[..*value])).expect("the row fits");
        }
        drop(insert);
        transaction.commit().expect("nobody else writes");
    }
    start.elapsed()
}
