//! How far a build is that is made.

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done at the moment.
    pub phase: Phase,
    /// The position up to which events are folded; 0 while rows are copied, which are of no position before all are there.
    pub position: u64,
    /// Where folding ends.
    pub until: u64,
    /// How much of the phase this process has done: rows, events, units or things loaded.
    pub done: u64,
}

/// What is done at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Rows are copied from another build.
    Copy,
    /// Events are folded into rows.
    Fold,
    /// Views are evaluated.
    Materialize,
    /// What was made in a file goes into the store that serves it.
    Load,
}

// === impl Phase ===

impl Phase {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Copy => "copy",
            Phase::Fold => "fold",
            Phase::Materialize => "materialize",
            Phase::Load => "load",
        }
    }
}
