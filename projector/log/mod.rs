//! The log: where events are read from. The port, the log that is embedded, and JetStream.
//!
//! The port blocks. A projection is one chain of work — read, fold, commit — on threads of its own, with at
//! most one call to each port under way, so there is nothing for an executor to interleave; SQLite blocks in any
//! case, and the engine computes. A log that is reached over the network brings a runtime of its own and
//! waits for it inside these calls.

mod embedded;
mod jetstream;
mod mapping;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

pub use embedded::EmbeddedLog;
pub use jetstream::{JetStreamLog, NewStream, StreamFacts};
pub use mapping::Mapping;
pub use projections::engine::LogEvent;

use crate::fault::Fault;

/// An ordered, append-only sequence of events.
///
/// **Order.** Every reader sees the same events at the same positions, ascending from 1, for ever. There may be
/// gaps (a log may drop old or filtered events), but a gap is never filled later: once an event has been read, no event
/// will appear below it.
///
/// **Durability.** What `publish` has answered for outlives this process and will be read by everybody.
///
/// **Errors.** [`Fault::Unavailable`]: nothing is known of the call's effect on the log's side beyond what the method
/// says; it may be repeated. [`Fault::Damaged`], [`Fault::Unfit`]: repeating does not help.
pub trait EventLog: Send + Sync {
    /// The events from position `from` on that the log has now, in order, within the limits; at least one where there
    /// is any, however large; the newest may be left for the next read. Empty: the log ends before `from`. May be repeated.
    fn read(&self, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Fault>;

    /// Returns when the log has an event above `position`, at the latest after `timeout`; answers whether it is time to read: not where the
    /// time ran out. May wake early. May be repeated.
    fn wait(&self, position: u64, timeout: Duration) -> Result<bool, Fault>;

    /// Which log it is, and from where to where it reaches.
    fn state(&self) -> Result<LogState, Fault>;

    /// The end of the log.
    fn head(&self) -> Result<Option<Head>, Fault> {
        Ok(self.state()?.head)
    }

    /// Which log it is.
    fn identity(&self) -> Result<LogIdentity, Fault> {
        Ok(self.state()?.identity)
    }

    /// A number that rises when the log may have been changed in a way that who reads on would not see: its connection was made
    /// anew, or there is a gap. Who sees it rise makes sure that the history is still the one that was read.
    fn epoch(&self) -> u64 {
        0
    }

    /// The event at `position`, if there is one.
    fn fetch(&self, position: u64) -> Result<Option<LogEvent>, Fault>;

    /// Appends events in the order given, whatever is in them; answers the lowest and the highest of their positions. Where others
    /// publish too, their events may lie between.
    /// After an error any of them may have been appended; who repeats the call makes duplicates, which projections, and
    /// some logs, recognize by the events' source and id.
    ///
    /// `events` is not empty.
    fn publish(&self, events: &[NewEvent<'_>]) -> Result<RangeInclusive<u64>, Fault>;
}

/// How much one read returns at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimit {
    /// Events.
    pub events: usize,
    /// Bytes of the events' data; the event that crosses the limit is the last.
    pub bytes: usize,
}

/// What a log says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// Which log this is. Another one, or the same one made anew, has another identity.
    pub identity: LogIdentity,
    /// The position of the first event that is still there; 1 while the log is empty.
    pub first: u64,
    /// The last position and when it was written; `None` while the log is empty.
    pub head: Option<Head>,
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last position.
    pub position: u64,
    /// When it was written, in microseconds since 1970.
    pub time: i64,
}

/// Tells one log from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIdentity(pub String);

/// An event to append.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Its subject; without one every projection sees it.
    pub subject: Option<&'a str>,
    /// The bytes: a CloudEvent in JSON, if its publisher is well.
    pub data: &'a [u8],
}

impl fmt::Display for LogIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
