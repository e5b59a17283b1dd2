//! What goes wrong on the way to a stream.

use std::error::Error;

/// Why a call to JetStream did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is no such stream.
    #[error("there is no stream {0}: `projector log create` makes it")]
    NoStream(String),
    /// The connection was lost and made anew: what was asked for before is void.
    #[error("the connection was lost")]
    Reconnected,
    /// The server sends no more.
    #[error("the server has ended the delivery")]
    Ended,
    /// Messages were lost on their way; they are read again.
    #[error("messages were lost on their way")]
    Skipped,
    /// The server has messages and does not send them.
    #[error("{0} messages are waiting on the server, but none arrives")]
    Stalled(u64),
    /// The subject of an event belongs to another stream, or to none.
    #[error("{subject} is not a subject of stream {stream}")]
    ForeignSubject {
        /// The subject.
        subject: String,
        /// The stream.
        stream: String,
    },
    /// What else the client says.
    #[error(transparent)]
    Client(Box<dyn Error + Send + Sync>),
}

// === impl Problem ===

impl Problem {
    /// What the client said.
    pub fn of(error: impl Error + Send + Sync + 'static) -> Problem {
        Problem::Client(Box::new(error))
    }
}
