//! An empty folder with a small projection in it, and the program to run there.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::binary;
use crate::daemon::Daemon;

/// The event type that the projection folds.
pub const SCHEMA: &str = r#"{
  "type": "object",
  "required": ["person_id"],
  "additionalProperties": false,
  "properties": { "person_id": {"type": "string"}, "name": {"type": "string"}, "age": {"type": "integer"} }
}
"#;

/// The projection; `share` divides, so that an age of zero fails.
pub const PROJECTION: &str = r#"name = "people"

[entities.persons]
key = ["person_id"]
on.PersonSeen.set = { name = "name", age = "age", share = "100 / age" }

[views.persons_by_age]
query = "persons_by_age.sql"
table = { order_by = ["age"], filters = ["age"] }
"#;

/// The view.
pub const VIEW: &str = "SELECT p.person_id, p.name, p.age, p.share, 1000 / (p.age - 7) AS luck FROM persons p\n";

/// A folder to run the program in.
pub struct Sandbox {
    folder: TempDir,
}

// === impl Sandbox ===

impl Sandbox {
    /// With nothing but a setting, so that tests do not fight for a port.
    pub fn empty() -> Sandbox {
        let sandbox = Sandbox { folder: tempfile::tempdir().unwrap() };
        sandbox.write("projector.toml", "[http]\nlisten = \"127.0.0.1:0\"\n");
        sandbox
    }

    /// With the projection and its event type.
    pub fn new() -> Sandbox {
        let sandbox = Sandbox::empty();
        sandbox.write("schemas/people/PersonSeen.v1.json", SCHEMA);
        sandbox.write("projections/people/projection.toml", PROJECTION);
        sandbox.write("projections/people/persons_by_age.sql", VIEW);
        sandbox
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Everything about a run: its code, what it printed, and what it complained about.
    pub fn run(&self, arguments: &str) -> String {
        self.run_with(arguments, "")
    }

    /// The same, with standard input.
    pub fn run_with(&self, arguments: &str, input: &str) -> String {
        let mut process =
            self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        let mut shown = format!("exit {}\n", output.status.code().unwrap());
        shown += &String::from_utf8_lossy(&output.stdout);
        if !output.stderr.is_empty() {
            shown += "--- stderr\n";
            shown += &String::from_utf8_lossy(&output.stderr);
        }
        shown
    }

    /// A run that has to succeed; what it printed.
    pub fn ok(&self, arguments: &str) -> String {
        let shown = self.run(arguments);
        assert!(shown.starts_with("exit 0\n"), "{arguments}: {shown}");
        shown
    }

    /// Publishes and applies events, whatever they are.
    pub fn apply(&self, events: &[&str]) {
        self.write("events.ndjson", events.join("\n"));
        self.ok("publish events.ndjson");
        self.ok("run --until-caught-up");
    }

    /// What a statement on the file of the stores finds: one text.
    pub fn sql(&self, select: &str) -> String {
        let file = rusqlite::Connection::open(self.path().join("data/projector.db")).unwrap();
        file.query_row(select, [], |row| row.get(0)).unwrap()
    }

    /// Changes the file of the log and the stores by hand.
    pub fn change(&self, statement: &str) {
        let file = rusqlite::Connection::open(self.path().join("data/projector.db")).unwrap();
        assert!(file.execute(statement, []).unwrap() > 0, "{statement}");
    }

    /// Starts the daemon, and waits until all projections have started.
    pub fn daemon(&self) -> Daemon {
        self.daemon_at(str::to_owned)
    }

    /// The same, where it is reached elsewhere than it says.
    pub fn daemon_at(&self, reached: impl Fn(&str) -> String) -> Daemon {
        let mut command = self.command("run");
        command.stderr(Stdio::null());
        let mut daemon = Daemon::start(command);
        daemon.address = reached(&daemon.address);
        let ready = daemon.ask("GET", "/readyz?timeout=60s", "");
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        daemon
    }

    /// The command of these arguments.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = binary::command(self.path(), arguments.split_whitespace());
        command.env("PROJECTOR_TELEMETRY_FILTER", "off");
        command
    }
}

/// An event of the type that the projection folds.
pub fn person(id: &str, name: &str, age: i64) -> String {
    let data = format!(r#"{{"person_id":"{id}","name":"{name}","age":{age}}}"#);
    event(&format!("{id}-{age}"), "/people", "PersonSeen", &data)
}

/// Any event.
pub fn event(id: &str, source: &str, ty: &str, data: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"{ty}","data":{data}}}"#)
}
