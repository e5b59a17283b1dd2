//! Errors of operations: one mapping from why nothing was done to status and code.

use axum::http::StatusCode;

use super::Problem;
use crate::dead_letters::{BadRepair, CannotSettle};
use crate::deploy::{CannotRebuild, CannotRecall};
use crate::fault::chain;
use crate::operate::{CannotBegin, CannotPause};

impl From<CannotPause> for Problem {
    fn from(cannot: CannotPause) -> Problem {
        match cannot {
            CannotPause::NoProjection(_) => Problem::not_found(cannot.to_string()),
            CannotPause::Fault(fault) => fault.into(),
        }
    }
}

impl From<CannotSettle> for Problem {
    fn from(cannot: CannotSettle) -> Problem {
        match cannot {
            CannotSettle::NoProjection(_) => Problem::not_found(cannot.to_string()),
            CannotSettle::NoLetter { .. } => Problem::new(StatusCode::NOT_FOUND, "no_dead_letter", cannot.to_string()),
            CannotSettle::Rebuilding { .. } => Problem::new(StatusCode::CONFLICT, "rebuilding", cannot.to_string()),
            CannotSettle::Halted { .. } => Problem::new(StatusCode::CONFLICT, "halted", chain(&cannot)),
            CannotSettle::BadRepair(bad) => bad.into(),
            CannotSettle::Fault(fault) => fault.into(),
        }
    }
}

impl From<BadRepair> for Problem {
    fn from(bad: BadRepair) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_repair", bad.to_string())
    }
}

impl From<CannotRecall> for Problem {
    fn from(cannot: CannotRecall) -> Problem {
        match cannot {
            CannotRecall::Fault(fault) => fault.into(),
            cannot => Problem::new(StatusCode::CONFLICT, "definitions_unusable", chain(&cannot)),
        }
    }
}

impl From<CannotBegin> for Problem {
    fn from(cannot: CannotBegin) -> Problem {
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, cannot.to_string());
        match cannot {
            CannotBegin::NotDeployed(_) => Problem::not_found(cannot.to_string()),
            CannotBegin::Busy(_) => conflict("busy"),
            CannotBegin::Unasked => conflict("deploying"),
            CannotBegin::NoneBefore(_) => conflict("none_before"),
            CannotBegin::NoThread(_) => Problem::internal(chain(&cannot)),
            CannotBegin::Rebuild(CannotRebuild::Undeployed(_)) => Problem::not_found(cannot.to_string()),
            CannotBegin::Rebuild(CannotRebuild::Fault(fault)) | CannotBegin::Fault(fault) => fault.into(),
            CannotBegin::Rebuild(_) => Problem::new(StatusCode::CONFLICT, "not_done", chain(&cannot)),
        }
    }
}
