//! What the script at the end of a commit writes: all that is no string, and could be refused because somebody else has put something of
//! another type there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use projections::engine::{Changes, Content, DeadLetter, DocumentChange, Link, SetKey, Space, Tried};
use serde_json::json;

use super::keys::BuildKeys;
use super::packed::Packed;
use super::{checkpoint, dead_letters, keys};
use crate::clock;
use crate::state::{Carried, Checkpoint, Commit, Entering};

const SCRIPT: &str = include_str!("scripts/commit.lua");
/// Lua unpacks somewhat less than 8,000 values at once.
const AT_ONCE: usize = 4000;
/// Redis takes no more words than this in one command.
const MOST_WORDS: usize = 1 << 20;

/// A commit is more than Redis takes at once.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// How many words the script would be given.
    pub words: usize,
}

/// Writes in the form that the script takes.
#[derive(Default)]
pub struct Writes<'a> {
    keys: Vec<Vec<u8>>,
    words: Vec<Cow<'a, [u8]>>,
}

/// Fields of hashes that are written, and those that are removed.
#[derive(Default)]
struct Fields<'a> {
    written: BTreeMap<String, Vec<Cow<'a, [u8]>>>,
    removed: BTreeMap<String, Vec<Cow<'a, [u8]>>>,
}

// === impl Writes ===

impl<'a> Writes<'a> {
    /// What the script writes for a commit.
    pub fn of(keys: &BuildKeys, entering: Entering, commit: &Commit<'a>) -> Result<Writes<'a>, TooLarge> {
        let (changes, mut writes) = (commit.changes, Writes::default());
        writes.fields(Fields::of(keys, changes));
        writes.links(keys, &changes.links);
        changes.dead_letters.iter().for_each(|letter| writes.dead_letter(keys, letter));
        changes.tried.iter().for_each(|tried| writes.tried(keys, tried));
        if entering == Entering::Changes {
            writes.entries(keys, &changes.documents, commit.checkpoint.commits);
        }
        writes.orders(keys, commit.carried);
        let words = writes.keys.len() + writes.words.len();
        if words + 16 > MOST_WORDS { Err(TooLarge { words }) } else { Ok(writes) }
    }

    /// Adds the call of the script.
    pub fn pack(&self, packed: &mut Packed, keys: &BuildKeys, checkpoint: &Checkpoint) {
        let checkpoint = checkpoint::fields(checkpoint);
        packed.begin(5 + self.keys.len() + checkpoint.len() + self.words.len());
        packed.word(b"EVAL");
        packed.word(SCRIPT.as_bytes());
        packed.word((self.keys.len() + 2).to_string().as_bytes());
        packed.word(keys.checkpoint().as_bytes());
        self.keys.iter().for_each(|key| packed.word(key));
        packed.word(keys.projection().absent().as_bytes());
        checkpoint.iter().for_each(|field| packed.word(field.as_bytes()));
        self.words.iter().for_each(|word| packed.word(word));
    }

    /// As many commands as it takes; pairs of arguments stay together, for they are cut at even places.
    fn add(&mut self, command: &'static str, key: &[u8], arguments: Vec<Cow<'a, [u8]>>) {
        let mut arguments = arguments.into_iter();
        while let count @ 1.. = arguments.len().min(AT_ONCE) {
            self.keys.push(key.to_vec());
            self.words.extend([Cow::Borrowed(command.as_bytes()), owned(count.to_string())]);
            self.words.extend(arguments.by_ref().take(count));
        }
    }

    fn fields(&mut self, Fields { written, removed }: Fields<'a>) {
        for (hash, fields) in written {
            self.add("HSET", hash.as_bytes(), fields);
        }
        for (hash, fields) in removed {
            self.add("HDEL", hash.as_bytes(), fields);
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
            self.add("ZADD", &keys.set(set), members);
        }
        for (set, members) in leaving {
            self.add("ZREM", &keys.set(set), members);
        }
    }

    /// Each changed document waits in the outbox from this commit on.
    fn entries(&mut self, keys: &BuildKeys, documents: &'a [DocumentChange], commits: u64) {
        if documents.is_empty() {
            return;
        }
        let since = [Cow::Borrowed(&b"since"[..]), owned(clock::now_micros().to_string())];
        self.add("HSETNX", keys.flusher().as_bytes(), since.into());
        let commits = commits.to_string().into_bytes();
        let scored = |change: &DocumentChange| [Cow::Owned(commits.clone()), Cow::Owned(keys::entry(change.view, &change.key))];
        self.add("ZADD", keys.outbox().as_bytes(), documents.iter().flat_map(scored).collect());
    }

    fn dead_letter(&mut self, keys: &BuildKeys, letter: &'a DeadLetter) {
        let entry = dead_letters::entry(letter.position, letter.kind);
        self.add("ZADD", keys.dead_letters().as_bytes(), vec![Cow::Borrowed(b"0"), owned(entry)]);
        self.add("HSET", keys.dead_letter(letter.position).as_bytes(), dead_letters::fields(letter));
    }

    fn tried(&mut self, keys: &BuildKeys, tried: &'a Tried) {
        let (set, letter) = (keys.dead_letters(), keys.dead_letter(tried.position));
        self.add("ZREMRANGEBYLEX", set.as_bytes(), dead_letters::bounds(tried.position).map(owned).into());
        let Some((kind, reason)) = &tried.stays else { return };
        let entry = owned(dead_letters::entry(tried.position, kind));
        self.add("ZADD", set.as_bytes(), vec![Cow::Borrowed(b"0"), entry]);
        let (kind, reason) = (Cow::Borrowed(kind.as_bytes()), Cow::Borrowed(reason.as_bytes()));
        self.add("HSET", letter.as_bytes(), vec![Cow::Borrowed(b"kind"), kind, Cow::Borrowed(b"reason"), reason]);
    }

    fn orders(&mut self, keys: &BuildKeys, carried: &'a Carried) {
        let done = carried.done.iter().map(|name| Cow::Borrowed(name.as_bytes())).collect();
        self.add("HDEL", keys.orders().as_bytes(), done);
        let settled =
            carried.settled.iter().flat_map(|order| [owned(order.position.to_string()), owned(json!(order).to_string())]);
        self.add("HSET", keys.settled().as_bytes(), settled.collect());
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

    fn keys() -> BuildKeys {
        BuildKeys::new(ProjectionKeys::new("ns", "p"), 1, Catalogue { entities: vec![], views: vec![] })
    }

    fn check<T>(changes: &Changes, check: impl FnOnce(Result<Writes<'_>, TooLarge>) -> T) -> T {
        let (checkpoint, carried) = (&Checkpoint::default(), &Carried::default());
        check(Writes::of(&keys(), Entering::Nothing, &Commit { fence: 1, follows: 0, checkpoint, changes, carried }))
    }

    /// So many members of one set.
    fn members(count: usize) -> Changes {
        let key = |number: usize| Key::of(&[Value::Int(number as i64)]);
        let set = SetKey { space: SetSpace::Index(0), value: key(0) };
        let link = |member| Link { set: set.clone(), member: key(member), present: true };
        Changes { links: (0..count).map(link).collect(), ..Changes::default() }
    }

    /// The command of each write, and how many arguments it has.
    fn heads(writes: &Writes<'_>) -> Vec<String> {
        let (mut heads, mut at) = (Vec::new(), 0);
        while let Some([command, arguments]) = writes.words.get(at..at + 2) {
            let [command, arguments] = [command, arguments].map(|word| std::str::from_utf8(word).unwrap());
            heads.push(format!("{command} {arguments}"));
            at += 2 + arguments.parse::<usize>().unwrap();
        }
        assert_eq!(heads.len(), writes.keys.len());
        heads
    }

    #[test]
    fn large_writes_are_cut_and_pairs_stay_together() {
        let heads = check(&members(AT_ONCE / 2 + 1), |writes| heads(&writes.unwrap()));
        assert_eq!(heads, [format!("ZADD {AT_ONCE}"), "ZADD 2".to_owned()]);
    }

    #[test]
    fn a_commit_that_redis_cannot_take_is_not_sent() {
        assert!(check(&members(MOST_WORDS / 2), |writes| writes.is_err()));
    }
}
