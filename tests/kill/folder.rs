//! A folder with the shop's definitions and a store of its own, and the binary that runs in it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

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
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&sources.join("schemas/shop"), &dir.path().join("schemas"));
        copy(&sources.join("projections/shop"), &dir.path().join("projections/shop"));
        fs::write(dir.path().join("projector.toml"), CONFIG).expect("files can be written");
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_projector"));
        command.args(args).current_dir(self.dir.path());
        command
    }
}

/// Waits for the process, which must succeed.
pub fn succeed(mut process: Child) {
    let status = process.wait().expect("the process is ours");
    assert!(status.success(), "publishing: {status}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("files can be copied");
        }
    }
}
