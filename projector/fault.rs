//! What goes wrong with a log or a store, sorted by what can be done about it.

use std::error::Error;

/// Why a log or a store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It does not answer, or refuses for now. The same call may succeed later. Whether this one did anything is not known; each port
    /// says what may be repeated.
    #[error("{operation} failed on {place}")]
    Unavailable {
        /// What was being done.
        operation: &'static str,
        /// The log or store, as its URL names it.
        place: String,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It is not what can be worked with. Trying again does not help; changing it does.
    #[error("{place} cannot be used: {reason}")]
    Unfit {
        /// The log or store, as its URL names it.
        place: String,
        /// Why not.
        reason: String,
    },
    /// It answers, but what was stored there is gone.
    #[error("{place} has lost {what}")]
    Lost {
        /// The log or store, as its URL names it.
        place: String,
        /// What it had.
        what: String,
    },
    /// What was asked for is not there any more: somebody dropped it who has something newer.
    #[error("{what} is gone from {place}: another process runs a newer one")]
    Gone {
        /// The log or store, as its URL names it.
        place: String,
        /// What it had.
        what: String,
    },
    /// What is stored cannot be read. Trying again does not help.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// The log or store, as its URL names it.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// An error and everything behind it on one line, outermost first.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
