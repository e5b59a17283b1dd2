//! The thread that reads ahead.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use super::continuity::Continuity;
use super::halt::Halt;
use super::retry::{StopFlag, until_available};
use super::session::Event;
use crate::fault::Fault;
use crate::log::{EventLog, ReadLimit};
use projections::engine::LogEvent;

/// How long it waits at the end of the log before it says that nothing happened.
const IDLE: Duration = Duration::from_millis(250);

/// Answers each position it is asked for with the events from there on, at least one; until it is asked no more.
pub fn serve(
    mut continuity: Continuity<'_>,
    limit: ReadLimit,
    requests: &Receiver<u64>,
    inbox: &Sender<Event>,
    ended: &StopFlag,
) {
    while let Ok(from) = requests.recv() {
        let event = match read(&mut continuity, limit, from, inbox, ended) {
            Ok(Some((events, head))) => Event::Read { events, head },
            Ok(None) => return,
            Err(halt) => Event::Failed(halt),
        };
        // Nobody listens any more: the session has ended.
        if inbox.send(event).is_err() {
            return;
        }
    }
}

/// Events from `from` on and the log's head; `None` when the session ended.
fn read(
    continuity: &mut Continuity<'_>,
    limit: ReadLimit,
    from: u64,
    inbox: &Sender<Event>,
    ended: &StopFlag,
) -> Result<Option<(Vec<LogEvent>, u64)>, Halt> {
    let log = continuity.log();
    while !ended.is_up() {
        let events = until_available(ended, || log.read(from, limit))?;
        continuity.check(&events, ended)?;
        if let Some(last) = events.last() {
            let is_all = events.len() < limit.events;
            let head = if is_all { last.position } else { head(log, ended)?.max(last.position) };
            return Ok(Some((events, head)));
        }
        until_available(ended, || log.wait(from - 1, IDLE))?;
        if inbox.send(Event::Idle).is_err() {
            break;
        }
    }
    Ok(None)
}

fn head(log: &dyn EventLog, ended: &StopFlag) -> Result<u64, Fault> {
    Ok(until_available(ended, || log.head())?.map_or(0, |head| head.position))
}
