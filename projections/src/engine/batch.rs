//! One batch on its way through the engine: fold, then block by block walk, evaluate and apply.
//!
//! Each stage first makes sure that everything it needs is in the cache, and only then changes anything; so a step that
//! comes back for what was missing repeats no change.

mod block;
mod output;
mod page;

use crate::plan::{Plan, Policy};

use super::cache::Cache;
use super::cells::{Changes, DeadLetter, Missing, PARKED};
use super::decode::{Decoded, Effect, Refusal};
use super::exchange::{Limits, LogEvent};
use super::fold::{self, Folder};
use super::job::{Job, Way};
use super::job_page::{Page, RunningJob};
use super::jobs::Progress;
use super::parking::{Cause, Parking};
use super::retrial;
use block::Work;
pub use page::RunningMaterialization;

/// A batch of events, or a page of a job, under way. Made by [`Engine::begin`](super::Engine::begin).
pub struct Batch<'e> {
    number: u64,
    events: Vec<(&'e LogEvent, Decoded<'e>)>,
    source: Source,
    /// The position that its rows are of.
    position: u64,
    job: Option<RunningJob>,
    materialization: Option<RunningMaterialization>,
    extent: Extent,
    stage: Stage,
    changes: Changes,
    new_jobs: Vec<Way>,
    /// How many more rows it may reach through indexes.
    room: usize,
}

/// Where a batch's events are from.
#[derive(Clone, Copy)]
enum Source {
    /// From the log: none of them has been looked at before.
    Log,
    /// From the dead letters: they are looked at again.
    DeadLetters,
}

/// How far a batch goes.
#[derive(Clone, Copy)]
enum Extent {
    /// To documents.
    Views,
    /// To rows, which the next batch may change on.
    Rows,
}

/// What comes next.
enum Stage {
    Fold,
    Block { number: usize, work: Work },
    Done,
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
        Batch {
            number,
            events,
            source: Source::Log,
            position,
            job: None,
            materialization: None,
            extent: Extent::Views,
            stage: Stage::Fold,
            changes,
            new_jobs,
            room: limits.reach(),
        }
    }

    /// Decoded events that are folded into rows, and no further.
    pub fn of_rows(number: u64, events: Vec<(&'e LogEvent, Decoded<'e>)>, limits: &Limits) -> Self {
        Batch { extent: Extent::Rows, ..Batch::new(number, events, limits) }
    }

    /// Decoded events of dead letters; their documents are of the position `checkpoint`, at which they are evaluated.
    pub fn of_dead_letters(number: u64, events: Vec<(&'e LogEvent, Decoded<'e>)>, checkpoint: u64, limits: &Limits) -> Self {
        Batch { source: Source::DeadLetters, position: checkpoint, ..Batch::new(number, events, limits) }
    }

    /// A page of a job; its documents are of the position `checkpoint`, at which they are evaluated.
    pub fn of_job(number: u64, id: u64, job: Job, checkpoint: u64, limits: &Limits) -> Self {
        Batch { job: Some(RunningJob::new(id, job)), position: checkpoint, ..Batch::new(number, Vec::new(), limits) }
    }

    /// A page of a materialization; its documents are of the position `checkpoint`, at which they are evaluated.
    pub fn of_materialization(number: u64, running: RunningMaterialization, checkpoint: u64, limits: &Limits) -> Self {
        let stage = running.block().map_or(Stage::Done, |number| Stage::Block { number, work: Work::Page });
        let materialization = Some(running);
        Batch { materialization, stage, position: checkpoint, ..Batch::new(number, Vec::new(), limits) }
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
            progress: self.job.take().map(RunningJob::finish).or(self.materialization.take().map(RunningMaterialization::finish)),
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
        let mut folder = Folder::new(tools.plan);
        for (event, decoded) in std::mem::take(&mut self.events) {
            match self.source {
                Source::Log => self.fold_event(event, decoded, &mut folder, tools),
                Source::DeadLetters => {
                    retrial::fold(event.position, decoded, self.position, &mut folder, tools, &mut self.changes);
                }
            }
        }
        match self.extent {
            Extent::Rows => Stage::Done,
            Extent::Views => self.close_rows(tools),
        }
    }

    /// All rows are folded: what they change beside themselves.
    fn close_rows(&mut self, tools: &mut Tools<'_>) -> Stage {
        self.changes.cells.extend(tools.parking.take_changes());
        tools.cache.seal_rows();
        let links = fold::index_links(tools.plan, tools.cache);
        for link in &links {
            tools.cache.link(&link.set, &link.member, link.present);
        }
        self.changes.links = links;
        Stage::Block { number: 0, work: Work::Start }
    }

    fn fold_event(&mut self, event: &LogEvent, decoded: Decoded<'_>, folder: &mut Folder<'_>, tools: &mut Tools<'_>) {
        let tally = &mut self.changes.tally;
        match decoded {
            Decoded::PassedBy | Decoded::Discarded => tally.passed_by += 1,
            Decoded::Duplicate => tally.duplicates += 1,
            Decoded::Refused(refusal) => self.refuse(event, refusal, tools),
            Decoded::Apply(effect) => match fold_effect(effect, event.position, folder, tools) {
                Ok(()) => tally.applied += 1,
                Err(refusal) => self.refuse(event, refusal, tools),
            },
        }
    }

    /// Makes the event a dead letter; under the policy `park` the keys it touches wait from here on.
    fn refuse(&mut self, event: &LogEvent, refusal: Refusal, tools: &mut Tools<'_>) {
        self.changes.tally.dead += 1;
        let Refusal { kind, reason, keys, cause } = refusal;
        let kind = kind.into();
        let LogEvent { position, time, .. } = *event;
        if tools.plan.dead_letters.policy == Policy::Park {
            tools.parking.park(&keys, position, cause);
        }
        self.changes.dead_letters.push(DeadLetter { position, time, kind, reason, keys, event: event.data.clone() });
    }
}

/// Folds one event, unless it has to wait.
fn fold_effect(mut effect: Effect<'_>, position: u64, folder: &mut Folder<'_>, tools: &mut Tools<'_>) -> Result<(), Refusal> {
    if let Some(reason) = tools.parking.reason_to_wait(tools.plan, effect.targets()) {
        return Err(Refusal { kind: PARKED, reason, keys: effect.keys(), cause: Cause::Behind });
    }
    let applied = folder.apply(tools.cache, &mut effect, position);
    applied.map_err(|reason| Refusal { kind: "expression_failed", reason, keys: effect.keys(), cause: Cause::Failed })
}
