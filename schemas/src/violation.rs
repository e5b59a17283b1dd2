//! Why an event cannot be applied, as far as its bytes alone decide that.

use crate::scan::{Broken, Scanner};

/// Why an event is refused. It becomes the dead letter's reason, so it must be the same every time the same bytes
/// are read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Violation {
    /// What sort of mistake it is: one of the constants here, or a word of those who know more.
    pub kind: &'static str,
    /// What is wrong, for the people who publish the event.
    pub reason: String,
}

impl Violation {
    /// The bytes are not JSON in UTF-8.
    pub const BROKEN_JSON: &'static str = "broken_json";
    /// JSON, but not a CloudEvents 1.0 envelope with JSON data.
    pub const NOT_CLOUDEVENT: &'static str = "not_cloudevent";
    /// No schema is registered for the type.
    pub const UNKNOWN_TYPE: &'static str = "unknown_type";
    /// The type has no schema of that version.
    pub const UNKNOWN_VERSION: &'static str = "unknown_version";
    /// The source is not of the service that owns the type.
    pub const WRONG_OWNER: &'static str = "wrong_owner";
    /// The data does not satisfy the schema of its version.
    pub const SCHEMA_VIOLATION: &'static str = "schema_violation";
    /// The data of an older version could not be lifted to the newest.
    pub const UPCAST_FAILED: &'static str = "upcast_failed";

    pub(crate) fn new(kind: &'static str, reason: impl Into<String>) -> Self {
        Violation { kind, reason: reason.into() }
    }

    pub(crate) fn broken(scanner: &Scanner<'_>, broken: Broken) -> Self {
        Violation::new(Violation::BROKEN_JSON, format!("{} at byte {}", broken.0, scanner.at()))
    }
}
