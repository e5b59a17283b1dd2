//! The reader's side of the state: documents of the live generation, by key, and dead letters.

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

    /// Some keys of documents, in no order: the first ones, or those from a place on that a page before has named. From the first page to the
    /// last each key comes at least once whose document is there all the time; a page may be empty. Where the place means nothing
    /// any more the answer is [`Fault::Unavailable`].
    fn keys(&self, view: &LiveView, from: Option<&KeyPlace>) -> Result<KeyPage, Fault>;

    /// The dead letters of this generation, or of the live one, after this position, at most so many, by position.
    fn dead_letters(
        &self,
        projection: &str,
        number: Option<u64>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Fault>;

    /// The dead letter of this position, if there is one.
    fn dead_letter(&self, projection: &str, position: u64) -> Result<Option<StoredDeadLetter>, Fault>;
}

/// Some keys of a view's documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<Key>,
    /// Where the next ones are; `None`: there are no more.
    pub next: Option<KeyPlace>,
}

/// A place among the keys of a view's documents, in the store's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlace(pub(super) Vec<u8>);

/// A view of a generation: of the live one, where [`Views::views`] has told of it.
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
