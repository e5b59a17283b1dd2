//! Making, switching and dropping builds.

use std::any::Any;
use std::sync::Arc;

use redis::{Connection, RedisResult};
use serde_json::json;

use super::keys::{BuildKeys, ProjectionKeys};
use super::outbox::RedisOutbox;
use super::{RedisBuild, RedisState, copies, keys, orders, presence, reading};
use crate::clock;
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::{
    Builds, Creation, Deed, Folded, NewBuild, Order, Outbox, Pause, ProjectionRecord, Standing, StateStore, Switch, TakeRows,
};
use crate::token;
use crate::view::Catalogue;

const ACCEPT_LOG: &str = include_str!("scripts/accept_log.lua");
const CREATE: &str = include_str!("scripts/create.lua");
const GO_LIVE: &str = include_str!("scripts/go_live.lua");
const NOTE: &str = include_str!("scripts/note.lua");
const NOTE_FIELD: &str = include_str!("scripts/note_field.lua");
const RETIRE: &str = include_str!("scripts/retire.lua");
/// The version of the keys and of what is under them.
pub(super) const FORMAT: &str = "5";

impl Builds for RedisState {
    fn projections(&self) -> Result<Vec<ProjectionRecord>, Fault> {
        let mut records = Vec::new();
        for name in self.projection_names()? {
            records.extend(self.known(name)?);
        }
        Ok(records)
    }

    fn create(&self, build: &NewBuild) -> Result<Creation, Fault> {
        let keys = self.projection_keys(&build.projection);
        let (fingerprint, listed) = (format!("{:016x}", build.fingerprint), keys::projections(&self.namespace));
        let catalogue = serde_json::to_string(&build.catalogue).map_err(|error| self.server.damaged(error.to_string()))?;
        let mut script = redis::cmd("EVAL");
        script.arg(CREATE).arg(4).arg(keys.record()).arg(keys.generations()).arg(keys.checkpoint(build.number));
        script.arg(keys.definitions(build.number)).arg(build.number).arg(&fingerprint).arg(&build.definitions);
        script.arg(&["format", FORMAT, "fence", "0", "writer", "", "commits", "0"]);
        script.arg(&["position", "0", "hash", "", "time", "", "log", &build.log.0, "catalogue", &catalogue]);
        script.arg(&["creation", &token::unique()]);
        // A name without a record is no projection yet; a record without a name would never be found.
        let list = |redis: &mut Connection| redis::cmd("SADD").arg(&listed).arg(&build.projection).exec(redis);
        self.server.ask("creating a generation", list)?;
        let server = self.servers.of(&build.projection);
        let found: String = server.ask("creating a generation", |redis| script.query(redis))?;
        Ok(if found == fingerprint { Creation::Made } else { Creation::Taken })
    }

    fn open(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn StateStore>, Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, catalogue.clone());
        Ok(Arc::new(RedisBuild::new(self.servers.of(projection), keys, number, self.entering)))
    }

    fn outbox(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn Outbox>, Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, catalogue.clone());
        Ok(Arc::new(RedisOutbox::new(self.servers.of(projection), keys)))
    }

    fn copy(&self, projection: &str, number: u64, catalogue: &Catalogue, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, catalogue.clone());
        copies::copy(&self.servers.of(projection), &keys, to)
    }

    fn count_rows(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<u64, Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, catalogue.clone());
        copies::count(&self.servers.of(projection), &keys)
    }

    fn definitions(&self, projection: &str, number: u64) -> Result<Option<String>, Fault> {
        let key = self.projection_keys(projection).definitions(number);
        self.servers.of(projection).ask("reading definitions", |redis| redis::cmd("GET").arg(&key).query(redis))
    }

    fn go_live(&self, projection: &str, number: u64, before: Option<u64>) -> Result<Switch, Fault> {
        let projection_keys = self.projection_keys(projection);
        let keys = |number| BuildKeys::new(projection_keys.clone(), number, Catalogue::default());
        // Where there is none before, the keys of the build itself stand for it: it is not behind itself.
        let (ours, theirs) = (keys(number), keys(before.unwrap_or(number)));
        let mut script = redis::cmd("EVAL");
        script.arg(GO_LIVE).arg(5).arg(projection_keys.record()).arg(ours.checkpoint()).arg(theirs.checkpoint());
        script.arg(ours.flusher()).arg(theirs.flusher()).arg(number);
        script.arg(before.map(|before| before.to_string()).unwrap_or_default());
        let answer: Option<String> = self.servers.of(projection).ask("cutting over", |redis| script.query(redis))?;
        match answer.as_deref() {
            Some("live") => Ok(Switch::Live),
            Some("behind") => Ok(Switch::Behind),
            Some(_) => Ok(Switch::Overtaken),
            None => Err(self.server.lost(format!("generation {number} of {projection}"))),
        }
    }

    fn drop_build(&self, projection: &str, number: u64) -> Result<(), Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, Catalogue::default());
        let mut retire = redis::cmd("EVAL");
        retire.arg(RETIRE).arg(2).arg(keys.projection().record()).arg(keys.checkpoint()).arg(number);
        self.servers.of(projection).ask("dropping a generation", |redis| {
            let is_retired: bool = retire.query(redis)?;
            if !is_retired {
                return Ok(());
            }
            remove_all(redis, &keys)?;
            // Last, so that it is known what is left to drop, should this be interrupted.
            redis::pipe()
                .cmd("SREM")
                .arg(keys.projection().generations())
                .arg(number)
                .cmd("DEL")
                .arg(keys.checkpoint())
                .exec(redis)
        })
    }

    fn accept_log(&self, projection: &str, number: u64, from: &LogIdentity, to: &LogIdentity) -> Result<bool, Fault> {
        let mut script = redis::cmd("EVAL");
        script.arg(ACCEPT_LOG).arg(1).arg(self.projection_keys(projection).checkpoint(number)).arg(&from.0).arg(&to.0);
        self.servers.of(projection).ask("accepting a log", |redis| script.query(redis))
    }

    fn attend(&self, projection: &str) -> Result<Box<dyn Any + Send>, Fault> {
        let presence = presence::announce(presence::Owner {
            name: self.name.clone(),
            projection: projection.to_owned(),
            key: self.projection_keys(projection).owner(),
            server: self.servers.of(projection),
            list: keys::projections(&self.namespace),
            registry: self.server.clone(),
        })?;
        self.note(projection, &Standing::Running)?;
        Ok(Box::new(presence))
    }

    fn order(&self, projection: &str, number: u64, orders: &[Order]) -> Result<(), Fault> {
        let keys = BuildKeys::new(self.projection_keys(projection), number, Catalogue::default());
        let gone = || self.server.gone(format!("generation {number} of {projection}"));
        orders::give(&self.servers.of(projection), &keys, orders)?.then_some(()).ok_or_else(gone)
    }

    fn pause(&self, projection: &str, pause: Option<&Pause>) -> Result<bool, Fault> {
        self.note_field("noting a pause", projection, "pause", pause.map(|pause| json!(pause).to_string()))
    }

    fn limit_rate(&self, projection: &str, events: Option<u64>) -> Result<bool, Fault> {
        self.note_field("noting a limit", projection, "rate", events.map(|events| events.to_string()))
    }

    fn rate_limit(&self, projection: &str) -> Result<Option<u64>, Fault> {
        let record = self.projection_keys(projection).record();
        let get = |redis: &mut Connection| redis::cmd("HGET").arg(&record).arg("rate").query(redis);
        self.servers.of(projection).ask("reading a limit", get)
    }

    fn note(&self, projection: &str, standing: &Standing) -> Result<(), Fault> {
        let keys = self.projection_keys(projection);
        let (word, reason, since) = (standing.word(), standing.reason().unwrap_or_default(), clock::now_micros().to_string());
        self.servers.of(projection).ask("noting the projection's state", |redis| {
            let fields = &["state", word, "reason", reason, "since", &since];
            redis::cmd("EVAL").arg(NOTE).arg(2).arg(keys.record()).arg(keys.owner()).arg(&self.name).arg(fields).exec(redis)
        })
    }

    fn record(&self, projection: &str, deed: &Deed) -> Result<(), Fault> {
        let (key, text) = (self.projection_keys(projection).deeds(), json!(deed).to_string());
        self.servers.of(projection).ask("noting what was done", |redis| redis::cmd("RPUSH").arg(&key).arg(&text).exec(redis))
    }

    fn deeds(&self, projection: &str) -> Result<Vec<Deed>, Fault> {
        let key = self.projection_keys(projection).deeds();
        let texts: Vec<String> = self
            .servers
            .of(projection)
            .ask("reading what was done", |redis| redis::cmd("LRANGE").arg(&key).arg(0).arg(-1).query(redis))?;
        texts.iter().map(|text| serde_json::from_str(text).map_err(|_| self.unreadable(&key))).collect()
    }
}

impl RedisState {
    /// The keys of a projection.
    pub(super) fn projection_keys(&self, projection: &str) -> ProjectionKeys {
        ProjectionKeys::new(&self.namespace, projection)
    }

    /// Notes something in the record of a projection; whether that is there.
    fn note_field(&self, operation: &'static str, projection: &str, field: &str, value: Option<String>) -> Result<bool, Fault> {
        let mut script = redis::cmd("EVAL");
        script.arg(NOTE_FIELD).arg(1).arg(self.projection_keys(projection).record()).arg(field).arg(value);
        self.servers.of(projection).ask(operation, |redis| script.query(redis))
    }

    /// Projections that there are or were to be, in order.
    pub(super) fn projection_names(&self) -> Result<Vec<String>, Fault> {
        let listed = keys::projections(&self.namespace);
        let mut names: Vec<String> =
            self.server.ask("reading the projections", |redis| redis::cmd("SMEMBERS").arg(&listed).query(redis))?;
        names.sort_unstable();
        Ok(names)
    }

    /// The catalogue under this key.
    pub(super) fn parse_catalogue(&self, key: &str, text: Option<&str>) -> Result<Catalogue, Fault> {
        let parsed = text.and_then(|text| serde_json::from_str(text).ok());
        parsed.ok_or_else(|| self.unreadable(key))
    }

    /// What is under this key cannot be read.
    pub(super) fn unreadable(&self, key: &str) -> Fault {
        self.server.damaged(format!("what is under {key} cannot be read"))
    }
}

/// Removes everything of a build but its checkpoint, in steps that let others work in between.
fn remove_all(redis: &mut Connection, keys: &BuildKeys) -> RedisResult<()> {
    let (checkpoint, absent) = (keys.checkpoint().into_bytes(), keys.projection().absent());
    let mut cursor = 0;
    loop {
        let (next, mut found) = reading::step(redis, &absent, keys.prefix(), cursor)?;
        found.retain(|key| *key != checkpoint);
        if !found.is_empty() {
            redis::cmd("UNLINK").arg(found).exec(redis)?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}
