//! What goes wrong on the way to a stream.

use std::error::Error;

use async_nats::{ConnectError, ConnectErrorKind};

use crate::config::JetStreamPlace;
use crate::fault::{Fault, chain};

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
    /// An event is more than the servers take.
    #[error("an event of {bytes} bytes is more than the servers take: max_payload, in their configuration, is the limit")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// The servers do not let us in.
    #[error("the servers do not let us in: {0}")]
    Unwelcome(String),
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

    /// What the client said when it could not connect.
    pub fn of_connecting(error: ConnectError) -> Problem {
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::ServerParse => {
                Problem::Unwelcome(chain(&error))
            }
            _ => Problem::of(error),
        }
    }

    /// As a fault of this place: what it takes a person to change is told from what may pass.
    pub fn into_fault(self, operation: &'static str, place: &JetStreamPlace) -> Fault {
        let place = place.to_string();
        match self {
            Problem::ForeignSubject { .. } | Problem::TooLarge { .. } | Problem::Unwelcome(_) => {
                Fault::Unfit { place, reason: self.to_string() }
            }
            _ => Fault::Unavailable { operation, place, source: self.into() },
        }
    }
}
