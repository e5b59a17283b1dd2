//! What there is to be seen of a stream before anybody relies on it.

use super::problem::Problem;
use super::stream::{self, StreamConfig};
use super::{Connection, JetStreamLog};
use crate::config::JetStreamPlace;
use crate::fault::{Fault, chain};
use crate::log::{EventLog, ReadLimit};

/// Enough to see whether reading is allowed.
const ONE: ReadLimit = ReadLimit { events: 1, bytes: 1 };

/// What is seen of a stream.
#[derive(Debug)]
pub struct StreamFacts {
    /// The version of the server.
    pub server: String,
    /// How the stream is configured.
    pub config: StreamConfig,
    /// The first position.
    pub first: u64,
    /// The last position.
    pub last: u64,
    /// Why it cannot be read, if so.
    pub refusal: Option<String>,
}

impl JetStreamLog {
    /// Looks at a stream; also at one that would be refused.
    pub fn examine(place: &JetStreamPlace) -> Result<StreamFacts, Fault> {
        let log = JetStreamLog::new(place)?;
        let (server, info) = log.ask("asking for the stream", async |connection| look(connection, &place.stream).await)?;
        let read = log.read(info.state.last_seq.max(1), ONE);
        let refusal = read.err().map(|fault| chain(&fault));
        let (first, last) = (info.state.first_seq, info.state.last_seq);
        Ok(StreamFacts { server, config: info.config, first, last, refusal })
    }
}

async fn look(connection: &Connection, stream: &str) -> Result<(String, stream::StreamInfo), Problem> {
    let server = connection.context.client().server_info().version;
    Ok((server, stream::info(&connection.context, stream).await?))
}
