//! What is known of a projection and its builds, read from their records and counted.

use std::collections::{HashMap, HashSet};

use super::builds::FORMAT;
use super::keys::{BuildKeys, ProjectionKeys};
use super::server::Server;
use super::{RedisState, checkpoint, dead_letters, orders, reading};
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::{Backlog, Build, ProjectionRecord, Standing};

/// Fields of a hash.
type Fields = HashMap<String, String>;

impl RedisState {
    /// What is known of a projection, if it is there.
    pub(super) fn known(&self, name: String) -> Result<Option<ProjectionRecord>, Fault> {
        let (keys, server) = (self.projection_keys(&name), self.servers.of(&name));
        let (record, mut generations, is_owned): (Fields, Vec<u64>, bool) = server.ask("reading the projections", |redis| {
            let mut pipeline = redis::pipe();
            pipeline.cmd("HGETALL").arg(keys.record()).cmd("SMEMBERS").arg(keys.generations());
            pipeline.cmd("EXISTS").arg(keys.owner()).query(redis)
        })?;
        if record.is_empty() {
            return Ok(None);
        }
        generations.sort_unstable();
        let mut builds = Vec::new();
        for number in generations {
            builds.extend(self.build(&server, &keys, number)?);
        }
        let live = record.get("live").and_then(|live| live.parse().ok());
        let (standing, pause) = (standing(&record, is_owned), orders::pause(record.get("pause")));
        let switches = record.get("switches").and_then(|switches| switches.parse().ok()).unwrap_or(0);
        Ok(Some(ProjectionRecord { live, switches, standing, pause, builds, name }))
    }

    /// The build of this number; `None` where it was dropped meanwhile.
    fn build(&self, server: &Server, keys: &ProjectionKeys, number: u64) -> Result<Option<Build>, Fault> {
        let key = keys.checkpoint(number);
        let fields: Fields = server.ask("reading the projections", |redis| redis::cmd("HGETALL").arg(&key).query(redis))?;
        if fields.is_empty() {
            return Ok(None);
        }
        if let Some(format) = fields.get("format").filter(|format| *format != FORMAT) {
            return Err(self.server.unfit(format!("{key} is of format {format}, this program writes format {FORMAT}")));
        }
        let found = ["commits", "position", "hash", "time"].map(|name| fields.get(name).cloned());
        let checkpoint = checkpoint::parse(&found).ok_or_else(|| self.unreadable(&key))?;
        let fingerprint = fields.get("fingerprint").and_then(|text| u64::from_str_radix(text, 16).ok());
        let fingerprint = fingerprint.ok_or_else(|| self.unreadable(&key))?;
        let log = LogIdentity(fields.get("log").cloned().unwrap_or_default());
        let catalogue = self.parse_catalogue(&key, fields.get("catalogue").map(String::as_str))?;
        let counts = counts(server, &BuildKeys::new(keys.clone(), number, catalogue.clone()))?;
        Ok(Some(Build {
            number,
            fingerprint,
            catalogue,
            log,
            creation: fields.get("creation").cloned().unwrap_or_default(),
            went_live: fields.contains_key("went_live"),
            checkpoint,
            dead_letters: dead_letters::count(&counts.dead_letters),
            broken_documents: counts.broken_documents,
            pending_jobs: counts.pending_jobs,
            parked_keys: counts.parked_keys,
            backlog: counts.backlog,
            open_orders: counts.open_orders,
        }))
    }
}

/// How much there is of what a build keeps count of.
struct Counts {
    dead_letters: Vec<String>,
    broken_documents: u64,
    pending_jobs: u64,
    parked_keys: u64,
    backlog: Option<Backlog>,
    open_orders: u64,
}

fn counts(server: &Server, keys: &BuildKeys) -> Result<Counts, Fault> {
    let mut pipeline = redis::pipe();
    pipeline.cmd("ZRANGE").arg(keys.dead_letters()).arg(0).arg(-1);
    pipeline.cmd("HLEN").arg(keys.jobs()).cmd("HKEYS").arg(keys.parked()).cmd("HLEN").arg(keys.orders());
    pipeline.cmd("HMGET").arg(keys.flusher()).arg(FLUSHER_FIELDS).cmd("ZCARD").arg(keys.outbox());
    type Found = (Vec<String>, u64, Vec<Vec<u8>>, u64, FlusherFields, u64);
    let (dead_letters, pending_jobs, parked, open_orders, flusher, entries) =
        server.ask("counting", |redis| pipeline.query::<Found>(redis))?;
    let backlog = backlog(flusher, entries);
    let mut pipeline = redis::pipe();
    for view in 0..keys.catalogue().views.len() {
        pipeline.cmd("HLEN").arg(keys.broken(view));
    }
    let broken: Vec<u64> = server.ask("counting", |redis| reading::all(redis, &pipeline))?;
    let broken_documents = broken.into_iter().sum();
    Ok(Counts { dead_letters, broken_documents, pending_jobs, parked_keys: count_keys(&parked), open_orders, backlog })
}

/// What is read of the flusher's record.
const FLUSHER_FIELDS: &[&str] = &["entering", "flushed", "settled", "since", "entered", "filled"];
type FlusherFields = (Option<u64>, Option<u64>, Option<u64>, Option<i64>, Option<u64>, Option<u64>);

/// How the outbox stands; `None` where the tables are not elsewhere.
fn backlog((entering, flushed, settled, since, entered, filled): FlusherFields, entries: u64) -> Option<Backlog> {
    entering.map(|_| Backlog {
        entries,
        since,
        flushed: flushed.unwrap_or(0),
        settled: settled.unwrap_or(0),
        filling: entered.filter(|_| filled != Some(1)),
    })
}

/// How many entity keys there are among those of parked cells, whose last eight bytes are the position of an event.
fn count_keys(parked: &[Vec<u8>]) -> u64 {
    let keys: HashSet<&[u8]> = parked.iter().filter_map(|cell| Some(cell.split_last_chunk::<8>()?.0)).collect();
    keys.len() as u64
}

fn standing(record: &Fields, is_owned: bool) -> Standing {
    match record.get("state").map(String::as_str) {
        Some("running") if is_owned => Standing::Running,
        Some("running") => Standing::Killed,
        Some("stopped") => Standing::Stopped,
        _ => Standing::Halted(record.get("reason").cloned().unwrap_or_default()),
    }
}
