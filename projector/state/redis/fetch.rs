//! Reading what the engine misses, in one round trip.

use std::sync::Arc;

use projections::codec::Key;
use projections::engine::{Answers, CellKey, MembersWanted, Missing, SetSpace, Space};
use redis::{Connection, Pipeline, RedisResult};

use super::keys::{BuildKeys, Slot};
use super::reading;
use super::server::Server;
use crate::fault::Fault;
use crate::state::StoredCells;

/// How many strings one command reads: others wait for it.
const STRINGS_AT_ONCE: usize = 1000;

/// A stored string, if there is one.
type Bytes = Option<Vec<u8>>;

/// Answers everything. Each cell and each page is read at one moment, all of them not.
pub fn fetch(server: &Server, keys: &BuildKeys, missing: Missing) -> Result<Answers, Fault> {
    if missing.sets.iter().any(|wanted| matches!(wanted.set.space, SetSpace::Cells(_))) {
        let reason =
            "it cannot list the rows of an entity in the order of their keys; `projector rebuild` materializes views elsewhere";
        return Err(server.unfit(reason.to_owned()));
    }
    let slots = missing.cells.into_iter().map(|cell| (keys.cell(&cell), cell));
    let (strings, fields): (Vec<_>, Vec<_>) = slots.partition(|(slot, _)| matches!(slot, Slot::String(_)));
    let mut pipeline = redis::pipe();
    for strings in strings.chunks(STRINGS_AT_ONCE) {
        pipeline.cmd("MGET");
        strings.iter().for_each(|(slot, _)| add_slot(&mut pipeline, slot));
    }
    for (slot, _) in &fields {
        // A list of one field, so that all that is asked for cells is answered by lists.
        pipeline.cmd("HMGET");
        add_slot(&mut pipeline, slot);
    }
    missing.sets.iter().for_each(|wanted| add_page(&mut pipeline, keys, wanted));

    let found: Vec<Vec<Bytes>> = server.ask("reading state", |redis| reading::all(redis, &pipeline))?;
    let lists = strings.len().div_ceil(STRINGS_AT_ONCE) + fields.len();
    let mut found = found.into_iter();
    let cells: Vec<Bytes> = found.by_ref().take(lists).flatten().collect();
    let wanted: Vec<CellKey> = strings.into_iter().chain(fields).map(|(_, cell)| cell).collect();
    if cells.len() != wanted.len() {
        return Err(server.damaged(format!("{} cells were asked for, {} answered", wanted.len(), cells.len())));
    }
    let cells = wanted.into_iter().zip(cells.into_iter().map(|bytes| bytes.map(Arc::from))).collect();
    let sets = missing.sets.into_iter().zip(found.map(members)).collect();
    Ok(Answers { cells, sets })
}

/// All cells of a family, by key.
pub fn cells(server: &Server, keys: &BuildKeys, space: Space) -> Result<StoredCells, Fault> {
    let prefix = keys.strings_of(space);
    let found: Vec<(Vec<u8>, Vec<u8>)> = server.ask("reading state", |redis| match space {
        Space::Job | Space::Parked => redis::cmd("HGETALL").arg(&prefix).query(redis),
        _ => strings(redis, keys, &prefix),
    })?;
    let mut cells: StoredCells = found.into_iter().map(|(key, bytes)| (Key::from_bytes(&key), bytes.into())).collect();
    cells.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(cells)
}

/// The strings under a prefix, by what follows it.
fn strings(redis: &mut Connection, keys: &BuildKeys, prefix: &str) -> RedisResult<Vec<(Vec<u8>, Vec<u8>)>> {
    let keys: Vec<Vec<u8>> = reading::keys(redis, &keys.projection().absent(), prefix)?.into_iter().collect();
    let mut found = Vec::new();
    for keys in keys.chunks(STRINGS_AT_ONCE) {
        let values: Vec<Bytes> = redis::cmd("MGET").arg(keys).query(redis)?;
        found.extend(keys.iter().zip(values).filter_map(|(key, value)| Some((key[prefix.len()..].to_vec(), value?))));
    }
    Ok(found)
}

fn add_slot(pipeline: &mut Pipeline, slot: &Slot) {
    match slot {
        Slot::String(key) => pipeline.arg(key),
        Slot::Field(hash, field) => pipeline.arg(hash).arg(field),
    };
}

fn add_page(pipeline: &mut Pipeline, keys: &BuildKeys, wanted: &MembersWanted) {
    let from = match &wanted.after {
        Some(member) => [&b"("[..], member].concat(),
        None => b"-".to_vec(),
    };
    let page = pipeline.cmd("ZRANGE").arg(keys.set(&wanted.set)).arg(from).arg("+").arg("BYLEX");
    page.arg("LIMIT").arg(0).arg(wanted.limit);
}

fn members(page: Vec<Bytes>) -> Vec<Key> {
    page.into_iter().flatten().map(|member| Key::from_bytes(&member)).collect()
}
