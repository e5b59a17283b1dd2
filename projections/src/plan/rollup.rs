//! Groups of contributions, and aggregate calls.

use schemas::Type;

use super::{BlockId, ViewId};
use crate::expr::Expr;

/// Groups of contributions and their aggregates. A group's parameters are first its key's values, then the
/// results of its aggregates.
#[derive(Clone, Debug)]
pub struct Rollup {
    /// The block that feeds it.
    pub block: BlockId,
    /// How many values the group's key has.
    pub group_len: usize,
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
