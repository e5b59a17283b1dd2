//! The outbox of a build: which documents its tables, where those are in another store, do not have as they are now. And how far they have come.
//!
//! ```text
//! commit ──(enters what it changes)──► outbox ──take──► flusher ──► rows in tables
//!                                         ▲               │
//!                                         └────settle─────┘
//! ```

use projections::codec::Key;
use projections::plan::ViewId;

use super::{Checkpoint, Document};
use crate::fault::Fault;
use crate::tables::Lost;

/// The documents of one build that wait to be written to its tables, each once, with the number of the commit that entered it last.
///
/// **Who enters.** Each commit of an owner whose tables are in another store enters the documents that it changes, removed ones too. An owner
/// without such tables enters nothing: its claim empties the outbox and takes back all that was noted of tables.
///
/// **Terms.** Who empties the outbox is a flusher. [`Outbox::begin`] starts its term, and ends that of any other; so does every claim of the
/// build, and whatever tells the store that it may have lost something. What is asked after the end of the term has no effect, and is [`Denied::Superseded`].
/// Each term has an epoch of its own, above those of all terms before that left rows in the tables.
///
/// All but `begin` is for who has a term.
///
/// **Forks.** A store that loses its newest commits goes on from an older one, and its tables have rows that were taken from what is lost.
/// Every claim notes its commit number, and the epoch of the last term: rows with a higher number, of an epoch that is not higher,
/// may be of the lost commits. [`Note::Audited`] clears all that was noted.
///
/// **Filling.** Where tables are new, all documents are entered, page by page. How far that is is stored with each page, together with which tables
/// it is for: whoever begins the next term goes on from there.
///
/// **Size.** An entry is a view and a key. There are never more than there are documents, or were when the tables were written last.
///
/// **Errors.** All methods may be repeated. What is answered by [`Fault::Unavailable`] may have been done.
pub trait Outbox: Send + Sync {
    /// Begins a term. `newest`: the highest epoch found in the tables; where the store knows of none so high it has lost terms, and everything
    /// has to be audited.
    fn begin(&self, newest: u64) -> Result<Term, Denied>;

    /// The oldest entries but the first `skip`, at most `limit`, with their documents, as they are at one moment. Entries that are entered again while
    /// pages are read move to the end, and let others slip to places that were read already: those come with the next round.
    fn take(&self, skip: usize, limit: usize) -> Result<Taken, Denied>;

    /// Removes those entries that have not been entered again after the commit of this number, at which their documents were read. What is left then.
    fn settle(&self, epoch: u64, entries: &[Entry], read_at: u64) -> Result<Left, Denied>;

    /// Enters documents, of which nothing has to exist, as of the present commit. Those that are there stay where they are.
    fn enter(&self, epoch: u64, entries: &[Entry]) -> Result<(), Denied>;

    /// From now on all documents are to be entered, for these tables, which have nothing that counts; `tables`: what tells them from all others.
    fn fill(&self, epoch: u64, tables: &str) -> Result<(), Denied>;

    /// Enters the next page of all documents, once [`Outbox::fill`] was asked for. How far that is then.
    fn enter_page(&self, epoch: u64) -> Result<Entered, Denied>;

    /// Notes how far the tables are.
    fn note(&self, epoch: u64, note: Note) -> Result<(), Denied>;
}

/// A document that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its view.
    pub view: ViewId,
    /// Its key.
    pub key: Key,
}

/// The term of a flusher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its number.
    pub epoch: u64,
    /// For which tables all documents have been or are being entered, and how far that is; `None` where nothing is known of tables.
    pub filling: Option<Filling>,
    /// Rows that may be of lost commits, and have to be written again.
    pub audits: Vec<Lost>,
}

/// How all documents are entered for new tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filling {
    /// What tells these tables from all others.
    pub tables: String,
    /// How far it is.
    pub entered: Entered,
}

/// How far documents have been entered for new tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// So many; some may have been counted twice.
    pub documents: u64,
    /// Whether these are all.
    pub is_all: bool,
}

/// Entries with their documents, all of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The oldest first; `None` where there is no document any more.
    pub documents: Vec<(Entry, Option<Document>)>,
    /// How far the build had come.
    pub checkpoint: Checkpoint,
    /// Fan-out jobs that were left: while there are any, documents are behind the checkpoint.
    pub pending_jobs: u64,
    /// How many entries there were, those that were not asked for included.
    pub entries: u64,
}

/// What is left in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How many entries.
    pub entries: u64,
    /// The number of the commit that entered the oldest.
    pub oldest: Option<u64>,
}

/// Something to be known of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The tables are not there, or other ones are: whatever was noted of some is forgotten.
    Empty,
    /// The same; and they have rows of earlier terms of which nothing is known, all of which have to be audited.
    Unknown,
    /// Rows of lost commits have been entered.
    Audited,
    /// A sweep is over.
    Swept(Swept),
}

/// What the tables have after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The effect of every event up to this position, but for fan-out that was left.
    pub position: u64,
    /// Whether no fan-out was left.
    pub is_settled: bool,
    /// When the sweep began, in microseconds since 1970: what waits now was entered later.
    pub began: i64,
}

/// How the outbox of a build stands, for those who watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Documents that wait.
    pub entries: u64,
    /// Since when one of them may have been waiting, at most, in microseconds since 1970; `None` where none waits.
    pub since: Option<i64>,
    /// The position up to which the tables have everything but fan-out that was left; 0 where nothing is known.
    pub flushed: u64,
    /// The position up to which they have everything.
    pub settled: u64,
    /// How many documents were entered for new tables so far, while that goes on.
    pub filling: Option<u64>,
}

/// Whether commits enter what they change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entering {
    /// There are no tables elsewhere.
    #[default]
    Nothing,
    /// Every document.
    Changes,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The term is over, or cannot begin: another flusher has begun one, the build has a new owner, or its owner enters nothing. Another may begin.
    #[error("the build has another owner or another flusher")]
    Superseded,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
