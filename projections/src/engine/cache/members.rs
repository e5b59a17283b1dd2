//! The members of a set in ascending order: a sorted vector while there are few, a tree when there are many.

use std::collections::BTreeSet;

use crate::codec::Key;

/// Beyond this many members an insertion into the middle of a vector costs more than one into a tree.
const FEW: usize = 256;

/// Keys in ascending order, each once.
#[derive(Clone, Debug)]
pub enum Members {
    Few(Vec<Key>),
    Many(BTreeSet<Key>),
}

impl Default for Members {
    fn default() -> Self {
        Members::Few(Vec::new())
    }
}

impl Members {
    /// Adds a member; whether it is new.
    pub fn insert(&mut self, member: Key) -> bool {
        match self {
            Members::Few(few) => match few.binary_search(&member) {
                Ok(_) => return false,
                Err(_) if few.len() >= FEW => {
                    let mut many: BTreeSet<Key> = few.drain(..).collect();
                    many.insert(member);
                    *self = Members::Many(many);
                }
                Err(at) => few.insert(at, member),
            },
            Members::Many(many) => return many.insert(member),
        }
        true
    }

    /// Removes a member; whether it was one.
    pub fn remove(&mut self, member: &Key) -> bool {
        match self {
            Members::Few(few) => few.binary_search(member).map(|at| few.remove(at)).is_ok(),
            Members::Many(many) => many.remove(member),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Members::Few(few) => few.len(),
            Members::Many(many) => many.len(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        let (few, many) = match self {
            Members::Few(few) => (Some(few), None),
            Members::Many(many) => (None, Some(many)),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }

    /// The first `limit` members after `after`.
    pub fn page(&self, after: Option<&Key>, limit: usize) -> Vec<Key> {
        use std::ops::Bound::{Excluded, Unbounded};
        match self {
            Members::Few(few) => {
                let start = after.map_or(0, |after| few.partition_point(|member| member <= after));
                few[start..].iter().take(limit).cloned().collect()
            }
            Members::Many(many) => {
                let start = after.map_or(Unbounded, Excluded);
                many.range::<Key, _>((start, Unbounded)).take(limit).cloned().collect()
            }
        }
    }
}
