//! The API is what its description says: a tool that knows nothing but the description asks everything that it allows, and much that it does not,
//! and finds no answer that is not in it, and none that says that the server has failed.
//!
//! `CONTRACT_EXAMPLES=1000 tests/run contract` makes up so many requests for each operation.

use std::env;
use std::process::Command;

use projector::demo::Shop;

use crate::folder::{Folder, wait_until_folded};
use crate::process::program;

/// Events of the shop that there is something to read.
const EVENTS: usize = 300;
/// Requests that are made up for each operation, beside those that try each parameter at its limits.
const EXAMPLES: &str = "3";
/// What is watched has no end, and the views of one projection are enough.
const EXCLUDED: &str = "watch$|bids|closing_prices|local_sellers";
/// What is looked at in each answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method";

#[test]
fn no_answer_is_undocumented_and_none_is_a_failure() {
    let folder = Folder::embedded();
    folder.publish(Shop::new(1).take(EVENTS).map(|event| event.bytes));
    let daemon = folder.daemon();
    wait_until_folded(&daemon, EVENTS);
    let examples = env::var("CONTRACT_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let output = Command::new(program("schemathesis"))
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/schemathesis.toml"), "run"])
        .arg(format!("http://{}/v1/openapi.json", daemon.address))
        .args(["--exclude-path-regex", EXCLUDED, "--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", &examples])
        .args(["--seed", "1", "--continue-on-failure", "--request-timeout", "60"])
        .current_dir(folder.path())
        .output()
        .expect("it can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(daemon.terminate(), Some(0));
}
