//! The thread that reads ahead.

use std::sync::mpsc::SyncSender;
use std::time::Instant;

use projections::engine::LogEvent;

use super::RateLimit;
use crate::log::ReadLimit;
use crate::run::{Continuity, Halt, Patience, Port, StopFlag};

/// How many events are read at once at most.
pub const EVENTS: usize = 8192;

/// Events as they are read, or why there are no more.
pub type Piece = Result<Vec<LogEvent>, Halt>;

/// Reads the positions `from..=until`, and ends there, where the log ends before, or where nobody listens any more.
pub struct Reader<'r> {
    pub continuity: Continuity<'r>,
    pub from: u64,
    pub until: u64,
    pub limit: ReadLimit,
    pub rate: &'r RateLimit,
    pub patience: Patience<'r>,
}

// === impl Reader ===

impl Reader<'_> {
    /// Hands on what it reads.
    pub fn serve(mut self, pieces: &SyncSender<Piece>) {
        while self.from <= self.until && !self.stop().is_up() {
            let since = Instant::now();
            let piece = self.read();
            let events = piece.as_ref().map_or(0, Vec::len);
            if events == 0 && piece.is_ok() {
                return;
            }
            let failed = piece.is_err();
            if pieces.send(piece).is_err() || failed {
                return;
            }
            self.rate.rest(since, events, self.stop());
        }
    }

    fn read(&mut self) -> Piece {
        let log = self.continuity.log();
        let mut events = self.patience.ask(Port::Log, || log.read(self.from, self.limit))?;
        self.continuity.check(&events, self.patience)?;
        self.from = events.last().map_or(self.from, |last| last.position + 1);
        events.truncate(events.partition_point(|event| event.position <= self.until));
        Ok(events)
    }

    fn stop(&self) -> &StopFlag {
        self.patience.stop
    }
}
