//! A block of a batch: walk to the units that are affected, evaluate them, apply what they yield.

use crate::codec::Key;
use crate::plan::{Output, RollupId, RollupReader};

use super::super::cells::{Content, Missing};
use super::super::evaluate::Evaluator;
use super::super::group::{self, Contribution};
use super::super::rollup::{Delta, regroup};
use super::super::walk::{Dirty, Walk, Walker, start};
use super::output::Document;
use super::{Batch, Stage, Tools};

/// How far a block is.
pub enum Work {
    Start,
    Walk {
        walks: Vec<Walk>,
        dirty: Dirty,
    },
    Documents(Evaluation<Content>),
    Contributions(Evaluation<Option<Contribution>>),
    Regroup {
        rollup: RollupId,
        stale: Vec<Key>,
    },
    Groups {
        rollup: RollupId,
    },
    /// Of a materialization: its next page is looked for.
    Page,
    /// Groups on their way to documents.
    GroupPage {
        rollup: RollupId,
        page: Vec<Key>,
    },
}

/// Units on their way to what they yield, each with the position of the last event behind it.
pub struct Evaluation<T> {
    left: Vec<(Key, u64)>,
    done: Vec<(Key, u64, T)>,
}

impl<T> Evaluation<T> {
    fn of(units: Vec<(Key, u64)>) -> Evaluation<T> {
        Evaluation { done: Vec::with_capacity(units.len()), left: units }
    }

    /// These units, all as of `position`.
    pub(super) fn at(units: Vec<Key>, position: u64) -> Evaluation<T> {
        Evaluation::of(units.into_iter().map(|unit| (unit, position)).collect())
    }

    /// Evaluates the units that are left; those for which something is missing stay.
    fn advance(&mut self, mut evaluate: impl FnMut(&Key) -> Option<T>) {
        for (unit, position) in std::mem::take(&mut self.left) {
            match evaluate(&unit) {
                Some(outcome) => self.done.push((unit, position, outcome)),
                None => self.left.push((unit, position)),
            }
        }
    }
}

impl Batch<'_> {
    /// Goes on with a block.
    pub(super) fn block(&mut self, number: usize, work: Work, tools: &mut Tools<'_>, missing: &mut Missing) -> Stage {
        if number == tools.plan.blocks.len() {
            self.collect_cells(tools.cache);
            return Stage::Done;
        }
        let next = match work {
            Work::Start => {
                let mut dirty = Dirty::default();
                let walks = start(tools.plan, number, tools.cache, &mut dirty);
                Some(Work::Walk { walks, dirty })
            }
            Work::Walk { walks, dirty } => Some(self.walk(number, walks, dirty, tools, missing)),
            Work::Documents(units) => self.documents(number, units, tools, missing),
            Work::Contributions(units) => self.contributions(number, units, tools, missing),
            Work::Regroup { rollup, stale } => Some(self.regroup(rollup, stale, tools, missing)),
            Work::Groups { rollup } => self.groups(rollup, tools, missing),
            Work::Page => Some(self.page(number, tools, missing)),
            Work::GroupPage { rollup, page } => self.group_page(rollup, page, tools, missing),
        };
        match next {
            Some(work) => Stage::Block { number, work },
            // Later blocks have their turn when this one is materialized whole.
            None if self.materialization.is_some() => Stage::Block { number: tools.plan.blocks.len(), work: Work::Start },
            None => Stage::Block { number: number + 1, work: Work::Start },
        }
    }

    // === units ===

    fn walk(&mut self, number: usize, walks: Vec<Walk>, mut dirty: Dirty, tools: &mut Tools<'_>, missing: &mut Missing) -> Work {
        let mut walker = Walker {
            block: &tools.plan.blocks[number],
            cache: tools.cache,
            missing,
            dirty: &mut dirty,
            jobs: &mut self.new_jobs,
            number,
            fan_out: tools.limits.fan_out,
            room: &mut self.room,
        };
        let mut walks = walks;
        let is_paged = match &mut self.job {
            Some(running) if running.block() == number => running.advance(&mut walker, &mut walks, self.position, tools.page),
            _ => true,
        };
        let stuck = walker.walk(walks);
        if !stuck.is_empty() || !is_paged {
            return Work::Walk { walks: stuck, dirty };
        }
        let units = self.units(dirty);
        match tools.plan.blocks[number].output {
            Output::Document { .. } => Work::Documents(Evaluation::of(units)),
            Output::Contribution { .. } => Work::Contributions(Evaluation::of(units)),
        }
    }

    /// The units to evaluate, each with the last event that affects it. Where walks were left to jobs it is not known which
    /// events affect a unit: what is certain then is that it is evaluated from the rows at the end of the batch.
    fn units(&self, dirty: Dirty) -> Vec<(Key, u64)> {
        if self.new_jobs.is_empty() { dirty.into_units() } else { dirty.into_units_at(self.position) }
    }

    // === documents ===

    fn documents(
        &mut self,
        number: usize,
        mut units: Evaluation<Content>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) -> Option<Work> {
        let block = &tools.plan.blocks[number];
        let Output::Document { view, columns } = &block.output else { return None };
        let mut evaluator = Evaluator::new(tools.cache, missing, tools.limits.page);
        units.advance(|unit| evaluator.document(block, columns, unit));
        if !units.left.is_empty() {
            return Some(Work::Documents(units));
        }
        let evaluated = units.done.len() as u64;
        if let Some(done) = self.emit(*view, units.done, tools.cache, missing) {
            return Some(Work::Documents(Evaluation { left: Vec::new(), done }));
        }
        self.changes.tally.evaluated += evaluated;
        None
    }

    // === contributions ===

    fn contributions(
        &mut self,
        number: usize,
        mut units: Evaluation<Option<Contribution>>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) -> Option<Work> {
        let block = &tools.plan.blocks[number];
        let Output::Contribution { rollup, group, inputs } = &block.output else { return None };
        let mut evaluator = Evaluator::new(tools.cache, missing, tools.limits.page);
        units.advance(|unit| evaluator.contribution(block, (*rollup, group, inputs), unit));
        if !units.left.is_empty() {
            return Some(Work::Contributions(units));
        }
        let delta = Delta { plan: tools.plan, rollup: *rollup, contributions: units.done };
        delta.require(tools.cache, missing);
        if !missing.cells.is_empty() {
            return Some(Work::Contributions(Evaluation { left: Vec::new(), done: delta.contributions }));
        }
        self.changes.tally.evaluated += delta.contributions.len() as u64;
        let (stale, links) = delta.apply(tools.cache);
        self.changes.links.extend(links);
        Some(Work::Regroup { rollup: *rollup, stale })
    }

    fn regroup(&mut self, rollup: RollupId, stale: Vec<Key>, tools: &mut Tools<'_>, missing: &mut Missing) -> Work {
        let left = regroup(tools.plan, rollup, stale, tools.cache, tools.limits.page, missing);
        if !left.is_empty() {
            return Work::Regroup { rollup, stale: left };
        }
        tools.cache.seal_rollup(rollup);
        Work::Groups { rollup }
    }

    /// The documents of a GROUP BY view whose groups changed.
    fn groups(&mut self, number: RollupId, tools: &mut Tools<'_>, missing: &mut Missing) -> Option<Work> {
        let rollup = &tools.plan.rollups[number];
        if let RollupReader::Blocks = rollup.reader {
            return None;
        }
        // A materialization comes to the groups that there are when all units have contributed.
        let is_whole = self.materialization.is_none();
        let changed = tools.cache.groups[number].changed().iter().filter(|changed| is_whole || changed.new.is_none());
        let documents: Vec<Document> = changed
            .map(|changed| (changed.key.clone(), changed.position, group::document(rollup, &changed.key, changed.new.as_deref())))
            .collect();
        self.emit_groups(number, documents, tools, missing);
        (!missing.cells.is_empty()).then_some(Work::Groups { rollup: number })
    }

    /// Keeps these documents of groups that differ from before; none where it is not known what was before, or nobody reads groups as
    /// documents.
    pub(super) fn emit_groups(
        &mut self,
        rollup: RollupId,
        documents: Vec<Document>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) {
        if let RollupReader::View { view, .. } = &tools.plan.rollups[rollup].reader {
            self.emit(*view, documents, tools.cache, missing);
        }
    }
}
