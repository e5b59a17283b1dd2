//! What is checked before a projection goes on from where it was.

use super::halt::Halt;
use crate::fault::Fault;
use crate::log::{EventLog, LogIdentity, LogState};
use crate::state::{Checkpoint, EventMark};

/// What the log looks like, seen from a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Which log it is.
    pub identity: LogIdentity,
    /// Its first position.
    pub first: u64,
    /// Its last position; 0 while it is empty.
    pub head: u64,
    /// The event at the checkpoint, if it is still there.
    pub event: Option<EventMark>,
}

/// Looks at the log from a checkpoint.
pub fn observe(log: &dyn EventLog, checkpoint: &Checkpoint) -> Result<History, Fault> {
    let event = match checkpoint.position {
        0 => None,
        position => log.fetch(position)?,
    };
    let LogState { identity, first, head } = log.state()?;
    let head = head.map_or(0, |head| head.position);
    Ok(History { identity, first, head, event: event.as_ref().map(EventMark::of) })
}

/// Whether a build with this checkpoint can go on from this log.
pub fn judge(folded_from: &LogIdentity, checkpoint: &Checkpoint, log: &History) -> Result<(), Halt> {
    let (position, next) = (checkpoint.position, checkpoint.position + 1);
    if *folded_from != log.identity {
        let (expected, found) = (folded_from.to_string(), log.identity.to_string());
        return Err(Halt::LogReplaced { expected, found });
    }
    if position > log.head {
        return Err(Halt::LogEndsEarly { checkpoint: position, head: log.head });
    }
    if log.first > next {
        return Err(Halt::LogBeginsLate { next, first: log.first });
    }
    match (checkpoint.event, log.event) {
        (Some(folded), Some(found)) if folded != found => Err(Halt::Rewritten { position }),
        // The event that was folded last may have been dropped from the log's beginning since, but not from its middle.
        (Some(_), None) if log.first <= position => Err(Halt::Rewritten { position }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(hash: u64) -> Option<EventMark> {
        Some(EventMark { hash, time: 0 })
    }

    #[test]
    fn what_stops_a_projection_at_its_start() {
        let seen = |first, head, event| History { identity: LogIdentity("a".into()), first, head, event };
        let cases = [
            ("a", 0, None, seen(1, 0, None), "ok"),
            ("a", 5, mark(1), seen(1, 9, mark(1)), "ok"),
            ("a", 5, mark(1), seen(6, 9, None), "ok"),
            ("b", 5, mark(1), seen(1, 9, mark(1)), "log_replaced"),
            ("a", 5, mark(1), seen(1, 4, None), "history_lost"),
            ("a", 5, mark(1), seen(7, 9, None), "history_lost"),
            ("a", 5, mark(1), seen(1, 9, mark(2)), "history_rewritten"),
            ("a", 5, mark(1), seen(1, 9, None), "history_rewritten"),
        ];
        for (identity, position, event, observed, expected) in cases {
            let checkpoint = Checkpoint { position, commits: 1, event };
            let judged = judge(&LogIdentity(identity.into()), &checkpoint, &observed);
            let code = judged.err().map_or("ok", |halt| halt.code());
            assert_eq!(code, expected, "{observed:?}");
        }
    }
}
