//! `doctor`, with everything in one file.

use crate::sandbox::{Sandbox, person};

#[test]
fn an_embedded_installation_before_and_after_its_first_run() {
    let sandbox = Sandbox::new();
    let before = sandbox.ok("doctor");
    assert!(before.contains("warn  log            ") && before.contains("is not there: it is made by the first"), "{before}");
    sandbox.apply(&[&person("a", "Ann", 20), &person("b", "Bob", 0)]);
    let after = sandbox.ok("doctor");
    for expected in [
        "ok    configuration  all settings can be read",
        "can be read and written",
        "warn  projections    people is not run by anybody, 0 events behind",
        "warn  projections    people has 1 dead letters",
    ] {
        assert!(after.contains(expected), "{expected}: {after}");
    }
}
