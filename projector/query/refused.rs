//! Errors of operations: one mapping from why nothing was done to a [`Code`].

use super::{Code, Problem};
use crate::dead_letters::{BadRepair, CannotSettle};
use crate::deploy::{CannotRebuild, CannotRecall};
use crate::fault::chain;
use crate::operate::{CannotBegin, CannotPause};

impl From<CannotPause> for Problem {
    fn from(cannot: CannotPause) -> Problem {
        match cannot {
            CannotPause::NoProjection(_) => Problem::new(Code::NoProjection, cannot.to_string()),
            CannotPause::Fault(fault) => fault.into(),
        }
    }
}

impl From<CannotSettle> for Problem {
    fn from(cannot: CannotSettle) -> Problem {
        match cannot {
            CannotSettle::NoProjection(_) => Problem::new(Code::NoProjection, cannot.to_string()),
            CannotSettle::NoLetter { .. } => Problem::new(Code::NoDeadLetter, cannot.to_string()),
            CannotSettle::Rebuilding { .. } => Problem::new(Code::Rebuilding, cannot.to_string()),
            CannotSettle::Halted { .. } => Problem::new(Code::Halted, chain(&cannot)),
            CannotSettle::BadRepair(bad) => bad.into(),
            CannotSettle::Fault(fault) => fault.into(),
        }
    }
}

impl From<BadRepair> for Problem {
    fn from(bad: BadRepair) -> Problem {
        Problem::new(Code::BadRepair, bad.to_string())
    }
}

impl From<CannotRecall> for Problem {
    fn from(cannot: CannotRecall) -> Problem {
        match cannot {
            CannotRecall::Fault(fault) => fault.into(),
            cannot => Problem::new(Code::DefinitionsUnusable, chain(&cannot)),
        }
    }
}

impl From<CannotBegin> for Problem {
    fn from(cannot: CannotBegin) -> Problem {
        let conflict = |code| Problem::new(code, cannot.to_string());
        match cannot {
            CannotBegin::NotDeployed(_) => Problem::new(Code::NoProjection, cannot.to_string()),
            CannotBegin::Busy(_) => conflict(Code::Busy),
            CannotBegin::Unasked => conflict(Code::Deploying),
            CannotBegin::NoneBefore(_) => conflict(Code::NoneBefore),
            CannotBegin::NoThread(_) => Problem::internal(chain(&cannot)),
            CannotBegin::Rebuild(CannotRebuild::Undeployed(_)) => Problem::new(Code::NoProjection, cannot.to_string()),
            CannotBegin::Rebuild(CannotRebuild::Fault(fault)) | CannotBegin::Fault(fault) => fault.into(),
            CannotBegin::Rebuild(_) => Problem::new(Code::NotDone, chain(&cannot)),
        }
    }
}
