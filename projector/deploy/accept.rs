//! Going on from another log in the place of the one that a build was folded from: a mirror that was promoted, a stream that was
//! restored under another name. Only a person says so, and only where the other log shows that it has the same history.

use crate::fault::Fault;
use crate::log::{EventLog, LogIdentity};
use crate::run::{Halt, History, judge, observe};
use crate::state::{Build, Builds, Checkpoint};

/// A build that goes on from another log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The number of the generation.
    pub generation: u64,
    /// The position that it goes on from.
    pub position: u64,
    /// The log that it was folded from.
    pub before: LogIdentity,
    /// The log that it goes on from.
    pub now: LogIdentity,
}

/// Why a build cannot go on from another log.
#[derive(Debug, thiserror::Error)]
pub enum CannotAccept {
    /// There is no such projection.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// The other log is at odds with what was folded.
    #[error("generation {generation} cannot go on from log {log}")]
    Differs {
        /// The number of the generation.
        generation: u64,
        /// The other log.
        log: LogIdentity,
        /// How it differs.
        source: Halt,
    },
    /// Nothing is left to compare.
    #[error(
        "generation {generation} cannot go on from log {log}: nothing shows that its history is the same, for the event at position \
         {position}, which was folded last, is not there any more"
    )]
    NoWitness {
        /// The number of the generation.
        generation: u64,
        /// The other log.
        log: LogIdentity,
        /// The position of the checkpoint.
        position: u64,
    },
    /// Somebody else has changed the builds meanwhile.
    #[error("generation {0} has changed meanwhile: look at `projector status`, and try again")]
    Moved(u64),
    /// A log or a store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Lets the live build of a projection, and those that are to follow it, go on from this log, if each of them can; those before it, to which
/// one could go back, stay as they are. Answers those that did not follow it before.
pub fn accept(builds: &dyn Builds, log: &dyn EventLog, projection: &str) -> Result<Vec<Accepted>, CannotAccept> {
    let record = super::record_of(builds, projection)?.ok_or_else(|| CannotAccept::Unknown(projection.to_owned()))?;
    let identity = log.identity()?;
    let is_wanted = |build: &&Build| build.log != identity && Some(build.number) >= record.live;
    let wanted: Vec<&Build> = record.builds.iter().filter(is_wanted).collect();
    for build in &wanted {
        may_follow(build.number, &build.checkpoint, observe(log, &build.checkpoint)?)?;
    }
    wanted.into_iter().map(|build| follow(builds, projection, build, &identity)).collect()
}

fn follow(builds: &dyn Builds, projection: &str, build: &Build, log: &LogIdentity) -> Result<Accepted, CannotAccept> {
    if !builds.accept_log(projection, build.number, &build.log, log)? {
        return Err(CannotAccept::Moved(build.number));
    }
    let (before, now) = (build.log.clone(), log.clone());
    Ok(Accepted { generation: build.number, position: build.checkpoint.position, before, now })
}

/// Whether a log that looks like this holds the history that the build was folded from, as far as that can be seen from the event
/// that was folded last.
fn may_follow(generation: u64, checkpoint: &Checkpoint, log: History) -> Result<(), CannotAccept> {
    let position = checkpoint.position;
    match judge(&log.identity, checkpoint, &log) {
        Err(source) => Err(CannotAccept::Differs { generation, log: log.identity, source }),
        Ok(()) if position > 0 && log.event.is_none() => Err(CannotAccept::NoWitness { generation, log: log.identity, position }),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::EventMark;

    fn mark(hash: u64) -> Option<EventMark> {
        Some(EventMark { hash, time: 0 })
    }

    #[test]
    fn only_the_same_history_is_followed() {
        let seen = |first, head, event| History { identity: LogIdentity("new".into()), first, head, event };
        let cases = [
            (5, mark(1), seen(1, 9, mark(1)), ""),
            (0, None, seen(1, 9, None), ""),
            (0, None, seen(3, 9, None), "history lost: the next event is at position 1, but the log begins at 3"),
            (5, mark(1), seen(1, 4, None), "history lost: the state holds events up to position 5, but the log ends at 4"),
            (5, mark(1), seen(1, 9, mark(2)), "history rewritten"),
            (5, mark(1), seen(6, 9, None), "nothing shows that its history is the same"),
        ];
        for (position, event, observed, expected) in cases {
            let checkpoint = Checkpoint { position, commits: 1, event };
            let said = may_follow(3, &checkpoint, observed).map_or_else(|error| crate::fault::chain(&error), |()| String::new());
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}: {expected}");
        }
    }
}
