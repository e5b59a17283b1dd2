//! The files that a projection is made of, as they are stored with each of its builds: a build can be run, compared and gone back to
//! when other files are on disk.

use std::sync::Arc;

use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};
use serde::{Deserialize, Serialize};

/// What the folder of schemas is called in what is stored.
const SCHEMAS: &str = "schemas";

/// The files of a projection and of the event types. Paths are relative to their folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// Schemas and upcasts.
    pub schemas: Vec<Source>,
    /// The projection's own files, without its tests.
    pub projection: Vec<Source>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its path, parted by `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Stored definitions that this program cannot use.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// They are no definitions at all.
    #[error("they are not in the form in which this program stores definitions")]
    Form(#[from] serde_json::Error),
    /// They have what is a mistake to this program.
    #[error("to this version of the program there is a mistake in them: {0}")]
    Mistake(String),
}

// === impl Sources ===

impl Sources {
    /// Those of a projection in `folder`, with the event types of the folder `schemas`.
    pub fn new(schemas: (&str, &[SourceFile]), folder: &str, files: &[SourceFile]) -> Sources {
        let is_definition = |source: &Source| !source.path.starts_with("tests/");
        Sources {
            schemas: relative(schemas.0, schemas.1).collect(),
            projection: relative(folder, files).filter(is_definition).collect(),
        }
    }

    /// The text to store.
    pub fn to_text(&self) -> String {
        // There is nothing in it that JSON has not.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was stored.
    pub fn from_text(text: &str) -> Result<Sources, Unreadable> {
        Ok(serde_json::from_str(text)?)
    }

    /// What they say.
    pub fn compile(&self) -> Result<(Plan, Arc<Registry>), Unreadable> {
        let registry = load_registry(SCHEMAS, &files(SCHEMAS, &self.schemas)).map_err(first)?;
        let plan = load_projection("", &files("", &self.projection), &registry).map_err(first)?;
        Ok((plan, Arc::new(registry)))
    }
}

fn relative<'f>(folder: &'f str, files: &'f [SourceFile]) -> impl Iterator<Item = Source> + 'f {
    files.iter().map(move |file| {
        let path = file.path.strip_prefix(folder).unwrap_or(&file.path).trim_start_matches(['/', '\\']);
        Source { path: path.replace('\\', "/"), text: file.text.clone() }
    })
}

fn files(folder: &str, sources: &[Source]) -> Vec<SourceFile> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    sources.iter().map(|source| SourceFile { path: format!("{prefix}{}", source.path), text: source.text.clone() }).collect()
}

fn first(mistakes: Vec<Diagnostic>) -> Unreadable {
    Unreadable::Mistake(mistakes.first().map_or_else(String::new, |mistake| format!("{}: {}", mistake.path, mistake.message)))
}

#[cfg(test)]
mod tests {
    use crate::definitions::built_in_shop;

    use super::*;

    #[test]
    fn what_is_stored_means_the_same_again() {
        let shop = built_in_shop().unwrap().projections.swap_remove(0);
        let (plan, _) = Sources::from_text(&shop.sources.to_text()).unwrap().compile().unwrap();
        assert_eq!((plan.fingerprint, &plan.name), (shop.plan.fingerprint, &shop.plan.name));
        assert!(shop.sources.projection.iter().all(|source| !source.path.contains("tests")));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert!(Sources::from_text("").is_err());
        let without = Sources::default().compile().unwrap_err().to_string();
        assert!(without.contains("projection.toml: the file is missing"), "{without}");
    }
}
