//! Repaired events: what an operator puts in the place of events that cannot be applied.

use schemas::Envelope;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::state::views::StoredDeadLetter;

/// A repaired event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The place of the event in the log.
    pub position: u64,
    /// The event as it should have been.
    pub event: String,
}

/// Why a repair is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRepair {
    /// The line says nothing that could be done.
    #[error("line {line}: {reason}; write {{\"position\": 7, \"event\": {{…}}}}, as `dead-letters list --json` prints it")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The event is no event.
    #[error("the event for position {position} is no CloudEvent: {reason}")]
    NoEvent {
        /// The position.
        position: u64,
        /// Why.
        reason: String,
    },
    /// It is another event.
    #[error("the event for position {position} has another source, id or type than the one it repairs: these cannot be repaired")]
    Other {
        /// The position.
        position: u64,
    },
}

/// A line of a file of repairs; what else is in it is not looked at.
#[derive(Deserialize)]
struct Line<'l> {
    position: u64,
    #[serde(borrow)]
    event: &'l RawValue,
}

/// The repairs in a file with one a line: objects with a position and an event, which may be an object or the text of one.
pub fn parse(text: &str) -> Result<Vec<Repair>, BadRepair> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| parse_one(at + 1, line)).collect()
}

/// One repair; `line`: its number, for what is said of it.
pub fn parse_one(line: usize, text: &str) -> Result<Repair, BadRepair> {
    parse_line(text).map_err(|reason| BadRepair::Line { line, reason })
}

fn parse_line(line: &str) -> Result<Repair, String> {
    let Line { position, event } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let event = match serde_json::from_str::<String>(event.get()) {
        Ok(text) => text,
        Err(_) => event.get().to_owned(),
    };
    Ok(Repair { position, event })
}

// === impl Repair ===

impl Repair {
    /// Makes sure that it is the event of this dead letter, with other data: what an event is, and whether it came twice, is told by
    /// its source and id.
    pub fn check(&self, letter: &StoredDeadLetter) -> Result<(), BadRepair> {
        let position = self.position;
        let repaired = Envelope::parse(self.event.as_bytes())
            .map_err(|violation| BadRepair::NoEvent { position, reason: violation.to_string() })?;
        match Envelope::parse(&letter.event) {
            Ok(was) if (&was.source, &was.id, &was.ty) != (&repaired.source, &repaired.id, &repaired.ty) => {
                Err(BadRepair::Other { position })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, data: &str) -> String {
        format!(r#"{{"specversion":"1.0","id":"{id}","source":"/a","type":"T","data":{data}}}"#)
    }

    #[test]
    fn lines_are_read_with_events_as_text_or_object() {
        let object = format!(r#"{{"position": 3, "event": {}, "kind": "x"}}"#, event("1", "{}"));
        let text = format!(r#"{{"position": 4, "event": {}}}"#, serde_json::json!(event("2", "{}")));
        let repairs = parse(&format!("{object}\n\n{text}\n")).unwrap();
        let expected = [(3, event("1", "{}")), (4, event("2", "{}"))];
        assert_eq!(repairs.into_iter().map(|repair| (repair.position, repair.event)).collect::<Vec<_>>(), expected);
        assert!(matches!(parse("{\"position\": 3}"), Err(BadRepair::Line { line: 1, .. })));
    }

    #[test]
    fn a_repair_is_the_same_event_with_other_data() {
        let letter = |event: &str| StoredDeadLetter {
            position: 3,
            time: 0,
            kind: "x".into(),
            reason: "y".into(),
            keys: vec![],
            event: event.as_bytes().to_vec(),
        };
        let repair = |event: &str| Repair { position: 3, event: event.to_owned() };
        let was = letter(&event("1", "{}"));
        assert_eq!(repair(&event("1", "[7]")).check(&was), Ok(()));
        assert_eq!(repair(&event("2", "{}")).check(&was), Err(BadRepair::Other { position: 3 }));
        assert!(matches!(repair("{").check(&was), Err(BadRepair::NoEvent { position: 3, .. })));
        assert_eq!(repair(&event("2", "{}")).check(&letter("{")), Ok(()), "what was broken had none");
    }
}
