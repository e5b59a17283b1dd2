//! The reader's side of the state: documents of the live generation, by key, and dead letters.

use std::ops::ControlFlow;

use projections::codec::Key;

use crate::fault::Fault;
use crate::view::ViewSpec;

/// Reads what is live.
///
/// Each answer is of one moment: its documents are exactly the view at the position it carries.
pub trait Views: Send + Sync {
    /// The views of all projections that have a live generation.
    fn views(&self) -> Result<Vec<LiveView>, Fault>;

    /// The documents of these keys, in their order; `None` where there is none.
    fn documents(&self, view: &LiveView, keys: &[Key]) -> Result<Reading<Vec<Option<Document>>>, Fault>;

    /// Hands all documents to `scan`, by key, as they are at one moment, until it breaks.
    fn scan(&self, view: &LiveView, scan: &mut dyn Scan) -> Result<(), Fault>;

    /// The dead letters of the live generation after this position, at most so many, by position.
    fn dead_letters(&self, projection: &str, after: u64, limit: usize) -> Result<Vec<StoredDeadLetter>, Fault>;

    /// The dead letter of this position, if there is one.
    fn dead_letter(&self, projection: &str, position: u64) -> Result<Option<StoredDeadLetter>, Fault>;
}

/// Takes all documents of a view.
pub trait Scan {
    /// The position that the documents are of. Comes first.
    fn begin(&mut self, position: u64);

    /// The next document.
    fn document(&mut self, document: Document) -> ControlFlow<()>;
}

/// A view of a live generation.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveView {
    /// The projection it belongs to.
    pub projection: String,
    /// The generation.
    pub generation: u64,
    /// What is known of it.
    pub spec: ViewSpec,
}

/// Why a name names no view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum NotNamed {
    #[error("there is no view {name}; there are: {there_are}")]
    Nothing { name: String, there_are: String },
    #[error("several projections have a view {name}; write one of: {there_are}")]
    Several { name: String, there_are: String },
}

/// An answer and the moment it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    /// The checkpoint's position.
    pub position: u64,
    /// The answer.
    pub value: T,
}

/// A document as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its key.
    pub key: Key,
    /// The position of the event that changed it last.
    pub version: u64,
    /// What is in it.
    pub body: DocumentBody,
}

/// What is in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentBody {
    /// A JSON object, columns in SELECT order.
    Json(String),
    /// The SELECT fails for this document; the text says why.
    Broken(String),
}

/// A dead letter as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDeadLetter {
    /// The event's place in the log.
    pub position: u64,
    /// When the log took it, in microseconds since 1970.
    pub time: i64,
    /// The kind of failure.
    pub kind: String,
    /// What was wrong.
    pub reason: String,
    /// The entity keys that the event touches, each as `entity key`.
    pub keys: Vec<String>,
    /// The event as it came.
    pub event: Vec<u8>,
}

// === impl LiveView ===

impl LiveView {
    /// The view of this name, or of this name after its projection's and a dot.
    pub fn named(views: Vec<LiveView>, name: &str) -> Result<LiveView, NotNamed> {
        let full_name = |view: &LiveView| format!("{}.{}", view.projection, view.spec.name);
        let there_are = views.iter().map(full_name).collect::<Vec<_>>().join(", ");
        let name_of = || name.to_owned();
        let mut named = views.into_iter().filter(|view| view.spec.name == name || full_name(view) == name);
        match (named.next(), named.next()) {
            (Some(view), None) => Ok(view),
            (Some(_), Some(_)) => Err(NotNamed::Several { name: name_of(), there_are }),
            (None, _) => Err(NotNamed::Nothing { name: name_of(), there_are }),
        }
    }
}
