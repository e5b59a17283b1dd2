//! The reference projections are read without a mistake, and pass their tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use projections::definition::testing::{load_tests, run_test};
use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};

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

/// The plan of the projection, its registry and its files.
fn loaded(name: &str) -> (Arc<Plan>, Arc<Registry>, Vec<SourceFile>) {
    let (mut schemas, mut files) = (Vec::new(), Vec::new());
    collect(&root().join("schemas").join(name), &mut schemas);
    collect(&root().join("projections").join(name), &mut files);
    let registry = load_registry(&format!("schemas/{name}"), &schemas).unwrap();
    let plan = load_projection(&format!("projections/{name}"), &files, &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes, &files)));
    (Arc::new(plan), Arc::new(registry), files)
}

/// Runs the projection's tests; what is wrong is shown as text.
fn said(name: &str) -> (usize, String) {
    let (plan, registry, files) = loaded(name);
    let tests = match load_tests(&format!("projections/{name}"), &files, &plan, &registry) {
        Ok(tests) => tests,
        Err(mistakes) => return (0, shown(&mistakes, &files)),
    };
    let mut said = String::new();
    for test in &tests {
        for failure in run_test(test, &plan, &registry).unwrap().failures {
            said.push_str(&format!("{}: {failure}\n", test.name));
        }
    }
    (tests.len(), said)
}

fn shown(mistakes: &[Diagnostic], files: &[SourceFile]) -> String {
    let text = |path: &str| &files.iter().find(|file| file.path == path).unwrap().text;
    let line = |m: &Diagnostic| format!("{m} at `{}`", m.span.clone().map_or("", |span| &text(&m.path)[span]));
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Another fingerprint makes everybody build their projections anew: let it change on purpose only.
#[test]
fn the_fingerprint_changes_on_purpose() {
    assert_eq!(loaded("shop").0.fingerprint, 5_112_047_486_351_498_522);
}

#[test]
fn shop_passes_its_tests() {
    let (tests, said) = said("shop");
    assert_eq!(said, "");
    assert!(tests > 5, "{tests}");
}

#[test]
fn auction_passes_its_tests() {
    let (tests, said) = said("auction");
    assert_eq!(said, "");
    assert!(tests > 1, "{tests}");
}
