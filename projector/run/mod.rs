//! The daemon's work: read events, fold them, commit; for each projection on threads of its own.
//!
//! ```text
//! supervisor ── one thread a projection ──► run ── sessions, one after another ──► session
//!                                                                                   │ inbox: Event
//!                 reader thread ──(Event::Read)──►  loop thread: Pace decides,  ◄──(Event::Committed)── committer thread
//!                                                   Processor folds
//! ```
//! While a batch is committed the next is folded and the one after it is read. [`pace::Pace`] holds all decisions about what to do
//! next, and touches nothing; the session carries them out.

pub mod board;
pub mod build;
mod committer;
mod continuity;
mod feed;
mod flusher;
pub mod halt;
mod health;
mod making;
mod meters;
mod observer;
mod pace;
mod processor;
mod rate;
mod reader;
mod recovery;
mod retry;
mod rulings;
pub mod session;
mod supervisor;
#[cfg(test)]
mod tests;
mod trail;
mod waits;
mod watchman;

pub use board::{Board, Observed, Place, Progress, Stage, TableProgress};
pub(crate) use continuity::Continuity;
pub use feed::{CommitId, Feed, Forgotten, Interest, Told};
pub use halt::Halt;
pub(crate) use halt::caught;
pub use health::{Health, Stall};
pub use meters::Meters;
pub use observer::Observer;
pub use processor::Definition;
pub(crate) use processor::{Computed, Processor, hash_seed, remember};
pub use rate::Rate;
pub use recovery::{History, judge, observe};
pub(crate) use retry::RaisedAtEnd;
pub use retry::{Patience, StopFlag, until_available};
pub use rulings::Rulings;
pub use supervisor::{Deploying, Goal, InFiles, Making, Outcome, Supervisor, run_all};
pub use trail::{Measured, Sample, Trail, Work};
pub use waits::{Port, Wait, Waits};
