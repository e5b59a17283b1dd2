//! How a projection is, in the eyes of who relies on it: a pure decision over what is seen of it.
//!
//! That a process runs, and that its last look at the log found nothing new, says nothing: the log may have stopped to answer since. So a
//! projection is well only as long as something goes on: commits, or looks at log and store that find nothing to do.

use std::fmt;
use std::time::{Duration, Instant};

use super::board::{Progress, Stage};
use super::waits::Wait;
use crate::state::Pause;

/// How a projection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is not yet known whether it can go on.
    Starting,
    /// It goes on, or has nothing to do.
    Well,
    /// An operator has paused it; readers see what it has applied before.
    Paused(Pause),
    /// It should go on, and does not.
    Stalled(Stall),
    /// It ended as it was asked to.
    Stopped,
    /// It could not go on.
    Halted {
        /// The kind, in one word.
        code: &'static str,
        /// Why.
        reason: String,
    },
}

/// Nothing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// For how long.
    pub lasting: Duration,
    /// Events that are known and not applied.
    pub lag: u64,
    /// Jobs that are left.
    pub pending_jobs: usize,
    /// What does not answer.
    pub waits: Vec<Wait>,
}

/// How a projection is at this time. `waits`: what does not answer; `stall_after`: for how long nothing may go on.
pub fn judge(progress: &Progress, waits: Vec<Wait>, now: Instant, stall_after: Duration) -> Health {
    match &progress.stage {
        Stage::Stopped => return Health::Stopped,
        Stage::Halted { code, reason } => return Health::Halted { code, reason: reason.clone() },
        Stage::Starting | Stage::Making(_) | Stage::Building | Stage::Live => {}
    }
    let lasting = now.saturating_duration_since(progress.moved);
    if lasting >= stall_after {
        let (lag, pending_jobs) = (progress.lag(), progress.pending_jobs);
        Health::Stalled(Stall { lasting, lag, pending_jobs, waits })
    } else if progress.stage == Stage::Starting {
        Health::Starting
    } else {
        progress.pause.clone().map_or(Health::Well, Health::Paused)
    }
}

// === impl Health ===

impl Health {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Health::Starting => "starting",
            Health::Well => "well",
            Health::Paused(_) => "paused",
            Health::Stalled(_) => "stalled",
            Health::Stopped => "stopped",
            Health::Halted { .. } => "halted",
        }
    }

    /// Whether its views can be relied on. While a new generation is built readers see the one before; in a pause, what was applied before.
    pub fn is_ready(&self) -> bool {
        matches!(self, Health::Well | Health::Paused(_))
    }
}

// === impl Stall ===

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing has gone on for {} s", self.lasting.as_secs())?;
        if self.lag > 0 {
            write!(f, ", though {} events wait", self.lag)?;
        } else if self.pending_jobs > 0 {
            write!(f, ", though there is fan-out to work off")?;
        }
        self.waits.iter().try_for_each(|wait| write!(f, "; {wait}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Port;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn it_is_well_only_while_something_goes_on() {
        let moved = Instant::now();
        let (early, late) = (moved + Duration::from_secs(29), moved + Duration::from_secs(31));
        for (stage, now, expected) in [
            (Stage::Starting, early, "starting"),
            (Stage::Starting, late, "stalled"),
            (Stage::Building, early, "well"),
            (Stage::Building, late, "stalled"),
            (Stage::Live, early, "well"),
            (Stage::Live, late, "stalled"),
            (Stage::Stopped, late, "stopped"),
            (Stage::Halted { code: "x", reason: "y".into() }, early, "halted"),
        ] {
            let progress = Progress { stage: stage.clone(), moved, ..Progress::default() };
            let health = judge(&progress, Vec::new(), now, LIMIT);
            assert_eq!(health.word(), expected, "{stage:?}");
            assert_eq!(health.is_ready(), expected == "well", "{stage:?}");
        }
    }

    #[test]
    fn a_pause_is_no_stall_as_long_as_somebody_looks_for_its_end() {
        let moved = Instant::now();
        let pause = Pause { since: 0, by: "ann".into(), reason: None };
        let progress = Progress { stage: Stage::Live, head: 9, moved, pause: Some(pause), ..Progress::default() };
        let health = |after| judge(&progress, Vec::new(), moved + Duration::from_secs(after), LIMIT);
        assert!(matches!(health(29), Health::Paused(_)) && health(29).is_ready());
        assert!(matches!(health(31), Health::Stalled(_)));
    }

    #[test]
    fn a_stall_says_what_it_knows() {
        let moved = Instant::now();
        let wait = Wait { port: Port::Log, lasting: LIMIT, failures: 3, error: "reading: timed out".into() };
        for (head, pending_jobs, waits, expected) in [
            (0, 0, vec![wait], "nothing has gone on for 40 s; the log does not answer: reading: timed out"),
            (7, 1, vec![], "nothing has gone on for 40 s, though 7 events wait"),
            (0, 1, vec![], "nothing has gone on for 40 s, though there is fan-out to work off"),
        ] {
            let progress = Progress { stage: Stage::Live, head, pending_jobs, moved, ..Progress::default() };
            let Health::Stalled(stall) = judge(&progress, waits, moved + Duration::from_secs(40), LIMIT) else {
                panic!("it is stalled");
            };
            assert_eq!(stall.to_string(), expected);
        }
    }
}
