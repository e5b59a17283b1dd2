//! Reads the definition files and event schemas that the configuration names, and has them checked: every mistake in every
//! file at once.

mod sources;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};

use crate::config::Config;
use crate::log::Mapping;
use crate::run::Definition;
pub use sources::{Source, Sources, Unreadable};

/// The file that makes a folder a projection.
const PROJECTION: &str = "projection.toml";

/// Definitions without a mistake.
pub struct Definitions {
    /// The event types.
    pub registry: Arc<Registry>,
    /// The projections, by folder.
    pub projections: Vec<Projection>,
    /// The fingerprint of the rules by which messages are made into events: rows and documents depend on them, too.
    pub mapping: u64,
}

/// A projection and the files it was made from.
pub struct Projection {
    /// Its folder.
    pub folder: String,
    /// Its files, tests among them.
    pub files: Vec<SourceFile>,
    /// What they say.
    pub plan: Arc<Plan>,
    /// They and the schemas, to be stored with each build.
    pub sources: Sources,
}

/// Why definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A folder that the configuration names does not exist.
    #[error("there is no folder {}: create it, or set `{setting}` in projector.toml to another", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
        /// The setting that names it.
        setting: &'static str,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are mistakes in them.
    #[error("there are mistakes in the definitions")]
    Mistakes {
        /// All of them.
        mistakes: Vec<Diagnostic>,
        /// The files they are in.
        sources: Vec<SourceFile>,
    },
}

/// Collects files, and those that are not text.
#[derive(Default)]
struct Files {
    sources: Vec<SourceFile>,
    mistakes: Vec<Diagnostic>,
}

/// All definitions.
pub fn load(config: &Config) -> Result<Definitions, Unusable> {
    is_there(&config.schemas, "schemas")?;
    is_there(&config.projections, "projections")?;
    let mut files = schema_files(&config.schemas)?;
    let registry = files.check(|sources| load_registry(&config.schemas.display().to_string(), sources));
    let schemas = (config.schemas.display().to_string(), files.sources.clone());
    let (mut sources, mut mistakes) = (files.sources, files.mistakes);
    let mapping = config.log.mapping().map_or(0, Mapping::fingerprint);
    let mut loaded = Vec::new();
    for folder in folders(&config.projections)? {
        let mut files = Files::default();
        files.collect(&folder, &|name| name.ends_with(".toml") || name.ends_with(".sql"))?;
        let folder = folder.display().to_string();
        // Without the event types nothing can be said about what uses them.
        let plan = registry.as_ref().and_then(|registry| files.check(|sources| load_projection(&folder, sources, registry)));
        let plan = plan.map(|plan| plan.of_messages(mapping));
        mistakes.append(&mut files.mistakes);
        sources.extend(files.sources.iter().cloned());
        let stored = Sources::new((&schemas.0, &schemas.1), &folder, &files.sources);
        loaded.extend(plan.map(|plan| Projection { folder, files: files.sources, plan: Arc::new(plan), sources: stored }));
    }
    mistakes.extend(same_names(&loaded));
    match registry {
        Some(registry) if mistakes.is_empty() => Ok(Definitions { registry: Arc::new(registry), projections: loaded, mapping }),
        _ => Err(Unusable::Mistakes { mistakes, sources }),
    }
}

/// The shop, from the files that are part of the program.
pub fn built_in_shop() -> Result<Definitions, Unusable> {
    use crate::demo::definitions::{FOLDER, SCHEMAS, definition_files, schema_files};
    let mistaken = |sources: Vec<SourceFile>| move |mistakes| Unusable::Mistakes { mistakes, sources };
    let (schemas, files) = (schema_files(), definition_files());
    let sources = Sources::new((SCHEMAS, &schemas), FOLDER, &files);
    let registry = load_registry(SCHEMAS, &schemas).map_err(mistaken(schemas))?;
    let plan = load_projection(FOLDER, &files, &registry).map_err(mistaken(files.clone()))?;
    let projection = Projection { folder: FOLDER.to_owned(), files, plan: Arc::new(plan), sources };
    Ok(Definitions { registry: Arc::new(registry), projections: vec![projection], mapping: 0 })
}

/// The event types of a folder of schemas.
pub fn registry(root: &Path) -> Result<Registry, Unusable> {
    let mut files = schema_files(root)?;
    let registry = files.check(|sources| load_registry(&root.display().to_string(), sources));
    registry.filter(|_| files.mistakes.is_empty()).ok_or(Unusable::Mistakes { mistakes: files.mistakes, sources: files.sources })
}

/// `Type.v1.json` and `Type.v1-to-v2.toml`; other files may lie beside them.
fn schema_files(root: &Path) -> Result<Files, Unusable> {
    let mut files = Files::default();
    let is_schema = |name: &str| name.ends_with(".json") || (name.ends_with(".toml") && name.contains(".v"));
    files.collect(root, &is_schema)?;
    Ok(files)
}

fn is_there(folder: &Path, setting: &'static str) -> Result<(), Unusable> {
    if folder.is_dir() { Ok(()) } else { Err(Unusable::NoFolder { path: folder.to_owned(), setting }) }
}

fn folders(root: &Path) -> Result<Vec<PathBuf>, Unusable> {
    let found = entries(root)?.into_iter().filter(|path| path.join(PROJECTION).is_file());
    Ok(found.collect())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Unusable> {
    let unreadable = |source| Unusable::Unreadable { path: folder.to_owned(), source };
    let found = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        found.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn same_names(loaded: &[Projection]) -> Vec<Diagnostic> {
    let is_taken = |index: usize| loaded[..index].iter().find(|before| before.plan.name == loaded[index].plan.name);
    let clash = |index: usize| {
        let (projection, before) = (&loaded[index], is_taken(index)?);
        let message = format!("the projection of {} is named {} too", before.folder, projection.plan.name);
        Some(Diagnostic::of_file(format!("{}/{PROJECTION}", projection.folder), message))
    };
    (0..loaded.len()).filter_map(clash).collect()
}

// === impl Definitions ===

impl Definitions {
    /// All projections, as they are run.
    pub fn all(&self) -> Vec<Definition> {
        self.projections.iter().map(|projection| projection.definition(&self.registry)).collect()
    }

    /// The projection of this name.
    pub fn named(&self, name: &str) -> Option<Definition> {
        self.projections.iter().find(|found| found.plan.name == name).map(|found| found.definition(&self.registry))
    }
}

// === impl Projection ===

impl Projection {
    /// It, as it is run with these event types.
    pub fn definition(&self, registry: &Arc<Registry>) -> Definition {
        Definition { plan: self.plan.clone(), registry: registry.clone(), sources: self.sources.to_text().into() }
    }
}

// === impl Files ===

impl Files {
    /// Reads the files of a folder, and of those in it, whose names are `wanted`.
    fn collect(&mut self, folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), Unusable> {
        for path in entries(folder)? {
            if path.is_dir() {
                self.collect(&path, wanted)?;
            } else if path.file_name().and_then(|name| name.to_str()).is_some_and(wanted) {
                self.read(&path)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<(), Unusable> {
        let bytes = fs::read(path).map_err(|source| Unusable::Unreadable { path: path.to_owned(), source })?;
        let path = path.display().to_string();
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            self.mistakes.push(not_text(&path, &error));
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        self.sources.push(SourceFile { path, text });
        Ok(())
    }

    /// What the files come to, or nothing, and then the mistakes are among ours. Of a file that is no text nothing else is said.
    fn check<T>(&mut self, load: impl FnOnce(&[SourceFile]) -> Result<T, Vec<Diagnostic>>) -> Option<T> {
        let result = load(&self.sources);
        let is_text = |path: &str| self.mistakes.iter().all(|known| known.path != path);
        let found = result.map_err(|mut mistakes| {
            mistakes.retain(|mistake| is_text(&mistake.path));
            mistakes
        });
        found.map_err(|mistakes| self.mistakes.extend(mistakes)).ok()
    }
}

/// Points at the first byte that is no character: in the text that is shown, a replacement character stands there.
fn not_text(path: &str, error: &FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or_default();
    let message = format!("the file is not UTF-8: byte 0x{byte:02x} belongs to no character");
    let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    Diagnostic::new(path, span, message).with_hint("save the file as UTF-8")
}
