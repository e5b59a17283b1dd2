//! Building a generation beside the live one, and letting it take its place; going back; giving up.
//!
//! Whoever does this needs no daemon, and disturbs none: the generation has its own state, its own owner and its own tables. A daemon that runs
//! the projection notices that another generation is live, and goes on with that.

use std::sync::Arc;

use super::choice::{earlier, superfluous, worse};
use super::proposal::candidate;
use super::{CannotRecall, Deployment, Role, Whose, make, next_number, recall, record_of};
use crate::clock;
use crate::fault::Fault;
use crate::run::build::{self, BuildTask, CutOver, Older, Origin};
use crate::run::session::End;
use crate::run::{Definition, Goal, Halt, Place, Supervisor};
use crate::state::{Build, Builds, Checkpoint, Creation, Deed, ProjectionRecord, Staging, What};

/// How generations are built and switched.
pub struct Rebuild<'r> {
    /// With what.
    pub supervisor: &'r Supervisor,
    /// Which projection.
    pub projection: &'r str,
    /// For whom.
    pub by: &'r str,
    /// Where it is shown how far it is.
    pub shown: Shown,
}

/// Where it is shown how far a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In the projection's own place: this process does nothing else with it.
    Alone,
    /// Beside what this process runs of the projection.
    Beside,
}

/// What becomes of a generation that has come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It takes the place of the live one, unless it is worse: unless it has dead letters or broken documents that the live one has not.
    CutOver,
    /// It takes its place, whatever it has.
    CutOverAnyway,
    /// It waits, unseen, until somebody goes on with it.
    Hold,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// The generation of this number is live.
    Live(u64),
    /// The generation of this number waits.
    Held(u64),
    /// It was asked to end before; what is built stays, to be gone on with.
    Stopped(u64),
}

/// Why there is no other live generation now. What is live is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CannotRebuild {
    /// There is no such projection.
    #[error("{0} is not deployed")]
    Undeployed(String),
    /// There is nothing to go back to.
    #[error("there is no generation of {0} to go back to: `projector history {0}` shows what became of them")]
    NoneBefore(String),
    /// It would be worse than what is live.
    #[error(
        "generation {number} of {projection} is built, and has {what}: it waits unseen; `projector rebuild {projection} --anyway` lets it go live \
         with them, and --cancel drops it"
    )]
    Worse {
        /// The projection.
        projection: String,
        /// The generation.
        number: u64,
        /// What it has more of.
        what: String,
    },
    /// Somebody else was faster.
    #[error("generation {0} went live meanwhile: nothing was changed")]
    Overtaken(u64),
    /// It cannot be run from the definitions that are stored with it.
    #[error("what generation {0} was built of cannot be told")]
    Unusable(u64, #[source] CannotRecall),
    /// It cannot be built.
    #[error("generation {0} cannot be built")]
    Halted(u64, #[source] Halt),
    /// A store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

// === impl Rebuild ===

impl Rebuild<'_> {
    /// Builds a generation of these definitions, or goes on with one that was begun, and lets it go live.
    pub fn rebuild(&self, definition: &Definition, origin: Origin, then: Then) -> Result<Rebuilt, CannotRebuild> {
        let since = clock::now_micros();
        let (number, is_first) = self.begin(definition)?;
        let deployment = self.deployment(number)?;
        if is_first {
            return self.first(definition, deployment, since);
        }
        let halted = |halt| CannotRebuild::Halted(number, halt);
        let task = || BuildTask { origin, ..self.task(definition, deployment.clone()) };
        match self.to_the_end(|| build::come_up(task())).map_err(halted)? {
            End::Reached => {}
            _ => return Ok(Rebuilt::Stopped(number)),
        }
        if then == Then::Hold {
            return Ok(Rebuilt::Held(number));
        }
        if then == Then::CutOver {
            self.compare_with_live(number)?;
        }
        self.cut_over(definition, deployment, What::CutOver, since)
    }

    /// Brings a generation that was live before up to date, from its own definitions, and lets it be live again.
    pub fn rollback(&self, to: Option<u64>) -> Result<Rebuilt, CannotRebuild> {
        let since = clock::now_micros();
        let record = self.record()?;
        let none = || CannotRebuild::NoneBefore(self.projection.to_owned());
        let number = earlier(&record, to).ok_or_else(none)?;
        let mapping = self.supervisor.deploying.mapping;
        let definition = recall(self.builds(), self.projection, number, mapping).map_err(|cannot| match cannot {
            CannotRecall::Fault(fault) => CannotRebuild::Fault(fault),
            cannot => CannotRebuild::Unusable(number, cannot),
        })?;
        let deployment = self.deployment(number)?;
        self.cut_over(&definition, deployment, What::RolledBack, since)
    }

    /// Drops everything that has been begun to take the place of the live generation; the numbers of what was dropped.
    pub fn cancel(&self) -> Result<Vec<u64>, CannotRebuild> {
        let record = self.record()?;
        let is_begun = |build: &&Build| Some(build.number) > record.live && !build.went_live;
        let begun: Vec<u64> = record.builds.iter().filter(is_begun).map(|build| build.number).collect();
        begun.iter().try_for_each(|&number| self.drop(number, What::Cancelled))?;
        self.drop_orphans()?;
        Ok(begun)
    }

    /// Drops the generations that were live before, but the last `keep` of them; the numbers of what was dropped.
    pub fn collect(&self, keep: usize) -> Result<Vec<u64>, CannotRebuild> {
        let old = superfluous(&self.record()?, keep);
        old.iter().try_for_each(|&number| self.drop(number, What::Dropped))?;
        self.drop_orphans()?;
        Ok(old)
    }

    /// The number of the generation to build, and whether it is the first.
    fn begin(&self, definition: &Definition) -> Result<(u64, bool), CannotRebuild> {
        let log = self.supervisor.stores.log.identity()?;
        loop {
            let record = record_of(self.builds(), self.projection)?;
            let begun = record.as_ref().and_then(|record| candidate(record, definition.plan.fingerprint));
            if let Some(begun) = begun {
                return Ok((begun.number, false));
            }
            let number = next_number(record.as_ref());
            if make(self.builds(), definition, number, &log)? == Creation::Made {
                return Ok((number, record.is_none_or(|record| record.live.is_none())));
            }
        }
    }

    /// The first generation has no readers to spare: they see it from its beginning.
    fn first(&self, definition: &Definition, deployment: Deployment, since: i64) -> Result<Rebuilt, CannotRebuild> {
        let deployment = Deployment { role: Role::Live, ..deployment };
        let number = deployment.number;
        let halted = |halt| CannotRebuild::Halted(number, halt);
        let end = self.to_the_end(|| build::run_to_head(self.task(definition, deployment.clone()))).map_err(halted)?;
        let reached = self.place().progress.borrow().position;
        let events = reached.saturating_sub(deployment.position);
        self.builds().record(self.projection, &Deed { events, ..Deed::now(What::Deployed, number, self.by, since) })?;
        Ok(if end == End::Reached { Rebuilt::Live(number) } else { Rebuilt::Stopped(number) })
    }

    fn cut_over(
        &self,
        definition: &Definition,
        deployment: Deployment,
        what: What,
        since: i64,
    ) -> Result<Rebuilt, CannotRebuild> {
        let number = deployment.number;
        let cut_over = CutOver { what, by: self.by, since, older: Older::Kept };
        let replace = || build::replace(self.task(definition, deployment.clone()), cut_over);
        match self.to_the_end(replace).map_err(|halt| CannotRebuild::Halted(number, halt))? {
            End::Moved => {}
            _ => return Ok(Rebuilt::Stopped(number)),
        }
        match self.record()?.live {
            Some(live) if live != number => Err(CannotRebuild::Overtaken(live)),
            _ => Ok(Rebuilt::Live(number)),
        }
    }

    /// Runs sessions until one has an end.
    fn to_the_end(&self, run: impl Fn() -> Result<End, Halt>) -> Result<End, Halt> {
        loop {
            match run()? {
                End::Restart => tracing::warn!(projection = self.projection, "the store moved under it; going on from there"),
                end => return Ok(end),
            }
        }
    }

    fn compare_with_live(&self, number: u64) -> Result<(), CannotRebuild> {
        let record = self.record()?;
        let built = record.builds.iter().find(|build| build.number == number);
        match built.zip(record.live_build()).and_then(|(built, live)| worse(built, live)) {
            Some(what) => Err(CannotRebuild::Worse { projection: self.projection.to_owned(), number, what }),
            None => Ok(()),
        }
    }

    fn drop(&self, number: u64, what: What) -> Result<(), Fault> {
        let since = clock::now_micros();
        self.builds().drop_build(self.projection, number)?;
        // In which it was made, if it was not made to its end.
        Staging::remove(&self.supervisor.deploying.making.file(self.projection, number))?;
        self.builds().record(self.projection, &Deed::now(what, number, self.by, since))
    }

    /// Drops the tables of builds that are gone: after the builds, whose owners could make them again until then.
    fn drop_orphans(&self) -> Result<(), CannotRebuild> {
        let Some(writer) = &self.supervisor.stores.writer else { return Ok(()) };
        let made = writer.generations(self.projection)?;
        let builds = self.record()?.builds;
        let orphans = made.into_iter().filter(|&number| builds.iter().all(|build| build.number != number));
        Ok(orphans.into_iter().try_for_each(|number| writer.drop_generation(self.projection, number))?)
    }

    fn deployment(&self, number: u64) -> Result<Deployment, CannotRebuild> {
        let build = super::build(self.builds(), self.projection, number)?;
        let build = build.ok_or_else(|| CannotRebuild::Undeployed(self.projection.to_owned()))?;
        let Build { checkpoint: Checkpoint { position, .. }, log, .. } = build;
        Ok(Deployment { number, role: Role::Candidate, position, log, definitions: Whose::Stored })
    }

    fn task<'t>(&'t self, definition: &'t Definition, deployment: Deployment) -> BuildTask<'t> {
        let Rebuild { supervisor, .. } = self;
        let (place, goal, stop) = (self.place(), Goal::CatchUp, &supervisor.stop);
        BuildTask { supervisor, definition, place, deployment, origin: Origin::Log, goal, stop }
    }

    fn place(&self) -> Arc<Place> {
        match self.shown {
            Shown::Alone => self.supervisor.board.place(self.projection),
            Shown::Beside => self.supervisor.board.candidate(self.projection),
        }
    }

    fn record(&self) -> Result<ProjectionRecord, CannotRebuild> {
        record_of(self.builds(), self.projection)?.ok_or_else(|| CannotRebuild::Undeployed(self.projection.to_owned()))
    }

    fn builds(&self) -> &dyn Builds {
        &*self.supervisor.stores.builds
    }
}
