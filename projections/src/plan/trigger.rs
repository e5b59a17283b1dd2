//! How a changed row or group finds the units it affects.

use super::{EntityId, IndexId, RollupId};

/// When a row or a group changes, follow the hops; the keys at the end are the block's units to evaluate again.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What changed.
    pub on: TriggerSource,
    /// The way to the block's units. None: the changed row is itself the unit.
    pub hops: Vec<Hop>,
}

/// What sets a trigger off.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerSource {
    /// A row of the entity appeared, vanished, or changed in one of these columns.
    Row {
        /// The entity.
        entity: EntityId,
        /// The columns that the block reads, ascending.
        reads: Vec<usize>,
    },
    /// A group of the roll-up changed.
    Group {
        /// The roll-up.
        rollup: RollupId,
    },
}

/// One step from a row (or group) to rows of the next entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// The value to go by.
    pub from: HopFrom,
    /// Where it leads.
    pub to: HopTo,
}

/// Which part of the present row (or group) a hop goes by.
#[derive(Clone, Debug, PartialEq)]
pub enum HopFrom {
    /// Its key, whole.
    Key,
    /// These columns of the row, or values of the group's key; none of them: the one empty value. A NULL among them leads nowhere. Of a changed row both the old and the new values count.
    Columns(Vec<usize>),
}

/// What a hop's value is.
#[derive(Clone, Debug, PartialEq)]
pub enum HopTo {
    /// The key of a row of this entity.
    Key(EntityId),
    /// A value of this index; it leads to all rows listed there.
    Index(IndexId),
}
