//! Cached sets of one family: whole, up to some member, or only what batches not yet committed did to them.

use std::cell::Cell;
use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::codec::Key;

use super::members::Members;

/// Cached sets by value.
pub struct Sets {
    entries: HashMap<Key, Entry, FixedState>,
    /// Whether a set that is not here is empty.
    complete: bool,
    /// Sets that are not known whole, with changes that are not yet committed, oldest first.
    pending: VecDeque<(u64, Key)>,
    weight: usize,
}

#[derive(Default)]
struct Entry {
    /// The members as far as they are known, with every change applied.
    members: Members,
    extent: Extent,
    /// Changes not yet committed, oldest first: a page read meanwhile may lack them.
    changes: Vec<Change>,
    /// The batch that changed it last; 0: none did.
    written: u64,
    used: Cell<bool>,
}

struct Change {
    batch: u64,
    member: Key,
    present: bool,
}

/// How far a set is known.
#[derive(Clone, Debug, Default, PartialEq)]
enum Extent {
    #[default]
    Nothing,
    UpTo(Key),
    All,
}

/// What is known of a set.
pub enum KnownSet<'a> {
    /// Every member.
    All(Option<&'a Members>),
    /// The members up to this one; `None`: nothing.
    UpTo(Option<&'a Key>, usize),
}

/// What an entry costs beside its key and members.
const OVERHEAD: usize = 120;
/// What a member costs beside its bytes.
const MEMBER: usize = 48;

impl Sets {
    pub fn new(seed: u64) -> Self {
        Sets { entries: HashMap::with_hasher(FixedState::with_seed(seed)), complete: false, pending: VecDeque::new(), weight: 0 }
    }

    /// From here on a set that is not here is empty, until one is evicted.
    pub fn assume_complete(&mut self) {
        self.complete = true;
    }

    pub fn get(&self, value: &Key) -> KnownSet<'_> {
        let Some(entry) = self.entries.get(value) else {
            return if self.complete { KnownSet::All(None) } else { KnownSet::UpTo(None, 0) };
        };
        entry.used.set(true);
        match &entry.extent {
            Extent::All => KnownSet::All(Some(&entry.members)),
            Extent::UpTo(last) => KnownSet::UpTo(Some(last), entry.members.len()),
            Extent::Nothing => KnownSet::UpTo(None, 0),
        }
    }

    /// Lets a member join or leave.
    pub fn link(&mut self, value: &Key, member: &Key, present: bool, batch: u64) {
        let complete = self.complete;
        let entry = self.entries.entry_ref(value).or_insert_with(|| {
            self.weight += OVERHEAD + value.len();
            Entry { extent: if complete { Extent::All } else { Extent::Nothing }, ..Entry::default() }
        });
        if entry.extent.covers(member) {
            self.weight = entry.set(member, present, self.weight);
        }
        if entry.extent != Extent::All {
            entry.changes.push(Change { batch, member: member.clone(), present });
            if entry.written != batch {
                self.pending.push_back((batch, value.clone()));
            }
        }
        entry.written = batch;
    }

    /// Takes in a page that the store read after `after`; `is_last`: the set ends with it.
    pub fn supply(&mut self, value: &Key, after: Option<&Key>, page: Vec<Key>, is_last: bool) {
        let entry = self.entries.entry(value.clone()).or_insert_with(|| {
            self.weight += OVERHEAD + value.len();
            Entry::default()
        });
        if !entry.extent.ends_with(after) {
            return;
        }
        entry.extent = match page.last() {
            Some(last) if !is_last => Extent::UpTo(last.clone()),
            _ => Extent::All,
        };
        for member in &page {
            self.weight = entry.set(member, true, self.weight);
        }
        let changes = std::mem::take(&mut entry.changes);
        for change in &changes {
            if entry.extent.covers(&change.member) {
                self.weight = entry.set(&change.member, change.present, self.weight);
            }
        }
        if entry.extent != Extent::All {
            entry.changes = changes;
        }
        entry.used.set(true);
    }

    /// Batch `batch` is in the store.
    pub fn committed(&mut self, batch: u64) {
        while self.pending.front().is_some_and(|(of, _)| *of <= batch) {
            let value = self.pending.pop_front().map(|(_, value)| value);
            if let Some(entry) = value.and_then(|value| self.entries.get_mut(&value)) {
                entry.changes.retain(|change| change.batch > batch);
            }
        }
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Forgets some of what batch `committed` has stored, until `to_free` bytes are free: first those sets that nobody asked for
    /// since the last sweep, and if that is not enough, whatever comes.
    pub fn sweep(&mut self, committed: u64, to_free: usize) {
        let (mut freed, mut lost) = (0, false);
        for _ in 0..2 {
            self.entries.retain(|value, entry| {
                let keep = entry.used.replace(false) || freed >= to_free || entry.written > committed;
                if !keep {
                    freed += OVERHEAD + value.len() + entry.weight();
                    lost |= entry.members.len() > 0 || entry.extent != Extent::All;
                }
                keep
            });
            if freed >= to_free {
                break;
            }
        }
        self.weight -= freed;
        self.complete &= !lost;
    }
}

// === impl Entry ===

impl Entry {
    /// Adds or removes a known member; the total weight `weight` after that.
    fn set(&mut self, member: &Key, present: bool, weight: usize) -> usize {
        let cost = MEMBER + member.len();
        if present {
            weight + if self.members.insert(member.clone()) { cost } else { 0 }
        } else {
            weight - if self.members.remove(member) { cost } else { 0 }
        }
    }

    fn weight(&self) -> usize {
        self.members.iter().map(|member| MEMBER + member.len()).sum()
    }
}

// === impl Extent ===

impl Extent {
    fn covers(&self, member: &Key) -> bool {
        match self {
            Extent::Nothing => false,
            Extent::UpTo(last) => member <= last,
            Extent::All => true,
        }
    }

    /// Whether a page read after `after` goes on where this ends.
    fn ends_with(&self, after: Option<&Key>) -> bool {
        match self {
            Extent::Nothing => after.is_none(),
            Extent::UpTo(last) => after == Some(last),
            Extent::All => false,
        }
    }
}
