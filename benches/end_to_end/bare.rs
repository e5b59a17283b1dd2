//! Bare loops: what reads the stream and writes to Redis, and does nothing else.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use futures_util::StreamExt;
use tokio::runtime;

use crate::nats::{self, STREAM};
use crate::recorded::{COMMIT, Documents};
use crate::redis;
use crate::world::World;

/// Messages that the server sends without being asked again.
const AHEAD: usize = 5000;
/// Batches that wait for Redis while the next is read.
const WAITING: usize = 1;

/// How long it takes to read so many messages, and to set the documents of each commit when its messages have been read.
pub fn apply(world: &World, commits: &[Documents], events: usize) -> Duration {
    let (sender, batches) = sync_channel(WAITING);
    let zeros = zeros(commits);
    let start = Instant::now();
    thread::scope(|scope| {
        let zeros = &zeros[..];
        scope.spawn(move || set(world, commits, zeros, &batches));
        block_on(async {
            let mut messages = messages(world, DeliverPolicy::All).await;
            for number in 1..=events {
                messages.next().await.expect("the stream goes on").expect("the server sends");
                if number % COMMIT == 0 || number == events {
                    sender.send(()).expect("the documents are set");
                }
            }
        });
        drop(sender);
    });
    start.elapsed()
}

/// How long it takes to read so many messages, and to throw them away.
pub fn read(world: &World, events: usize) -> Duration {
    let start = Instant::now();
    block_on(async {
        let mut messages = messages(world, DeliverPolicy::All).await;
        for _ in 0..events {
            messages.next().await.expect("the stream goes on").expect("the server sends");
        }
    });
    start.elapsed()
}

/// How long it takes to set these documents.
pub fn set_all(world: &World, commits: &[Documents]) -> Duration {
    let zeros = zeros(commits);
    let (sender, batches) = sync_channel(commits.len());
    commits.iter().for_each(|_| sender.send(()).expect("it has room"));
    let start = Instant::now();
    set(world, commits, &zeros, &batches);
    start.elapsed()
}

/// As many bytes as the longest document has.
fn zeros(commits: &[Documents]) -> Vec<u8> {
    vec![b'0'; commits.iter().flatten().map(|(_, length)| *length).max().unwrap_or(0)]
}

fn set(world: &World, commits: &[Documents], zeros: &[u8], batches: &Receiver<()>) {
    let mut redis = redis::client(&world.redis);
    for (commit, ()) in commits.iter().zip(batches) {
        let mut pipeline = ::redis::pipe();
        for (key, length) in commit {
            match length {
                0 => pipeline.del(key).ignore(),
                length => pipeline.set(key, &zeros[..*length]).ignore(),
            };
        }
        pipeline.exec(&mut redis).expect("the server takes it");
    }
}

/// Sets each new message as it comes, the first as `bare:1`, until so many have come.
pub fn follow(world: &World, count: usize) -> JoinHandle<()> {
    let (ready, is_ready) = sync_channel(0);
    let (nats, redis) = (nats::url(&world.nats), redis::client(&world.redis));
    let thread = thread::spawn(move || {
        let mut redis = redis;
        block_on(async {
            let mut messages = messages_of(&nats, DeliverPolicy::New).await;
            ready.send(()).expect("somebody waits");
            for number in 1..=count {
                let message = messages.next().await.expect("the stream goes on").expect("the server sends");
                let set = ::redis::cmd("SET").arg(format!("bare:{number}")).arg(&message.payload[..]).exec(&mut redis);
                set.expect("the server takes it");
            }
        });
    });
    is_ready.recv().expect("it gets ready");
    thread
}

async fn messages(world: &World, from: DeliverPolicy) -> pull::Stream {
    messages_of(&nats::url(&world.nats), from).await
}

async fn messages_of(url: &str, from: DeliverPolicy) -> pull::Stream {
    let client = async_nats::connect(url).await.expect("the server answers");
    let config =
        pull::Config { deliver_policy: from, ack_policy: AckPolicy::None, memory_storage: true, ..pull::Config::default() };
    let consumer = async_nats::jetstream::new(client).create_consumer_on_stream(config, STREAM).await.expect("it is made");
    let stream = consumer.stream().max_messages_per_batch(AHEAD).heartbeat(Duration::from_secs(10));
    stream.expires(Duration::from_secs(30)).messages().await.expect("the server sends")
}

/// On this thread alone: on two cores that is faster than two of its own.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(work)
}
