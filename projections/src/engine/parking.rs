//! Events that wait, and the entity keys they wait at.
//!
//! An event that could not be applied keeps the keys that it touches: later events of these keys wait behind it, and so do later
//! events of all the other keys that those touch. The events of each key stay in order, and once they are applied, in that
//! order, every row is what it would be if nothing had ever gone wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::Value;

use crate::codec::{Corrupt, Key, KeyBuilder, decode_key, print_key};
use crate::plan::{EntityId, Plan};

use super::cells::{CellKey, Space};

/// An entity's key.
type EntityKey = (EntityId, Key);

/// What waits. A dead letter has as many keys as its event touches rows, and the projection halts at its limit of dead letters.
#[derive(Default)]
pub struct Parking {
    /// The events at each key, in the order of the log: the first one keeps the others waiting.
    keys: BTreeMap<EntityKey, BTreeSet<u64>>,
    events: BTreeMap<u64, Waiter>,
    /// Events that may be ready to be tried again.
    freed: BTreeSet<u64>,
    /// Cells to store.
    changed: BTreeMap<CellKey, Option<Arc<[u8]>>>,
}

/// An event that waits.
struct Waiter {
    keys: Vec<EntityKey>,
    cause: Cause,
}

/// Why an event waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It cannot be applied itself; it waits for a person.
    Failed,
    /// Another one is before it; it waits for that.
    Behind,
}

/// Whether a waiting event may be applied now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is the first at all its keys.
    Now,
    /// Another one is before it; the text says which.
    NotYet(String),
    /// At a key where nobody waited for it later events have been applied; the text says which.
    Missed(String),
}

// === impl Parking ===

impl Parking {
    /// How many keys events wait at.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Why a new event of these keys has to wait, if it has to.
    pub fn reason_to_wait<'k>(&self, plan: &Plan, keys: impl IntoIterator<Item = (EntityId, &'k Key)>) -> Option<String> {
        if self.keys.is_empty() {
            return None;
        }
        keys.into_iter().find_map(|(entity, key)| {
            let first = self.keys.get(&(entity, key.clone()))?.first()?;
            Some(waits_for(plan, entity, key, *first))
        })
    }

    /// Whether it is the turn of a waiting event, that touches these keys now.
    pub fn turn<'k>(&self, plan: &Plan, position: u64, keys: impl IntoIterator<Item = (EntityId, &'k Key)>) -> Turn {
        let mut turn = Turn::Now;
        for (entity, key) in keys {
            match self.keys.get(&(entity, key.clone())).filter(|events| events.contains(&position)) {
                None => return Turn::Missed(missed(plan, entity, key)),
                Some(events) => {
                    if let Some(first) = events.first().filter(|first| **first != position) {
                        turn = Turn::NotYet(waits_for(plan, entity, key, *first));
                    }
                }
            }
        }
        turn
    }

    /// Lets an event wait at these keys.
    pub fn park(&mut self, keys: &[EntityKey], position: u64, cause: Cause) {
        for key in keys {
            self.insert(key.clone(), position, cause);
            self.changed.insert(cell(key, position), Some(Arc::from([cause.byte()])));
        }
    }

    /// A waiting event was tried again, and goes on waiting for this cause.
    pub fn keep(&mut self, position: u64, cause: Cause) {
        let Some(waiter) = self.events.get_mut(&position).filter(|waiter| waiter.cause != cause) else { return };
        waiter.cause = cause;
        for key in &waiter.keys {
            self.changed.insert(cell(key, position), Some(Arc::from([cause.byte()])));
        }
    }

    /// An event waits no more; whoever is the first then may go on.
    pub fn release(&mut self, position: u64) {
        let keys = self.events.remove(&position).map(|waiter| waiter.keys).unwrap_or_default();
        for key in keys {
            self.changed.insert(cell(&key, position), None);
            let Some(events) = self.keys.get_mut(&key) else { continue };
            events.remove(&position);
            match events.first() {
                Some(next) => _ = self.freed.insert(*next),
                None => _ = self.keys.remove(&key),
            }
        }
    }

    /// Whether there are events that wait for nothing any more.
    pub fn is_any_free(&mut self) -> bool {
        let Parking { keys, events, freed, .. } = self;
        freed.retain(|position| is_free(keys, events, *position));
        !freed.is_empty()
    }

    /// The events to try now, in the order of the log, at most `limit`: those that are asked for, those that wait for nothing any
    /// more, and those that may come to be free when the others are applied.
    pub fn choose(&mut self, asked: impl IntoIterator<Item = u64>, limit: usize) -> Vec<u64> {
        self.is_any_free();
        let mut ahead: BTreeSet<u64> = asked.into_iter().chain(self.freed.iter().copied()).collect();
        let mut chosen = Vec::new();
        while chosen.len() < limit
            && let Some(position) = ahead.pop_first()
        {
            chosen.push(position);
            ahead.extend(self.next_behind(position));
        }
        chosen
    }

    /// The next event at each key of this one, as far as it waits only for others.
    fn next_behind(&self, position: u64) -> impl Iterator<Item = u64> {
        let keys = self.events.get(&position).into_iter().flat_map(|waiter| &waiter.keys);
        let next = keys.filter_map(move |key| self.keys.get(key)?.range(position + 1..).next().copied());
        next.filter(|next| self.events.get(next).is_some_and(|waiter| waiter.cause == Cause::Behind))
    }

    /// What has changed since it was asked for last, as cells to store.
    pub fn take_changes(&mut self) -> BTreeMap<CellKey, Option<Arc<[u8]>>> {
        std::mem::take(&mut self.changed)
    }

    /// Takes in a stored cell of [`Space::Parked`].
    pub fn restore(&mut self, key: &Key, bytes: &[u8]) -> Result<(), Corrupt> {
        const BAD: Corrupt = Corrupt("bad parked key");
        let (number, rest) = key.split_at_checked(ENTITY).ok_or(BAD)?;
        let entity = match decode_key(number)?.as_slice() {
            [Value::Int(entity)] => usize::try_from(*entity).map_err(|_| BAD)?,
            _ => return Err(BAD),
        };
        let (key, position) = rest.split_last_chunk().ok_or(BAD)?;
        let cause = Cause::from_bytes(bytes).ok_or(BAD)?;
        self.insert((entity, Key::from_bytes(key)), u64::from_be_bytes(*position), cause);
        Ok(())
    }

    fn insert(&mut self, key: EntityKey, position: u64, cause: Cause) {
        // Whether it is free is known only when all of its keys are here.
        self.freed.insert(position);
        if self.keys.entry(key.clone()).or_default().insert(position) {
            let waiter = self.events.entry(position).or_insert_with(|| Waiter { keys: Vec::new(), cause });
            waiter.keys.push(key);
        }
    }
}

/// Whether an event waits only for others, of which none is left.
fn is_free(keys: &BTreeMap<EntityKey, BTreeSet<u64>>, events: &BTreeMap<u64, Waiter>, position: u64) -> bool {
    let is_first = |key: &EntityKey| keys.get(key).and_then(BTreeSet::first) == Some(&position);
    events.get(&position).is_some_and(|waiter| waiter.cause == Cause::Behind && waiter.keys.iter().all(is_first))
}

fn waits_for(plan: &Plan, entity: EntityId, key: &Key, position: u64) -> String {
    format!("waits for the event at position {position}, which also touches {}", named(plan, entity, key))
}

fn missed(plan: &Plan, entity: EntityId, key: &Key) -> String {
    let named = named(plan, entity, key);
    format!("nothing waited for it at {named}, whose later events may have been applied")
}

fn named(plan: &Plan, entity: EntityId, key: &Key) -> String {
    format!("{} {}", plan.entities[entity].name, print_key(key).unwrap_or_default())
}

// === impl Cause ===

impl Cause {
    fn byte(self) -> u8 {
        match self {
            Cause::Failed => 0,
            Cause::Behind => 1,
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Cause> {
        match bytes {
            [0] => Some(Cause::Failed),
            [1] => Some(Cause::Behind),
            _ => None,
        }
    }
}

/// Length of an encoded entity number.
const ENTITY: usize = 9;

/// The entity's number as a key part, the parts of the row's key, and the position in eight bytes, the highest first.
fn cell((entity, key): &EntityKey, position: u64) -> CellKey {
    let mut bytes = KeyBuilder::default().push(&Value::Int(*entity as i64)).finish().to_vec();
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(&position.to_be_bytes());
    CellKey { space: Space::Parked, key: Key::from_bytes(&bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<EntityKey> {
        names.iter().map(|name| (0, Key::of(&[Value::Text((*name).into())]))).collect()
    }

    /// Events 3, at `a`, failed; 5 at `a` and `b` is behind it, 7 at `b` behind that; 6 failed at `c`.
    fn parking() -> Parking {
        let mut parking = Parking::default();
        parking.park(&keys(&["a"]), 3, Cause::Failed);
        parking.park(&keys(&["a", "b"]), 5, Cause::Behind);
        parking.park(&keys(&["c"]), 6, Cause::Failed);
        parking.park(&keys(&["b", "b"]), 7, Cause::Behind);
        parking
    }

    #[test]
    fn what_is_behind_an_event_is_tried_with_it() {
        let mut parking = parking();
        assert!(parking.choose([], 9).is_empty());
        assert_eq!(parking.choose([3], 9), [3, 5, 7]);
        assert_eq!(parking.choose([3, 6], 3), [3, 5, 6]);
        assert_eq!(parking.choose([99], 9), [99], "one that nobody waits for");
    }

    #[test]
    fn whoever_is_first_then_goes_on() {
        let mut parking = parking();
        parking.release(3);
        assert_eq!((parking.choose([], 9), parking.len()), (vec![5, 7], 3));
        parking.keep(5, Cause::Failed);
        assert!(!parking.is_any_free(), "it has failed itself now");
        parking.release(5);
        assert_eq!((parking.choose([], 9), parking.len()), (vec![7], 2));
    }

    #[test]
    fn a_stored_one_comes_back() {
        let mut before = parking();
        before.release(3);
        let mut after = Parking::default();
        for (cell, bytes) in before.take_changes() {
            if let Some(bytes) = bytes {
                after.restore(&cell.key, &bytes).unwrap();
            }
        }
        assert_eq!((after.choose([], 9), after.len()), (vec![5, 7], 3));
        assert!(before.take_changes().is_empty());
        assert!(after.restore(&keys(&["a"])[0].1, &[0]).is_err());
    }
}
