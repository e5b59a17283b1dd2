//! Configuration, in two steps: settings as they were written, wherever that was ([`Settings`]), and what they mean once
//! checked ([`Config`]). All mistakes are reported at once.

mod access;
mod checked;
mod http;
mod log;
mod mask;
mod settings;
mod state;
mod subject;
mod tables;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use access::{Secret, Tls};
pub use checked::{Config, Format, RunLimits, Telemetry};
pub use http::{Http, HttpLimits, HttpPlace};
pub use log::{Auth, JetStreamPlace, LogPlace};
use schemas::{Diagnostic, SourceFile};
pub use settings::Settings;
pub use state::{RedisPlace, StatePlace};
pub use subject::SubjectPattern;
pub use tables::{ClickHousePlace, Deployment, Replication, Sharding, TablesPlace};

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
            let shown = source.map(|source| SourceFile { text: mask::masked(&source.text), ..source });
            let sources = with_others(shown.into_iter().collect(), &mistakes);
            Err(Unusable::Mistakes { mistakes, sources })
        }
    }
}

/// The files that settings name and mistakes are in, beside those that are there.
fn with_others(mut sources: Vec<SourceFile>, mistakes: &[Diagnostic]) -> Vec<SourceFile> {
    for mistake in mistakes.iter().filter(|mistake| mistake.span.is_some()) {
        if sources.iter().all(|source| source.path != mistake.path)
            && let Ok(text) = fs::read_to_string(&mistake.path)
        {
            sources.push(SourceFile { path: mistake.path.clone(), text });
        }
    }
    sources
}

fn read(folder: &Path, file: Option<&Path>) -> Result<Option<SourceFile>, Unusable> {
    let path = file.map_or_else(|| folder.join(FILE), Path::to_owned);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(SourceFile { path: path.display().to_string(), text })),
        Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Unusable::Unreadable { path, source }),
    }
}
