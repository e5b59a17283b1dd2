//! Why a projection stops by itself.

use std::any::Any;
use std::io;
use std::panic::{self, AssertUnwindSafe};

use projections::codec::Corrupt;

use crate::deploy::CannotRecall;
use crate::fault::{Fault, chain};
use crate::state::{Pause, Standing};

/// Why a projection cannot go on. It stays stopped until somebody does something about it; the others go on.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Another process took the projection over.
    #[error("another process runs this projection now (its fence is {newer}, ours was {ours})")]
    Fenced {
        /// Our fence.
        ours: u64,
        /// The other's.
        newer: u64,
    },
    /// The log is not the one the state was folded from.
    #[error("log replaced: the state was folded from log {expected}, this is log {found}")]
    LogReplaced {
        /// The log behind the state.
        expected: String,
        /// The log there is.
        found: String,
    },
    /// The log ends before the checkpoint.
    #[error("history lost: the state holds events up to position {checkpoint}, but the log ends at {head}")]
    LogEndsEarly {
        /// The checkpoint.
        checkpoint: u64,
        /// The log's end.
        head: u64,
    },
    /// Events after the checkpoint are gone.
    #[error("history lost: the next event is at position {next}, but the log begins at {first}")]
    LogBeginsLate {
        /// The position after the checkpoint.
        next: u64,
        /// The log's beginning.
        first: u64,
    },
    /// The last event is not what it was.
    #[error("history rewritten: the event at position {position} is not the one that was folded")]
    Rewritten {
        /// Its position.
        position: u64,
    },
    /// An event cannot be applied, and the policy is to stop there.
    #[error(
        "the event at position {position} cannot be applied: {reason}; to go on without it, set `dead_letters.policy` in \
         projection.toml to \"park\" or \"skip\" instead of \"halt\""
    )]
    BadEvent {
        /// Its position.
        position: u64,
        /// Why.
        reason: String,
    },
    /// Too many events could not be applied.
    #[error(
        "{kept} dead letters are kept, the limit is {limit}: this is no longer bad data but a broken release; `projector dead-letters \
         list` shows them, `dead-letters retry` and `dead-letters discard` settle them, and `dead_letters.limit` in projection.toml \
         lets in more; then start it again"
    )]
    Flood {
        /// How many there are.
        kept: u64,
        /// How many there may be.
        limit: u64,
    },
    /// It is paused, and so cannot come to its end.
    #[error("it is paused, {pause}: `projector resume` lets it go on")]
    Paused {
        /// The pause.
        pause: Pause,
    },
    /// Nobody has deployed it.
    #[error("it is not deployed: `projector plan` shows what that takes, `projector apply` does it")]
    Undeployed,
    /// What is live is of definitions that cannot be used.
    #[error("what is live cannot be run; `projector rebuild` makes a generation of the definitions on disk in its place")]
    Unusable(#[from] CannotRecall),
    /// The system gives no more threads.
    #[error("cannot start a thread")]
    NoThread(#[source] io::Error),
    /// There is a mistake in the program.
    #[error("it failed where it never should ({0}): this is a mistake in projector, please report it")]
    Panicked(String),
    /// Stored bytes cannot be read.
    #[error("the stored state cannot be read")]
    Corrupt(#[from] Corrupt),
    /// A store or the log failed for good.
    #[error("a store failed")]
    Fault(#[from] Fault),
}

impl Halt {
    /// How the projection stands then; nothing where another process runs it, for that is for its owner to say.
    pub fn standing(&self) -> Option<Standing> {
        match self {
            Halt::Fenced { .. } | Halt::Undeployed | Halt::Fault(Fault::Gone { .. }) => None,
            Halt::Paused { .. } => Some(Standing::Stopped),
            halt => Some(Standing::Halted(chain(halt))),
        }
    }

    /// The kind in one word, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Halt::Fenced { .. } => "fenced",
            Halt::LogReplaced { .. } => "log_replaced",
            Halt::LogEndsEarly { .. } | Halt::LogBeginsLate { .. } => "history_lost",
            Halt::Rewritten { .. } => "history_rewritten",
            Halt::BadEvent { .. } => "bad_event",
            Halt::Flood { .. } => "dead_letter_flood",
            Halt::Paused { .. } => "paused",
            Halt::Undeployed => "undeployed",
            Halt::Unusable(_) => "definitions_unusable",
            Halt::NoThread(_) => "no_thread",
            Halt::Panicked(_) => "panicked",
            Halt::Corrupt(_) => "state_corrupt",
            Halt::Fault(Fault::Gone { .. }) => "generation_gone",
            Halt::Fault(_) => "store_failed",
        }
    }
}

/// Does `work`. A panic is a reason to stop like any other: whoever waits for the work is told, and does not wait for ever.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Halt> {
    // Nothing that the work has changed is used after this but what locks guard, and that is valid at every moment.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Halt::Panicked(text(&*panic)))
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a word").to_owned()
}
