//! Dead letters as entries of a sorted set, in the order of their positions, and hashes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use projections::engine::DeadLetter;
use redis::Connection;

use super::keys::BuildKeys;
use super::reading;
use super::server::Server;
use crate::fault::Fault;
use crate::state::letter_keys;
use crate::state::views::StoredDeadLetter;
use crate::view::Catalogue;

/// What the set holds for a dead letter: 20 digits, so that entries sort as positions do, and its kind.
pub fn entry(position: u64, kind: &str) -> String {
    format!("{position:020}:{kind}")
}

/// Where the entries after this position start.
pub fn after(position: u64) -> String {
    format!("({position:020};")
}

/// The bounds of the entry of this position, whatever its kind.
pub fn bounds(position: u64) -> [String; 2] {
    [format!("[{position:020}:"), format!("({position:020};")]
}

/// Position and kind of an entry.
pub fn parse_entry(entry: &str) -> Option<(u64, &str)> {
    let (position, kind) = entry.split_once(':')?;
    Some((position.parse().ok()?, kind))
}

/// How many entries there are of each kind.
pub fn count(entries: &[String]) -> Vec<(String, u64)> {
    let mut kinds = BTreeMap::new();
    for (_, kind) in entries.iter().filter_map(|entry| parse_entry(entry)) {
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    kinds.into_iter().collect()
}

/// Names and values of the fields of its hash, in turn.
pub fn fields(letter: &DeadLetter) -> Vec<Cow<'_, [u8]>> {
    let keys = Cow::Owned(letter_keys::print(letter).into_bytes());
    let fields: [(&[u8], Cow<'_, [u8]>); 5] = [
        (b"time", Cow::Owned(letter.time.to_string().into_bytes())),
        (b"kind", Cow::Borrowed(letter.kind.as_bytes())),
        (b"reason", Cow::Borrowed(letter.reason.as_bytes())),
        (b"keys", keys),
        (b"event", Cow::Borrowed(&letter.event)),
    ];
    fields.into_iter().flat_map(|(name, value)| [Cow::Borrowed(name), value]).collect()
}

/// The dead letter of these fields; `None` where one is missing.
pub fn parse(position: u64, mut fields: HashMap<String, Vec<u8>>, catalogue: &Catalogue) -> Option<StoredDeadLetter> {
    let mut text = |name| Some(String::from_utf8_lossy(&fields.remove(name)?).into_owned());
    let (kind, reason, keys) = (text("kind")?, text("reason")?, text("keys")?);
    let time = text("time")?.parse().ok()?;
    let keys = letter_keys::parse(&keys, catalogue);
    Some(StoredDeadLetter { position, time, kind, reason, keys, event: fields.remove("event")? })
}

/// The dead letters of these positions; those that are not there are left out.
pub fn read(server: &Server, keys: &BuildKeys, positions: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault> {
    let mut pipeline = redis::pipe();
    for position in positions {
        pipeline.cmd("HGETALL").arg(keys.dead_letter(*position));
    }
    let found: Vec<HashMap<String, Vec<u8>>> =
        server.ask("reading dead letters", |redis: &mut Connection| reading::all(redis, &pipeline))?;
    let found = positions.iter().zip(found).filter(|(_, fields)| !fields.is_empty());
    let letter = |(position, fields): (&u64, _)| {
        let unreadable = || server.damaged(format!("what is under {} cannot be read", keys.dead_letter(*position)));
        parse(*position, fields, keys.catalogue()).ok_or_else(unreadable)
    };
    found.map(letter).collect()
}

/// All dead letters, by position.
pub fn all(server: &Server, keys: &BuildKeys) -> Result<Vec<StoredDeadLetter>, Fault> {
    let set = keys.dead_letters();
    let entries: Vec<String> =
        server.ask("reading dead letters", |redis| redis::cmd("ZRANGE").arg(&set).arg(0).arg(-1).query(redis))?;
    let positions = entries.iter().filter_map(|entry| parse_entry(entry)).map(|(position, _)| position);
    read(server, keys, &positions.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_sort_by_position_and_come_back() {
        let entries = [entry(9, "broken_json"), entry(10, "unknown_type"), entry(u64::MAX, "broken_json")];
        assert!(entries.is_sorted());
        assert_eq!(parse_entry(&entries[1]), Some((10, "unknown_type")));
        assert!(entries[1][..] < after(10)[1..] && after(10)[1..] < entries[2][..]);
        assert_eq!(count(&entries), [("broken_json".to_owned(), 2), ("unknown_type".to_owned(), 1)]);
    }
}
