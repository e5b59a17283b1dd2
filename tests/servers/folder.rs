//! A folder in which the binary runs: the reference projections, an embedded store, and a log that is said.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::nats::{self, STREAM};
use crate::process::Server;

/// A folder in which the binary runs.
pub struct Folder {
    dir: TempDir,
}

// === impl Folder ===

impl Folder {
    /// With the log on this server.
    pub fn on_jetstream(server: &Server) -> Folder {
        let url = nats::url(server);
        Folder::with(&format!("[log]\nurl = \"{url}\"\nstream = \"{STREAM}\"\nsubject = \"shop.{{service}}.{{type}}\"\n"))
    }

    /// With everything in one file.
    pub fn embedded() -> Folder {
        Folder::with("")
    }

    fn with(log: &str) -> Folder {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let sources = env!("CARGO_MANIFEST_DIR");
        // Small commits, so that there are many moments between two of them.
        let config = format!(
            "projections = \"{sources}/projections\"\nschemas = \"{sources}/schemas\"\n{log}[run]\ncommit_events = 50\n\
             [http]\nlisten = \"none\"\n[telemetry]\nfilter = \"warn\"\n"
        );
        fs::write(dir.path().join("projector.toml"), config).expect("files can be written");
        Folder { dir }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Publishes events.
    pub fn publish(&self, events: impl IntoIterator<Item = Vec<u8>>) {
        let lines: Vec<Vec<u8>> = events.into_iter().collect();
        fs::write(self.path().join("events.ndjson"), lines.join(&b'\n')).expect("files can be written");
        self.run(&["publish", "events.ndjson"]);
    }

    /// Runs the binary to its end, which must be a good one; what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.start(arguments).wait_with_output().expect("the binary ends");
        assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Starts the binary.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_projector"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }
}

/// What it complained about.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
