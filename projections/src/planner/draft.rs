//! A block in the making: which rows take part in it, and how each is tied to the others.

use std::collections::BTreeSet;

use super::level::LevelId;
use crate::expr::Expr;
use crate::plan::{EntityId, Output, RollupId};

/// Number of a block in the making.
pub type DraftId = usize;

/// A block in the making. A row's place in `occurrences` is its slot.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The level whose relations, lookups and sub-selects are the block's own.
    pub level: LevelId,
    /// The rows that take part, the root first.
    pub occurrences: Vec<Occurrence>,
    /// The roll-ups that are read.
    pub groups: Vec<GroupRead>,
    /// WHERE
    pub filter: Option<Expr>,
    /// What a unit yields; decided last.
    pub output: Option<Output>,
}

/// A relation of the block or of one of its scans.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Whose row it is.
    pub entity: EntityId,
    /// The columns that are read, ascending.
    pub reads: BTreeSet<usize>,
    /// How it is tied to the rows it was found from; `None` for the root.
    pub link: Option<Link>,
}

/// Equal columns of two relations, by which a change of one finds the other.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The slot of the relation on the other side.
    pub to: usize,
    /// Own column (or place in a group's key), and the column of the other side that equals it.
    pub pairs: Vec<(usize, usize)>,
}

/// A roll-up that the block reads.
#[derive(Clone, Debug)]
pub struct GroupRead {
    /// The roll-up.
    pub rollup: RollupId,
    /// How its groups are tied to the rows that ask for them.
    pub link: Link,
}

// === impl Draft ===

impl Draft {
    /// A block of which nothing is known but its level.
    pub fn new(level: LevelId) -> Draft {
        Draft { level, occurrences: Vec::new(), groups: Vec::new(), filter: None, output: None }
    }
}

// === impl Link ===

impl Link {
    /// Of all that a row is tied to by (own column, slot, column there), the relation that leads to the fewest rows: by its whole
    /// key, or else by most columns. Following only one leads to no fewer rows than following all, so nothing is missed.
    /// What nothing ties goes to the root, slot 0.
    pub fn strongest(ties: &[(usize, usize, usize)], key_len: impl Fn(usize) -> usize) -> Link {
        let has = |slot: usize, column: usize| ties.iter().any(|(_, to, theirs)| (*to, *theirs) == (slot, column));
        let by_key = |slot: usize| (0..key_len(slot)).all(|column| has(slot, column));
        let count = |slot: usize| ties.iter().filter(|(_, to, _)| *to == slot).count();
        let slots = ties.iter().map(|(_, to, _)| *to);
        let Some(to) = slots.max_by_key(|to| (by_key(*to), count(*to), usize::MAX - *to)) else {
            return Link { to: 0, pairs: Vec::new() };
        };
        let mut pairs: Vec<(usize, usize)> =
            ties.iter().filter(|(_, slot, _)| *slot == to).map(|(own, _, theirs)| (*own, *theirs)).collect();
        pairs.sort_by_key(|(own, theirs)| (*theirs, *own));
        pairs.dedup_by_key(|(_, theirs)| *theirs);
        Link { to, pairs }
    }
}
