//! State in Redis, or what speaks like it.
//!
//! A commit is one transaction, which is repeated without harm: who commits, and what the commit follows, is looked at first (by
//! the commit before, where that came over the same connection); then everything is written, and the checkpoint. All that it
//! touches is in the same slot, so that data and checkpoint move together in replication and in the append-only file too: an
//! accident takes the newest commits whole or not at all. What is lost so is folded again from the log.
//!
//! Documents are JSON under their keys as text, for any client to read; [`keys`] has the names.
//!
//! Lists are not selected from Redis: see [`crate::tables`].

mod builds;
mod checkpoint;
mod client;
mod commit;
mod copies;
mod dead_letters;
mod examine;
mod fetch;
pub mod keys;
mod known;
mod node;
mod nodes;
mod orders;
mod outbox;
mod packed;
mod precondition;
mod presence;
mod reading;
mod route;
mod server;
mod strings;
mod topology;
mod url;
mod views;
mod writes;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use projections::engine::{Answers, Missing, Space};

pub use self::examine::{RedisFacts, ServerFacts, Told};
pub use self::route::Address;
pub use self::topology::{SLOTS, Share};
pub use self::url::{Deployment, RedisUrl};

use self::commit::{Answer, Transaction};
use self::keys::BuildKeys;
use self::node::Demand;
use self::nodes::Nodes;
use self::precondition::Refusal;
use self::server::{Server, Servers};
use super::catalogues::Catalogues;
use super::views::StoredDeadLetter;
use super::{Asked, Checkpoint, Claim, Commit, Entering, Order, Outcome, StateStore, StoredCells};
use crate::config::RedisPlace;
use crate::fault::Fault;
use crate::token;

const CLAIM: &str = include_str!("scripts/claim.lua");

/// All state in a Redis database, or in a Redis Cluster.
#[derive(Clone)]
pub struct RedisState {
    /// The one that has the list of projections.
    server: Arc<Server>,
    /// Those that have projections.
    servers: Arc<Servers>,
    namespace: String,
    /// What we call ourselves as the owner of projections.
    name: String,
    catalogues: Arc<Catalogues>,
    entering: Entering,
}

/// One build in Redis.
struct RedisBuild {
    server: Arc<Server>,
    keys: BuildKeys,
    number: u64,
    entering: Entering,
    writer: Mutex<Writer>,
    /// The highest fence that was ours: the next must be higher, even where Redis has forgotten it.
    fence: AtomicU64,
}

/// Who we are to the build. A claim that was answered too late is repeated by the same writer, lest the first one, should
/// Redis come to it after all, fence off the second.
#[derive(Clone)]
enum Writer {
    /// It has asked for the build, and may be its owner or not.
    Claiming(String),
    /// It has been its owner.
    Owner(String),
}

// === impl RedisState ===

impl RedisState {
    /// The state at this place. Connects when it is first used.
    pub fn new(place: &RedisPlace) -> Result<RedisState, Fault> {
        let nodes = Arc::new(Nodes::new(place, Demand::Sound(place.url.deployment()))?);
        Ok(RedisState {
            server: Arc::new(Server::new(nodes.clone())),
            servers: Arc::new(Servers::new(nodes)),
            namespace: place.namespace.clone(),
            name: token::unique(),
            catalogues: Arc::default(),
            entering: Entering::default(),
        })
    }

    /// The same, whose commits enter what they change into the outbox: for tables elsewhere.
    #[must_use]
    pub fn with_outbox(self) -> RedisState {
        RedisState { entering: Entering::Changes, ..self }
    }
}

// === impl RedisBuild ===

impl StateStore for RedisBuild {
    fn claim(&self) -> Result<Claim, Fault> {
        let writer = self.claimant();
        let mut script = redis::cmd("EVAL");
        script.arg(CLAIM).arg(5).arg(self.keys.checkpoint()).arg(self.keys.projection().record());
        script.arg(self.keys.flusher()).arg(self.keys.outbox()).arg(self.keys.projection().absent());
        script.arg(&writer).arg(self.fence.load(Ordering::Relaxed)).arg(u8::from(self.entering == Entering::Changes));
        let answer: Vec<Option<String>> = self.server.ask("claiming the projection", |redis| script.query(redis))?;
        let claim = match answer.split_first() {
            Some((Some(word), found)) if word == "done" => self.parse_claim(found)?,
            Some((Some(word), _)) if word == "lost" => return Err(self.is_lost()),
            Some((Some(word), [Some(reason)])) if word == "torn" => return Err(self.is_torn(reason)),
            _ => return Err(self.is_dropped()),
        };
        self.fence.fetch_max(claim.fence, Ordering::Relaxed);
        *self.writer() = Writer::Owner(writer);
        Ok(claim)
    }

    fn look(&self) -> Result<Claim, Fault> {
        let (checkpoint, record) = (self.keys.checkpoint(), self.keys.projection().record());
        let (found, exists): (Vec<Option<String>>, bool) = self.server.ask("reading the checkpoint", |redis| {
            let fields = &["commits", "position", "hash", "time", "fence"];
            // No transaction: Redis refuses those where memory is short, and the record is never removed alone.
            redis::pipe().cmd("HMGET").arg(&checkpoint).arg(fields).cmd("EXISTS").arg(&record).query(redis)
        })?;
        match found.first() {
            Some(Some(_)) => self.parse_claim(&found),
            _ if exists => Err(self.is_dropped()),
            _ => Err(self.is_lost()),
        }
    }

    fn fetch(&self, missing: Missing) -> Result<Answers, Fault> {
        fetch::fetch(&self.server, &self.keys, missing)
    }

    fn cells(&self, space: Space) -> Result<StoredCells, Fault> {
        fetch::cells(&self.server, &self.keys, space)
    }

    fn dead_letters(&self) -> Result<u64, Fault> {
        let key = self.keys.dead_letters();
        self.server.ask("counting dead letters", |redis| redis::cmd("ZCARD").arg(&key).query(redis))
    }

    fn letters(&self, positions: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault> {
        dead_letters::read(&self.server, &self.keys, positions)
    }

    fn asked(&self, limit: usize) -> Result<Asked, Fault> {
        orders::asked(&self.server, &self.keys, limit)
    }

    fn settled(&self) -> Result<Vec<Order>, Fault> {
        orders::settled(&self.server, &self.keys)
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, Fault> {
        let (Writer::Claiming(writer) | Writer::Owner(writer)) = self.writer().clone();
        let transaction = Transaction::new(&self.keys, writer, self.entering, commit);
        match self.server.ask_on_line("committing", |line| transaction.run(line))?.0 {
            Answer::Done => Ok(Outcome::Committed),
            Answer::Torn(reason) => Err(self.is_torn(&reason)),
            Answer::Overtaken => Err(self.server.unavailable("committing", "somebody else has changed the record of the build")),
            Answer::Refused(refusal) => self.refused(refusal),
        }
    }
}

impl RedisBuild {
    fn new(server: Arc<Server>, keys: BuildKeys, number: u64, entering: Entering) -> RedisBuild {
        let writer = Mutex::new(Writer::Claiming(token::unique()));
        RedisBuild { server, keys, number, entering, writer, fence: AtomicU64::new(0) }
    }

    /// The writer of the next claim.
    fn claimant(&self) -> String {
        let mut writer = self.writer();
        if let Writer::Owner(_) = *writer {
            *writer = Writer::Claiming(token::unique());
        }
        let (Writer::Claiming(name) | Writer::Owner(name)) = &*writer;
        name.clone()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of a commit that was not sent.
    fn refused(&self, refusal: Refusal) -> Result<Outcome, Fault> {
        match refusal {
            Refusal::Repeated => Ok(Outcome::AlreadyCommitted),
            Refusal::Stale(found) => Ok(Outcome::Stale(self.parse_checkpoint(&found)?)),
            Refusal::Fenced(fence) => Ok(Outcome::Fenced(self.parse_fence(&fence)?)),
            Refusal::Torn(reason) => Err(self.is_torn(&reason)),
            Refusal::Dropped => Err(self.is_dropped()),
            Refusal::Lost => Err(self.is_lost()),
        }
    }

    /// From the fields of a checkpoint, and the fence.
    fn parse_claim(&self, found: &[Option<String>]) -> Result<Claim, Fault> {
        match found {
            [checkpoint @ .., Some(fence)] => {
                Ok(Claim { checkpoint: self.parse_checkpoint(checkpoint)?, fence: self.parse_fence(fence)? })
            }
            _ => Err(self.unreadable(found)),
        }
    }

    fn parse_checkpoint(&self, found: &[Option<String>]) -> Result<Checkpoint, Fault> {
        checkpoint::parse(found).ok_or_else(|| self.unreadable(found))
    }

    fn parse_fence(&self, fence: &str) -> Result<u64, Fault> {
        fence.parse().map_err(|_| self.server.damaged(format!("'{fence}' is no fence")))
    }

    fn unreadable(&self, found: &[Option<String>]) -> Fault {
        self.server.damaged(format!("{} holds {found:?}", self.keys.checkpoint()))
    }

    fn is_dropped(&self) -> Fault {
        self.server.gone(format!("generation {} ({})", self.number, self.keys.checkpoint()))
    }

    fn is_torn(&self, reason: &str) -> Fault {
        let projection = self.keys.projection().tag();
        self.server.damaged(format!(
            "a commit to generation {} was done in part ({reason}): somebody else has written under our keys; delete all keys that start \
             with {projection}, and the log is folded anew",
            self.number
        ))
    }

    fn is_lost(&self) -> Fault {
        self.server.lost(format!(
            "generation {} and all else of its projection: {} does not exist",
            self.number,
            self.keys.checkpoint()
        ))
    }
}
