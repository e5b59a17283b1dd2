//! Carries what units contribute into the groups of a roll-up.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::aggregate::{Standing, needs_rows};
use crate::codec::{Key, Row};
use crate::plan::{Plan, Rollup, RollupId};

use super::cache::{Cache, Known, KnownSet};
use super::cells::{CellKey, Link, MembersWanted, Missing, SetKey, SetSpace, Space};
use super::group::{Contribution, Group, key_of};

/// Contributions of units, to be applied.
pub struct Delta<'p> {
    pub plan: &'p Plan,
    pub rollup: RollupId,
    /// Unit, position of the event behind it, what it now contributes.
    pub contributions: Vec<(Key, u64, Option<Contribution>)>,
}

/// Whether the members of each group are kept: where some aggregate cannot always be told from what is kept of it.
pub fn keeps_members(rollup: &Rollup) -> bool {
    rollup.aggregates.iter().any(needs_rows)
}

impl<'p> Delta<'p> {
    fn spec(&self) -> &'p Rollup {
        &self.plan.rollups[self.rollup]
    }

    /// Notes the units' old contributions and the groups involved, as far as the cache does not know them.
    pub fn require(&self, cache: &Cache, missing: &mut Missing) {
        let (contributions, groups) = (&cache.contributions[self.rollup], &cache.groups[self.rollup]);
        if contributions.is_complete() && groups.is_complete() {
            return;
        }
        let mut require = |key: Key| {
            if !groups.is_known(&key) {
                missing.cells.push(CellKey { space: Space::Group(self.rollup), key });
            }
        };
        let mut unknown = Vec::new();
        for (unit, _, new) in &self.contributions {
            match contributions.get(unit) {
                Known::Here(old) => old.into_iter().for_each(|old| require(key_of(self.spec(), old))),
                Known::Unknown => unknown.push(CellKey { space: Space::Contribution(self.rollup), key: unit.clone() }),
            }
            new.iter().for_each(|new| require(new.group.clone()));
        }
        missing.cells.extend(unknown);
    }

    /// Applies the contributions, all of which is known; the groups to compute again, and the members that moved.
    pub fn apply(self, cache: &mut Cache) -> (Vec<Key>, Vec<Link>) {
        let mut applied = Applied { number: self.rollup, rollup: self.spec(), cache, stale: Stale::default(), links: Vec::new() };
        for (unit, position, new) in self.contributions {
            applied.contribute(unit, position, new);
        }
        let Applied { stale, links, .. } = applied;
        (stale.order, links)
    }
}

/// Contributions as they are applied.
struct Applied<'a> {
    number: RollupId,
    rollup: &'a Rollup,
    cache: &'a mut Cache,
    stale: Stale,
    links: Vec<Link>,
}

/// Groups to compute again, each once, in the order in which they were found.
#[derive(Default)]
struct Stale {
    order: Vec<Key>,
    known: HashSet<Key, FixedState>,
}

impl Applied<'_> {
    fn contribute(&mut self, unit: Key, position: u64, new: Option<Contribution>) {
        let (to, new) = new.map(|new| (new.group, new.row)).unzip();
        let old = self.cache.contributions[self.number].put(&unit, new.clone(), position);
        if old == new {
            return;
        }
        let from = old.as_ref().map(|row| key_of(self.rollup, row));
        // Added before the old one is taken back: where both have the group's largest value, it is never gone.
        if let (Some(row), Some(key)) = (&new, &to) {
            self.update(key, position, |rollup, group| group.add(rollup, row));
        }
        if let (Some(row), Some(key)) = (&old, &from) {
            self.update(key, position, |rollup, group| group.remove(rollup, row));
        }
        if from != to && keeps_members(self.rollup) {
            self.link(from, &unit, false);
            self.link(to, &unit, true);
        }
    }

    fn link(&mut self, group: Option<Key>, unit: &Key, present: bool) {
        if let Some(group) = group {
            let set = SetKey { space: SetSpace::Members(self.number), value: group };
            self.cache.link(&set, unit, present);
            self.links.push(Link { set, member: unit.clone(), present });
        }
    }

    /// Changes a known group; a group that runs empty goes.
    fn update(&mut self, key: &Key, position: u64, change: impl FnOnce(&Rollup, &mut Group) -> Standing) {
        let rollup = self.rollup;
        let standing = self.cache.groups[self.number].modify(key, position, |cell| {
            // Copied at the batch's first change, for what was before is still wanted; then changed in place.
            let group = Arc::make_mut(cell.get_or_insert_with(|| Arc::new(Group::new(rollup))));
            let standing = change(rollup, group);
            if group.is_empty() {
                *cell = None;
            }
            standing
        });
        if standing == Standing::Stale && self.stale.known.insert(key.clone()) {
            self.stale.order.push(key.clone());
        }
    }
}

/// Computes stale groups again from the contributions of all their members; those for which something is missing stay.
pub fn regroup(
    plan: &Plan,
    number: RollupId,
    stale: Vec<Key>,
    cache: &mut Cache,
    page: usize,
    missing: &mut Missing,
) -> Vec<Key> {
    let rollup = &plan.rollups[number];
    let mut left = Vec::new();
    for key in stale {
        match contributions(cache, number, &key, page, missing) {
            None => left.push(key),
            Some(rows) if rows.is_empty() => {}
            Some(rows) => {
                let group = Group::of(rollup, &rows);
                cache.groups[number].put(&key, Some(Arc::new(group)), 0);
            }
        }
    }
    left
}

/// The contributions of a group's members in the order of the members; `None` where something is missing.
fn contributions(cache: &Cache, rollup: RollupId, group: &Key, page: usize, missing: &mut Missing) -> Option<Vec<Row>> {
    let before = missing.cells.len();
    let mut rows = Vec::new();
    match cache.members[rollup].get(group) {
        KnownSet::UpTo(last, _) => {
            let set = SetKey { space: SetSpace::Members(rollup), value: group.clone() };
            missing.sets.push(MembersWanted { set, after: last.cloned(), limit: page });
            return None;
        }
        KnownSet::All(members) => {
            for member in members.into_iter().flat_map(|members| members.iter()) {
                match cache.contributions[rollup].get(member) {
                    Known::Here(row) => rows.extend(row.cloned()),
                    Known::Unknown => {
                        missing.cells.push(CellKey { space: Space::Contribution(rollup), key: member.clone() });
                    }
                }
            }
        }
    }
    (missing.cells.len() == before).then_some(rows)
}
