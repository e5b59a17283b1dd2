//! Views materialized from the rows of a build, page by page.

use std::sync::mpsc::channel;
use std::thread;

use projections::engine::{Batch, Changes, Engine, Step};

use super::writer::{self, Write, Writer};
use super::{Broken, End, Phase, Rebuild};
use crate::run::{Port, caught};
use crate::state::{Carried, Claim, StateStore};

/// Materializes what is left to be.
pub fn run(work: &Rebuild<'_>, store: &dyn StateStore, claim: Claim, engine: Engine) -> Result<End, Broken> {
    let (sender, writes) = channel();
    let (done, outcomes) = channel();
    let (fence, patience) = (claim.fence, work.patience());
    thread::scope(|scope| {
        scope.spawn(move || {
            let served = caught(|| writer::serve(store, fence, &writes, &done, patience));
            if let Err(halt) = served {
                // Nobody listens any more: the other side has ended before.
                let _ = done.send(Err(Broken::Halt(halt)));
            }
        });
        Materializing { work, store, claim, engine, writer: Writer::new(sender, outcomes), units: 0 }.run()
    })
}

struct Materializing<'w> {
    work: &'w Rebuild<'w>,
    store: &'w dyn StateStore,
    /// After everything that was made.
    claim: Claim,
    engine: Engine,
    writer: Writer,
    units: u64,
}

// === impl Materializing ===

impl Materializing<'_> {
    fn run(mut self) -> Result<End, Broken> {
        while !self.work.stop.is_up() {
            if self.engine.is_job_after_commits() {
                let written = self.writer.finish()?;
                self.note(written);
            }
            let Some(batch) = self.engine.begin_job(self.claim.checkpoint.position) else {
                self.writer.finish()?;
                return Ok(End::Made);
            };
            let number = batch.number();
            let changes = self.complete(batch)?;
            self.store(number, changes)?;
        }
        self.writer.finish()?;
        Ok(End::Stopped)
    }

    fn complete(&mut self, mut batch: Batch<'_>) -> Result<Changes, Broken> {
        loop {
            match self.engine.step(&mut batch)? {
                Step::Done(changes) => return Ok(changes),
                Step::Missing(missing) => {
                    let answers = self.work.patience().ask(Port::State, || self.store.fetch(missing.clone()))?;
                    self.engine.supply(answers)?;
                }
            }
        }
    }

    fn store(&mut self, number: u64, changes: Changes) -> Result<(), Broken> {
        self.units += changes.tally.evaluated;
        let follows = self.claim.checkpoint.commits;
        self.claim.checkpoint = self.claim.checkpoint.after_job();
        let checkpoint = self.claim.checkpoint.clone();
        self.work.show(Phase::Materialize, &checkpoint, self.units);
        let written = self.writer.submit(Write { number, follows, checkpoint, changes, carried: Carried::default() })?;
        self.note(written);
        Ok(())
    }

    fn note(&mut self, written: Option<u64>) {
        if let Some(number) = written {
            self.engine.committed(number);
        }
    }
}
