//! A folder with the shop's definitions and a store of its own, and the binary that runs in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::binary;

/// A folder in which the binary runs.
pub struct Folder {
    dir: TempDir,
}

/// Small commits, so that there are many moments between two of them.
const CONFIG: &str = "[run]\ncommit_events = 5\n\n[http]\nlisten = \"127.0.0.1:0\"\n\n[telemetry]\nfilter = \"error\"\n";

// === impl Folder ===

impl Folder {
    /// A folder with the shop and an empty store.
    pub fn new() -> Folder {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let sources = env!("CARGO_MANIFEST_DIR");
        fs::create_dir(dir.path().join("projections")).expect("folders can be made");
        symlink(format!("{sources}/projections/shop"), dir.path().join("projections/shop")).expect("links can be made");
        let config = format!("schemas = \"{sources}/schemas/shop\"\n\n{CONFIG}");
        fs::write(dir.path().join("projector.toml"), config).expect("files can be written");
        Folder { dir }
    }

    /// Starts the binary.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary starts")
    }

    /// Starts to publish these events.
    pub fn start_publish(&self, events: &[String]) -> Child {
        let file = self.dir.path().join("events.ndjson");
        fs::write(&file, events.join("\n") + "\n").expect("files can be written");
        let mut command = self.command(&["publish", "events.ndjson"]);
        // It warns of the bad events, as it should.
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }

    /// Runs the binary to its end, which must be a good one; what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("the binary starts");
        let printed = String::from_utf8(output.stdout).expect("it prints UTF-8");
        assert!(output.status.success(), "{args:?}: {printed}{}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    /// What `status` says.
    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.run(&["status", "--json"])).expect("status is JSON")
    }

    /// The position up to which the daemon has applied events, dead or alive; 0 before it has begun.
    pub fn position(&self) -> u64 {
        self.status()["projections"][0]["position"].as_u64().unwrap_or(0)
    }

    fn command(&self, args: &[&str]) -> Command {
        binary::command(self.dir.path(), args.iter().copied())
    }
}

/// Waits for the process, which must succeed.
pub fn succeed(mut process: Child) {
    let status = process.wait().expect("the process is ours");
    assert!(status.success(), "publishing: {status}");
}
