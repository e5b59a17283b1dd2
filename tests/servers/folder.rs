//! A folder in which the binary runs: the reference projections, with log and state where the test wants them.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use projector::config;
use projector::stores::Stores;
use serde_json::Value;
use tempfile::TempDir;

use crate::nats::{self, STREAM};
use crate::process::Server;
use crate::redis;

/// What a daemon has not done by then it will not do.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder in which the binary runs.
pub struct Folder {
    dir: TempDir,
}

/// A daemon that runs in a folder. It ends when this is dropped.
pub struct Daemon(Child);

// === impl Folder ===

impl Folder {
    /// With the log on this server.
    pub fn on_jetstream(server: &Server) -> Folder {
        Folder::with(&log_section(server))
    }

    /// With the state on this server.
    pub fn on_redis(server: &Server) -> Folder {
        Folder::with(&state_section(server))
    }

    /// With log and state on these.
    pub fn on_servers(nats: &Server, redis: &Server) -> Folder {
        Folder::with(&(log_section(nats) + &state_section(redis)))
    }

    /// With everything in one file.
    pub fn embedded() -> Folder {
        Folder::with("")
    }

    fn with(sections: &str) -> Folder {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let sources = env!("CARGO_MANIFEST_DIR");
        // Small commits, so that there are many moments between two of them.
        let config = format!(
            "projections = \"{sources}/projections\"\nschemas = \"{sources}/schemas\"\n{sections}[run]\ncommit_events = 20\n\
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
        expect_success(self.start_publish(events).wait_with_output().expect("the binary ends"));
    }

    /// Starts to publish events.
    pub fn start_publish(&self, events: impl IntoIterator<Item = Vec<u8>>) -> Child {
        let lines: Vec<Vec<u8>> = events.into_iter().collect();
        fs::write(self.path().join("events.ndjson"), lines.join(&b'\n')).expect("files can be written");
        self.start(&["publish", "events.ndjson"])
    }

    /// Runs the binary to its end, which must be a good one; what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        expect_success(self.start(arguments).wait_with_output().expect("the binary ends"))
    }

    /// Starts the binary.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    }

    /// Starts the daemon. What it complains about is shown where the test fails.
    pub fn daemon(&self) -> Daemon {
        Daemon(self.command(&["run"]).stdout(Stdio::null()).spawn().expect("the binary starts"))
    }

    /// Log and stores, as the binary opens them.
    pub fn stores(&self) -> Stores {
        let config = config::load(self.path(), None, std::iter::empty()).expect("the configuration is right");
        Stores::open_existing(&config).expect("something is stored")
    }

    /// What `status` says of the shop; nothing where it cannot say anything just now.
    pub fn shop(&self) -> Value {
        let output = self.start(&["status", "--json"]).wait_with_output().expect("the binary ends");
        let mut status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let projections = status["projections"].as_array_mut().map(std::mem::take).unwrap_or_default();
        projections.into_iter().find(|projection| projection["name"] == "shop").unwrap_or_default()
    }

    /// Waits until a daemon has folded so many events. Asks again and again: the daemon does not say when.
    pub fn wait_until_folded(&self, events: usize) {
        let start = Instant::now();
        loop {
            let shop = self.shop();
            if shop["position"] == events && shop["pending_jobs"] == 0 {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "not at {events} after {PATIENCE:?}: {shop}");
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_projector"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }
}

// === impl Daemon ===

impl Daemon {
    /// Asks it to end, which it must do well.
    pub fn terminate(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill can be run");
        assert!(asked.success());
        assert_eq!(self.0.wait().expect("the process is ours").code(), Some(0));
    }

    /// Waits until it ends by itself; its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.0.wait().expect("the process is ours").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn log_section(server: &Server) -> String {
    let url = nats::url(server);
    format!("[log]\nurl = \"{url}\"\nstream = \"{STREAM}\"\nsubject = \"shop.{{service}}.{{type}}\"\n")
}

fn state_section(server: &Server) -> String {
    format!("[state]\nurl = \"{}\"\n", redis::url(server))
}

/// What it printed, for it ended well.
fn expect_success(output: Output) -> String {
    assert!(output.status.success(), "{}", complaint(&output));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// What it complained about.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
