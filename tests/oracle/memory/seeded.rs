//! Builds that begin with rows alone, and whose views are materialized from these.

use projections::engine::{LogEvent, Seeding};
use projector::demo::Random;

use super::Build;

impl Build {
    /// Folds the first events of a log into rows, in random batches of at most `largest`, of which any number is stored at once, and with
    /// crashes in between. What is left is to materialize the views.
    pub fn seed(&mut self, events: &[LogEvent], largest: usize, random: &mut Random) {
        let mut seeding = self.seeding(events);
        let mut rest = events;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(random.between(1, largest).min(rest.len()));
            self.fold_rows(&mut seeding, batch);
            rest = after;
            if random.chance(30) || rest.is_empty() {
                self.store_rows(&mut seeding, batch);
            }
            if random.chance(10) {
                seeding = self.seeding(events);
                rest = &events[self.checkpoint as usize..];
                self.crashes += 1;
            }
        }
        if random.chance(50) {
            self.engine = seeding.into_engine();
        } else {
            self.restart(events);
        }
    }

    /// A seeding that goes on from what is stored.
    fn seeding(&self, log: &[LogEvent]) -> Seeding {
        let mut seeding = Seeding::new(self.plan.clone(), self.registry.clone(), self.limits.clone());
        for (cell, bytes) in &self.memory.cells {
            seeding.engine_mut().restore(cell, bytes).expect("what is stored can be read");
        }
        log.iter().filter(|event| event.position <= self.checkpoint).for_each(|event| seeding.engine_mut().remember(event));
        if self.checkpoint == 0 {
            seeding.assume_empty();
        }
        assert!(seeding.may_fold(self.checkpoint));
        seeding
    }

    fn fold_rows(&self, seeding: &mut Seeding, events: &[LogEvent]) {
        let mut batch = seeding.begin(events);
        while let Some(missing) = seeding.step(&mut batch) {
            seeding.supply(self.memory.answer(missing)).expect("what is stored can be read");
        }
    }

    fn store_rows(&mut self, seeding: &mut Seeding, last: &[LogEvent]) {
        self.checkpoint = last.last().map_or(self.checkpoint, |event| event.position);
        let (number, changes) = seeding.close();
        assert!(changes.documents.is_empty(), "rows have no views yet");
        self.store(changes);
        seeding.committed(number);
    }
}
