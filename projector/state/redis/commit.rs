//! A commit as one call of the commit script.

use std::borrow::Cow;
use std::collections::BTreeMap;

use projections::engine::{Changes, Content, DeadLetter, DocumentChange, DocumentMark, Link, SetKey, Tried};
use redis::Cmd;
use serde_json::json;

use super::keys::{BuildKeys, Slot};
use super::{checkpoint, dead_letters, keys};
use crate::clock;
use crate::document;
use crate::state::{Carried, Commit, Entering};

const SCRIPT: &str = include_str!("scripts/commit.lua");
/// Lua unpacks somewhat less than 8,000 values at once; pairs count twice.
const AT_ONCE: usize = 2000;
/// Redis takes no more words than this in one command.
const MOST_WORDS: usize = 1 << 20;

/// A commit is more than Redis takes at once.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// How many words it has.
    pub words: usize,
}

/// The writes of a commit, in the form that the script takes.
#[derive(Default)]
struct Writes<'a> {
    keys: Vec<Cow<'a, [u8]>>,
    words: Vec<Cow<'a, [u8]>>,
}

/// What a commit writes, sorted by the command that does it.
#[derive(Default)]
struct Sorted<'a> {
    strings: Vec<(Vec<u8>, Cow<'a, [u8]>)>,
    removed: Vec<Vec<u8>>,
    fields: BTreeMap<String, Vec<Cow<'a, [u8]>>>,
    removed_fields: BTreeMap<String, Vec<Cow<'a, [u8]>>>,
}

/// The call that does the commit.
pub fn command(keys: &BuildKeys, writer: &str, entering: Entering, commit: &Commit<'_>) -> Result<Cmd, TooLarge> {
    let mut writes = Writes::of(keys, commit.changes);
    if entering == Entering::Changes {
        writes.entries(keys, &commit.changes.documents, commit.checkpoint.commits);
    }
    writes.orders(keys, commit.carried);
    let words = writes.keys.len() + writes.words.len();
    if words + 16 > MOST_WORDS {
        return Err(TooLarge { words });
    }
    let bytes: usize = writes.keys.iter().chain(&writes.words).map(|word| word.len()).sum();
    let mut command = Cmd::with_capacity(words + 16, bytes + SCRIPT.len() + 512);
    command.arg("EVAL").arg(SCRIPT).arg(writes.keys.len() + 2);
    command.arg(keys.checkpoint()).arg(keys.projection().record());
    writes.keys.iter().for_each(|key| {
        command.arg(&**key);
    });
    command.arg(commit.fence).arg(writer).arg(commit.follows);
    checkpoint::fields(commit.checkpoint).iter().for_each(|field| {
        command.arg(field);
    });
    writes.words.iter().for_each(|word| {
        command.arg(&**word);
    });
    Ok(command)
}

// === impl Writes ===

impl<'a> Writes<'a> {
    fn of(keys: &BuildKeys, changes: &'a Changes) -> Writes<'a> {
        let sorted = Sorted::of(keys, changes);
        let mut writes = Writes::default();
        let mut strings = sorted.strings.into_iter();
        while let pairs @ 1.. = strings.len().min(AT_ONCE) {
            writes.begin("MSET", pairs, pairs);
            for (key, value) in strings.by_ref().take(pairs) {
                writes.keys.push(Cow::Owned(key));
                writes.words.push(value);
            }
        }
        let mut removed = sorted.removed.into_iter();
        while let keys @ 1.. = removed.len().min(AT_ONCE) {
            writes.begin("UNLINK", keys, 0);
            writes.keys.extend(removed.by_ref().take(keys).map(Cow::Owned));
        }
        for (hash, fields) in sorted.fields {
            writes.on_one_key("HSET", hash.as_bytes(), fields);
        }
        for (hash, fields) in sorted.removed_fields {
            writes.on_one_key("HDEL", hash.as_bytes(), fields);
        }
        writes.links(keys, &changes.links);
        writes.dead_letters(keys, &changes.dead_letters);
        changes.tried.iter().for_each(|tried| writes.tried(keys, tried));
        writes
    }

    /// The words that come before a write's own.
    fn begin(&mut self, command: &'static str, keys: usize, arguments: usize) {
        self.words.push(Cow::Borrowed(command.as_bytes()));
        self.words.push(Cow::Owned(keys.to_string().into_bytes()));
        self.words.push(Cow::Owned(arguments.to_string().into_bytes()));
    }

    /// As many commands as it takes; pairs of arguments stay together, for they are cut at even places.
    fn on_one_key(&mut self, command: &'static str, key: &[u8], arguments: Vec<Cow<'a, [u8]>>) {
        let mut arguments = arguments.into_iter();
        while let count @ 1.. = arguments.len().min(AT_ONCE) {
            self.begin(command, 1, count);
            self.keys.push(Cow::Owned(key.to_vec()));
            self.words.extend(arguments.by_ref().take(count));
        }
    }

    fn links(&mut self, keys: &BuildKeys, links: &'a [Link]) {
        let mut joining: BTreeMap<&SetKey, Vec<Cow<'a, [u8]>>> = BTreeMap::new();
        let mut leaving: BTreeMap<&SetKey, Vec<Cow<'a, [u8]>>> = BTreeMap::new();
        for link in links {
            let member = Cow::Borrowed(&*link.member);
            if link.present {
                joining.entry(&link.set).or_default().extend([Cow::Borrowed(&b"0"[..]), member]);
            } else {
                leaving.entry(&link.set).or_default().push(member);
            }
        }
        for (set, members) in joining {
            self.on_one_key("ZADD", &keys.set(set), members);
        }
        for (set, members) in leaving {
            self.on_one_key("ZREM", &keys.set(set), members);
        }
    }

    /// Each changed document waits in the outbox from this commit on.
    fn entries(&mut self, keys: &BuildKeys, documents: &'a [DocumentChange], commits: u64) {
        if documents.is_empty() {
            return;
        }
        let commits = commits.to_string().into_bytes();
        let scored = |change: &DocumentChange| [Cow::Owned(commits.clone()), Cow::Owned(keys::entry(change.view, &change.key))];
        self.on_one_key("ZADD", keys.outbox().as_bytes(), documents.iter().flat_map(scored).collect());
        let since = [Cow::Borrowed(&b"since"[..]), owned(clock::now_micros().to_string())];
        self.on_one_key("HSETNX", keys.flusher().as_bytes(), since.into());
    }

    fn dead_letters(&mut self, keys: &BuildKeys, letters: &'a [DeadLetter]) {
        for letter in letters {
            let entry = dead_letters::entry(letter.position, letter.kind).into_bytes();
            self.on_one_key("ZADD", keys.dead_letters().as_bytes(), vec![Cow::Borrowed(b"0"), Cow::Owned(entry)]);
            self.on_one_key("HSET", keys.dead_letter(letter.position).as_bytes(), dead_letters::fields(letter));
        }
    }

    fn tried(&mut self, keys: &BuildKeys, tried: &'a Tried) {
        let (set, letter) = (keys.dead_letters(), keys.dead_letter(tried.position));
        self.on_one_key("ZREMRANGEBYLEX", set.as_bytes(), dead_letters::bounds(tried.position).map(owned).into());
        let Some((kind, reason)) = &tried.stays else {
            self.begin("UNLINK", 1, 0);
            self.keys.push(owned(letter));
            return;
        };
        let entry = owned(dead_letters::entry(tried.position, kind));
        self.on_one_key("ZADD", set.as_bytes(), vec![Cow::Borrowed(b"0"), entry]);
        let (kind, reason) = (Cow::Borrowed(kind.as_bytes()), Cow::Borrowed(reason.as_bytes()));
        self.on_one_key("HSET", letter.as_bytes(), vec![Cow::Borrowed(b"kind"), kind, Cow::Borrowed(b"reason"), reason]);
    }

    fn orders(&mut self, keys: &BuildKeys, carried: &'a Carried) {
        let done = carried.done.iter().map(|name| Cow::Borrowed(name.as_bytes())).collect();
        self.on_one_key("HDEL", keys.orders().as_bytes(), done);
        let settled =
            carried.settled.iter().flat_map(|order| [owned(order.position.to_string()), owned(json!(order).to_string())]);
        self.on_one_key("HSET", keys.settled().as_bytes(), settled.collect());
    }
}

fn owned<'a>(text: String) -> Cow<'a, [u8]> {
    Cow::Owned(text.into_bytes())
}

// === impl Sorted ===

impl<'a> Sorted<'a> {
    fn of(keys: &BuildKeys, changes: &'a Changes) -> Sorted<'a> {
        let mut sorted = Sorted::default();
        for (cell, bytes) in &changes.cells {
            sorted.put(keys.cell(cell), bytes.as_deref().map(Cow::Borrowed));
        }
        for change in &changes.documents {
            sorted.document(keys, change);
        }
        sorted
    }

    fn put(&mut self, slot: Slot, value: Option<Cow<'a, [u8]>>) {
        match (slot, value) {
            (Slot::String(key), Some(value)) => self.strings.push((key, value)),
            (Slot::String(key), None) => self.removed.push(key),
            (Slot::Field(hash, field), Some(value)) => {
                self.fields.entry(hash).or_default().extend([Cow::Owned(field), value]);
            }
            (Slot::Field(hash, field), None) => self.removed_fields.entry(hash).or_default().push(Cow::Owned(field)),
        }
    }

    /// What is in one of the places of a document must be gone from the other.
    fn document(&mut self, keys: &BuildKeys, change: &'a DocumentChange) {
        let DocumentChange { view, ref key, version, ref content } = *change;
        let (json, reason) = match content {
            Content::Absent => (None, None),
            Content::Present(row) => (keys.catalogue().views.get(view).map(|spec| document::to_json(spec, row)), None),
            Content::Broken(reason) => (None, Some(reason)),
        };
        let mark = DocumentMark { hash: content.hash(), version }.to_bytes();
        let mark = (json.is_some() || reason.is_some()).then(|| Cow::Owned(mark.to_vec()));
        self.put(Slot::String(keys.mark(view, key)), mark);
        self.put(Slot::String(keys.document(view, key).into_bytes()), json.map(|json| Cow::Owned(json.into_bytes())));
        self.put(Slot::Field(keys.broken(view), key.to_vec()), reason.map(|reason| Cow::Borrowed(reason.as_bytes())));
    }
}

#[cfg(test)]
mod tests {
    use projections::codec::Key;
    use projections::engine::{CellKey, SetSpace, Space};
    use schemas::Value;

    use super::*;
    use crate::state::Checkpoint;
    use crate::state::redis::keys::ProjectionKeys;
    use crate::view::Catalogue;

    fn keys() -> BuildKeys {
        let catalogue = Catalogue { entities: vec!["persons".into()], views: vec![] };
        BuildKeys::new(ProjectionKeys::new("ns", "p"), 1, catalogue)
    }

    fn number(number: usize) -> Key {
        Key::of(&[Value::Int(number as i64)])
    }

    #[test]
    fn large_writes_are_cut_and_pairs_stay_together() {
        let set = SetKey { space: SetSpace::Index(0), value: number(0) };
        let link = |member| Link { set: set.clone(), member: number(member), present: true };
        let cell = |key| (CellKey { space: Space::Row(0), key: number(key) }, Some(b"x"[..].into()));
        let changes =
            Changes { links: (0..1001).map(link).collect(), cells: (0..2001).map(cell).collect(), ..Changes::default() };
        let writes = Writes::of(&keys(), &changes);
        let (mut heads, mut at) = (Vec::new(), 0);
        while let Some([command, keys, arguments]) = writes.words.get(at..at + 3) {
            let [command, keys, arguments] = [command, keys, arguments].map(|word| std::str::from_utf8(word).unwrap());
            heads.push(format!("{command} {keys} {arguments}"));
            at += 3 + arguments.parse::<usize>().unwrap();
        }
        assert_eq!(heads, ["MSET 2000 2000", "MSET 1 1", "ZADD 1 2000", "ZADD 1 2"]);
    }

    #[test]
    fn a_commit_that_redis_cannot_take_is_not_sent() {
        let cell = |key| (CellKey { space: Space::Row(0), key: number(key) }, Some(b"x"[..].into()));
        let changes = Changes { cells: (0..MOST_WORDS / 2).map(cell).collect(), ..Changes::default() };
        let commit =
            Commit { fence: 1, follows: 0, checkpoint: &Checkpoint::default(), changes: &changes, carried: &Carried::default() };
        assert!(command(&keys(), "w", Entering::Nothing, &commit).is_err());
    }
}
