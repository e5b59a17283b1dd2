//! One batch on its way through the engine: fold, then block by block walk, evaluate and apply.
//!
//! Each stage first makes sure that everything it needs is in the cache, and only then changes anything; so a step that
//! comes back for what was missing repeats no change.

use std::sync::Arc;

use crate::codec::{Key, Row};
use crate::plan::{Output, Plan, Policy, RollupId, RollupReader, ViewId};

use super::cache::{Cache, Known, Table, Weigh};
use super::cells::{CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Missing, Space};
use super::decode::{Decoded, Effect, Refusal};
use super::evaluate::{Evaluator, Yield};
use super::exchange::{Limits, LogEvent};
use super::job::{Job, Way};
use super::job_page::{Page, RunningJob};
use super::jobs::Progress;
use super::parking::Parking;
use super::rollup::{Delta, regroup};
use super::walk::{Dirty, Walk, Walker, start};
use super::{fold, group};

/// A batch of events, or a page of a job, under way. Made by [`Engine::begin`](super::Engine::begin).
pub struct Batch<'e> {
    number: u64,
    events: Vec<(&'e LogEvent, Decoded<'e>)>,
    /// The position that its rows are of.
    position: u64,
    job: Option<RunningJob>,
    stage: Stage,
    changes: Changes,
    new_jobs: Vec<Way>,
    /// How many more rows it may reach through indexes.
    room: usize,
}

/// What comes next.
enum Stage {
    Fold,
    Block { number: usize, work: Work },
    Done,
}

/// How far a block is.
enum Work {
    Start,
    Walk { walks: Vec<Walk>, dirty: Dirty },
    Evaluate { units: Vec<(Key, u64)>, yields: Vec<(Key, u64, Yield)> },
    Apply(Vec<(Key, u64, Yield)>),
    Regroup { rollup: RollupId, stale: Vec<Key> },
    Groups { rollup: RollupId },
}

/// What came of a batch.
pub struct Outcome {
    pub changes: Changes,
    /// Walks that were too large for it.
    pub new_jobs: Vec<Way>,
    /// The job that it worked on, and what is left of it.
    pub progress: Option<Progress>,
}

/// What a batch works with.
pub struct Tools<'t> {
    pub page: &'t mut Page,
    pub plan: &'t Plan,
    pub cache: &'t mut Cache,
    pub parking: &'t mut Parking,
    pub limits: &'t Limits,
}

impl<'e> Batch<'e> {
    /// A batch of decoded events.
    pub fn new(number: u64, events: Vec<(&'e LogEvent, Decoded<'e>)>, limits: &Limits) -> Self {
        let position = events.last().map_or(0, |(event, _)| event.position);
        let (changes, new_jobs) = (Changes::default(), Vec::new());
        Batch { number, events, position, job: None, stage: Stage::Fold, changes, new_jobs, room: limits.reach() }
    }

    /// A page of a job; its documents are of the position `checkpoint`, at which they are evaluated.
    pub fn of_job(number: u64, id: u64, job: Job, checkpoint: u64, limits: &Limits) -> Self {
        Batch { job: Some(RunningJob::new(id, job)), position: checkpoint, ..Batch::new(number, Vec::new(), limits) }
    }

    /// The batch's number; they rise by one.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Goes as far as the cache allows; whether the batch is done. If not, `missing` says what is needed.
    pub fn advance(&mut self, tools: &mut Tools<'_>, missing: &mut Missing) -> bool {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Done);
            self.stage = match stage {
                Stage::Fold => self.fold(tools, missing),
                Stage::Block { number, work } => self.block(number, work, tools, missing),
                Stage::Done => return true,
            };
            if !missing.cells.is_empty() || !missing.sets.is_empty() {
                return false;
            }
        }
    }

    /// What came of the batch, once it is done.
    pub fn finish(&mut self) -> Outcome {
        Outcome {
            changes: std::mem::take(&mut self.changes),
            new_jobs: std::mem::take(&mut self.new_jobs),
            progress: self.job.take().map(RunningJob::finish),
        }
    }

    // === fold ===

    fn fold(&mut self, tools: &mut Tools<'_>, missing: &mut Missing) -> Stage {
        for (_, decoded) in &self.events {
            if let Decoded::Apply(effect) = decoded {
                fold::require(tools.cache, effect, missing);
            }
        }
        if !missing.cells.is_empty() {
            return Stage::Fold;
        }
        for (event, decoded) in std::mem::take(&mut self.events) {
            self.fold_event(event, decoded, tools);
        }
        tools.cache.seal_rows();
        let links = fold::index_links(tools.plan, tools.cache);
        for link in &links {
            tools.cache.link(&link.set, &link.member, link.present);
        }
        self.changes.links = links;
        Stage::Block { number: 0, work: Work::Start }
    }

    fn fold_event(&mut self, event: &LogEvent, decoded: Decoded<'_>, tools: &mut Tools<'_>) {
        let tally = &mut self.changes.tally;
        match decoded {
            Decoded::PassedBy => tally.passed_by += 1,
            Decoded::Duplicate => tally.duplicates += 1,
            Decoded::Refused(refusal) => self.refuse(event, refusal, tools),
            Decoded::Apply(effect) => match fold_effect(effect, event.position, tools) {
                Ok(()) => tally.applied += 1,
                Err(refusal) => self.refuse(event, refusal, tools),
            },
        }
    }

    /// Makes the event a dead letter; under the policy `park` the keys it touches wait from here on.
    fn refuse(&mut self, event: &LogEvent, refusal: Refusal, tools: &mut Tools<'_>) {
        self.changes.tally.dead += 1;
        if tools.plan.dead_letters.policy == Policy::Park {
            self.changes.cells.extend(tools.parking.park(&refusal.keys, event.position));
        }
        let Refusal { kind, reason, keys } = refusal;
        self.changes.dead_letters.push(DeadLetter { position: event.position, kind, reason, keys, event: event.data.clone() });
    }

    // === blocks ===

    fn block(&mut self, number: usize, work: Work, tools: &mut Tools<'_>, missing: &mut Missing) -> Stage {
        if number == tools.plan.blocks.len() {
            self.collect_cells(tools);
            return Stage::Done;
        }
        let next = match work {
            Work::Start => {
                let mut dirty = Dirty::default();
                let walks = start(tools.plan, number, tools.cache, &mut dirty);
                Some(Work::Walk { walks, dirty })
            }
            Work::Walk { walks, dirty } => Some(self.walk(number, walks, dirty, tools, missing)),
            Work::Evaluate { units, yields } => Some(self.evaluate(number, units, yields, tools, missing)),
            Work::Apply(yields) => self.apply(number, yields, tools, missing),
            Work::Regroup { rollup, stale } => {
                let left = regroup(tools.plan, rollup, stale, tools.cache, tools.limits.page, missing);
                Some(if left.is_empty() {
                    tools.cache.seal_rollup(rollup);
                    Work::Groups { rollup }
                } else {
                    Work::Regroup { rollup, stale: left }
                })
            }
            Work::Groups { rollup } => self.groups(rollup, tools, missing),
        };
        match next {
            Some(work) => Stage::Block { number, work },
            None => Stage::Block { number: number + 1, work: Work::Start },
        }
    }

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
        if stuck.is_empty() && is_paged {
            Work::Evaluate { units: self.units(dirty), yields: Vec::new() }
        } else {
            Work::Walk { walks: stuck, dirty }
        }
    }

    /// The units to evaluate, each with the last event that affects it. Where walks were left to jobs it is not known which
    /// events affect a unit: what is certain then is that it is evaluated from the rows at the end of the batch.
    fn units(&self, dirty: Dirty) -> Vec<(Key, u64)> {
        if self.new_jobs.is_empty() { dirty.into_units() } else { dirty.into_units_at(self.position) }
    }

    fn evaluate(
        &mut self,
        number: usize,
        units: Vec<(Key, u64)>,
        mut yields: Vec<(Key, u64, Yield)>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) -> Work {
        let block = &tools.plan.blocks[number];
        let mut left = Vec::new();
        let mut evaluator = Evaluator::new(tools.cache, missing, tools.limits.page);
        for (unit, position) in units {
            match evaluator.unit(block, &unit) {
                Some(yielded) => yields.push((unit, position, yielded)),
                None => left.push((unit, position)),
            }
        }
        if left.is_empty() {
            self.changes.tally.evaluated += yields.len() as u64;
            Work::Apply(yields)
        } else {
            Work::Evaluate { units: left, yields }
        }
    }

    fn apply(
        &mut self,
        number: usize,
        yields: Vec<(Key, u64, Yield)>,
        tools: &mut Tools<'_>,
        missing: &mut Missing,
    ) -> Option<Work> {
        match &tools.plan.blocks[number].output {
            Output::Document { view, .. } => {
                let documents: Vec<_> = yields.into_iter().filter_map(document).collect();
                let documents = self.emit(*view, documents, tools.cache, missing)?;
                let yields = documents.into_iter().map(|(key, position, content)| (key, position, Yield::Document(content)));
                Some(Work::Apply(yields.collect()))
            }
            Output::Contribution { rollup, .. } => {
                let contributions = yields.into_iter().filter_map(contribution).collect();
                let delta = Delta { plan: tools.plan, rollup: *rollup, contributions };
                delta.require(tools.cache, missing);
                if !missing.cells.is_empty() {
                    let yields = delta.contributions.into_iter().map(|(key, at, row)| (key, at, Yield::Contribution(row)));
                    return Some(Work::Apply(yields.collect()));
                }
                let (stale, links) = delta.apply(tools.cache);
                self.changes.links.extend(links);
                Some(Work::Regroup { rollup: *rollup, stale })
            }
        }
    }

    /// The documents of a GROUP BY view whose groups changed.
    fn groups(&mut self, number: RollupId, tools: &mut Tools<'_>, missing: &mut Missing) -> Option<Work> {
        let rollup = &tools.plan.rollups[number];
        let RollupReader::View { view, .. } = &rollup.reader else { return None };
        let mut documents = Vec::new();
        for changed in tools.cache.groups[number].changed() {
            let content = group::document(rollup, &changed.key, changed.new.as_ref());
            documents.push((changed.key.clone(), changed.position, content));
        }
        self.emit(*view, documents, tools.cache, missing).map(|_| Work::Groups { rollup: number })
    }

    /// Keeps the documents that differ from before. Hands them all back where it is not known what was before.
    fn emit(
        &mut self,
        view: ViewId,
        documents: Vec<(Key, u64, Content)>,
        cache: &mut Cache,
        missing: &mut Missing,
    ) -> Option<Vec<(Key, u64, Content)>> {
        let marks = &mut cache.documents[view];
        let unknown = documents.iter().filter(|(key, ..)| !marks.is_known(key));
        missing.cells.extend(unknown.map(|(key, ..)| CellKey { space: Space::Document(view), key: key.clone() }));
        if !missing.cells.is_empty() {
            return Some(documents);
        }
        for (key, version, content) in documents {
            let before = match marks.get(&key) {
                Known::Here(Some(mark)) => mark.hash,
                _ => 0,
            };
            let hash = content.hash();
            if hash != before {
                let mark = (!matches!(content, Content::Absent)).then_some(DocumentMark { hash, version });
                marks.put(&key, mark, version);
                self.changes.documents.push(DocumentChange { view, key, version, content });
            }
        }
        None
    }

    /// Gathers the cells that the batch changed.
    fn collect_cells(&mut self, tools: &Tools<'_>) {
        let cache = &tools.cache;
        for (entity, table) in cache.rows.iter().enumerate() {
            self.collect(Space::Row(entity), table, Row::shared);
        }
        for (rollup, table) in cache.contributions.iter().enumerate() {
            self.collect(Space::Contribution(rollup), table, Row::shared);
        }
        for (rollup, table) in cache.groups.iter().enumerate() {
            self.collect(Space::Group(rollup), table, |group| Arc::from(group.encode()));
        }
    }

    fn collect<V: Clone + PartialEq + Weigh>(&mut self, space: Space, table: &Table<V>, bytes: fn(&V) -> Arc<[u8]>) {
        let changed = table.changed().iter();
        let cells = changed.map(|cell| (CellKey { space, key: cell.key.clone() }, cell.new.as_ref().map(bytes)));
        self.changes.cells.extend(cells);
    }
}

fn document((key, position, yielded): (Key, u64, Yield)) -> Option<(Key, u64, Content)> {
    match yielded {
        Yield::Document(content) => Some((key, position, content)),
        Yield::Contribution(_) => None,
    }
}

fn contribution((key, position, yielded): (Key, u64, Yield)) -> Option<(Key, u64, Option<Row>)> {
    match yielded {
        Yield::Contribution(row) => Some((key, position, row)),
        Yield::Document(_) => None,
    }
}

/// Folds one event, unless it has to wait.
fn fold_effect(mut effect: Effect<'_>, position: u64, tools: &mut Tools<'_>) -> Result<(), Refusal> {
    if let Some(reason) = tools.parking.reason_to_wait(tools.plan, &effect) {
        return Err(Refusal { kind: "parked", reason, keys: effect.keys() });
    }
    fold::apply(tools.plan, tools.cache, &mut effect, position).map_err(|reason| Refusal {
        kind: "expression_failed",
        reason,
        keys: effect.keys(),
    })
}
