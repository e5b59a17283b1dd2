//! Fan-out that is too large for one batch: walks that wait, stored, and are worked off page by page.

use crate::codec::{Corrupt, Key};

use crate::plan::{Block, HopTo};

use super::cells::{SetKey, SetSpace};
use super::walk::Walk;

/// A walk through a large set, and how far it got.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The block whose units are affected.
    pub block: usize,
    /// The walk, which stands before the set.
    pub walk: Walk,
    /// The last member that was dealt with.
    pub cursor: Option<Key>,
}

impl Job {
    pub fn new(block: usize, walk: Walk) -> Job {
        Job { block, walk, cursor: None }
    }

    /// Whether both go the same way, so that the later makes the earlier needless.
    pub fn is_same_way(&self, other: &Job) -> bool {
        let (a, b) = (&self.walk, &other.walk);
        self.block == other.block && a.trigger == b.trigger && a.hop == b.hop && a.value == b.value
    }

    /// The set that the walk goes through.
    pub fn set(&self, block: &Block) -> Option<SetKey> {
        match block.triggers.get(self.walk.trigger)?.hops.get(self.walk.hop)?.to {
            HopTo::Index(index) => Some(SetKey { space: SetSpace::Index(index), value: self.walk.value.clone() }),
            HopTo::Key(_) => None,
        }
    }

    /// The bytes to store: four little-endian u64 (block, trigger, hop, position), the value, and the cursor if there
    /// is one; the latter two with their lengths.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [self.block as u64, self.walk.trigger as u64, self.walk.hop as u64, self.walk.position] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for key in std::iter::once(&self.walk.value).chain(&self.cursor) {
            out.extend_from_slice(&(key.len() as u64).to_le_bytes());
            out.extend_from_slice(key);
        }
        out
    }

    /// A job that was stored.
    pub fn decode(mut bytes: &[u8]) -> Result<Job, Corrupt> {
        let bytes = &mut bytes;
        let mut number = || take_u64(bytes);
        let (block, trigger, hop, position) = (number()? as usize, number()? as usize, number()? as usize, number()?);
        let value = take_key(bytes)?;
        let cursor = if bytes.is_empty() { None } else { Some(take_key(bytes)?) };
        Ok(Job { block, walk: Walk { trigger, hop, value, position }, cursor })
    }
}

fn take_u64(bytes: &mut &[u8]) -> Result<u64, Corrupt> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Corrupt("job ends early"))?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*head))
}

fn take_key(bytes: &mut &[u8]) -> Result<Key, Corrupt> {
    let length = take_u64(bytes)? as usize;
    let (key, rest) = bytes.split_at_checked(length).ok_or(Corrupt("job ends early"))?;
    *bytes = rest;
    Ok(Key::from_bytes(key))
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;

    #[test]
    fn jobs_come_back() {
        let walk = Walk { trigger: 1, hop: 2, value: Key::of(&[Value::Int(7)]), position: 99 };
        for cursor in [None, Some(Key::of(&[Value::Text("x".into())]))] {
            let job = Job { block: 3, walk: walk.clone(), cursor };
            assert_eq!(Job::decode(&job.encode()), Ok(job.clone()));
            assert!(Job::decode(&job.encode()[..40]).is_err());
        }
    }
}
