//! Configuration, in two steps: settings as they were written, wherever that was ([`Settings`]), and what they mean once
//! checked ([`Config`]). All mistakes are reported at once.

mod access;
mod checked;
mod log;
mod settings;
mod state;
mod subject;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use access::{Secret, Tls};
pub use checked::{Config, Format, Http, RunLimits, Telemetry};
pub use log::{Auth, JetStreamPlace, LogPlace};
use schemas::{Diagnostic, SourceFile};
pub use settings::Settings;
pub use state::{RedisPlace, StatePlace, TablesPlace};
pub use subject::SubjectPattern;

/// Every setting with its default and what it is for.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The name of the file, where none is named.
pub const FILE: &str = "projector.toml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file that was named cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are mistakes in it.
    #[error("the configuration has {} mistakes", mistakes.len())]
    Mistakes {
        /// All of them.
        mistakes: Vec<Diagnostic>,
        /// The files they are in.
        sources: Vec<SourceFile>,
    },
}

/// Reads the configuration: defaults, then the file, then the environment; later ones win.
///
/// `file`: the file to read; `None`: [`FILE`] in `folder`, if there is one.
pub fn load(folder: &Path, file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Config, Unusable> {
    let source = read(folder, file)?;
    let base = source.as_ref().and_then(|source| Path::new(&source.path).parent()).unwrap_or(folder).to_owned();
    let mut mistakes = Vec::new();
    let mut settings = Settings::defaults();
    if let Some(source) = &source {
        settings.overlay_file(source, &mut mistakes);
    }
    settings.overlay_environment(environment, &mut mistakes);
    let config = Config::check(&settings, &base, &mut mistakes);
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => {
            let shown = source.map(|source| SourceFile { text: masked(&source.text), ..source });
            Err(Unusable::Mistakes { mistakes, sources: shown.into_iter().collect() })
        }
    }
}

fn read(folder: &Path, file: Option<&Path>) -> Result<Option<SourceFile>, Unusable> {
    let path = file.map_or_else(|| folder.join(FILE), Path::to_owned);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(SourceFile { path: path.display().to_string(), text })),
        Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Unusable::Unreadable { path, source }),
    }
}

/// The text with the passwords of its URLs made unreadable, everything else in its place: mistakes are shown with the lines they are on.
fn masked(text: &str) -> String {
    text.split_inclusive(['"', '\'', '\n']).map(mask).collect()
}

/// `scheme://user:password@…`, with as many bytes as before; whatever is not of this form as it is.
fn mask(part: &str) -> String {
    let place = || {
        let start = part.find("://")? + 3;
        let end = start + part[start..].rfind('@')?;
        Some(start + part[start..end].find(':')? + 1..end)
    };
    match place() {
        Some(place) => format!("{}{}{}", &part[..place.start], "*".repeat(place.len()), &part[place.end..]),
        None => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (text, expected) in [
            ("url = \"redis://ann:pä@ss@host\" # x@y\nb = 1\n", "url = \"redis://ann:******@host\" # x@y\nb = 1\n"),
            ("url = 'redis://:secret@host", "url = 'redis://:******@host"),
            ("url = \"redis://host:6379/0\"\n", "url = \"redis://host:6379/0\"\n"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
