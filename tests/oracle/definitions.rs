//! Projections as they lie in folders, loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use projections::definition::{load_projection, load_registry};
use projections::engine::{Limits, LogEvent};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};

use crate::memory::Build;

/// A projection and the schemas of its events.
pub struct Projection {
    pub registry: Arc<Registry>,
    pub plan: Arc<Plan>,
}

// === impl Projection ===

impl Projection {
    /// The projection of this name that comes with the sources.
    pub fn embedded(name: &str) -> Projection {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let schemas = files(&root.join("schemas").join(name));
        let definitions = files(&root.join("projections").join(name));
        Projection::load(&format!("schemas/{name}"), &schemas, &format!("projections/{name}"), &definitions)
            .expect("the projection has no mistakes")
    }

    /// The projection in these files, which lie below these folders.
    pub fn load(
        root: &str,
        schemas: &[SourceFile],
        folder: &str,
        definitions: &[SourceFile],
    ) -> Result<Projection, Vec<Diagnostic>> {
        let registry = load_registry(root, schemas)?;
        let plan = load_projection(folder, definitions, &registry)?;
        Ok(Projection { registry: Arc::new(registry), plan: Arc::new(plan) })
    }

    /// What it makes of the events in these batches.
    pub fn built<'e>(&self, batches: impl IntoIterator<Item = &'e [LogEvent]>) -> Build {
        let mut build = Build::new(self.plan.clone(), self.registry.clone(), Limits::default()).assume_empty();
        for batch in batches {
            build.apply(batch);
            while build.work_off() {}
        }
        build
    }
}

/// The files of a folder and the folders in it, by their paths below the root of the sources.
fn files(folder: &Path) -> Vec<SourceFile> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| if path.is_dir() { files(path) } else { vec![file(path)] }).collect()
}

fn file(path: &Path) -> SourceFile {
    let below_root = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("the folder is one of the sources'");
    SourceFile { path: below_root.display().to_string(), text: std::fs::read_to_string(path).expect("the file is text") }
}
