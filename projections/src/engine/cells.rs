//! What the engine keeps: cells and sets. A cell is some bytes under a key; a set is the keys listed under a value.
//! A store needs to know no more than this, and documents and dead letters, to serve the engine.

use std::borrow::Cow;
use std::ops::AddAssign;
use std::sync::Arc;

use crate::codec::{Key, Row};
use crate::plan::{EntityId, IndexId, RollupId, ViewId};

/// Which family of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Rows of an entity, by the row's key; bytes of a [`Row`].
    Row(EntityId),
    /// What is remembered of each document, by its key; bytes of a [`DocumentMark`]. Written only through [`DocumentChange`].
    Document(ViewId),
    /// What each unit contributes to a roll-up, by the unit's key; bytes of a [`Row`].
    Contribution(RollupId),
    /// Aggregates of each group of a roll-up, by the group's key.
    Group(RollupId),
    /// Fan-out not yet worked off, by number.
    Job,
    /// Events that wait: by entity, key, and the event's position, which is the last eight bytes of the cell's key.
    Parked,
}

/// Which family of sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetSpace {
    /// Keys of the rows that hold an index's value.
    Index(IndexId),
    /// Keys of the units that contribute to a group.
    Members(RollupId),
    /// Keys of all cells of a family, under the empty value: read from the cells themselves, and never linked. Only a store in which
    /// views are materialized is asked for them.
    Cells(Space),
}

/// The address of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    /// The family.
    pub space: Space,
    /// The key within it.
    pub key: Key,
}

/// The address of a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SetKey {
    /// The family.
    pub space: SetSpace,
    /// The value whose keys are listed.
    pub value: Key,
}

/// What the engine lacks to go on. Members are wanted in ascending order, those after `after`, at most `limit` of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Cells to read; one that does not exist is an answer too.
    pub cells: Vec<CellKey>,
    /// Sets to read.
    pub sets: Vec<MembersWanted>,
}

/// A page of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersWanted {
    /// The set.
    pub set: SetKey,
    /// Start after this member; `None`: from the first.
    pub after: Option<Key>,
    /// At most so many.
    pub limit: usize,
}

/// Everything that one commit writes beside the checkpoint. Each address occurs at most once.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Cells written, or removed where `None`. Never of [`Space::Document`].
    pub cells: Vec<(CellKey, Option<Arc<[u8]>>)>,
    /// Members that join or leave sets.
    pub links: Vec<Link>,
    /// Documents written or removed.
    pub documents: Vec<DocumentChange>,
    /// Events that could not be applied.
    pub dead_letters: Vec<DeadLetter>,
    /// Dead letters that were there before, and what became of them.
    pub tried: Vec<Tried>,
    /// What happened, for counters.
    pub tally: Tally,
}

/// A member that joins or leaves a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The set.
    pub set: SetKey,
    /// The member.
    pub member: Key,
    /// Whether it is a member from now on.
    pub present: bool,
}

/// A document that differs from the one before.
#[derive(Clone, Debug)]
pub struct DocumentChange {
    /// The view.
    pub view: ViewId,
    /// The document's key.
    pub key: Key,
    /// Position of the event that changed it: at this position the document had exactly this content.
    pub version: u64,
    /// The new content.
    pub content: Content,
}

/// The content of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// There is no such document.
    Absent,
    /// The view's columns.
    Present(Row),
    /// The SELECT fails for this document, as it would in PostgreSQL; it heals when the rows behind it change. The text says why.
    Broken(String),
}

/// What the engine remembers of a document, to tell whether it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentMark {
    /// XXH3-128 of the content.
    pub hash: u128,
    /// The document's version.
    pub version: u64,
}

/// The kind of a dead letter that nothing is wrong with: it only waits for others.
pub const PARKED: &str = "parked";

/// An event that could not be applied, with everything needed to judge it and to apply it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event's place in the log.
    pub position: u64,
    /// When the log took it, in microseconds since 1970.
    pub time: i64,
    /// The kind of failure, stable, for counting: `broken_json`, `unknown_type`…
    pub kind: Cow<'static, str>,
    /// What was wrong, for a person.
    pub reason: String,
    /// The entity keys the event touches, as far as they are known; later events of these keys wait.
    pub keys: Vec<(EntityId, Key)>,
    /// The event as it came.
    pub event: Arc<[u8]>,
}

/// A dead letter that was tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Its event's place in the log.
    pub position: u64,
    /// Why it stays, as kind and reason; `None`: it is gone.
    pub stays: Option<(&'static str, String)>,
}

/// Counts of one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events folded.
    pub applied: u64,
    /// Events of other subjects, or of types without a rule.
    pub passed_by: u64,
    /// Events with the source and id of one before them within the window; they are not applied again.
    pub duplicates: u64,
    /// Events that became dead letters.
    pub dead: u64,
    /// Units evaluated: documents, and what rows contribute to groups.
    pub evaluated: u64,
}

// === impl Tally ===

impl Tally {
    /// All events of the batch.
    pub fn events(&self) -> u64 {
        self.applied + self.passed_by + self.duplicates + self.dead
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Tally) {
        self.applied += more.applied;
        self.passed_by += more.passed_by;
        self.duplicates += more.duplicates;
        self.dead += more.dead;
        self.evaluated += more.evaluated;
    }
}

// === impl Missing ===

impl Missing {
    /// Names each thing once, in order.
    pub(super) fn tidy(&mut self) {
        self.cells.sort_unstable();
        self.cells.dedup();
        self.sets.sort_unstable_by(|a, b| (&a.set, &a.after, a.limit).cmp(&(&b.set, &b.after, b.limit)));
        self.sets.dedup();
    }
}

// === impl DocumentMark ===

impl DocumentMark {
    /// The 24 bytes of [`Space::Document`]: hash, then version, little-endian.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.hash.to_le_bytes());
        bytes[16..].copy_from_slice(&self.version.to_le_bytes());
        bytes
    }

    /// The mark in these bytes, if they are 24.
    pub fn from_bytes(bytes: &[u8]) -> Option<DocumentMark> {
        let (hash, version) = bytes.split_first_chunk::<16>()?;
        Some(DocumentMark { hash: u128::from_le_bytes(*hash), version: u64::from_le_bytes(version.try_into().ok()?) })
    }
}

impl Content {
    /// XXH3-128 of the content, by which two contents are compared; 0 where there is no document.
    pub fn hash(&self) -> u128 {
        match self {
            Content::Absent => 0,
            Content::Present(row) => xxhash_rust::xxh3::xxh3_128(row.bytes()),
            Content::Broken(reason) => !xxhash_rust::xxh3::xxh3_128(reason.as_bytes()),
        }
    }
}
