//! What operators do to projections, by commands and over HTTP: one implementation for both.
//!
//! Dead letters are settled by [`crate::dead_letters`], and generations built by [`crate::deploy`]; here is what a daemon needs besides, to do
//! that while it runs.

mod lineage;
mod workshop;

pub use lineage::lineage;
pub use workshop::{CannotBegin, Plant, Task, Workshop};

use crate::fault::Fault;
use crate::state::{Builds, Pause};

/// Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum CannotPause {
    /// There is no such projection.
    #[error("there is no projection {0}")]
    NoProjection(String),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Lets a projection pause, or go on where there is no pause. Its owner, if it has one, notices within a second.
pub fn pause(builds: &dyn Builds, projection: &str, pause: Option<&Pause>) -> Result<(), CannotPause> {
    let is_there = builds.pause(projection, pause)?;
    is_there.then_some(()).ok_or_else(|| CannotPause::NoProjection(projection.to_owned()))
}
