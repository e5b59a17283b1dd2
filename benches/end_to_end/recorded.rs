//! Which documents the daemon sets in each commit of a backlog: what a bare loop has to set as well.

use std::collections::BTreeMap;

use projections::engine::{Changes, Content, Engine, Limits, LogEvent, Step};
use projector::definitions::Definitions;
use projector::document;
use projector::state::redis::keys::{BuildKeys, ProjectionKeys};
use projector::view::Catalogue;

/// Events of a commit, as the daemon takes them from a backlog.
pub const COMMIT: usize = 8192;

/// The keys of a commit's documents, and how long their JSON is; 0: the document is removed.
pub type Documents = Vec<(String, usize)>;

/// The documents of each commit.
pub fn record(definitions: &Definitions, events: &[Vec<u8>]) -> Vec<Documents> {
    let projection = &definitions.projections[0];
    let limits = Limits { cache_bytes: usize::MAX, ..Limits::default() };
    let mut engine = Engine::new(projection.plan.clone(), definitions.registry.clone(), limits);
    engine.assume_empty();
    let keys = BuildKeys::new(ProjectionKeys::new("projector", &projection.plan.name), 1, Catalogue::of(&projection.plan));
    let mut next = 1;
    let mut commit = |events: &[Vec<u8>]| {
        let events: Vec<LogEvent> = (next..).zip(events).map(|(position, event)| log_event(position, event)).collect();
        next += events.len() as u64;
        documents(&keys, &apply(&mut engine, &events))
    };
    events.chunks(COMMIT).map(&mut commit).collect()
}

/// The documents that there are after all commits, cut into as many as one commit has events.
pub fn at_the_end(commits: Vec<Documents>) -> Vec<Documents> {
    let last: BTreeMap<String, usize> = commits.into_iter().flatten().collect();
    let left: Documents = last.into_iter().filter(|(_, length)| *length > 0).collect();
    left.chunks(COMMIT).map(<[_]>::to_vec).collect()
}

fn log_event(position: u64, event: &[u8]) -> LogEvent {
    LogEvent { position, time: 0, subject: None, data: event.into(), flaw: None }
}

fn apply(engine: &mut Engine, events: &[LogEvent]) -> Changes {
    let mut batch = engine.begin(events);
    let changes = match engine.step(&mut batch).expect("nothing is stored that could be damaged") {
        Step::Done(changes) => changes,
        Step::Missing(missing) => panic!("all rows are cached, but {missing:?} is missing"),
    };
    engine.committed(batch.number());
    changes
}

fn documents(keys: &BuildKeys, changes: &Changes) -> Documents {
    let length = |view: usize, content: &Content| match content {
        Content::Present(row) => document::to_json(&keys.catalogue().views[view], row).len(),
        Content::Absent | Content::Broken(_) => 0,
    };
    let documents = changes.documents.iter();
    documents.map(|change| (keys.document(change.view, &change.key), length(change.view, &change.content))).collect()
}
