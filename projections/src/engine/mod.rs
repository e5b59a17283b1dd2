//! The engine: events in, changes out.
//!
//! For a batch of events: fold them into rows; find the units that the changed rows affect; evaluate each once
//! from the rows as they now are; keep what differs. It does no I/O: [`Batch::step`] either says what it misses
//! in the [`Cache`], or is done. The caller fetches and calls again.

mod cells;

pub use cells::{
    CellKey, Changes, Content, DeadLetter, DocumentChange, DocumentMark, Link, MembersWanted, Missing, SetKey, SetSpace, Space,
    Tally,
};
