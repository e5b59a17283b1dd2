//! The reference projections are read and planned without a mistake.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::path::{Path, PathBuf};

use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::SourceFile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            files.push(SourceFile { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn plan_of(name: &str) -> Plan {
    let (mut schemas, mut files) = (Vec::new(), Vec::new());
    collect(&root().join("schemas").join(name), &mut schemas);
    collect(&root().join("projections").join(name), &mut files);
    let registry = load_registry(&format!("schemas/{name}"), &schemas).unwrap();
    load_projection(&format!("projections/{name}"), &files, &registry).unwrap_or_else(|mistakes| {
        let shown: Vec<String> = mistakes
            .iter()
            .map(|m| format!("{m} at {:?} hint {:?}", m.span.clone().map(|s| file_text(&files, &m.path)[s].to_owned()), m.hint))
            .collect();
        panic!("{}", shown.join("\n"))
    })
}

fn file_text<'f>(files: &'f [SourceFile], path: &str) -> &'f str {
    &files.iter().find(|file| file.path == path).unwrap().text
}

#[test]
fn shop_is_planned() {
    let plan = plan_of("shop");
    assert_eq!(plan.views.len(), 4);
}

#[test]
fn auction_is_planned() {
    let plan = plan_of("auction");
    assert_eq!(plan.views.len(), 4);
}
