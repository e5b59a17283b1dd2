//! A folder in which the binary runs: the reference projections, with log and state where the test wants them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use projector::config;
use projector::stores::Stores;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary;
use crate::clickhouse;
use crate::daemon::Daemon;
use crate::nats::{self, STREAM};
use crate::process::Server;
use crate::proxy::Proxy;
use crate::redis;

/// What a daemon has not done by then it will not do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where those complain that were started quietly.
const COMPLAINTS: &str = "complaints.log";

/// A folder in which the binary runs.
pub struct Folder {
    dir: TempDir,
}

// === impl Folder ===

impl Folder {
    /// With the log on this server.
    pub fn on_jetstream(server: &Server) -> Folder {
        Folder::with(&log_section(&nats::url(server)))
    }

    /// With the state on this server.
    pub fn on_redis(server: &Server) -> Folder {
        Folder::with_state(&redis::url(server))
    }

    /// With the state at this URL.
    pub fn with_state(state: &str) -> Folder {
        Folder::with(&state_section(state))
    }

    /// With log and state on these.
    pub fn on_servers(nats: &Server, redis: &Server) -> Folder {
        Folder::at(&nats::url(nats), &redis::url(redis))
    }

    /// With log and state at these URLs.
    pub fn at(log: &str, state: &str) -> Folder {
        Folder::with(&(log_section(log) + &state_section(state)))
    }

    /// With log, state and tables at these URLs.
    pub fn on_all([log, state, tables]: [&str; 3]) -> Folder {
        Folder::with(&(log_section(log) + &state_section(state) + &format!("[tables]\nurl = \"{tables}\"\n")))
    }

    /// With the log on a server that is reached through this proxy, and the state on this one.
    pub fn through(proxy: &Proxy, redis: &Server) -> Folder {
        Folder::at(&format!("nats://127.0.0.1:{}", proxy.port()), &redis::url(redis))
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
             [deploy]\nmode = \"by-itself\"\n[http]\nlisten = \"127.0.0.1:0\"\n[telemetry]\nfilter = \"warn\"\n"
        );
        fs::write(dir.path().join("projector.toml"), config).expect("files can be written");
        Folder { dir }
    }

    /// The same, with its lists on this server.
    pub fn with_tables(self, clickhouse: &Server) -> Folder {
        let path = self.path().join("projector.toml");
        let config = fs::read_to_string(&path).expect("it was written");
        let tables = format!("[tables]\nurl = \"{}\"\n", clickhouse::url(clickhouse));
        fs::write(path, config + &tables).expect("files can be written");
        self
    }

    /// Puts other text into the configuration, in the place of some that is there.
    pub fn reconfigure(&self, text: &str, other: &str) {
        let path = self.path().join("projector.toml");
        let config = fs::read_to_string(&path).expect("files can be read");
        assert!(config.contains(text), "there is no {text} in {config}");
        fs::write(path, config.replacen(text, other, 1)).expect("files can be written");
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

    /// Starts the binary; what it complains about goes to a file beside its configuration.
    pub fn start_quietly(&self, arguments: &[&str]) -> Child {
        let complaints = File::options().create(true).append(true).open(self.path().join(COMPLAINTS));
        let complaints = complaints.expect("files can be written");
        self.command(arguments).stdout(Stdio::null()).stderr(complaints).spawn().expect("the binary starts")
    }

    /// What those have complained about that were started quietly.
    pub fn complaints(&self) -> String {
        fs::read_to_string(self.path().join(COMPLAINTS)).unwrap_or_default()
    }

    /// Starts the binary with what this daemon says within its reach.
    pub fn start_against(&self, daemon: &Daemon, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.env("PROJECTOR_HTTP_LISTEN", &daemon.address).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }

    /// Starts the daemon. What it complains about is shown where the test fails.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(self.command(&["run"]))
    }

    /// Starts the daemon with these environment variables, and what it says on stderr.
    pub fn daemon_heard(&self, variables: &[(&str, &str)]) -> (Daemon, impl Iterator<Item = String> + use<>) {
        let mut command = self.command(&["run"]);
        command.envs(variables.iter().copied()).stderr(Stdio::piped());
        let mut daemon = Daemon::start(command);
        let said = daemon.process.stderr.take().expect("it is piped");
        (daemon, BufReader::new(said).lines().map_while(Result::ok))
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

    /// The binary with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary::command(self.path(), arguments.iter().copied());
        command.stdin(Stdio::null());
        command
    }
}

/// Waits until readers see the shop as it is after so many events. A store that is not there, or is empty, is asked again.
pub fn wait_until_folded(daemon: &Daemon, events: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = daemon.ask("GET", &format!("/v1/views/order_overview/nothing?min_position={events}&timeout=60s"), "");
        if seen.contains("no_document") {
            return;
        }
        assert!(Instant::now() < deadline, "not at {events} after {PATIENCE:?}: {seen}");
    }
}

/// Waits for the process, which must succeed.
pub fn succeed(process: Child) {
    expect_success(process.wait_with_output().expect("the binary ends"));
}

fn log_section(url: &str) -> String {
    format!("[log]\nurl = \"{url}\"\nstream = \"{STREAM}\"\nsubject = \"shop.{{service}}.{{type}}\"\n")
}

fn state_section(url: &str) -> String {
    format!("[state]\nurl = \"{url}\"\n")
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
