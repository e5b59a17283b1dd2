//! nats-server with JetStream, and what its operators can do to a stream.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::stream::{Config as StreamConfig, Source};
use async_nats::{Client, HeaderMap, jetstream};
use projector::config::{Config, JetStreamPlace, LogPlace, Settings};
use projector::log::JetStreamLog;
use schemas::SourceFile;
use tokio::runtime::{self, Runtime};

use crate::process::{Kind, Server};

const NATS: Kind = Kind { program: "nats-server", arguments, ready: "Server is ready" };

/// The server takes no less.
const SHORTEST_AGE: Duration = Duration::from_millis(100);

/// The stream of all tests.
pub const STREAM: &str = "EVENTS";

fn arguments(port: u16, data: &Path) -> Vec<String> {
    let data = data.display().to_string();
    ["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd", &data].map(str::to_owned).to_vec()
}

/// Starts a server.
pub fn start() -> Server {
    Server::start(NATS)
}

/// Starts a server with more arguments.
pub fn start_with(extra: &[&str]) -> Server {
    Server::start_with(NATS, extra.iter().map(|&argument| argument.to_owned()).collect())
}

/// Its URL.
pub fn url(server: &Server) -> String {
    format!("nats://127.0.0.1:{}", server.port())
}

/// The stream of this server as the configuration names it; `settings`: more lines of the section.
pub fn place(server: &Server, settings: &str) -> JetStreamPlace {
    let text = format!("[log]\nurl = \"{}\"\nstream = \"{STREAM}\"\n{settings}\n", url(server));
    let (mut all, mut mistakes) = (Settings::defaults(), Vec::new());
    all.overlay_file(&SourceFile { path: "projector.toml".into(), text }, &mut mistakes);
    let config = Config::check(&all, Path::new(""), &mut mistakes);
    match config.map(|config| config.log) {
        Some(LogPlace::JetStream(place)) if mistakes.is_empty() => place,
        _ => panic!("{mistakes:?}"),
    }
}

/// The stream of this server as a log.
pub fn log(server: &Server) -> JetStreamLog {
    JetStreamLog::new(&place(server, "")).expect("a runtime starts")
}

/// An operator with a connection to a server.
pub struct Operator {
    runtime: Runtime,
    client: Client,
    jetstream: jetstream::Context,
}

// === impl Operator ===

impl Operator {
    /// Connects, and makes a stream of which messages can be deleted.
    pub fn with_stream(server: &Server) -> Operator {
        let operator = Operator::connect(server);
        operator.make_stream();
        operator
    }

    /// Connects.
    pub fn connect(server: &Server) -> Operator {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
        let (client, jetstream) = runtime.block_on(async {
            let client = async_nats::connect(url(server)).await.expect("the server answers");
            (client.clone(), jetstream::new(client))
        });
        Operator { runtime, client, jetstream }
    }

    /// Makes the stream.
    pub fn make_stream(&self) {
        self.make(StreamConfig { name: STREAM.to_owned(), subjects: vec!["events.>".to_owned()], ..StreamConfig::default() });
    }

    /// Makes a stream.
    pub fn make(&self, config: StreamConfig) {
        self.done(self.jetstream.create_stream(config));
    }

    /// Publishes a message, and waits until it is stored.
    pub fn publish(&self, headers: &[(&str, &str)], payload: &str) {
        self.publish_to("events.x", headers, payload);
    }

    /// The same under this subject.
    pub fn publish_to(&self, subject: &str, headers: &[(&str, &str)], payload: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        let (subject, payload) = (subject.to_owned(), payload.to_owned().into());
        self.done(async { self.jetstream.publish_with_headers(subject, map, payload).await?.await });
    }

    /// Makes a mirror of the stream under this name, waits until it has everything, and puts it in the place of the stream, which is deleted.
    pub fn fail_over(&self, name: &str) {
        let origin = self.done(self.jetstream.get_stream(STREAM)).cached_info().clone();
        let source = Source { name: STREAM.to_owned(), ..Source::default() };
        self.make(StreamConfig { name: name.to_owned(), mirror: Some(source), ..StreamConfig::default() });
        let mut mirror = self.done(self.jetstream.get_stream(name));
        while self.done(mirror.info()).state.last_sequence < origin.state.last_sequence {
            std::thread::yield_now();
        }
        self.delete_stream();
        let promoted = StreamConfig { mirror: None, subjects: origin.config.subjects, ..mirror.cached_info().config.clone() };
        self.done(self.jetstream.update_stream(promoted));
    }

    /// Deletes a message.
    pub fn delete(&self, position: u64) {
        let stream = self.done(self.jetstream.get_stream(STREAM));
        self.done(stream.delete_message(position));
    }

    /// Deletes all messages below a position.
    pub fn purge_below(&self, position: u64) {
        self.purge_other_below(STREAM, position);
    }

    /// The same of the stream of this name.
    pub fn purge_other_below(&self, name: &str, position: u64) {
        let stream = self.done(self.jetstream.get_stream(name));
        self.done(async { stream.purge().sequence(position).await });
    }

    /// Lets all messages expire, and waits until they are gone.
    pub fn expire(&self) {
        let mut stream = self.done(self.jetstream.get_stream(STREAM));
        let config =
            StreamConfig { max_age: SHORTEST_AGE, duplicate_window: SHORTEST_AGE, ..stream.cached_info().config.clone() };
        self.done(self.jetstream.update_stream(config));
        while self.done(stream.info()).state.messages > 0 {
            std::thread::yield_now();
        }
    }

    /// Deletes the stream.
    pub fn delete_stream(&self) {
        self.delete_other(STREAM);
    }

    /// Deletes the stream of this name.
    pub fn delete_other(&self, name: &str) {
        self.done(self.jetstream.delete_stream(name));
    }

    /// How often anybody has asked JetStream for anything but to store and to send messages.
    pub fn requests(&self) -> usize {
        self.done(self.jetstream.query_account()).requests.total as usize
    }

    /// How many consumers the stream has.
    pub fn consumers(&self) -> usize {
        let stream = self.done(self.jetstream.get_stream(STREAM));
        stream.cached_info().state.consumer_count
    }

    /// Waits until the stream has so many.
    pub fn wait_for_consumers(&self, count: usize) {
        while self.consumers() < count {
            std::thread::yield_now();
        }
    }

    /// Waits until the server has taken everything, and closes the connection.
    pub fn leave(self) {
        self.done(self.client.drain());
    }

    fn done<T, E: std::fmt::Debug>(&self, work: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(work).expect("the server does what the operator says")
    }
}
