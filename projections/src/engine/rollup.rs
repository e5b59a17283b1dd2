//! Carries what units contribute into the groups of a roll-up.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::aggregate::Standing;
use crate::codec::{Key, Row};
use crate::plan::{AggregateFunction, Plan, Rollup, RollupId};

use super::cache::{Cache, Known, KnownSet};
use super::cells::{CellKey, Link, MembersWanted, Missing, SetKey, SetSpace, Space};
use super::group::{Group, key_of};

/// Contributions of units, to be applied.
pub struct Delta<'p> {
    pub plan: &'p Plan,
    pub rollup: RollupId,
    /// Unit, position of the event behind it, what it now contributes.
    pub contributions: Vec<(Key, u64, Option<Row>)>,
}

/// Whether the members of each group are kept: where some aggregate cannot always be told from what is kept of it.
pub fn keeps_members(rollup: &Rollup) -> bool {
    use AggregateFunction::{Avg, BoolAnd, BoolOr, Count, Sum};
    let is_sum = |function| matches!(function, Count | Sum | Avg | BoolAnd | BoolOr);
    rollup.aggregates.iter().any(|aggregate| aggregate.distinct || !is_sum(aggregate.function) || !exact(aggregate))
}

fn exact(aggregate: &crate::plan::Aggregate) -> bool {
    aggregate.input != schemas::Type::Double || aggregate.function == AggregateFunction::Count
}

impl Delta<'_> {
    fn spec(&self) -> &Rollup {
        &self.plan.rollups[self.rollup]
    }

    /// Notes the units' old contributions and the groups involved, as far as the cache does not know them.
    pub fn require(&self, cache: &Cache, missing: &mut Missing) {
        for (unit, _, new) in &self.contributions {
            let old = match cache.contributions[self.rollup].get(unit) {
                Known::Here(old) => old,
                Known::Unknown => {
                    missing.cells.push(CellKey { space: Space::Contribution(self.rollup), key: unit.clone() });
                    None
                }
            };
            for contribution in old.into_iter().chain(new) {
                let key = key_of(self.spec(), contribution);
                if !cache.groups[self.rollup].is_known(&key) {
                    missing.cells.push(CellKey { space: Space::Group(self.rollup), key });
                }
            }
        }
    }

    /// Applies the contributions, all of which is known; the groups to compute again, and the members that moved.
    pub fn apply(self, cache: &mut Cache) -> (Vec<Key>, Vec<Link>) {
        let rollup = &self.plan.rollups[self.rollup];
        let mut stale = HashSet::with_hasher(FixedState::default());
        let (mut order, mut links) = (Vec::new(), Vec::new());
        for (unit, position, new) in self.contributions {
            let old = cache.contributions[self.rollup].put(&unit, new.clone(), position);
            if old == new {
                continue;
            }
            let (from, to) = (old.as_ref().map(|row| key_of(rollup, row)), new.as_ref().map(|row| key_of(rollup, row)));
            let moves = keeps_members(rollup) && from != to;
            if let (Some(row), Some(key)) = (&old, &from) {
                links.extend(moves.then(|| self::link(self.rollup, key, &unit, false)));
                let standing = update(cache, self.rollup, rollup, key, position, |group| group.remove(rollup, row));
                if standing == Standing::Stale && stale.insert(key.clone()) {
                    order.push(key.clone());
                }
            }
            if let (Some(row), Some(key)) = (&new, &to) {
                links.extend(moves.then(|| self::link(self.rollup, key, &unit, true)));
                let standing = update(cache, self.rollup, rollup, key, position, |group| group.add(rollup, row));
                if standing == Standing::Stale && stale.insert(key.clone()) {
                    order.push(key.clone());
                }
            }
        }
        for link in &links {
            cache.link(&link.set, &link.member, link.present);
        }
        (order, links)
    }
}

fn link(rollup: RollupId, group: &Key, unit: &Key, present: bool) -> Link {
    let set = SetKey { space: SetSpace::Members(rollup), value: group.clone() };
    Link { set, member: unit.clone(), present }
}

/// Changes a known group; a group that runs empty goes.
fn update(
    cache: &mut Cache,
    number: RollupId,
    rollup: &Rollup,
    key: &Key,
    position: u64,
    change: impl FnOnce(&mut Group) -> Standing,
) -> Standing {
    cache.groups[number].modify(key, position, |cell| {
        let group = cell.get_or_insert_with(|| Group::new(rollup));
        let standing = change(group);
        if group.is_empty() {
            *cell = None;
        }
        standing
    })
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
                cache.groups[number].put(&key, Some(group), 0);
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
