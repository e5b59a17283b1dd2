//! Lists of documents: the port by which they are selected, and the tables that are embedded.
//!
//! In the embedded store documents and tables are the same rows, written by the commit itself. Tables elsewhere are written
//! after it; see [`TableWriter`].

mod clauses;
mod clickhouse;
mod condition;
mod cursor;
mod embedded;
mod request;
mod writer;

use projections::codec::Key;

pub use clickhouse::{ClickHouse, ClickHouseFacts, ClickHouseTables, ClickHouseUrl};
pub use cursor::{BadCursor, Cursor};
pub use embedded::EmbeddedTables;
pub use request::{BadRequest, Request};
pub use writer::{Flushed, Lost, RowVersion, Survey, Suspects, TableBuild, TableRow, TableWriter, VersionOverflow};

use crate::fault::Fault;
use crate::state::{Document, LiveView, Reading};

/// Selects documents of a view.
///
/// Each page is of one moment, the position that it carries; pages that follow each other may be of different moments, and
/// then a document that moved in between may be missed or come twice, but one that stayed comes exactly once.
/// Broken documents are in no list. Everything may be repeated.
pub trait TableStore: Send + Sync {
    /// The first documents, in order, that satisfy all conditions.
    fn select(&self, view: &LiveView, list: &List) -> Result<Reading<Page>, Fault>;
}

/// Which documents, in which order.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// All of these hold.
    pub conditions: Vec<Condition>,
    /// And all of these.
    pub choices: Vec<Choice>,
    /// What to sort by; ties in the order of the key.
    pub order: Vec<Sort>,
    /// What distinguishes it from other lists, of other conditions or in another order; the same in all generations where they name the same.
    pub mark: u64,
    /// Start after this place.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
    /// Whether to count all that satisfy the conditions, on whichever page.
    pub is_counted: bool,
}

/// A listed column that has one of several values.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The column.
    pub column: usize,
    /// The values, each as the key of itself; at least one. NULL equals NULL here.
    pub values: Vec<Key>,
}

/// A comparison of a listed column with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column.
    pub column: usize,
    /// How they compare.
    pub comparison: Comparison,
    /// The value, as the key of itself.
    pub value: Key,
}

/// How a column compares with a value. NULL equals NULL here, and is neither less nor greater than anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: usize,
    /// Which way. NULLs are last when ascending and first when descending, as in PostgreSQL.
    pub direction: Direction,
}

/// Ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Ascending,
    Descending,
}

/// Documents of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The documents.
    pub documents: Vec<Document>,
    /// Where the next page starts; `None` after the last.
    pub next: Option<Cursor>,
    /// How many there are on all pages, where that was asked for.
    pub count: Option<u64>,
}
