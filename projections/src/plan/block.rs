//! One SELECT level: a root, its joins, its sub-selects, and what each unit yields.

use super::{Aggregate, EntityId, IndexId, RollupId, Trigger, ViewId};
use crate::expr::Expr;

/// One SELECT level.
#[derive(Clone, Debug)]
pub struct Block {
    /// The entity whose rows are the units; slot 0 of the frame.
    pub root: EntityId,
    /// Many-to-one joins. Each row has a slot of the frame to itself, those of scans and their lookups too; the slots here ascend
    /// but need not be adjacent.
    pub lookups: Vec<Lookup>,
    /// Sub-selects, inner before outer; the result of number `i` is parameter `i` of the frame.
    pub subselects: Vec<Subselect>,
    /// WHERE: a unit for which this is not true yields nothing.
    pub filter: Option<Expr>,
    /// What a unit yields.
    pub output: Output,
    /// How changed rows and groups find the units they affect.
    pub triggers: Vec<Trigger>,
}

/// A many-to-one join: at most one row of `entity`.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The slot the row goes into.
    pub slot: usize,
    /// The joined entity.
    pub entity: EntityId,
    /// Its key, from earlier slots; a NULL in it finds nothing.
    pub key: Vec<Expr>,
    /// The rest of the ON condition, over all slots up to this one; not true: nothing is found.
    pub condition: Option<Expr>,
    /// INNER: where nothing is found the unit yields nothing. LEFT: the slot is empty.
    pub kind: JoinKind,
}

/// What happens to a row whose join finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// It stays, with NULLs.
    Left,
    /// It goes.
    Inner,
}

/// A correlated sub-select, one value to the block that holds it.
#[derive(Clone, Debug)]
pub enum Subselect {
    /// The rows are found through an index and aggregated at each evaluation.
    Scan(Box<Scan>),
    /// The aggregate is kept: read it from the group with this key.
    Group {
        /// The roll-up.
        rollup: RollupId,
        /// The group's key, over the outer block's slots; a NULL in it finds no group.
        key: Vec<Expr>,
        /// The value, over the group's parameters (see [`Rollup`]), or those of a group without a unit.
        value: Expr,
    },
}

/// A sub-select evaluated by reading its rows.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The entity of its FROM.
    pub entity: EntityId,
    /// The slot its row goes into; its lookups follow.
    pub slot: usize,
    /// How the rows are found.
    pub source: ScanSource,
    /// The values to look for, over the outer slots; a NULL in them finds nothing.
    pub key: Vec<Expr>,
    /// Its own many-to-one joins.
    pub lookups: Vec<Lookup>,
    /// Sub-selects within; the results follow the outer parameters: number `i` is parameter `first_param + i`.
    pub subselects: Vec<Subselect>,
    /// Where the results of `subselects` start: as many parameters as there are before this scan's own result.
    pub first_param: usize,
    /// What is left of its WHERE, correlation aside.
    pub filter: Option<Expr>,
    /// What is computed of each row for the aggregates.
    pub inputs: Vec<Expr>,
    /// The aggregates, over `inputs`.
    pub aggregates: Vec<Aggregate>,
    /// The selected value: the result of aggregate `i` is parameter `first_param + i`, and only the outer rows are
    /// in the frame.
    pub value: Expr,
}

/// How a [`Scan`] finds its rows. Rows come in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanSource {
    /// Through an index.
    Index(IndexId),
    /// By the entity's own key: at most one row.
    Key,
}

/// What a unit of a block yields.
#[derive(Clone, Debug)]
pub enum Output {
    /// A document of the view, under the unit's own key; one expression a column of the view.
    Document {
        /// The view.
        view: ViewId,
        /// Over the block's slots and sub-selects.
        columns: Vec<Expr>,
    },
    /// A contribution to a group of the roll-up.
    Contribution {
        /// The roll-up.
        rollup: RollupId,
        /// The group's key. A NULL is a group of its own for a view, and contributes nothing to a sub-select. Of
        /// length 0 where there is but one group.
        group: Vec<Expr>,
        /// What the roll-up's aggregates work on.
        inputs: Vec<Expr>,
    },
}
