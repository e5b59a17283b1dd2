//! Schemas guessed from events: a start for those who have events and no schemas yet.
//!
//! Types, nullability and required fields are what all events have in common. Formats are guessed where every text
//! has one; `decimal` only for numbers in strings, some with a fraction, for those are money, and digits alone are
//! most often a name. Enumerations are not guessed.

mod observed;
mod write;

use std::collections::BTreeMap;

use observed::Observed;

use crate::SourceFile;
use crate::envelope::Envelope;
use crate::registry::{is_type_name, service_of};
use crate::scan::Scanner;
use crate::shortened::shown;
use crate::violation::Violation;

/// Collects events, and guesses their schemas.
#[derive(Debug, Default)]
pub struct Inference {
    types: BTreeMap<Version, Observed>,
}

/// What one schema is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    service: String,
    ty: String,
    number: u32,
}

// === impl Inference ===

impl Inference {
    /// Takes one event into account.
    pub fn add(&mut self, event: &[u8]) -> Result<(), Violation> {
        let envelope = Envelope::parse(event)?;
        let version = Version::of(&envelope)?;
        if !envelope.data.starts_with(['{', 'n']) {
            return Err(refused("`data` is not an object".to_owned()));
        }
        let mut scanner = Scanner::new(envelope.data);
        let read = self.types.entry(version).or_default().read(&mut scanner);
        read.map_err(|broken| Violation::broken(&scanner, broken))
    }

    /// The schemas' files, by path: `<service>/<EventType>.v<N>.json`.
    pub fn files(&self) -> Vec<SourceFile> {
        self.types
            .iter()
            .map(|(version, observed)| SourceFile { path: version.path(), text: write::schema(&version.ty, observed) })
            .collect()
    }
}

// === impl Version ===

impl Version {
    fn of(envelope: &Envelope<'_>) -> Result<Version, Violation> {
        let service = service_of(&envelope.source);
        for (what, name) in [("source", service), ("type", &envelope.ty)] {
            if !is_type_name(name) {
                return Err(refused(format!("`{what}` gives no name for a file: \"{}\"", shown(name))));
            }
        }
        Ok(Version { service: service.to_owned(), ty: envelope.ty.clone().into_owned(), number: envelope.version })
    }

    fn path(&self) -> String {
        format!("{}/{}.v{}.json", self.service, self.ty, self.number)
    }
}

fn refused(reason: String) -> Violation {
    Violation::new(Violation::NOT_CLOUDEVENT, reason)
}

#[cfg(test)]
mod tests;
