//! Entity keys whose events wait for an earlier one that could not be applied.
//!
//! An event that touches such a key waits too, and so do later events of all the other keys that it touches: the events
//! of each key stay in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Value;

use crate::codec::{Corrupt, Key, KeyBuilder, decode_key, print_key};
use crate::plan::{EntityId, Plan};

use super::cells::{CellKey, Space};
use super::decode::Effect;

/// The waiting keys, each with the position of the event it waits for. A dead letter has as many of them
/// as its event touches rows, and the projection halts at its limit of dead letters.
#[derive(Default)]
pub struct Parking(BTreeMap<(EntityId, Key), u64>);

impl Parking {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Why an effect has to wait, if it has to.
    pub fn reason_to_wait(&self, plan: &Plan, effect: &Effect<'_>) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        effect.targets.iter().find_map(|target| {
            let position = self.0.get(&(target.entity, target.key.clone()))?;
            let key = print_key(&target.key).unwrap_or_default();
            Some(format!(
                "waits for the event at position {position}, which also touches {} {key}",
                plan.entities[target.entity].name
            ))
        })
    }

    /// Lets these keys wait for the event at `position`; the cells to store. A key that waits already goes on waiting.
    pub fn park(&mut self, keys: &[(EntityId, Key)], position: u64) -> Vec<(CellKey, Option<Arc<[u8]>>)> {
        let mut cells = Vec::new();
        for (entity, key) in keys {
            if let std::collections::btree_map::Entry::Vacant(place) = self.0.entry((*entity, key.clone())) {
                place.insert(position);
                cells.push((cell(*entity, key), Some(Arc::from(position.to_le_bytes()))));
            }
        }
        cells
    }

    /// Takes in a stored cell of [`Space::Parked`].
    pub fn restore(&mut self, key: &Key, bytes: &[u8]) -> Result<(), Corrupt> {
        const BAD: Corrupt = Corrupt("bad parked key");
        let position = u64::from_le_bytes(bytes.try_into().map_err(|_| BAD)?);
        let (number, rest) = key.split_at_checked(ENTITY).ok_or(BAD)?;
        let entity = match decode_key(number)?.as_slice() {
            [Value::Int(entity)] => usize::try_from(*entity).map_err(|_| BAD)?,
            _ => return Err(BAD),
        };
        self.0.insert((entity, Key::from_bytes(rest)), position);
        Ok(())
    }
}

/// Length of an encoded entity number.
const ENTITY: usize = 9;

/// The entity's number as a key part, then the parts of the row's key.
fn cell(entity: EntityId, key: &Key) -> CellKey {
    let mut bytes = KeyBuilder::default().push(&Value::Int(entity as i64)).finish().to_vec();
    bytes.extend_from_slice(key);
    CellKey { space: Space::Parked, key: Key::from_bytes(&bytes) }
}
