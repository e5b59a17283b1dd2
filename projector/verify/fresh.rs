//! What the log comes to, folded afresh in memory.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use projections::codec::Key;
use projections::engine::{Changes, Content, InMemory, LogEvent};
use projections::plan::Plan;
use schemas::Registry;

use crate::log::{EventLog, ReadLimit};
use crate::run::{Halt, Rulings};
use crate::state::Order;

/// How much is folded at once.
const BATCH: ReadLimit = ReadLimit { events: 10_000, bytes: 32 << 20 };

/// A projection folded in memory.
pub struct Fresh<'l> {
    engine: InMemory,
    rulings: Rulings,
    plan: Arc<Plan>,
    log: &'l dyn EventLog,
    position: u64,
    /// By view.
    documents: Vec<BTreeMap<Key, Content>>,
}

// === impl Fresh ===

impl<'l> Fresh<'l> {
    /// A projection of which nothing has been folded. `settled`: how operators have settled events.
    pub fn new(plan: Arc<Plan>, registry: Arc<Registry>, log: &'l dyn EventLog, settled: &[Order]) -> Fresh<'l> {
        let mut engine = InMemory::new(plan.clone(), registry);
        let mut rulings = Rulings::default();
        settled.iter().for_each(|order| rulings.add(order, engine.engine_mut()));
        Fresh { engine, rulings, documents: vec![BTreeMap::new(); plan.views.len()], plan, log, position: 0 }
    }

    /// Folds on, up to this position.
    pub fn fold_to(&mut self, position: u64) -> Result<(), Halt> {
        while self.position < position {
            let mut events = self.log.read(self.position + 1, BATCH)?;
            events.retain(|event| event.position <= position);
            let Some(last) = events.last().map(|event: &LogEvent| event.position) else { break };
            let events = self.rulings.applied_to(&events);
            let changes = self.engine.fold(&events)?;
            self.keep(changes);
            self.position = last;
        }
        while let Some(changes) = self.engine.work_off()? {
            self.keep(changes);
        }
        Ok(())
    }

    fn keep(&mut self, changes: Changes) {
        for change in changes.documents {
            match (self.documents[change.view].entry(change.key), change.content) {
                (btree_map::Entry::Occupied(entry), Content::Absent) => drop(entry.remove()),
                (btree_map::Entry::Vacant(_), Content::Absent) => {}
                (btree_map::Entry::Occupied(mut entry), content) => drop(entry.insert(content)),
                (btree_map::Entry::Vacant(entry), content) => drop(entry.insert(content)),
            }
        }
    }

    /// The documents of a view; cheap, for their contents are shared.
    pub fn documents(&self, view: &str) -> BTreeMap<Key, Content> {
        let number = self.plan.views.iter().position(|planned| planned.name == view);
        number.map(|number| self.documents[number].clone()).unwrap_or_default()
    }
}
