//! Why a command did not do what it should, and how that is said: once, with everything behind it.

use std::error::Error;
use std::io;

use schemas::{Diagnostic, SourceFile};
use serde_json::json;

use super::context::Form;
use super::exit::Exit;
use super::mistakes;
use super::say::{printable, say};
use crate::config::Unusable;
use crate::dead_letters::CannotSettle;
use crate::definitions;
use crate::deploy::{CannotAccept, CannotRebuild};
use crate::fault::{Fault, chain};
use crate::query::BadIdentity;
use crate::run::Halt;
use crate::stores::{CannotOpen, NoLists};
use crate::verify::CannotVerify;

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There are mistakes in files that the user wrote.
    #[error("{} found", counted(mistakes.len()))]
    Mistakes {
        /// The mistakes.
        mistakes: Vec<Diagnostic>,
        /// The files they are in.
        sources: Vec<SourceFile>,
        /// What they mean for the shell.
        exit: Exit,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Refused(String),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Unwritable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A log or a store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A projection could not go on.
    #[error("{projection} halted")]
    Halted {
        /// The projection.
        projection: String,
        /// Why.
        source: Halt,
    },
    /// The system gives no threads to answer with.
    #[error("cannot start the threads that answer requests")]
    NoThreads(#[source] io::Error),
    /// Dead letters cannot be settled.
    #[error(transparent)]
    CannotSettle(#[from] CannotSettle),
    /// No other generation is live.
    #[error(transparent)]
    CannotRebuild(#[from] CannotRebuild),
    /// Connections cannot be encrypted.
    #[error(transparent)]
    BadIdentity(#[from] BadIdentity),
    /// The comparison with the log could not be made.
    #[error(transparent)]
    CannotVerify(#[from] CannotVerify),
    /// What should be printed could not be.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

// === impl Failure ===

impl Failure {
    /// What it means for the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Mistakes { exit, .. } => *exit,
            Failure::Refused(_) | Failure::Unreadable { .. } | Failure::Unwritable { .. } | Failure::BadIdentity(_) => {
                Exit::Usage
            }
            Failure::Fault(_) | Failure::NoThreads(_) => Exit::Store,
            Failure::Halted { .. } => Exit::Halted,
            Failure::CannotSettle(cannot) => match cannot {
                CannotSettle::Fault(_) => Exit::Store,
                CannotSettle::Halted { .. } => Exit::Halted,
                CannotSettle::NoLetter { .. } => Exit::No,
                _ => Exit::Usage,
            },
            Failure::CannotVerify(cannot) => match cannot {
                CannotVerify::NotLive(_) | CannotVerify::PendingJobs(_) | CannotVerify::OpenOrders(_) => Exit::Usage,
                CannotVerify::Fault(_) | CannotVerify::WentBack(_) => Exit::Store,
                CannotVerify::Halt(_) => Exit::Halted,
                CannotVerify::Stopped => Exit::No,
            },
            Failure::CannotRebuild(cannot) => match cannot {
                CannotRebuild::Fault(_) | CannotRebuild::Halted(_, Halt::Fault(_)) => Exit::Store,
                CannotRebuild::Halted(..) | CannotRebuild::Unusable(..) => Exit::Halted,
                CannotRebuild::Worse { .. } | CannotRebuild::Overtaken(_) => Exit::No,
                CannotRebuild::Undeployed(_) | CannotRebuild::NoneBefore(_) => Exit::Usage,
            },
            // Who closed the pipe has seen enough.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            Failure::Output(_) => Exit::Store,
        }
    }

    /// Says it on stderr.
    pub fn report(&self, form: Form) -> Exit {
        let exit = self.exit();
        match (self, form) {
            (_, _) if exit == Exit::Success => {}
            (_, Form::Json) => say(self.to_json()),
            (Failure::Mistakes { mistakes, sources, .. }, Form::Text) => {
                say(mistakes::render(mistakes, sources));
                say(self);
            }
            (_, Form::Text) => say(printable(&format!("error: {}", chain(self)))),
        }
        exit
    }

    fn to_json(&self) -> serde_json::Value {
        let mut error = json!({ "code": self.code(), "message": chain(self as &(dyn Error + 'static)) });
        if let Failure::Mistakes { mistakes, sources, .. } = self {
            error["mistakes"] = mistakes.iter().map(|mistake| mistakes::to_json(mistake, sources)).collect();
        }
        json!({ "error": error })
    }

    fn code(&self) -> &'static str {
        match self {
            Failure::Mistakes { .. } => "mistakes",
            Failure::Refused(_) => "refused",
            Failure::Unreadable { .. } => "unreadable",
            Failure::Unwritable { .. } => "unwritable",
            Failure::Fault(_) => "store_failed",
            Failure::Halted { source, .. } => source.code(),
            Failure::NoThreads(_) => "no_threads",
            Failure::BadIdentity(_) => "bad_certificate",
            Failure::CannotSettle(cannot) => match cannot {
                CannotSettle::Fault(_) => "store_failed",
                CannotSettle::Halted { source, .. } => source.code(),
                CannotSettle::NoLetter { .. } => "no_dead_letter",
                _ => "refused",
            },
            Failure::CannotVerify(cannot) => match cannot {
                CannotVerify::NotLive(_) | CannotVerify::PendingJobs(_) | CannotVerify::OpenOrders(_) => "refused",
                CannotVerify::Fault(_) | CannotVerify::WentBack(_) => "store_failed",
                CannotVerify::Halt(halt) => halt.code(),
                CannotVerify::Stopped => "stopped",
            },
            Failure::CannotRebuild(cannot) => match cannot {
                CannotRebuild::Fault(_) => "store_failed",
                CannotRebuild::Halted(_, halt) => halt.code(),
                CannotRebuild::Unusable(..) => "definitions_unusable",
                CannotRebuild::Worse { .. } => "generation_worse",
                CannotRebuild::Overtaken(_) => "overtaken",
                CannotRebuild::Undeployed(_) | CannotRebuild::NoneBefore(_) => "refused",
            },
            Failure::Output(_) => "output_failed",
        }
    }
}

/// "1 mistake", "2 mistakes".
pub fn counted(mistakes: usize) -> String {
    if mistakes == 1 { "1 mistake".to_owned() } else { format!("{mistakes} mistakes") }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Failure {
        match unusable {
            Unusable::Unreadable { path, source } => Failure::Unreadable { path: path.display().to_string(), source },
            Unusable::Mistakes { mistakes, sources } => Failure::Mistakes { mistakes, sources, exit: Exit::Usage },
        }
    }
}

impl From<definitions::Unusable> for Failure {
    fn from(unusable: definitions::Unusable) -> Failure {
        match unusable {
            missing @ definitions::Unusable::NoFolder { .. } => Failure::Refused(missing.to_string()),
            definitions::Unusable::Unreadable { path, source } => {
                Failure::Unreadable { path: path.display().to_string(), source }
            }
            definitions::Unusable::Mistakes { mistakes, sources } => Failure::Mistakes { mistakes, sources, exit: Exit::No },
        }
    }
}

impl From<CannotAccept> for Failure {
    fn from(cannot: CannotAccept) -> Failure {
        match cannot {
            CannotAccept::Fault(fault) => Failure::Fault(fault),
            refused => Failure::Refused(chain(&refused)),
        }
    }
}

impl From<NoLists> for Failure {
    fn from(none: NoLists) -> Failure {
        Failure::Refused(none.to_string())
    }
}

impl From<CannotOpen> for Failure {
    fn from(cannot: CannotOpen) -> Failure {
        match cannot {
            CannotOpen::Fault(fault) => Failure::Fault(fault),
            missing @ CannotOpen::Missing(_) => Failure::Refused(missing.to_string()),
        }
    }
}
