//! A store in memory, and a projection that is built in it.

mod adopted;
mod seeded;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use projections::codec::{Key, Row};
use projections::engine::{
    Answers, CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Engine, Limits, LogEvent, MembersWanted,
    Missing, SetKey, SetSpace, Space, Step,
};
use projections::plan::{Plan, ViewId};
use schemas::{Registry, Value};

use crate::tables::Rows;

/// What a store holds.
#[derive(Default)]
struct Memory {
    /// Rows that have gone.
    gone: HashSet<CellKey>,
    /// Whether a row that had gone came back.
    returned: bool,
    cells: HashMap<CellKey, Arc<[u8]>>,
    sets: HashMap<SetKey, BTreeSet<Key>>,
}

/// Everything that a build has stored.
#[derive(PartialEq)]
pub struct Kept {
    /// The documents, by view and key.
    pub documents: BTreeMap<(ViewId, Key), Content>,
    /// The cells, without the marks of documents: a version is that of the batch's last change.
    pub cells: BTreeMap<CellKey, Arc<[u8]>>,
    /// The sets that have members.
    pub sets: BTreeMap<SetKey, BTreeSet<Key>>,
    /// What could not be applied.
    pub dead_letters: Vec<DeadLetter>,
}

/// A projection as it is built, all of it in memory.
pub struct Build {
    pub plan: Arc<Plan>,
    registry: Arc<Registry>,
    limits: Limits,
    engine: Engine,
    memory: Memory,
    checkpoint: u64,
    /// How many pages of fan-out were worked off.
    pub pages: usize,
    /// How often it crashed.
    pub crashes: usize,
    /// How often a document was written.
    pub written: usize,
    /// The documents that there are, by view and key.
    pub documents: BTreeMap<(ViewId, Key), Content>,
    /// What could not be applied.
    pub dead_letters: Vec<DeadLetter>,
}

/// The events of a log, from position 1 on.
pub fn log(events: impl IntoIterator<Item = Vec<u8>>) -> Vec<LogEvent> {
    let numbered = (1..).zip(events);
    numbered.map(|(position, data)| LogEvent { position, time: 0, subject: None, data: data.into(), flaw: None }).collect()
}

// === impl Build ===

impl Build {
    /// An empty build.
    pub fn new(plan: Arc<Plan>, registry: Arc<Registry>, limits: Limits) -> Build {
        let engine = Engine::new(plan.clone(), registry.clone(), limits.clone());
        Build {
            plan,
            registry,
            limits,
            engine,
            memory: Memory::default(),
            checkpoint: 0,
            pages: 0,
            crashes: 0,
            written: 0,
            documents: BTreeMap::new(),
            dead_letters: Vec::new(),
        }
    }

    /// The store is known to be empty: the engine need not ask for what it has never seen.
    pub fn assume_empty(mut self) -> Build {
        self.engine.assume_empty();
        self
    }

    /// Applies the next events as one batch.
    pub fn apply(&mut self, events: &[LogEvent]) {
        let mut batch = self.engine.begin(events);
        let changes = run(&mut self.engine, &mut batch, &self.memory);
        self.checkpoint = events.last().map_or(self.checkpoint, |event| event.position);
        self.commit(batch.number(), changes);
    }

    /// Computes what these next events change, and dies before it is stored. Another engine goes on from what is.
    pub fn crash(&mut self, next: &[LogEvent], log: &[LogEvent]) {
        let mut batch = self.engine.begin(next);
        run(&mut self.engine, &mut batch, &self.memory);
        self.restart(log);
        self.crashes += 1;
    }

    /// Lets another engine go on from what is stored.
    pub fn restart(&mut self, log: &[LogEvent]) {
        self.engine = Engine::new(self.plan.clone(), self.registry.clone(), self.limits.clone());
        for (cell, bytes) in self.memory.cells.iter().collect::<BTreeMap<_, _>>() {
            self.engine.restore(cell, bytes).expect("what is stored can be read");
        }
        log.iter().filter(|event| event.position <= self.checkpoint).for_each(|event| self.engine.remember(event));
    }

    /// Works off one page of fan-out; false where none is left.
    pub fn work_off(&mut self) -> bool {
        let Some(mut batch) = self.engine.begin_job(self.checkpoint) else { return false };
        let changes = run(&mut self.engine, &mut batch, &self.memory);
        self.commit(batch.number(), changes);
        self.pages += 1;
        true
    }

    /// The version of each document.
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        let marks = self.memory.cells.iter().filter(|(cell, _)| matches!(cell.space, Space::Document(_)));
        marks.map(|(_, bytes)| DocumentMark::from_bytes(bytes).expect("marks can be read").version)
    }

    /// Whether a row was deleted, and came back later.
    pub fn has_returned_rows(&self) -> bool {
        self.memory.returned
    }

    /// Everything that is stored.
    pub fn kept(&self) -> Kept {
        let cells = self.memory.cells.iter().filter(|(cell, _)| !matches!(cell.space, Space::Document(_)));
        let sets = self.memory.sets.iter().filter(|(_, members)| !members.is_empty());
        Kept {
            documents: self.documents.clone(),
            cells: cells.map(|(cell, bytes)| (cell.clone(), bytes.clone())).collect(),
            sets: sets.map(|(set, members)| (set.clone(), members.clone())).collect(),
            dead_letters: self.dead_letters.clone(),
        }
    }

    fn commit(&mut self, batch: u64, changes: Changes) {
        self.store(changes);
        self.engine.committed(batch);
    }

    fn store(&mut self, changes: Changes) {
        self.memory.commit(&changes);
        self.written += changes.documents.len();
        for change in changes.documents {
            self.keep(change);
        }
        self.dead_letters.extend(changes.dead_letters);
    }

    fn keep(&mut self, change: DocumentChange) {
        let address = (change.view, change.key);
        match change.content {
            Content::Absent => drop(self.documents.remove(&address)),
            content => drop(self.documents.insert(address, content)),
        }
    }

    /// The folded rows of each entity, ascending by key.
    pub fn rows(&self) -> Vec<Rows> {
        let mut rows: Vec<BTreeMap<Key, Vec<Value<'static>>>> = vec![BTreeMap::new(); self.plan.entities.len()];
        for (cell, bytes) in &self.memory.cells {
            if let Space::Row(entity) = cell.space {
                let row = Row::from_bytes(bytes).expect("rows can be read");
                let columns = 0..self.plan.entities[entity].columns.len();
                rows[entity].insert(cell.key.clone(), columns.map(|column| row.get(column).into_owned()).collect());
            }
        }
        rows.into_iter().map(|rows| rows.into_values().collect()).collect()
    }
}

fn run(engine: &mut Engine, batch: &mut projections::engine::Batch<'_>, memory: &Memory) -> Changes {
    loop {
        match engine.step(batch).expect("what is stored can be read") {
            Step::Missing(missing) => engine.supply(memory.answer(missing)).expect("what is stored can be read"),
            Step::Done(changes) => return changes,
        }
    }
}

// === impl Memory ===

impl Memory {
    fn answer(&self, missing: Missing) -> Answers {
        let cells = missing.cells.into_iter().map(|cell| {
            let bytes = self.cells.get(&cell).cloned();
            (cell, bytes)
        });
        let sets = missing.sets.into_iter().map(|wanted| {
            let members = self.members(&wanted);
            (wanted, members)
        });
        Answers { cells: cells.collect(), sets: sets.collect() }
    }

    fn members(&self, wanted: &MembersWanted) -> Vec<Key> {
        let is_after = |member: &Key| wanted.after.as_ref().is_none_or(|after| member > after);
        if let SetSpace::Cells(space) = wanted.set.space {
            let cells = self.cells.keys().filter(|cell| cell.space == space && is_after(&cell.key));
            let keys: BTreeSet<&Key> = cells.map(|cell| &cell.key).collect();
            return keys.into_iter().take(wanted.limit).cloned().collect();
        }
        let Some(set) = self.sets.get(&wanted.set) else { return Vec::new() };
        set.iter().filter(|member| is_after(member)).take(wanted.limit).cloned().collect()
    }

    fn commit(&mut self, changes: &Changes) {
        for (cell, bytes) in &changes.cells {
            match bytes {
                Some(bytes) => {
                    self.returned |= self.gone.contains(cell);
                    self.cells.insert(cell.clone(), bytes.clone());
                }
                None => {
                    self.cells.remove(cell);
                    self.gone.extend(matches!(cell.space, Space::Row(_)).then(|| cell.clone()));
                }
            }
        }
        for change in &changes.documents {
            let cell = CellKey { space: Space::Document(change.view), key: change.key.clone() };
            let mark = DocumentMark { hash: change.content.hash(), version: change.version };
            match change.content {
                Content::Absent => drop(self.cells.remove(&cell)),
                _ => drop(self.cells.insert(cell, mark.to_bytes().as_slice().into())),
            }
        }
        for link in &changes.links {
            let set = self.sets.entry(link.set.clone()).or_default();
            if link.present {
                set.insert(link.member.clone());
            } else {
                set.remove(&link.member);
            }
        }
    }
}
