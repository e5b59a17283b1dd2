//! The shop's definitions and events.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use projections::definition::{load_projection, load_registry};
use projections::engine::LogEvent;
use projections::plan::Plan;
use projector::demo::Shop;
use schemas::{Registry, SourceFile};

/// The shop, as it is in the repository.
pub fn shop() -> (Arc<Plan>, Arc<Registry>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut schemas, mut files) = (Vec::new(), Vec::new());
    collect(&root.join("schemas/shop"), &mut schemas);
    collect(&root.join("projections/shop"), &mut files);
    let base = |name: &str| root.join(name).display().to_string();
    let registry = load_registry(&base("schemas"), &schemas).expect("the shop's schemas have no mistake");
    let plan = load_projection(&base("projections/shop"), &files, &registry).expect("the shop's definitions have no mistake");
    (Arc::new(plan), Arc::new(registry))
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push(SourceFile { path: path.display().to_string(), text });
        }
    }
}

/// The next events of the shop, at the positions after `position`.
pub fn events(shop: &mut Shop, position: u64, count: usize) -> Vec<LogEvent> {
    let event = |(number, generated): (usize, projector::demo::Generated)| LogEvent {
        position: position + 1 + number as u64,
        time: 0,
        subject: None,
        data: generated.bytes.into(),
        flaw: None,
    };
    shop.take(count).enumerate().map(event).collect()
}
