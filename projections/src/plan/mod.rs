//! The plan of a projection: what the engine carries out. Names are numbers here, expressions are compiled,
//! and for every entity that a view reads the plan says how a changed row finds the rows it affects.
//!
//! Everything that yields something is a [`Block`]: one SELECT level over one *root* entity. Each row of the root
//! is a *unit* of the block. A unit yields either a document (a plain view) or a contribution to a [`Rollup`]
//! (a GROUP BY view, or a sub-select whose aggregates are kept as accumulators). Blocks are ordered so that one which
//! reads a roll-up comes after the block that feeds it.

use std::collections::BTreeMap;

use schemas::Type;

mod block;
mod explain;
mod fold;
mod lineage;
mod rollup;
mod trigger;
mod view;

pub use block::{Block, JoinKind, Lookup, Output, Scan, ScanSource, Subselect};
pub use fold::{Action, EVENT_ATTRIBUTES, EventFold, Loop, Path, Rule};
pub use rollup::{Aggregate, AggregateFunction, Direction, Nulls, Rollup, RollupReader, SortKey};
pub use trigger::{Hop, HopFrom, HopTo, Trigger, TriggerSource};
pub use view::View;

/// Number of an entity in [`Plan::entities`].
pub type EntityId = usize;
/// Number of an index in [`Plan::indexes`].
pub type IndexId = usize;
/// Number of a block in [`Plan::blocks`].
pub type BlockId = usize;
/// Number of a roll-up in [`Plan::rollups`].
pub type RollupId = usize;
/// Number of a view in [`Plan::views`].
pub type ViewId = usize;

/// A projection, checked and compiled.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The projection's name.
    pub name: String,
    /// NATS subject patterns; an event under none of them passes by.
    pub subjects: Vec<String>,
    /// Rows folded from events.
    pub entities: Vec<Entity>,
    /// Reverse indexes over entity rows.
    pub indexes: Vec<Index>,
    /// What each event type does, by the type's name.
    pub folds: BTreeMap<String, EventFold>,
    /// SELECT levels, inner before outer.
    pub blocks: Vec<Block>,
    /// Groups and their aggregates.
    pub rollups: Vec<Rollup>,
    /// What users read.
    pub views: Vec<View>,
    /// What happens to events that cannot be applied.
    pub dead_letters: DeadLetters,
    /// A second event with the same source and id, no more than so many positions after the first, is counted
    /// and applied once.
    pub duplicate_window: u64,
    /// A hash of everything that decides rows and documents; other files, other fingerprint.
    pub fingerprint: u64,
    /// A hash of what decides rows alone: where it is equal, views may differ, and are made of the same rows.
    pub rows_fingerprint: u64,
}

impl Plan {
    /// The same plan for events that are made of messages by rules of this fingerprint; 0: they are read as they come.
    #[must_use]
    pub fn of_messages(self, mapping: u64) -> Plan {
        Plan { fingerprint: self.fingerprint ^ mapping, rows_fingerprint: self.rows_fingerprint ^ mapping, ..self }
    }
}

/// Keyed rows folded from events.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The entity's name.
    pub name: String,
    /// The columns of a row: those of the key first, in the key's order.
    pub columns: Vec<Column>,
    /// How many leading columns are the key.
    pub key_len: usize,
}

/// A named, typed column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// For the values of some columns of an entity, the keys of the rows that hold them. A row with NULL in one of
/// the columns is not in the index: NULL equals nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The entity whose rows are indexed.
    pub entity: EntityId,
    /// The columns, in the order of the index's value. None: all rows are listed under the empty value.
    pub columns: Vec<usize>,
}

/// What happens to events that cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// What becomes of the event and of those after it.
    pub policy: Policy,
    /// With so many dead letters kept the projection halts: a flood is not bad data but a broken release.
    pub limit: u64,
}

/// What becomes of an event that cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It waits with the later events of the entity keys it touches; all others go on.
    Park,
    /// It is kept as a dead letter, and nothing waits for it.
    Skip,
    /// The projection stops at it.
    Halt,
}
