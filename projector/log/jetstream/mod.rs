//! The log as a JetStream stream: a position is a sequence of the stream.
//!
//! Nothing is acknowledged and the server keeps no position for us; every read says where it goes on from. What a stream
//! calls itself is no identity, for it can be deleted and made again: the time of its creation is part of it.

mod connection;
mod create;
mod message;
mod problem;
mod publish;
mod stream;
mod tail;

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use super::{EventLog, Head, LogEvent, LogIdentity, NewEvent, ReadLimit};
use crate::config::JetStreamPlace;
use crate::fault::Fault;
use connection::Connection;
pub use create::NewStream;
use message::structured;
use problem::Problem;
use stream::StreamInfo;
use tail::Tail;

/// Tails that are kept for whoever goes on reading where they are; each projection has one.
const KEPT_TAILS: usize = 16;
/// All subjects; for `>` alone the server looks at the last sequence only, which may be gone.
const EVERYTHING: [&str; 2] = ["*", "*.>"];

/// A stream of JetStream.
pub struct JetStreamLog {
    place: JetStreamPlace,
    connection: Connection,
    /// Of those who read, each at its position; the one that was used last is the last.
    tails: Mutex<Vec<Tail>>,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

// === impl JetStreamLog ===

impl JetStreamLog {
    /// Connects to the servers, and refuses a stream that a reader cannot rely on.
    pub fn open(place: &JetStreamPlace) -> Result<JetStreamLog, Fault> {
        let log = JetStreamLog::connect(place)?;
        match log.info()?.config.unfit() {
            Some(reason) => Err(Fault::Unfit { place: log.place.to_string(), reason }),
            None => Ok(log),
        }
    }

    /// Makes the stream.
    pub fn create(place: &JetStreamPlace, new: &NewStream) -> Result<(), Fault> {
        let log = JetStreamLog::connect(place)?;
        log.ask("creating the stream", create::create(&log.connection.context, &place.stream, new))
    }

    fn connect(place: &JetStreamPlace) -> Result<JetStreamLog, Fault> {
        let fault = |source| Fault::Unavailable { operation: "connecting", place: place.to_string(), source };
        let mut builder = runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("nats").enable_all().build().map_err(|error| fault(error.into()))?;
        let connection = runtime.block_on(Connection::open(place)).map_err(|problem| fault(problem.into()))?;
        Ok(JetStreamLog { place: place.clone(), connection, tails: Mutex::default(), runtime: Some(runtime) })
    }

    /// Waits for an answer, but not for one that was lost with the connection.
    fn ask<T>(&self, operation: &'static str, answer: impl Future<Output = Result<T, Problem>>) -> Result<T, Fault> {
        let fault = |problem: Problem| Fault::Unavailable { operation, place: self.place.to_string(), source: problem.into() };
        let mut renewals = self.connection.renewals.clone();
        renewals.mark_unchanged();
        let answer = async {
            tokio::select! {
                biased;
                answer = answer => answer,
                _ = renewals.changed() => Err(Problem::Reconnected),
            }
        };
        match &self.runtime {
            Some(runtime) => runtime.block_on(answer).map_err(fault),
            None => Err(fault(Problem::Ended)),
        }
    }

    fn info(&self) -> Result<StreamInfo, Fault> {
        self.ask("asking for the stream", stream::info(&self.connection.context, &self.place.stream))
    }

    async fn tail(&self, from: u64) -> Result<Tail, Problem> {
        Tail::open(&self.connection, &self.place.stream, from).await
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

    async fn read_on(&self, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Problem> {
        if let Some(mut tail) = self.take(from) {
            match tail.read(limit).await {
                Ok(events) => {
                    self.keep(tail);
                    return Ok(events);
                }
                Err(problem) => tracing::debug!("reading anew from position {from}: {problem}"),
            }
        }
        let mut tail = self.tail(from).await?;
        let events = tail.read(limit).await?;
        self.keep(tail);
        Ok(events)
    }

    async fn wait_above(&self, position: u64, longest: Duration) -> Result<(), Problem> {
        let mut tail = match self.take(position + 1) {
            Some(tail) => tail,
            None => self.tail(position + 1).await?,
        };
        match timeout(longest, tail.wait()).await {
            Ok(Err(problem)) => tracing::debug!("waiting anew at position {position}: {problem}"),
            Ok(Ok(())) | Err(_) => self.keep(tail),
        }
        Ok(())
    }

    /// The last message that is still there.
    async fn last_message(&self) -> Result<Option<StreamMessage>, Problem> {
        let stream = self.connection.context.get_stream_no_info(&self.place.stream).await.map_err(Problem::of)?;
        let mut last = None;
        for subjects in EVERYTHING {
            let message = present(stream.get_last_raw_message_by_subject(subjects).await)?;
            last = last.into_iter().chain(message).max_by_key(|message: &StreamMessage| message.sequence);
        }
        Ok(last)
    }

    async fn message(&self, position: u64) -> Result<Option<StreamMessage>, Problem> {
        let stream = self.connection.context.get_stream_no_info(&self.place.stream).await.map_err(Problem::of)?;
        // Asked of the stream's leader, never of a replica: one of those may not have it yet.
        present(stream.get_raw_message(position).await)
    }
}

impl EventLog for JetStreamLog {
    fn read(&self, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Fault> {
        self.ask("reading the log", self.read_on(from, limit))
    }

    fn wait(&self, position: u64, timeout: Duration) -> Result<(), Fault> {
        self.ask("waiting for events", self.wait_above(position, timeout))
    }

    fn head(&self) -> Result<Option<Head>, Fault> {
        let state = self.info()?.state;
        let may_be_gone = state.messages > 0 && state.num_deleted > 0;
        if may_be_gone && self.fetch(state.last_seq)?.is_none() {
            // Nobody would ever get there.
            let last = self.ask("reading the log's head", self.last_message())?;
            return Ok(last.map(|message| Head { position: message.sequence, time: micros(message.time.unix_timestamp_nanos()) }));
        }
        Ok((state.last_seq > 0).then(|| Head { position: state.last_seq, time: state.last_time() }))
    }

    fn first(&self) -> Result<u64, Fault> {
        Ok(self.info()?.state.first_seq.max(1))
    }

    fn identity(&self) -> Result<LogIdentity, Fault> {
        Ok(LogIdentity(format!("{} of {}", self.place.stream, self.info()?.created)))
    }

    fn epoch(&self) -> u64 {
        self.connection.epoch.now()
    }

    fn fetch(&self, position: u64) -> Result<Option<LogEvent>, Fault> {
        Ok(self.ask("reading an event", self.message(position))?.map(|message| event(&message)))
    }

    fn publish(&self, events: &[NewEvent<'_>]) -> Result<RangeInclusive<u64>, Fault> {
        let (context, stream) = (&self.connection.context, &self.place.stream);
        self.ask("publishing", publish::publish(context, stream, &self.place.subject, events))
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

fn event(message: &StreamMessage) -> LogEvent {
    LogEvent {
        position: message.sequence,
        time: micros(message.time.unix_timestamp_nanos()),
        subject: Some(message.subject.as_str().into()),
        data: structured(Some(&message.headers), &message.payload).into(),
    }
}

fn present(message: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, Problem> {
    match message {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(Problem::of(error)),
    }
}

fn micros(nanos: i128) -> i64 {
    i64::try_from(nanos.div_euclid(1000)).unwrap_or(i64::MAX)
}
