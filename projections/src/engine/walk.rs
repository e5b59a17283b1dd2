//! From changed rows and groups to the units they affect, hop by hop.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::codec::{Key, KeyBuilder, Row, decode_key};
use crate::plan::{Block, Hop, HopFrom, HopTo, IndexId, Plan, TriggerSource};

use super::cache::{Cache, Changed, Known, KnownSet};
use super::cells::{CellKey, MembersWanted, Missing, SetKey, SetSpace, Space};
use super::job::Way;

/// Units of a block to evaluate, in the order in which they were found, each with the last event that affects it.
#[derive(Default)]
pub struct Dirty {
    units: Vec<(Key, u64)>,
    /// Where each key stands among the units.
    places: HashTable<u32>,
    hasher: FixedState,
}

/// A walk on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The trigger's number in the block.
    pub trigger: usize,
    /// The hop's number in the trigger.
    pub hop: usize,
    /// Where it stands.
    pub place: Place,
    /// The event that set it off.
    pub position: u64,
}

/// Where a walk stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Before the hop, which goes by this value.
    Before(Key),
    /// Behind it, at the row under this key.
    At(Key),
}

/// What walking needs.
pub struct Walker<'c> {
    pub block: &'c Block,
    pub cache: &'c Cache,
    pub missing: &'c mut Missing,
    pub dirty: &'c mut Dirty,
    /// Ways through sets that are too large to follow at once.
    pub jobs: &'c mut Vec<Way>,
    /// The block's number.
    pub number: usize,
    /// The largest set that is followed at once.
    pub fan_out: usize,
    /// How many rows the batch may still reach through indexes.
    pub room: &'c mut usize,
}

// === impl Dirty ===

impl Dirty {
    pub fn mark(&mut self, key: Key, position: u64) {
        let Dirty { units, places, hasher } = self;
        let is_same = |place: &u32| units[*place as usize].0 == key;
        match places.entry(hasher.hash_one(&key), is_same, |place| hasher.hash_one(&units[*place as usize].0)) {
            Entry::Occupied(place) => {
                let unit = &mut units[*place.get() as usize];
                unit.1 = unit.1.max(position);
            }
            Entry::Vacant(place) => {
                place.insert(units.len() as u32);
                units.push((key, position));
            }
        }
    }

    pub fn into_units(self) -> Vec<(Key, u64)> {
        self.units
    }

    /// The units, all as of `position`.
    pub fn into_units_at(self, position: u64) -> Vec<(Key, u64)> {
        self.units.into_iter().map(|(key, _)| (key, position)).collect()
    }
}

// === where walks begin ===

/// Marks and starts what the batch's changes set off in `block`.
pub fn start(plan: &Plan, number: usize, cache: &Cache, dirty: &mut Dirty) -> Vec<Walk> {
    let mut walks = Vec::new();
    for (trigger, of) in plan.blocks[number].triggers.iter().enumerate() {
        match &of.on {
            TriggerSource::Row { entity, reads } => {
                for row in cache.rows[*entity].changed() {
                    if reads_differ(row.old.as_ref(), row.new.as_ref(), reads) {
                        start_row(&of.hops, trigger, row, dirty, &mut walks);
                    }
                }
            }
            TriggerSource::Group { rollup } => {
                for group in cache.groups[*rollup].changed() {
                    if let Some(key) = group_key(&of.hops, &group.key) {
                        start_key(&of.hops, trigger, &key, group.position, dirty, &mut walks);
                    }
                }
            }
        }
    }
    walks
}

/// Whether a change shows in the columns that are read.
fn reads_differ(old: Option<&Row>, new: Option<&Row>, reads: &[usize]) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => reads.iter().any(|column| old.encoded(*column) != new.encoded(*column)),
        _ => true,
    }
}

fn start_row(hops: &[Hop], trigger: usize, row: &Changed<Row>, dirty: &mut Dirty, walks: &mut Vec<Walk>) {
    let Some(Hop { from: HopFrom::Columns(columns), .. }) = hops.first() else {
        return start_key(hops, trigger, &row.key, row.position, dirty, walks);
    };
    let old = row.old.as_ref().and_then(|row| columns_key(row, columns));
    let new = row.new.as_ref().and_then(|row| columns_key(row, columns));
    let moved = old != new;
    let values = new.into_iter().chain(old.filter(|_| moved));
    walks.extend(values.map(|value| Walk { trigger, hop: 0, place: Place::Before(value), position: row.position }));
}

/// What the first hop of a changed group goes by: its key, or some values of it; `None` where one of those is NULL.
fn group_key(hops: &[Hop], key: &Key) -> Option<Key> {
    let Some(Hop { from: HopFrom::Columns(places), .. }) = hops.first() else { return Some(key.clone()) };
    // The key was made of the group's values in this process, so it can be taken apart again.
    let values = decode_key(key).ok()?;
    let mut builder = KeyBuilder::default();
    for place in places {
        let value = values.get(*place).filter(|value| !value.is_null())?;
        builder.push(value);
    }
    Some(builder.finish())
}

fn start_key(hops: &[Hop], trigger: usize, key: &Key, position: u64, dirty: &mut Dirty, walks: &mut Vec<Walk>) {
    if hops.is_empty() {
        dirty.mark(key.clone(), position);
    } else {
        walks.push(Walk { trigger, hop: 0, place: Place::Before(key.clone()), position });
    }
}

/// The key that these columns make; `None` where one of them is NULL.
pub fn columns_key(row: &Row, columns: &[usize]) -> Option<Key> {
    let mut builder = KeyBuilder::default();
    let is_whole = columns.iter().all(|column| row.push_part(*column, &mut builder));
    is_whole.then(|| builder.finish())
}

// === impl Walker ===

impl Walker<'_> {
    /// Walks on; the walks that lack something, to be walked again.
    pub fn walk(&mut self, mut walks: Vec<Walk>) -> Vec<Walk> {
        let mut stuck = Vec::new();
        while let Some(walk) = walks.pop() {
            if !self.advance(&walk, &mut walks) {
                stuck.push(walk);
            }
        }
        stuck
    }

    /// Takes one step; whether everything it needs was there. If not, nothing was done.
    fn advance(&mut self, walk: &Walk, onward: &mut Vec<Walk>) -> bool {
        match (&walk.place, &self.block.triggers[walk.trigger].hops[walk.hop].to) {
            (Place::At(key), _) | (Place::Before(key), HopTo::Key(_)) => self.arrive(walk, key, onward),
            (Place::Before(value), HopTo::Index(index)) => self.follow(walk, *index, value, onward),
        }
    }

    /// Goes to all rows that an index lists under `value`; if they are too many, a job will.
    fn follow(&mut self, walk: &Walk, index: IndexId, value: &Key, onward: &mut Vec<Walk>) -> bool {
        let at_most = self.fan_out.min(*self.room);
        match self.cache.indexes[index].get(value) {
            KnownSet::All(None) => {}
            KnownSet::All(Some(members)) if members.len() <= at_most => {
                *self.room -= members.len();
                onward.extend(members.iter().map(|member| Walk { place: Place::At(member.clone()), ..walk.clone() }));
            }
            KnownSet::UpTo(last, count) if count <= at_most => {
                let (set, after) = (SetKey { space: SetSpace::Index(index), value: value.clone() }, last.cloned());
                self.missing.sets.push(MembersWanted { set, after, limit: self.fan_out + 1 });
                return false;
            }
            KnownSet::All(Some(_)) | KnownSet::UpTo(..) => {
                self.jobs.push(Way { block: self.number, trigger: walk.trigger, hop: walk.hop, value: value.clone() });
            }
        }
        true
    }

    /// Stands at the row `key`, behind the walk's hop: either a unit, or the start of the next hop.
    fn arrive(&mut self, walk: &Walk, key: &Key, onward: &mut Vec<Walk>) -> bool {
        let hops = &self.block.triggers[walk.trigger].hops;
        let Some(next) = hops.get(walk.hop + 1) else {
            self.dirty.mark(key.clone(), walk.position);
            return true;
        };
        let value = match &next.from {
            HopFrom::Key => Some(key.clone()),
            HopFrom::Columns(columns) => match self.row_at(&hops[walk.hop].to, key) {
                None => return false,
                Some(row) => row.and_then(|row| columns_key(row, columns)),
            },
        };
        let onto = |value| Walk { hop: walk.hop + 1, place: Place::Before(value), ..*walk };
        onward.extend(value.map(onto));
        true
    }

    /// The row that a hop led to; `None` where the cache does not know it.
    fn row_at(&mut self, to: &HopTo, key: &Key) -> Option<Option<&Row>> {
        let entity = match to {
            HopTo::Key(entity) => *entity,
            HopTo::Index(index) => self.cache.plan().indexes[*index].entity,
        };
        match self.cache.rows[entity].get(key) {
            Known::Here(row) => Some(row),
            Known::Unknown => {
                self.missing.cells.push(CellKey { space: Space::Row(entity), key: key.clone() });
                None
            }
        }
    }
}
