//! When the tables have everything up to a position.
//!
//! Under steady load the outbox is never empty. But what was in it at one moment is written before what comes later, and what is entered again moves
//! behind: a sweep ends when nothing is left of what was there when it began.

use crate::state::outbox::{Left, Taken};

/// The sweep that is under way, if there is one.
#[derive(Debug, Default)]
pub struct Sweep(Option<Start>);

/// The moment at which a sweep began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The position that the build had reached.
    pub position: u64,
    /// Whether no fan-out up to there was left.
    pub is_settled: bool,
    /// The number of the last sweep that had been asked for.
    pub asked: u64,
    /// When it began, or before, in microseconds since 1970.
    pub began: i64,
    commits: u64,
}

// === impl Sweep ===

impl Sweep {
    /// Begins one at the moment at which this was taken, where none is under way; `began`: a time before that.
    pub fn begin(&mut self, taken: &Taken, asked: u64, began: i64) {
        let (checkpoint, is_settled) = (&taken.checkpoint, taken.pending_jobs == 0);
        self.0.get_or_insert(Start { position: checkpoint.position, is_settled, asked, began, commits: checkpoint.commits });
    }

    /// Where the sweep began that is over, now that this is left.
    pub fn end(&mut self, left: &Left) -> Option<Start> {
        self.0.take_if(|start| left.oldest.is_none_or(|oldest| oldest > start.commits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Checkpoint;

    #[test]
    fn it_ends_when_nothing_is_left_of_what_was_there() {
        let taken = |commits, pending_jobs| Taken {
            documents: vec![],
            checkpoint: Checkpoint { position: 10 * commits, commits, event: None },
            pending_jobs,
            entries: 3,
        };
        let left = |oldest| Left { entries: 3, oldest };
        let mut sweep = Sweep::default();
        assert_eq!(sweep.end(&left(None)), None, "none has begun");
        sweep.begin(&taken(5, 1), 1, 70);
        assert_eq!(sweep.end(&left(Some(5))), None);
        sweep.begin(&taken(8, 0), 2, 80);
        let ended = sweep.end(&left(Some(6))).map(|start| (start.position, start.is_settled, start.asked, start.began));
        assert_eq!(ended, Some((50, false, 1, 70)), "what came later does not count");
        assert_eq!(sweep.end(&left(None)), None, "it is over");
        sweep.begin(&taken(8, 0), 2, 80);
        assert_eq!(sweep.end(&left(None)).map(|start| (start.position, start.is_settled, start.asked)), Some((80, true, 2)));
    }
}
