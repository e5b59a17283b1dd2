//! What a flusher does all its life: terms, one after another, each until there is trouble.

use std::time::{Duration, Instant};

use super::orders::{Ending, Orders, Seen};
use super::term::Term;
use super::{Task, Trouble, Visibility};
use crate::fault::{Fault, chain};
use crate::run::board::Stage;
use crate::run::retry::Pauses;
use crate::run::waits::{Call, Port};
use crate::state::ProjectionRecord;

/// From one flush to the next, unless there is more than one takes: each costs a table store about as much as ten thousand rows do.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a glance at the session may be late.
const GLANCE: Duration = Duration::from_millis(50);

/// A flusher's life.
pub struct Worker<'t> {
    task: &'t Task,
    orders: &'t Orders,
    pauses: Pauses,
    /// Since when the tables do not answer.
    waiting: Option<Call<'t>>,
}

// === impl Worker ===

impl<'t> Worker<'t> {
    /// One that has done nothing yet.
    pub fn new(task: &'t Task, orders: &'t Orders) -> Worker<'t> {
        Worker { task, orders, pauses: Pauses::default(), waiting: None }
    }

    /// Works until it is asked to end.
    pub fn work(mut self) {
        self.wait_for_owner();
        loop {
            let seen = self.orders.look();
            if seen.ending == Some(Ending::AtOnce) {
                return;
            }
            let Err(trouble) = self.term() else { return };
            let pause = self.report(trouble);
            if self.orders.look().ending.is_some() {
                return;
            }
            self.orders.rest(seen, pause);
        }
    }

    /// Before the build has its owner, nobody says what changes in it.
    fn wait_for_owner(&self) {
        while self.task.place.progress.borrow().stage == Stage::Starting {
            let seen = self.orders.look();
            if seen.ending.is_some() {
                return;
            }
            self.orders.rest(seen, GLANCE);
        }
    }

    /// A term, until it is asked to end, or there is trouble.
    fn term(&mut self) -> Result<(), Trouble> {
        let mut term = Term::begin(self.task)?;
        let mut shown = Visibility::Hidden;
        loop {
            let (start, seen) = (Instant::now(), self.orders.look());
            let round = term.round(seen.asked)?;
            if seen.visibility != shown {
                self.show()?;
                shown = seen.visibility;
            }
            self.succeeded();
            round.swept.into_iter().for_each(|asked| self.orders.swept(asked));
            if has_ended(self.orders.look()) {
                return Ok(());
            }
            if !round.has_more && self.orders.look().is_swept {
                self.orders.rest(seen, INTERVAL.saturating_sub(start.elapsed()));
            }
        }
    }

    /// Lets the stable names stand for these tables, if readers see the build, and drops the tables of builds that are gone.
    fn show(&self) -> Result<(), Trouble> {
        // Listed before the builds are: a build is there before its tables are.
        let made = self.task.tables(|writer, build| writer.generations(&build.projection))?;
        let records = self.task.builds.projections().map_err(Trouble::State)?;
        let ours = records.into_iter().find(|record| record.name == self.task.build.projection);
        // Where there is no record, all is lost, and made anew with tables of its own.
        let Some(ProjectionRecord { live, builds, .. }) = ours else { return Ok(()) };
        if live != Some(self.task.build.number) {
            // Another one went live: the names are for its flusher.
            return Ok(());
        }
        self.task.tables(|writer, build| writer.show(build))?;
        for number in made.into_iter().filter(|&number| builds.iter().all(|build| build.number != number)) {
            self.task.tables(|writer, build| writer.drop_generation(&build.projection, number))?;
        }
        Ok(())
    }

    fn succeeded(&mut self) {
        if self.waiting.take().is_some() {
            tracing::info!(projection = self.task.build.projection, "the tables are written again");
            self.orders.refused(None);
        }
        self.pauses = Pauses::default();
    }

    /// Tells what is the matter; how long to wait before the next attempt.
    fn report(&mut self, trouble: Trouble) -> Duration {
        let (fault, may_pass) = match trouble {
            // Whoever has superseded it does the work now, or is gone soon.
            Trouble::Superseded => return INTERVAL,
            Trouble::State(fault) => {
                let may_pass = matches!(fault, Fault::Unavailable { .. });
                (fault, may_pass)
            }
            Trouble::Tables(fault) => {
                self.waiting.get_or_insert_with(|| self.task.place.waits.call(Port::Tables)).failed(&fault);
                // Tables that are gone are made anew.
                let may_pass = matches!(fault, Fault::Unavailable { .. } | Fault::Lost { .. });
                (fault, may_pass)
            }
        };
        let pause = self.pauses.next();
        let (projection, retry_in_ms) = (&self.task.build.projection, pause.as_millis() as u64);
        tracing::warn!(projection, retry_in_ms, "the tables are behind: {}", chain(&fault));
        if !may_pass {
            self.orders.refused(Some(fault));
        }
        pause
    }
}

/// Whether what it was asked to do before its end is done.
fn has_ended(seen: Seen) -> bool {
    match seen.ending {
        Some(Ending::AtOnce) => true,
        Some(Ending::AfterSweep) => seen.is_swept,
        None => false,
    }
}
