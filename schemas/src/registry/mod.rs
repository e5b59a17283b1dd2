//! The registry: every event type, its owner, and the schema of each of its versions.
//!
//! A file `<folders>/<service>/<EventType>.v<N>.json` is a version of a type; the folder that holds it names the
//! service that owns the type. Type names are unique over the registry, and a type's versions have no gaps.

mod build;
mod event_type;
mod file_name;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use event_type::EventType;
pub(crate) use event_type::service_of;
pub(crate) use file_name::is_type_name;
pub use version::Version;

use crate::envelope::Envelope;
use crate::shortened::shown;
use crate::upcast::CompileUpcast;
use crate::violation::Violation;
use crate::{Diagnostic, SourceFile};

/// All event types, by name.
#[derive(Debug, Default)]
pub struct Registry {
    types: BTreeMap<String, Arc<EventType>>,
}

// === impl Registry ===

impl Registry {
    /// Reads the files below the folder `root` (a prefix of their paths; empty where the paths begin below it).
    /// Files that are neither `.json` nor `.toml` are passed over; all mistakes in the others are reported at once.
    pub fn build(root: &str, files: &[SourceFile], compile: &dyn CompileUpcast) -> Result<Registry, Vec<Diagnostic>> {
        build::build(root, files, compile).map(|types| Registry { types })
    }

    /// The event type of that name.
    pub fn event_type(&self, name: &str) -> Option<&Arc<EventType>> {
        self.types.get(name)
    }

    /// All event types, by name.
    pub fn event_types(&self) -> impl Iterator<Item = &Arc<EventType>> {
        self.types.values()
    }

    /// The type of an event, where it is known, knows the event's version, and is its source's to publish.
    pub fn resolve(&self, envelope: &Envelope<'_>) -> Result<&Arc<EventType>, Violation> {
        let event_type = self.event_type(&envelope.ty).ok_or_else(|| {
            Violation::new(Violation::UNKNOWN_TYPE, format!("no schema for event type \"{}\"", shown(&envelope.ty)))
        })?;
        event_type.check_owner(&envelope.source)?;
        event_type.known_version(envelope.version)?;
        Ok(event_type)
    }
}

#[cfg(test)]
mod tests;
