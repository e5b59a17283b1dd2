//! The thread that reads ahead.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use super::continuity::Continuity;
use super::halt::Halt;
use super::retry::Patience;
use super::session::Event;
use super::waits::Port;
use crate::fault::Fault;
use crate::log::{EventLog, ReadLimit};
use projections::engine::LogEvent;

/// How long it waits at the end of the log before it says that nothing happened.
const IDLE: Duration = Duration::from_millis(250);
/// So many times in a row it only waits, before it asks the log again what there is: about every five seconds.
const WAITS: u32 = 20;

/// Answers each position it is asked for once: with the events from there on, at least one, or by saying that there were none for a
/// while; until it is asked no more.
pub fn serve(
    mut continuity: Continuity<'_>,
    limit: ReadLimit,
    requests: &Receiver<u64>,
    inbox: &Sender<Event>,
    patience: Patience<'_>,
) {
    let mut waits = 0;
    while let Ok(from) = requests.recv() {
        let at_end = if waits % WAITS == 0 { AtEnd::Unknown } else { AtEnd::Seen };
        let event = read(&mut continuity, limit, from, at_end, patience).unwrap_or_else(Event::Failed);
        waits = if matches!(event, Event::Idle) { waits + 1 } else { 0 };
        // Nobody listens any more: the session has ended.
        if inbox.send(event).is_err() {
            return;
        }
    }
}

/// Whether the log has nothing more to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtEnd {
    /// It had nothing when it was read last, from the same position.
    Seen,
    /// It has to be read.
    Unknown,
}

fn read(
    continuity: &mut Continuity<'_>,
    limit: ReadLimit,
    from: u64,
    at_end: AtEnd,
    patience: Patience<'_>,
) -> Result<Event, Halt> {
    let log = continuity.log();
    let mut events = if at_end == AtEnd::Unknown { checked(continuity, limit, from, patience)? } else { Vec::new() };
    if events.is_empty() {
        if patience.ask(Port::Log, || log.wait(from - 1, IDLE))? {
            events = checked(continuity, limit, from, patience)?;
        } else {
            // What waited may have been made anew, on another history: to be seen now, not when something comes.
            continuity.check(&[], patience)?;
        }
    }
    let Some(last) = events.last() else { return Ok(Event::Idle) };
    let is_all = events.len() < limit.events && bytes(&events) < limit.bytes;
    let head = if is_all { last.position } else { head(log, patience)?.max(last.position) };
    Ok(Event::Read { events, head })
}

fn checked(continuity: &mut Continuity<'_>, limit: ReadLimit, from: u64, patience: Patience<'_>) -> Result<Vec<LogEvent>, Halt> {
    let log = continuity.log();
    let events = patience.ask(Port::Log, || log.read(from, limit))?;
    continuity.check(&events, patience)?;
    Ok(events)
}

fn bytes(events: &[LogEvent]) -> usize {
    events.iter().map(|event| event.data.len()).sum()
}

fn head(log: &dyn EventLog, patience: Patience<'_>) -> Result<u64, Fault> {
    Ok(patience.ask(Port::Log, || log.head())?.map_or(0, |head| head.position))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::log::{EmbeddedLog, NewEvent};
    use crate::run::{StopFlag, Waits};
    use crate::sqlite::{Database, Durability};
    use crate::state::Checkpoint;

    /// A log of three events.
    fn log(folder: &TempDir) -> EmbeddedLog {
        let log = EmbeddedLog::new(Arc::new(Database::open(&folder.path().join("p.db"), Durability::Process).unwrap()));
        log.publish(&[NewEvent { subject: None, data: b"{}" }; 3]).unwrap();
        log
    }

    #[test]
    fn history_is_looked_at_also_where_nothing_comes() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let identity = log.identity().unwrap();
        let ahead = Checkpoint { position: 9, ..Checkpoint::default() };
        let mut continuity = Continuity::new(&log, &identity, ahead);
        let limit = ReadLimit { events: 1, bytes: 1 };
        let patience = Patience { stop: &StopFlag::default(), waits: &Waits::default() };
        let halt = read(&mut continuity, limit, 10, AtEnd::Seen, patience).unwrap_err();
        assert_eq!(halt.code(), "history_lost");
    }

    #[test]
    fn whichever_limit_ends_a_batch_the_head_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder);
        let identity = log.identity().unwrap();
        for (events, bytes) in [(1, 1000), (1000, 1), (1000, 1000)] {
            let mut continuity = Continuity::new(&log, &identity, Checkpoint::default());
            let patience = Patience { stop: &StopFlag::default(), waits: &Waits::default() };
            let event = read(&mut continuity, ReadLimit { events, bytes }, 1, AtEnd::Unknown, patience).unwrap();
            assert!(matches!(event, Event::Read { head: 3, .. }), "{event:?}");
        }
    }
}
