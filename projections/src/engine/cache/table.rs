//! A table of cached cells of one family, and what the present batch did to them.

use std::cell::Cell;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;

use crate::codec::Key;

use super::Weigh;

/// What is known of a cell.
#[derive(Debug, PartialEq)]
pub enum Known<T> {
    /// Its value, or that there is none.
    Here(Option<T>),
    /// Nothing: the store has to be asked.
    Unknown,
}

/// Cached cells by key.
pub struct Table<V> {
    entries: HashMap<Key, Entry<V>, FixedState>,
    /// Whether a cell that is not here does not exist at all.
    complete: bool,
    batch: u64,
    touched: Vec<Touched<V>>,
    changed: Vec<Changed<V>>,
    weight: usize,
    /// What the cells that the present batch wrote weighed before.
    touched_weight: usize,
}

struct Entry<V> {
    value: Option<V>,
    /// The batch that wrote it last; 0 where it came from the store.
    written: u64,
    /// Its place in `touched`, where the present batch wrote it.
    slot: u32,
    /// Whether it was asked for since the last sweep.
    used: Cell<bool>,
}

/// A cell that the present batch wrote.
struct Touched<V> {
    key: Key,
    /// Its value before the batch.
    old: Option<V>,
    position: u64,
}

/// A cell that the present batch changed.
#[derive(Debug)]
pub struct Changed<V> {
    /// The cell's key.
    pub key: Key,
    /// Its value before the batch.
    pub old: Option<V>,
    /// Its value after it.
    pub new: Option<V>,
    /// The last event that wrote it.
    pub position: u64,
}

/// What an entry costs beside its key and value: the table's own slot and the two allocations' headers.
const OVERHEAD: usize = 80;

impl<V: Clone + PartialEq + Weigh> Table<V> {
    pub fn new(seed: u64) -> Self {
        Table {
            entries: HashMap::with_hasher(FixedState::with_seed(seed)),
            complete: false,
            batch: 0,
            touched: Vec::new(),
            changed: Vec::new(),
            weight: 0,
            touched_weight: 0,
        }
    }

    /// From here on a cell that is not in the table does not exist, until one is evicted.
    pub fn assume_complete(&mut self) {
        self.complete = true;
    }

    /// Begins the batch of this number, greater than any before.
    pub fn begin(&mut self, batch: u64) {
        self.batch = batch;
        self.touched.clear();
        self.touched_weight = 0;
        self.changed.clear();
    }

    pub fn get(&self, key: &Key) -> Known<&V> {
        match self.entries.get(key) {
            Some(entry) => {
                // Most often it is set already, and memory that is only read stays shared.
                if !entry.used.get() {
                    entry.used.set(true);
                }
                Known::Here(entry.value.as_ref())
            }
            None if self.complete => Known::Here(None),
            None => Known::Unknown,
        }
    }

    /// Whether every cell is known, be it that there is none.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn is_known(&self, key: &Key) -> bool {
        self.complete || self.entries.contains_key(key)
    }

    /// Writes a known cell on behalf of the event at `position`; hands back the value that it had.
    pub fn put(&mut self, key: &Key, value: Option<V>, position: u64) -> Option<V> {
        self.modify(key, position, |cell| std::mem::replace(cell, value))
    }

    /// Changes a known cell in place on behalf of the event at `position`.
    pub fn modify<R>(&mut self, key: &Key, position: u64, change: impl FnOnce(&mut Option<V>) -> R) -> R {
        let entry = match self.entries.entry_ref(key) {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => {
                self.weight += OVERHEAD + key.len();
                entry.insert_entry_with_key(key.clone(), Entry::empty()).into_mut()
            }
        };
        if entry.written == self.batch {
            let touched = &mut self.touched[entry.slot as usize];
            touched.position = touched.position.max(position);
        } else {
            entry.written = self.batch;
            entry.slot = self.touched.len() as u32;
            self.touched.push(Touched { key: key.clone(), old: entry.value.clone(), position });
            self.touched_weight += OVERHEAD + weigh(&entry.value);
        }
        let before = weigh(&entry.value);
        let result = change(&mut entry.value);
        self.weight = self.weight + weigh(&entry.value) - before;
        result
    }

    /// Takes in what the store holds, unless a later value is here.
    pub fn supply(&mut self, key: &Key, value: Option<V>) {
        let added = weigh(&value);
        if let EntryRef::Vacant(entry) = self.entries.entry_ref(key) {
            self.weight += OVERHEAD + key.len() + added;
            entry.insert_entry_with_key(key.clone(), Entry { value, ..Entry::empty() });
        }
    }

    /// The present batch writes no more here: what it changed can be told.
    pub fn seal(&mut self) {
        let entries = &self.entries;
        let changed = self.touched.drain(..).filter_map(|Touched { key, old, position }| {
            let new = &entries.get(&key)?.value;
            (*new != old).then(|| Changed { new: new.clone(), key, old, position })
        });
        self.changed.extend(changed);
    }

    /// The cells that the present batch changed before it was sealed, in the order of their first writes.
    pub fn changed(&self) -> &[Changed<V>] {
        &self.changed
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    /// About how much memory it takes to tell what the present batch wrote.
    pub fn touched_weight(&self) -> usize {
        self.touched_weight
    }

    /// Forgets some of what batch `committed` has stored, until `to_free` bytes are free: first what is absent and what nobody
    /// asked for since the last sweep, and if that is not enough, whatever comes.
    pub fn sweep(&mut self, committed: u64, to_free: usize) {
        let (mut freed, mut lost) = (0, false);
        let complete = self.complete;
        for _ in 0..2 {
            self.entries.retain(|key, entry| {
                let wanted = entry.used.replace(false) && !(complete && entry.value.is_none());
                let keep = wanted || freed >= to_free || entry.written > committed;
                if !keep {
                    freed += OVERHEAD + key.len() + weigh(&entry.value);
                    lost |= entry.value.is_some();
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

impl<V> Entry<V> {
    fn empty() -> Self {
        Entry { value: None, written: 0, slot: 0, used: Cell::new(true) }
    }
}

fn weigh<V: Weigh>(value: &Option<V>) -> usize {
    value.as_ref().map_or(0, Weigh::weight)
}
