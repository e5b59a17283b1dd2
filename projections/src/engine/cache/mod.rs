//! The working state of the engine in memory: rows, contributions, groups, document marks and sets.
//!
//! It is written through: a batch changes it as it goes, ahead of the commit. What is not yet committed is never
//! evicted; what is committed may be, when the cache outgrows its bound. If a commit fails, the cache is worth
//! nothing and is dropped with the engine.

mod members;
mod sets;
mod table;

use std::sync::Arc;

use crate::codec::{Corrupt, Key, Row};
use crate::plan::{Plan, RollupId};

pub use sets::{KnownSet, Sets};
pub use table::{Changed, Known, Table};

use super::cells::{CellKey, DocumentMark, SetKey, SetSpace, Space};
use super::exchange::Answers;
use super::group::Group;

/// What a cached value costs in bytes, its table entry aside.
pub trait Weigh {
    fn weight(&self) -> usize;
}

/// A sweep makes room of one part in so many: it looks at everything, so it should not be needed often.
const SWEPT: usize = 8;

/// All cached state of a projection.
pub struct Cache {
    /// By entity.
    pub rows: Vec<Table<Row>>,
    /// By roll-up.
    pub contributions: Vec<Table<Row>>,
    /// By roll-up.
    pub groups: Vec<Table<Arc<Group>>>,
    /// By view.
    pub documents: Vec<Table<DocumentMark>>,
    /// By index.
    pub indexes: Vec<Sets>,
    /// By roll-up.
    pub members: Vec<Sets>,
    plan: Arc<Plan>,
    batch: u64,
    capacity: usize,
    /// What it may grow to before the next sweep: the capacity, or more where what is not committed takes more.
    bound: usize,
}

impl Cache {
    pub fn new(plan: Arc<Plan>, capacity: usize, seed: u64) -> Cache {
        let rollups = plan.rollups.len();
        Cache {
            rows: plan.entities.iter().map(|_| Table::new(seed)).collect(),
            contributions: (0..rollups).map(|_| Table::new(seed)).collect(),
            groups: (0..rollups).map(|_| Table::new(seed)).collect(),
            documents: plan.views.iter().map(|_| Table::new(seed)).collect(),
            indexes: plan.indexes.iter().map(|_| Sets::new(seed)).collect(),
            members: (0..rollups).map(|_| Sets::new(seed)).collect(),
            plan,
            batch: 0,
            capacity,
            bound: capacity,
        }
    }

    /// The store holds nothing: until something is evicted, what is not here does not exist.
    pub fn assume_complete(&mut self) {
        self.assume_rows_complete();
        self.assume_views_complete();
        self.indexes.iter_mut().for_each(Sets::assume_complete);
    }

    /// The store holds no row.
    pub fn assume_rows_complete(&mut self) {
        self.rows.iter_mut().for_each(Table::assume_complete);
    }

    /// The store holds nothing that is made of rows, but index entries.
    pub fn assume_views_complete(&mut self) {
        self.contributions.iter_mut().for_each(Table::assume_complete);
        self.groups.iter_mut().for_each(Table::assume_complete);
        self.documents.iter_mut().for_each(Table::assume_complete);
        self.members.iter_mut().for_each(Sets::assume_complete);
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn begin(&mut self, batch: u64) {
        self.batch = batch;
        self.rows.iter_mut().for_each(|table| table.begin(batch));
        self.contributions.iter_mut().for_each(|table| table.begin(batch));
        self.groups.iter_mut().for_each(|table| table.begin(batch));
        self.documents.iter_mut().for_each(|table| table.begin(batch));
    }

    /// All rows that the batch changes are changed.
    pub fn seal_rows(&mut self) {
        self.rows.iter_mut().for_each(Table::seal);
    }

    /// All contributions and groups of the roll-up that the batch changes are changed.
    pub fn seal_rollup(&mut self, rollup: RollupId) {
        self.contributions[rollup].seal();
        self.groups[rollup].seal();
    }

    /// Batch `batch` is in the store; whatever outgrows the bound may go.
    pub fn committed(&mut self, batch: u64) {
        self.indexes.iter_mut().chain(&mut self.members).for_each(|sets| sets.committed(batch));
        let weight = self.weight();
        if weight > self.bound {
            self.sweep(batch, weight, weight - self.capacity / SWEPT * (SWEPT - 1));
            self.bound = self.capacity.max(self.weight() + self.capacity / SWEPT);
        }
    }

    pub fn link(&mut self, set: &SetKey, member: &Key, present: bool) {
        let batch = self.batch;
        if let Some(sets) = self.sets_mut(set.space) {
            sets.link(&set.value, member, present, batch);
        }
    }

    pub fn set(&self, set: &SetKey) -> KnownSet<'_> {
        match set.space {
            SetSpace::Index(index) => self.indexes[index].get(&set.value),
            SetSpace::Members(rollup) => self.members[rollup].get(&set.value),
            SetSpace::Cells(_) => KnownSet::UpTo(None, 0),
        }
    }

    /// Takes in what the store holds.
    pub fn supply(&mut self, answers: Answers) -> Result<(), Corrupt> {
        for (cell, bytes) in answers.cells {
            self.supply_cell(&cell, bytes.as_deref())?;
        }
        for (wanted, page) in answers.sets {
            let is_last = page.len() < wanted.limit;
            if let Some(sets) = self.sets_mut(wanted.set.space) {
                sets.supply(&wanted.set.value, wanted.after.as_ref(), page, is_last);
            }
        }
        Ok(())
    }

    fn supply_cell(&mut self, cell: &CellKey, bytes: Option<&[u8]>) -> Result<(), Corrupt> {
        let key = &cell.key;
        match cell.space {
            Space::Row(entity) => self.rows[entity].supply(key, bytes.map(Row::from_bytes).transpose()?),
            Space::Contribution(rollup) => self.contributions[rollup].supply(key, bytes.map(Row::from_bytes).transpose()?),
            Space::Group(rollup) => {
                let aggregates = &self.plan.rollups[rollup].aggregates;
                let group = bytes.map(|bytes| Group::decode(aggregates, bytes)).transpose()?;
                self.groups[rollup].supply(key, group.map(Arc::new));
            }
            Space::Document(view) => {
                let mark = bytes.map(|bytes| DocumentMark::from_bytes(bytes).ok_or(Corrupt("document mark of the wrong size")));
                self.documents[view].supply(key, mark.transpose()?);
            }
            Space::Job | Space::Parked => {}
        }
        Ok(())
    }

    /// The cached sets of a family, if they are cached.
    fn sets_mut(&mut self, space: SetSpace) -> Option<&mut Sets> {
        match space {
            SetSpace::Index(index) => Some(&mut self.indexes[index]),
            SetSpace::Members(rollup) => Some(&mut self.members[rollup]),
            SetSpace::Cells(_) => None,
        }
    }

    /// What it holds, in bytes.
    pub fn weight(&self) -> usize {
        let rows = self.rows.iter().chain(&self.contributions).map(Table::weight).sum::<usize>();
        let groups = self.groups.iter().map(Table::weight).sum::<usize>();
        let documents = self.documents.iter().map(Table::weight).sum::<usize>();
        rows + groups + documents + self.indexes.iter().chain(&self.members).map(Sets::weight).sum::<usize>()
    }

    /// Frees `to_free` of `weight` bytes, of each family as much as it is heavy.
    fn sweep(&mut self, committed: u64, weight: usize, to_free: usize) {
        let of = |part: usize| (part as u128 * to_free as u128).div_ceil(weight as u128) as usize;
        self.rows.iter_mut().chain(&mut self.contributions).for_each(|table| table.sweep(committed, of(table.weight())));
        self.groups.iter_mut().for_each(|table| table.sweep(committed, of(table.weight())));
        self.documents.iter_mut().for_each(|table| table.sweep(committed, of(table.weight())));
        self.indexes.iter_mut().chain(&mut self.members).for_each(|sets| sets.sweep(committed, of(sets.weight())));
    }
}

impl Weigh for Row {
    fn weight(&self) -> usize {
        self.bytes().len() + 16
    }
}

impl Weigh for DocumentMark {
    fn weight(&self) -> usize {
        0
    }
}
