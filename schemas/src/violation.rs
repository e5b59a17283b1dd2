//! Why an event cannot be applied, as far as its bytes alone decide that.

use std::fmt;

use crate::scan::{Broken, Scanner};

/// Why an event is refused. It becomes the dead letter's reason, so it must be the same every time the same bytes
/// are read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Violation {
    /// What sort of mistake it is.
    pub kind: ViolationKind,
    /// What is wrong, for the people who publish the event.
    pub reason: String,
}

/// The sorts of mistakes that an event can have by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// The bytes are not JSON in UTF-8.
    BrokenJson,
    /// JSON, but not a CloudEvents 1.0 envelope with JSON data.
    NotCloudEvent,
    /// No schema is registered for the type.
    UnknownType,
    /// The type has no schema of that version.
    UnknownVersion,
    /// The source is not of the service that owns the type.
    WrongOwner,
    /// The data does not satisfy the schema of its version.
    SchemaViolation,
    /// The data of an older version could not be lifted to the newest.
    UpcastFailed,
}

// === impl Violation ===

impl Violation {
    pub(crate) fn new(kind: ViolationKind, reason: impl Into<String>) -> Self {
        Violation { kind, reason: reason.into() }
    }

    pub(crate) fn broken(scanner: &Scanner<'_>, broken: Broken) -> Self {
        Violation::new(ViolationKind::BrokenJson, format!("{} at byte {}", broken.0, scanner.at()))
    }
}

// === impl ViolationKind ===

impl ViolationKind {
    /// The name under which dead letters are filed and counted.
    pub fn as_str(self) -> &'static str {
        match self {
            ViolationKind::BrokenJson => "broken_json",
            ViolationKind::NotCloudEvent => "not_cloudevent",
            ViolationKind::UnknownType => "unknown_type",
            ViolationKind::UnknownVersion => "unknown_version",
            ViolationKind::WrongOwner => "wrong_owner",
            ViolationKind::SchemaViolation => "schema_violation",
            ViolationKind::UpcastFailed => "upcast_failed",
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
