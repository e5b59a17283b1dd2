//! Aggregate functions: computed at once from all rows, or kept in accumulators from which a row can be taken back.
//!
//! Results are PostgreSQL's. Where it leaves the order open (no ORDER BY, or ties) rows come in the order of their keys.

mod accumulators;
mod collect;
mod exact;
mod extreme;
mod identity;
mod select;
mod signature;
mod state;

use schemas::Value;

use crate::expr::EvalError;
use crate::plan::Aggregate;
use state::State;

pub use accumulators::Accumulators;
pub use signature::{Signature, signature};

/// Whether accumulators still tell the result after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// They do.
    Current,
    /// They do not: compute them again from all rows.
    Stale,
}

/// Whether a row can be taken back from what is kept of the aggregate, in all but rare cases.
pub fn is_invertible(aggregate: &Aggregate) -> bool {
    State::plain(aggregate).is_some()
}

/// Whether the aggregate may ever be [`Standing::Stale`], so that all rows have to be at hand.
pub fn needs_rows(aggregate: &Aggregate) -> bool {
    State::plain(aggregate).is_none_or(|state| matches!(state, State::Extreme(_)))
}

/// Computes one aggregate from the inputs of all rows, in the order of the rows' keys.
pub fn compute<'t, 'v: 't>(
    aggregate: &Aggregate,
    tuples: impl Iterator<Item = &'t [Value<'v>]>,
) -> Result<Value<'static>, EvalError> {
    if let Some(mut state) = State::plain(aggregate) {
        tuples.filter_map(|tuple| select::argument(aggregate, tuple)).for_each(|value| {
            let _ = state.add(aggregate, value);
        });
        return state.result(aggregate);
    }
    collect::collect(aggregate, tuples)
}

#[cfg(test)]
mod tests;
