//! What operators ask for: dead letters tried again, repaired or given up, and projections that pause.
//!
//! An order is stored first, and carried out by the owner of the build, in one of its commits, which removes it. It may
//! be given with or without an owner, and is carried out once: a commit that did not happen leaves it where it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock;

/// What an operator asks for one dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The event's place in the log.
    pub position: u64,
    /// What to do.
    pub action: Action,
    /// Who asks for it.
    pub by: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What for, in the operator's words.
    pub reason: Option<String>,
}

/// What to do with a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Try to apply the event.
    Retry,
    /// Try to apply these bytes in its place, from now on, in later builds too.
    Repair(String),
    /// Go on without the event, in later builds too.
    Discard,
}

/// A pause: the owner of the projection applies nothing until it is over; reads go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// Who asked for it.
    pub by: String,
    /// What for, in the operator's words.
    pub reason: Option<String>,
}

/// What operators ask of the owner of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// To go on with this build, which readers see; nothing where that is not known.
    pub live: Option<u64>,
    /// To pause.
    pub pause: Option<Pause>,
    /// To do this, in this order.
    pub orders: Vec<Order>,
}

/// Orders that a commit carries out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The names of those that are done.
    pub done: Vec<String>,
    /// Those by which the build differs from its log, from now on: what was repaired and discarded, by position.
    pub settled: Vec<Order>,
}

// === impl Pause ===

impl fmt::Display for Pause {
    /// Since when, by whom and what for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "since {} by {}", clock::shown(self.since), self.by)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

// === impl Order ===

impl Order {
    /// Whether it lasts: what it says of the event is so in later builds too.
    pub fn is_ruling(&self) -> bool {
        self.action != Action::Retry
    }

    /// What it is called. Names sort by position, and by time where there are several for one.
    pub fn name(&self) -> String {
        format!("{:020}:{:020}", self.position, self.at)
    }
}

// === impl Action ===

impl Action {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Action::Retry => "retry",
            Action::Repair(_) => "repair",
            Action::Discard => "discard",
        }
    }

    /// The event that is put in the place of what the log has.
    pub fn event(&self) -> Option<&str> {
        match self {
            Action::Repair(event) => Some(event),
            Action::Retry | Action::Discard => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_position_and_time() {
        let name = |position, at| Order { position, action: Action::Retry, by: "ann".into(), at, reason: None }.name();
        assert!([name(9, 70), name(10, 5), name(10, 50)].is_sorted());
    }
}
