//! Servers with one stream, and a folder in which the daemon runs on them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ::redis::Connection;
use async_nats::Client;
use projector::config::{self, Config};
use projector::definitions::{self, Definitions};
use projector::log::{EventLog, JetStreamLog, NewEvent, NewStream};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

use crate::daemon::Daemon;
use crate::process::Server;
use crate::{binary, nats, redis};

/// Events that are published at once.
const PUBLISHED_AT_ONCE: usize = 10_000;
/// What an event has not made by then it never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reference projection and the events that it is fed with.
#[derive(Clone, Copy)]
pub struct Mix {
    /// The projection, and the first part of its subjects.
    pub projection: &'static str,
    /// The first events.
    pub events: fn(usize) -> Vec<Vec<u8>>,
}

/// Servers, and a folder in which the daemon runs on them.
pub struct World {
    /// With one stream.
    pub nats: Server,
    /// With all state.
    pub redis: Server,
    folder: TempDir,
    log: JetStreamLog,
}

/// Publishes single events, and sees what they make.
pub struct Live {
    runtime: Runtime,
    client: Client,
    redis: Connection,
}

// === impl World ===

impl World {
    /// Starts the servers, and makes the stream. `redis`: more arguments for it.
    pub fn start(projection: &str, redis: &[&str]) -> World {
        let (nats, redis) = (nats::start(), redis::start_with(redis));
        let subject = format!("subject = \"{projection}.{{service}}.{{type}}\"");
        let place = nats::place(&nats, &subject);
        let new = NewStream { subjects: vec![format!("{projection}.>")], replicas: 1 };
        JetStreamLog::create(&place, &new).expect("the stream can be made");
        let log = JetStreamLog::new(&place).expect("a runtime starts");
        let folder = folder(projection, &nats, &redis, &subject);
        World { nats, redis, folder, log }
    }

    /// Publishes events.
    pub fn publish(&self, events: &[Vec<u8>]) {
        for events in events.chunks(PUBLISHED_AT_ONCE) {
            let new: Vec<NewEvent<'_>> = events.iter().map(|event| NewEvent { subject: None, data: event }).collect();
            self.log.publish(&new).expect("the stream takes events");
        }
    }

    /// The definitions that the daemon runs.
    pub fn definitions(&self) -> Definitions {
        definitions::load(&self.config()).expect("the definitions have no mistake")
    }

    /// The daemon's configuration.
    pub fn config(&self) -> Config {
        config::load(self.path(), None, std::iter::empty()).expect("the configuration is right")
    }

    /// The daemon's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts to apply all that the stream has.
    pub fn start_catching_up(&self) -> Child {
        self.command(&["run", "--until-caught-up"]).stderr(Stdio::null()).spawn().expect("the binary starts")
    }

    /// Starts the daemon.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(self.command(&["run"]))
    }

    /// The binary on these servers.
    fn command(&self, arguments: &[&str]) -> Command {
        binary::command(self.folder.path(), arguments.iter().copied())
    }

    /// Empties Redis.
    pub fn forget(&self) {
        ::redis::cmd("FLUSHALL").exec(&mut redis::client(&self.redis)).expect("the server forgets");
    }
}

// === impl Live ===

impl Live {
    /// Connects to both servers.
    pub fn connect(world: &World) -> Live {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
        let client = runtime.block_on(async_nats::connect(nats::url(&world.nats))).expect("the server answers");
        Live { runtime, client, redis: redis::client(&world.redis) }
    }

    /// How long it takes from the publication of this event until something is under this key.
    pub fn see(&mut self, event: &[u8], key: &str) -> Duration {
        let (event, start) = (event.to_vec(), Instant::now());
        self.runtime.block_on(async {
            self.client.publish("shop.live.event", event.into()).await.expect("the server takes it");
            self.client.flush().await.expect("the server takes it");
        });
        while !::redis::cmd("EXISTS").arg(key).query::<bool>(&mut self.redis).expect("the server answers") {
            assert!(start.elapsed() < PATIENCE, "{key} is not there");
        }
        start.elapsed()
    }
}

/// A folder with this projection alone.
fn folder(projection: &str, nats: &Server, redis: &Server, subject: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (path, sources) = (folder.path(), env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(path.join("projections")).expect("a folder can be made");
    symlink(format!("{sources}/projections/{projection}"), path.join("projections").join(projection))
        .expect("a link can be made");
    let (log, state) = (nats::url(nats), redis::url(redis));
    let stream = nats::STREAM;
    let config = format!(
        "schemas = \"{sources}/schemas\"\n[log]\nurl = \"{log}\"\nstream = \"{stream}\"\n{subject}\n[state]\nurl = \"{state}\"\n\
         [deploy]\nmode = \"by-itself\"\n[http]\nlisten = \"127.0.0.1:0\"\n[telemetry]\nfilter = \"warn\"\n"
    );
    fs::write(path.join("projector.toml"), config).expect("files can be written");
    folder
}
