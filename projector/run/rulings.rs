//! How operators have settled events: what a build applies in the place of what the log has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use projections::engine::{Engine, LogEvent};

use crate::state::{Action, Order};

/// The bytes that operators have put in the place of events. Events that they have discarded are the engine's to know.
#[derive(Clone, Default)]
pub struct Rulings {
    repairs: BTreeMap<u64, Arc<[u8]>>,
}

// === impl Rulings ===

impl Rulings {
    /// Takes an order into account, from now on.
    pub fn add(&mut self, order: &Order, engine: &mut Engine) {
        match &order.action {
            Action::Retry => {}
            Action::Repair(event) => _ = self.repairs.insert(order.position, event.as_bytes().into()),
            Action::Discard => engine.discard(order.position),
        }
    }

    /// Forgets what was said of this event last: what `earlier` says counts again.
    pub fn take_back(&mut self, position: u64, earlier: &Rulings) {
        match earlier.repairs.get(&position) {
            Some(repair) => self.repairs.insert(position, repair.clone()),
            None => self.repairs.remove(&position),
        };
    }

    /// The events as they are to be applied.
    pub fn applied_to<'e>(&self, events: &'e [LogEvent]) -> Cow<'e, [LogEvent]> {
        let is_repaired = |event: &LogEvent| self.repairs.contains_key(&event.position);
        if self.repairs.is_empty() || !events.iter().any(is_repaired) {
            return Cow::Borrowed(events);
        }
        Cow::Owned(events.iter().map(|event| self.apply(event.clone())).collect())
    }

    /// The event as it is to be applied.
    pub fn apply(&self, event: LogEvent) -> LogEvent {
        match self.repairs.get(&event.position) {
            Some(repair) => LogEvent { data: repair.clone(), flaw: None, ..event },
            None => event,
        }
    }
}
