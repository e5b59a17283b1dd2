//! The log as a JetStream stream: a position is a sequence of the stream.
//!
//! Nothing is acknowledged and the server keeps no position for us; every read says where it goes on from. What a stream
//! calls itself is no identity, for it can be deleted and made again: the time of its creation is part of it.

mod connection;
mod create;
mod examine;
mod message;
mod problem;
mod publish;
mod stream;
mod tail;

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use super::{EventLog, Head, LogEvent, LogIdentity, LogState, NewEvent, ReadLimit};
use crate::config::JetStreamPlace;
use crate::fault::Fault;
use connection::Connection;
pub use create::NewStream;
pub use examine::StreamFacts;
use message::{Stored, micros};
use problem::Problem;
use stream::{StreamInfo, StreamState};
use tail::Tail;

/// Tails that are kept for whoever goes on reading where they are; each projection has one.
const KEPT_TAILS: usize = 16;
/// All subjects; for `>` alone the server looks at the last sequence only, which may be gone.
const EVERYTHING: [&str; 2] = ["*", "*.>"];

/// A stream of JetStream.
pub struct JetStreamLog {
    place: JetStreamPlace,
    /// Made when it is first needed; it renews itself from then on.
    connection: OnceLock<Connection>,
    /// Held while it is made.
    connecting: Mutex<()>,
    /// Whether it was said what is unwise about the stream's settings.
    warned: Once,
    /// Of those who read, each at its position; the one that was used last is the last.
    tails: Mutex<Vec<Tail>>,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

// === impl JetStreamLog ===

impl JetStreamLog {
    /// The stream of this place. Connects when it is first used.
    pub fn new(place: &JetStreamPlace) -> Result<JetStreamLog, Fault> {
        let mut builder = runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("nats").enable_all().build();
        let runtime = runtime.map_err(|error| Problem::of(error).into_fault("starting a runtime", place))?;
        Ok(JetStreamLog {
            place: place.clone(),
            connection: OnceLock::new(),
            connecting: Mutex::default(),
            warned: Once::new(),
            tails: Mutex::default(),
            runtime: Some(runtime),
        })
    }

    /// Makes the stream.
    pub fn create(place: &JetStreamPlace, new: &NewStream) -> Result<(), Fault> {
        let log = JetStreamLog::new(place)?;
        log.ask("creating the stream", async |connection| create::create(&connection.context, &place.stream, new).await)
    }

    /// Waits for an answer, but not for one that was lost with the connection.
    fn ask<T>(&self, operation: &'static str, question: impl AsyncFnOnce(&Connection) -> Result<T, Problem>) -> Result<T, Fault> {
        let connection = self.connection()?;
        let mut renewals = connection.renewals.clone();
        renewals.mark_unchanged();
        let answer = async {
            tokio::select! {
                biased;
                answer = question(connection) => answer,
                _ = renewals.changed() => Err(Problem::Reconnected),
            }
        };
        self.complete(operation, answer)
    }

    fn connection(&self) -> Result<&Connection, Fault> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let _connecting = self.connecting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connection = self.complete("connecting", Connection::open(&self.place))?;
        Ok(self.connection.get_or_init(|| connection))
    }

    fn complete<T>(&self, operation: &'static str, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Fault> {
        let outcome = match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(Problem::Ended),
        };
        outcome.map_err(|problem| problem.into_fault(operation, &self.place))
    }

    /// What the server says of the stream; refuses one that a reader cannot rely on.
    fn info(&self) -> Result<StreamInfo, Fault> {
        let info =
            self.ask("asking for the stream", async |connection| stream::info(&connection.context, &self.place.stream).await)?;
        if let Some(reason) = info.config.unfit() {
            return Err(Fault::Unfit { place: self.place.to_string(), reason });
        }
        self.warned.call_once(|| {
            for risk in info.config.risks() {
                tracing::warn!("stream {}: {risk}", self.place.stream);
            }
        });
        Ok(info)
    }

    async fn tail(&self, connection: &Connection, from: u64) -> Result<Tail, Problem> {
        Tail::open(connection, &self.place, from).await
    }

    /// A tail that is where somebody wants to read on.
    fn take(&self, position: u64) -> Option<Tail> {
        let mut tails = self.tails();
        let index = tails.iter().rposition(|tail| tail.position() == position)?;
        Some(tails.remove(index))
    }

    fn keep(&self, tail: Tail) {
        let mut tails = self.tails();
        if tails.len() == KEPT_TAILS {
            tails.remove(0);
        }
        tails.push(tail);
    }

    fn tails(&self) -> MutexGuard<'_, Vec<Tail>> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_on(&self, connection: &Connection, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Problem> {
        if let Some(mut tail) = self.take(from) {
            match tail.read(limit).await {
                Ok(events) => {
                    self.keep(tail);
                    return Ok(events);
                }
                Err(problem) => tracing::debug!("reading anew from position {from}: {problem}"),
            }
        }
        let mut tail = self.tail(connection, from).await?;
        let events = tail.read(limit).await?;
        self.keep(tail);
        Ok(events)
    }

    async fn wait_above(&self, connection: &Connection, position: u64, longest: Duration) -> Result<bool, Problem> {
        let mut tail = match self.take(position + 1) {
            Some(tail) => tail,
            None => self.tail(connection, position + 1).await?,
        };
        let waited = timeout(longest, tail.wait()).await;
        match &waited {
            // To be read with a new tail, which sees what has happened.
            Ok(Err(problem)) => tracing::debug!("waiting anew at position {position}: {problem}"),
            Ok(Ok(())) | Err(_) => self.keep(tail),
        }
        Ok(waited.is_ok())
    }

    /// The last message that is still there.
    async fn last_message(&self, connection: &Connection) -> Result<Option<StreamMessage>, Problem> {
        let stream = connection.context.get_stream_no_info(&self.place.stream).await.map_err(Problem::of)?;
        let mut last = None;
        for subjects in EVERYTHING {
            let message = present(stream.get_last_raw_message_by_subject(subjects).await)?;
            last = last.into_iter().chain(message).max_by_key(|message: &StreamMessage| message.sequence);
        }
        Ok(last)
    }

    /// The last position that somebody can get to.
    fn end(&self, state: &StreamState) -> Result<Option<Head>, Fault> {
        let may_be_gone = state.messages > 0 && state.num_deleted > 0;
        if may_be_gone && self.fetch(state.last_seq)?.is_none() {
            let last = self.ask("reading the log's head", async |connection| self.last_message(connection).await)?;
            return Ok(last.map(|message| Head { position: message.sequence, time: micros(message.time.unix_timestamp_nanos()) }));
        }
        Ok((state.last_seq > 0).then(|| Head { position: state.last_seq, time: state.last_time() }))
    }

    async fn message(&self, connection: &Connection, position: u64) -> Result<Option<StreamMessage>, Problem> {
        let stream = connection.context.get_stream_no_info(&self.place.stream).await.map_err(Problem::of)?;
        // Asked of the stream's leader, never of a replica: one of those may not have it yet.
        present(stream.get_raw_message(position).await)
    }
}

impl EventLog for JetStreamLog {
    fn read(&self, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Fault> {
        self.ask("reading the log", async |connection| self.read_on(connection, from, limit).await)
    }

    fn wait(&self, position: u64, timeout: Duration) -> Result<bool, Fault> {
        self.ask("waiting for events", async |connection| self.wait_above(connection, position, timeout).await)
    }

    fn state(&self) -> Result<LogState, Fault> {
        let info = self.info()?;
        let identity = LogIdentity(format!("{} of {}", self.place.stream, info.created));
        Ok(LogState { identity, first: info.state.first_seq.max(1), head: self.end(&info.state)? })
    }

    fn epoch(&self) -> u64 {
        self.connection.get().map_or(0, |connection| connection.epoch.now())
    }

    fn fetch(&self, position: u64) -> Result<Option<LogEvent>, Fault> {
        let message = self.ask("reading an event", async |connection| self.message(connection, position).await)?;
        Ok(message.map(|message| message::event(&self.place.mapping, &stored(&message))))
    }

    fn publish(&self, events: &[NewEvent<'_>]) -> Result<RangeInclusive<u64>, Fault> {
        let JetStreamPlace { stream, subject, .. } = &self.place;
        self.ask("publishing", async |connection| publish::publish(&connection.context, stream, subject, events).await)
    }
}

impl Drop for JetStreamLog {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The last who holds the log may be a task of another runtime, where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}

fn stored(message: &StreamMessage) -> Stored<'_> {
    Stored {
        position: message.sequence,
        nanos: message.time.unix_timestamp_nanos(),
        subject: &message.subject,
        headers: Some(&message.headers),
        payload: &message.payload,
    }
}

fn present(message: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, Problem> {
    match message {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(Problem::of(error)),
    }
}
