//! What a commit writes beside strings, as commands that Redis refuses where somebody else has put something of another type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use projections::engine::{Changes, Content, DeadLetter, DocumentChange, Link, SetKey, Space, Tried};
use serde_json::json;

use super::keys::BuildKeys;
use super::packed::Packed;
use super::{dead_letters, keys};
use crate::clock;
use crate::state::{Carried, Commit, Entering};

/// So many words are given to one command: Redis takes about a million.
const AT_ONCE: usize = 100_000;

/// Words of a command.
type Words<'a> = Vec<Cow<'a, [u8]>>;

/// Fields of hashes that are written, and those that are removed.
#[derive(Default)]
struct Fields<'a> {
    written: BTreeMap<String, Words<'a>>,
    removed: BTreeMap<String, Words<'a>>,
}

/// Adds all that a commit writes beside strings.
pub fn pack(packed: &mut Packed, keys: &BuildKeys, entering: Entering, commit: &Commit<'_>) {
    let (changes, mut writes) = (commit.changes, Writes { packed, keys });
    writes.fields(Fields::of(keys, changes));
    writes.links(&changes.links);
    changes.dead_letters.iter().for_each(|letter| writes.dead_letter(letter));
    changes.tried.iter().for_each(|tried| writes.tried(tried));
    if entering == Entering::Changes {
        writes.entries(&changes.documents, commit.checkpoint.commits);
    }
    writes.orders(commit.carried);
}

/// Where writes go to.
struct Writes<'w> {
    packed: &'w mut Packed,
    keys: &'w BuildKeys,
}

// === impl Writes ===

impl Writes<'_> {
    /// As many commands as it takes; pairs of words stay together, for they are cut at even places.
    fn add(&mut self, command: &str, key: &[u8], words: &[Cow<'_, [u8]>]) {
        for words in words.chunks(AT_ONCE) {
            self.packed.begin(2 + words.len());
            self.packed.word(command.as_bytes());
            self.packed.word(key);
            words.iter().for_each(|word| self.packed.word(word));
        }
    }

    fn fields(&mut self, Fields { written, removed }: Fields<'_>) {
        for (hash, fields) in written {
            self.add("HSET", hash.as_bytes(), &fields);
        }
        for (hash, fields) in removed {
            self.add("HDEL", hash.as_bytes(), &fields);
        }
    }

    fn links(&mut self, links: &[Link]) {
        let mut joining: BTreeMap<&SetKey, Words<'_>> = BTreeMap::new();
        let mut leaving: BTreeMap<&SetKey, Words<'_>> = BTreeMap::new();
        for link in links {
            let member = Cow::Borrowed(&*link.member);
            if link.present {
                joining.entry(&link.set).or_default().extend([Cow::Borrowed(&b"0"[..]), member]);
            } else {
                leaving.entry(&link.set).or_default().push(member);
            }
        }
        for (set, members) in joining {
            self.add("ZADD", &self.keys.set(set), &members);
        }
        for (set, members) in leaving {
            self.add("ZREM", &self.keys.set(set), &members);
        }
    }

    /// Each changed document waits in the outbox from this commit on.
    fn entries(&mut self, documents: &[DocumentChange], commits: u64) {
        if documents.is_empty() {
            return;
        }
        let since = [Cow::Borrowed(&b"since"[..]), owned(clock::now_micros().to_string())];
        self.add("HSETNX", self.keys.flusher().as_bytes(), &since);
        let commits = commits.to_string().into_bytes();
        let scored = |change: &DocumentChange| [Cow::Borrowed(&commits[..]), Cow::Owned(keys::entry(change.view, &change.key))];
        self.add("ZADD", self.keys.outbox().as_bytes(), &documents.iter().flat_map(scored).collect::<Words<'_>>());
    }

    fn dead_letter(&mut self, letter: &DeadLetter) {
        let entry = dead_letters::entry(letter.position, &letter.kind);
        self.add("ZADD", self.keys.dead_letters().as_bytes(), &[Cow::Borrowed(b"0"), owned(entry)]);
        self.add("HSET", self.keys.dead_letter(letter.position).as_bytes(), &dead_letters::fields(letter));
    }

    fn tried(&mut self, tried: &Tried) {
        let (set, letter) = (self.keys.dead_letters(), self.keys.dead_letter(tried.position));
        self.add("ZREMRANGEBYLEX", set.as_bytes(), &dead_letters::bounds(tried.position).map(owned));
        let Some((kind, reason)) = &tried.stays else { return };
        let entry = owned(dead_letters::entry(tried.position, kind));
        self.add("ZADD", set.as_bytes(), &[Cow::Borrowed(b"0"), entry]);
        let (kind, reason) = (Cow::Borrowed(kind.as_bytes()), Cow::Borrowed(reason.as_bytes()));
        self.add("HSET", letter.as_bytes(), &[Cow::Borrowed(b"kind"), kind, Cow::Borrowed(b"reason"), reason]);
    }

    fn orders(&mut self, carried: &Carried) {
        let done: Words<'_> = carried.done.iter().map(|name| Cow::Borrowed(name.as_bytes())).collect();
        self.add("HDEL", self.keys.orders().as_bytes(), &done);
        let settled =
            carried.settled.iter().flat_map(|order| [owned(order.position.to_string()), owned(json!(order).to_string())]);
        self.add("HSET", self.keys.settled().as_bytes(), &settled.collect::<Words<'_>>());
    }
}

fn owned<'a>(text: String) -> Cow<'a, [u8]> {
    Cow::Owned(text.into_bytes())
}

// === impl Fields ===

impl<'a> Fields<'a> {
    fn of(keys: &BuildKeys, changes: &'a Changes) -> Fields<'a> {
        let mut fields = Fields::default();
        for (cell, bytes) in &changes.cells {
            let hash = match cell.space {
                Space::Job => keys.jobs(),
                Space::Parked => keys.parked(),
                _ => continue,
            };
            fields.put(hash, &cell.key, bytes.as_deref());
        }
        for change in &changes.documents {
            // What is in one of the places of a document must be gone from the other.
            let reason = match &change.content {
                Content::Broken(reason) => Some(reason.as_bytes()),
                Content::Absent | Content::Present(_) => None,
            };
            fields.put(keys.broken(change.view), &change.key, reason);
        }
        fields
    }

    fn put(&mut self, hash: String, field: &'a [u8], value: Option<&'a [u8]>) {
        match value {
            Some(value) => self.written.entry(hash).or_default().extend([Cow::Borrowed(field), Cow::Borrowed(value)]),
            None => self.removed.entry(hash).or_default().push(Cow::Borrowed(field)),
        }
    }
}

#[cfg(test)]
mod tests {
    use projections::codec::Key;
    use projections::engine::SetSpace;
    use schemas::Value;

    use super::*;
    use crate::state::redis::keys::ProjectionKeys;
    use crate::view::Catalogue;

    #[test]
    fn large_writes_are_cut_and_pairs_stay_together() {
        let keys = BuildKeys::new(ProjectionKeys::new("ns", "p"), 1, Catalogue { entities: vec![], views: vec![] });
        let key = |number: usize| Key::of(&[Value::Int(number as i64)]);
        let set = SetKey { space: SetSpace::Index(0), value: key(0) };
        let links: Vec<Link> =
            (0..AT_ONCE / 2 + 1).map(|member| Link { set: set.clone(), member: key(member), present: true }).collect();
        let mut packed = Packed::default();
        Writes { packed: &mut packed, keys: &keys }.links(&links);
        assert_eq!(packed.commands(), 2);
        assert!(AT_ONCE.is_multiple_of(2));
    }
}
