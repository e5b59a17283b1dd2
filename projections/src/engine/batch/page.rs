//! A page of a materialization: its units are evaluated, or its groups made documents, and nothing else.

use crate::codec::Key;
use crate::plan::{BlockId, Output, Plan, RollupId};

use super::super::cache::Known;
use super::super::cells::{CellKey, Missing, Space};
use super::super::group;
use super::super::jobs::{Progress, Task};
use super::super::materialization::{Materialization, Source};
use super::block::{Evaluation, Work};
use super::output::Document;
use super::{Batch, Tools};

/// A materialization whose next page this batch works off.
pub struct RunningMaterialization {
    number: u64,
    /// After the page, once that is here.
    at: Option<Materialization>,
}

// === impl RunningMaterialization ===

impl RunningMaterialization {
    pub fn new(number: u64, at: Materialization, plan: &Plan) -> Self {
        // Of a projection without views nothing is left.
        let at = at.source(plan).map(|_| at);
        RunningMaterialization { number, at }
    }

    /// The block whose turn it is, if anything is left.
    pub fn block(&self) -> Option<BlockId> {
        self.at.as_ref().map(Materialization::block)
    }

    /// What came of it.
    pub fn finish(self) -> Progress {
        (self.number, self.at.map(Task::Materialize))
    }

    /// The next page, if it is here, and what it is of; the materialization moves over it.
    fn take_page(&mut self, tools: &mut Tools<'_>, missing: &mut Missing) -> Option<(Source, Vec<Key>)> {
        let (at, limit) = (self.at.take()?, tools.limits.fan_out);
        let (source, wanted) = at.source(tools.plan).zip(at.wanted(tools.plan, limit))?;
        match tools.page.take(wanted, missing) {
            None => {
                self.at = Some(at);
                None
            }
            Some(page) => {
                self.at = at.after(tools.plan, &page, limit);
                Some((source, page))
            }
        }
    }
}

impl Batch<'_> {
    /// Finds out what to materialize.
    pub(super) fn page(&mut self, number: usize, tools: &mut Tools<'_>, missing: &mut Missing) -> Work {
        let position = self.position;
        let Some((source, page)) = self.materialization.as_mut().and_then(|running| running.take_page(tools, missing)) else {
            return Work::Page;
        };
        match (source, &tools.plan.blocks[number].output) {
            (Source::Groups(rollup), _) => Work::GroupPage { rollup, page },
            (Source::Units, Output::Document { .. }) => Work::Documents(Evaluation::at(page, position)),
            (Source::Units, Output::Contribution { .. }) => Work::Contributions(Evaluation::at(page, position)),
        }
    }

    /// Makes these groups documents.
    pub(super) fn group_page(
        &mut self,
        number: RollupId,
        page: Vec<Key>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) -> Option<Work> {
        let (rollup, groups) = (&tools.plan.rollups[number], &tools.cache.groups[number]);
        let mut documents: Vec<Document> = Vec::with_capacity(page.len());
        for key in &page {
            match groups.get(key) {
                Known::Here(group) => {
                    let document = group::document(rollup, key, group.map(|group| &**group));
                    documents.push((key.clone(), self.position, document));
                }
                Known::Unknown => missing.cells.push(CellKey { space: Space::Group(number), key: key.clone() }),
            }
        }
        if missing.cells.is_empty() {
            self.emit_groups(number, documents, tools, missing);
        }
        // Made once more from the same groups where something is missing.
        (!missing.cells.is_empty()).then_some(Work::GroupPage { rollup: number, page })
    }
}
