//! What has been done to a projection, for those who ask later who did it.

use serde::{Deserialize, Serialize};

use crate::clock;

/// Something that was done to a projection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What it was.
    pub what: What,
    /// The generation that it was done to.
    pub generation: u64,
    /// The generation that was live before, where that is another one.
    pub before: Option<u64>,
    /// How many positions of the log were passed for it.
    pub events: u64,
    /// Who did it.
    pub by: String,
    /// When it was done, in microseconds since 1970.
    pub at: i64,
    /// How long it took, in microseconds.
    pub took: i64,
}

/// What can be done to a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Its first generation was made.
    Deployed,
    /// A generation was built, and took the place of the live one.
    CutOver,
    /// A generation that had been live before took the place of the live one again.
    RolledBack,
    /// A generation was given up before it went live.
    Cancelled,
    /// A generation was dropped.
    Dropped,
}

// === impl Deed ===

impl Deed {
    /// One that is done now, and was begun at `since`.
    pub fn now(what: What, generation: u64, by: &str, since: i64) -> Deed {
        let at = clock::now_micros();
        Deed { what, generation, before: None, events: 0, by: by.to_owned(), at, took: at - since }
    }
}

// === impl What ===

impl What {
    /// A few words for it.
    pub fn words(self) -> &'static str {
        match self {
            What::Deployed => "deployed",
            What::CutOver => "cut over to",
            What::RolledBack => "rolled back to",
            What::Cancelled => "cancelled",
            What::Dropped => "dropped",
        }
    }
}
