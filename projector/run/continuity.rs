//! Whether what is read goes on from what was read before.

use projections::engine::LogEvent;

use super::halt::Halt;
use super::recovery::{judge, observe};
use super::retry::Patience;
use super::waits::Port;
use crate::log::{EventLog, LogIdentity};
use crate::state::Checkpoint;

/// Watches over a log while it is read: a connection that was made anew may lead to another history, and so does a gap.
pub struct Continuity<'s> {
    log: &'s dyn EventLog,
    folded_from: &'s LogIdentity,
    /// The log's epoch in which the history was found to be the right one; at first none.
    epoch: Option<u64>,
    /// After what was read last.
    read: Checkpoint,
}

// === impl Continuity ===

impl<'s> Continuity<'s> {
    /// Watches over what is read from this checkpoint on.
    pub fn new(log: &'s dyn EventLog, folded_from: &'s LogIdentity, checkpoint: Checkpoint) -> Continuity<'s> {
        Continuity { log, folded_from, epoch: None, read: checkpoint }
    }

    /// The log.
    pub fn log(&self) -> &'s dyn EventLog {
        self.log
    }

    /// Makes sure that `events`, which may be none, continue what was read before.
    pub fn check(&mut self, events: &[LogEvent], patience: Patience<'_>) -> Result<(), Halt> {
        // Looked at after the events were read: whatever was made anew before them has let it rise.
        let epoch = self.log.epoch();
        if self.epoch != Some(epoch) {
            judge(self.folded_from, &self.read, &patience.ask(Port::Log, || observe(self.log, &self.read))?)?;
            self.epoch = Some(epoch);
        }
        if let Some(last) = events.last() {
            self.read = self.read.after_event(last);
        }
        Ok(())
    }
}
