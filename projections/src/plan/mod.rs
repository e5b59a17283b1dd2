//! The plan of a projection: what the engine carries out. Names are numbers here, expressions are compiled,
//! and for every entity that a view reads the plan says how a changed row finds the rows it affects.
//!
//! Everything that yields something is a [`Block`]: one SELECT level over one *root* entity. Each row of the root
//! is a *unit* of the block. A unit yields either a document (a plain view) or a contribution to a [`Rollup`]
//! (a GROUP BY view, or a sub-select whose aggregates are kept as accumulators). Blocks are ordered so that one which
//! reads a roll-up comes after the block that feeds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Type;

use crate::expr::{Expr, Typed};

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
    /// A hash of everything that decides rows and documents; other files, other fingerprint.
    pub fingerprint: u64,
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
    /// The columns, in the order of the index's value.
    pub columns: Vec<usize>,
}

// === folds ===

/// What one event type does. Expressions see the event in the frame's parameters: first `fields`, then
/// [`EVENT_ATTRIBUTES`], then, inside `for_each`, the element's `fields`; and the row so far, if any, in slot 0.
#[derive(Clone, Debug)]
pub struct EventFold {
    /// Paths into the event's data, dot-separated.
    pub fields: Vec<Path>,
    /// Arrays of the data that rules iterate over.
    pub loops: Vec<Loop>,
    /// The rules, in the order of their entities' names in the file.
    pub rules: Vec<Rule>,
}

/// Names from the outside in: `address.city` is `["address", "city"]`. Empty: the thing itself.
pub type Path = Vec<String>;

/// The envelope's attributes that fold expressions may name as `event.…`, in the order of their parameters.
pub const EVENT_ATTRIBUTES: [(&str, Type); 5] =
    [("id", Type::Text), ("source", Type::Text), ("type", Type::Text), ("subject", Type::Text), ("time", Type::Timestamp)];

/// An array that a rule iterates over.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// Where the array is in the data.
    pub path: Path,
    /// Paths into each element.
    pub fields: Vec<Path>,
}

/// One rule: an event type's effect on one entity.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The entity whose rows change.
    pub entity: EntityId,
    /// The loop of [`EventFold::loops`] whose elements the rule runs for; `None`: once for the event.
    pub for_each: Option<usize>,
    /// The rule does nothing unless this is true.
    pub when: Option<Expr>,
    /// The row's key; of the types of the entity's key columns. NULL in it is an error.
    pub key: Vec<Expr>,
    /// What happens to the row.
    pub action: Action,
}

/// What a rule does to its row.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sets columns (never of the key), each from the row as it was before the rule; creates the row where there is none.
    Set(Vec<(usize, Expr)>),
    /// Removes the row.
    Delete,
}

// === blocks ===

/// One SELECT level.
#[derive(Clone, Debug)]
pub struct Block {
    /// The entity whose rows are the units; slot 0 of the frame.
    pub root: EntityId,
    /// Many-to-one joins, each into the next slot of the frame.
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
    /// Where the results of `subselects` start.
    pub first_param: usize,
    /// What is left of its WHERE, correlation aside.
    pub filter: Option<Expr>,
    /// What is computed of each row for the aggregates.
    pub inputs: Vec<Expr>,
    /// The aggregates, over `inputs`.
    pub aggregates: Vec<Aggregate>,
    /// The selected value; parameter `i` is the result of aggregate `i`, after the outer parameters from `first_param` on.
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
        /// The group's key. A NULL is a group of its own for a view, and contributes nothing to a sub-select.
        group: Vec<Expr>,
        /// What the roll-up's aggregates work on.
        inputs: Vec<Expr>,
    },
}

// === roll-ups ===

/// Groups of contributions and their aggregates. A group's parameters are first its key's values, then the
/// results of its aggregates.
#[derive(Clone, Debug)]
pub struct Rollup {
    /// The block that feeds it.
    pub block: BlockId,
    /// How many values the group's key has.
    pub group_len: usize,
    /// The types of the group's key.
    pub group_types: Vec<Type>,
    /// The aggregates, over the inputs of a contribution.
    pub aggregates: Vec<Aggregate>,
    /// Who reads the groups.
    pub reader: RollupReader,
}

/// Who reads the groups of a roll-up.
#[derive(Clone, Debug)]
pub enum RollupReader {
    /// A GROUP BY view: one document a group.
    View {
        /// The view.
        view: ViewId,
        /// HAVING, over the group's parameters.
        having: Option<Expr>,
        /// The view's columns, over the group's parameters.
        columns: Vec<Expr>,
    },
    /// Sub-selects of later blocks, which have a trigger on it.
    Blocks,
}

/// An aggregate call over a tuple of inputs; numbers are places in the tuple.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// Its arguments; empty for `count(*)`.
    pub args: Vec<usize>,
    /// FILTER: counts only where this input is true.
    pub filter: Option<usize>,
    /// `DISTINCT`
    pub distinct: bool,
    /// ORDER BY inside the call; ties, and all rows without it, in the order of the rows' keys.
    pub order_by: Vec<SortKey>,
    /// The type of the argument, which decides what `sum` and `avg` are.
    pub input: Type,
    /// The type of the result.
    pub ty: Type,
}

/// The aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is PostgreSQL's function of the same name")]
pub enum AggregateFunction {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    BoolAnd,
    BoolOr,
    ArrayAgg,
    JsonAgg,
    JsonObjectAgg,
    StringAgg,
}

/// One key of an ORDER BY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The input to sort by.
    pub input: usize,
    /// Ascending or descending.
    pub direction: Direction,
    /// Where NULLs go.
    pub nulls: Nulls,
}

/// Ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Ascending,
    Descending,
}

/// Where NULLs sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Nulls {
    First,
    Last,
}

// === triggers ===

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
    /// These columns of the row; a NULL among them leads nowhere. Of a changed row both the old and the new values count.
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

// === views ===

/// What users read.
#[derive(Clone, Debug)]
pub struct View {
    /// The view's name.
    pub name: String,
    /// The columns, in SELECT order.
    pub columns: Vec<Column>,
    /// The columns that are the key, in the order of the key of the root, or of GROUP BY.
    pub key: Vec<usize>,
    /// The SELECT as it was written, for those who check it elsewhere.
    pub query: Arc<str>,
    /// Columns that lists may be filtered by; the key's are always among them.
    pub filters: Vec<usize>,
    /// The order of a list for which none is asked for; ends with the key.
    pub order_by: Vec<usize>,
    /// The entity behind each column that is passed through unchanged, and what else feeds the view.
    pub lineage: Vec<EntityId>,
    /// When the document expires, over its columns as parameters.
    pub expire_at: Option<Typed>,
}
