//! A tail: a consumer that the server made for us alone, from a position on that we name.
//!
//! The client library has consumers that renew themselves; they are not used, for they may begin again at the first
//! message and take long to notice a restart. A tail ends at the first irregularity, whatever it is, and whoever reads makes
//! a new one from the position that it has come to. The server keeps no position for a tail and awaits no acknowledgements.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::connection::{Connection, Epoch};
use super::message::{Stored, event};
use super::problem::Problem;
use crate::config::JetStreamPlace;
use crate::log::mapping::Mapping;
use crate::log::{LogEvent, ReadLimit};

/// Messages that the server sends without being asked again. The client holds one and a half as many at most.
const AHEAD: usize = 1000;
/// Bytes that the server sends without being asked again, unless one message may be larger.
const BYTES_AHEAD: usize = 8 << 20;
/// What the server counts beside the payload and the headers, whose sum it limits: subjects.
const SUBJECTS: usize = 64 << 10;
/// How often the server says that it has nothing; two that are missing end the tail.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a request for messages stands.
const EXPIRES: Duration = Duration::from_secs(30);
/// The server forgets a tail that has asked for nothing for so long.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Where messages come one by one, the next comes within this time, and the server need not be asked after each whether there are more.
const TRICKLE: Duration = Duration::from_millis(20);
/// Messages that wait on the server arrive within this time, or never.
const STALL: Duration = Duration::from_secs(10);

/// Reads a stream from a position on.
pub struct Tail {
    consumer: Consumer<pull::Config>,
    messages: pull::Stream,
    renewals: watch::Receiver<u64>,
    epoch: Epoch,
    mapping: Arc<Mapping>,
    /// The position that the next read goes on from.
    next: u64,
    /// The last position received, or the one before the first that is wanted.
    last: u64,
    /// How many messages were delivered to this consumer.
    delivered: u64,
    /// How many messages wait on the server, as far as it has told.
    behind: u64,
    /// Whether nothing can have come since the server told.
    is_fresh: bool,
    /// Received, and not yet read.
    peeked: Option<LogEvent>,
}

// === impl Tail ===

impl Tail {
    /// A tail that begins at the first message from `from` on.
    pub async fn open(connection: &Connection, place: &JetStreamPlace, from: u64) -> Result<Tail, Problem> {
        let mut renewals = connection.renewals.clone();
        renewals.mark_unchanged();
        let context = &connection.context;
        let consumer = context.create_consumer_on_stream(config(from), &*place.stream).await.map_err(Problem::of)?;
        // The stream that it reads may be another one than the last tail read.
        connection.epoch.rise();
        let behind = consumer.cached_info().num_pending;
        let largest = context.client().server_info().max_payload + SUBJECTS;
        let request = consumer.stream().max_messages_per_batch(AHEAD).max_bytes_per_batch(BYTES_AHEAD.max(largest));
        let messages = request.heartbeat(HEARTBEAT).expires(EXPIRES).messages().await.map_err(Problem::of)?;
        let (epoch, mapping) = (connection.epoch.clone(), place.mapping.clone());
        let (next, last) = (from, from - 1);
        Ok(Tail { consumer, messages, renewals, epoch, mapping, next, last, delivered: 0, behind, is_fresh: true, peeked: None })
    }

    /// The position that the next read goes on from.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The events that the stream has now, within the limits; after an error the tail is of no more use.
    pub async fn read(&mut self, limit: ReadLimit) -> Result<Vec<LogEvent>, Problem> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.len() < limit.events && bytes < limit.bytes {
            match self.received()? {
                Some(event) => {
                    bytes += event.data.len();
                    self.next = event.position + 1;
                    events.push(event);
                }
                None if self.behind > 0 => self.peek_in_time().await?,
                None if events.is_empty() && !self.is_fresh => self.listen_or_ask().await?,
                None => break,
            }
        }
        self.is_fresh = false;
        Ok(events)
    }

    /// Returns when there is an event to read.
    pub async fn wait(&mut self) -> Result<(), Problem> {
        self.is_fresh = false;
        while self.peeked.is_none() {
            self.peeked = self.receive().await?;
        }
        Ok(())
    }

    /// The next event, if it has arrived.
    fn received(&mut self) -> Result<Option<LogEvent>, Problem> {
        while self.peeked.is_none() {
            match self.receive().now_or_never() {
                Some(event) => self.peeked = event?,
                None => break,
            }
        }
        Ok(self.peeked.take())
    }

    async fn peek_in_time(&mut self) -> Result<(), Problem> {
        let behind = self.behind;
        self.peeked = timeout(STALL, self.receive()).await.map_err(|_| Problem::Stalled(behind))??;
        Ok(())
    }

    /// Takes what comes within a moment. Asks the server where nothing does.
    async fn listen_or_ask(&mut self) -> Result<(), Problem> {
        match timeout(TRICKLE, self.receive()).await {
            Ok(event) => self.peeked = event?,
            Err(_) => self.ask().await?,
        }
        Ok(())
    }

    /// Asks the server how many messages have not come here yet.
    async fn ask(&mut self) -> Result<(), Problem> {
        let info = self.consumer.get_info().await.map_err(Problem::of)?;
        let on_their_way = info.delivered.consumer_sequence.saturating_sub(self.delivered);
        self.behind = info.num_pending + on_their_way;
        self.is_fresh = true;
        Ok(())
    }

    /// The next message; `None` if it is from before what was received already.
    async fn receive(&mut self) -> Result<Option<LogEvent>, Problem> {
        let message = tokio::select! {
            biased;
            _ = self.renewals.changed() => return Err(Problem::Reconnected),
            message = self.messages.next() => message,
        };
        self.accept(&message.ok_or(Problem::Ended)?.map_err(Problem::of)?)
    }

    fn accept(&mut self, message: &Message) -> Result<Option<LogEvent>, Problem> {
        let info = message.info().map_err(Problem::Client)?;
        self.delivered += 1;
        if info.consumer_sequence != self.delivered {
            return Err(Problem::Skipped);
        }
        self.behind = info.pending;
        if info.stream_sequence <= self.last {
            // Servers before 2.11 begin at the stream's end where they were told to begin behind it.
            return Ok(None);
        }
        if info.stream_sequence != self.last + 1 {
            let (from, to) = (self.last + 1, info.stream_sequence - 1);
            tracing::warn!("the stream has nothing at positions {from} to {to}: what was there and had not been read is missing");
            // Where the beginning of the stream is gone, that is history lost: for the reader to judge.
            self.epoch.rise();
        }
        self.last = info.stream_sequence;
        let stored = Stored {
            position: info.stream_sequence,
            nanos: info.published.unix_timestamp_nanos(),
            subject: &message.subject,
            headers: message.headers.as_ref(),
            payload: &message.payload,
        };
        Ok(Some(event(&self.mapping, &stored)))
    }
}

fn config(from: u64) -> pull::Config {
    pull::Config {
        description: Some("projector".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: FORGOTTEN,
        ..pull::Config::default()
    }
}
