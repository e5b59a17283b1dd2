//! Dead letters as entries of a sorted set, in the order of their positions, and hashes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use projections::engine::DeadLetter;

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
    let fields: [(&[u8], Cow<'_, [u8]>); 4] = [
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
    let keys = letter_keys::parse(&keys, catalogue);
    Some(StoredDeadLetter { position, kind, reason, keys, event: fields.remove("event")? })
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
