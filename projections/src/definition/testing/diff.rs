//! What a test found to be otherwise than expected.

use std::fmt;

/// Something that is otherwise than a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step, from 1.
    pub step: usize,
    /// The events up to the step's last in the order in which they came, where that was not the order of the test.
    pub order: Option<Vec<String>>,
    /// What was found.
    pub finding: Finding,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There is no such document.
    Missing {
        /// The view.
        view: String,
        /// The key.
        key: String,
    },
    /// There is a document that should not be.
    Present {
        /// The view.
        view: String,
        /// The key.
        key: String,
    },
    /// The SELECT fails for the document.
    Broken {
        /// The view.
        view: String,
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// The SELECT was expected to fail, but does not.
    NotBroken {
        /// The view.
        view: String,
        /// The key.
        key: String,
    },
    /// Columns have other values.
    Different {
        /// The view.
        view: String,
        /// The key.
        key: String,
        /// The columns that differ.
        columns: Vec<Difference>,
    },
    /// More or fewer events could not be applied than expected.
    DeadLetters {
        /// How many were expected.
        expected: usize,
        /// Why those that were found could not be applied.
        reasons: Vec<String>,
    },
}

/// A column that has another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The column.
    pub column: String,
    /// What it should be, as JSON.
    pub expected: String,
    /// What it is, as JSON.
    pub actual: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.finding)?;
        match &self.order {
            Some(order) => write!(f, "\n  in the order {}", order.join("; ")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Missing { view, key } => write!(f, "{view} {key} is missing"),
            Finding::Present { view, key } => write!(f, "{view} {key} should be absent"),
            Finding::Broken { view, key, reason } => write!(f, "{view} {key} is broken: {reason}"),
            Finding::NotBroken { view, key } => write!(f, "{view} {key} should be broken"),
            Finding::Different { view, key, columns } => {
                write!(f, "{view} {key} differs")?;
                columns.iter().try_for_each(|c| write!(f, "\n  {}\n    - {}\n    + {}", c.column, c.expected, c.actual))
            }
            Finding::DeadLetters { expected, reasons } => {
                write!(f, "{} events could not be applied, expected were {expected}", reasons.len())?;
                reasons.iter().try_for_each(|reason| write!(f, "\n  {reason}"))
            }
        }
    }
}
