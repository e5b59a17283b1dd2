//! The accumulators of a group: the states of all aggregates of a roll-up, and how many rows they hold.

use schemas::Value;

use crate::codec::{Corrupt, take};
use crate::expr::EvalError;
use crate::plan::Aggregate;

use super::Standing;
use super::select::{argument, counts};
use super::state::State;

/// What is kept of a group. The aggregates are not kept with it: the same must be handed in every time.
#[derive(Clone, Debug, PartialEq)]
pub struct Accumulators {
    units: u64,
    states: Box<[State]>,
}

impl Accumulators {
    /// Those of no row.
    pub fn new(aggregates: &[Aggregate]) -> Accumulators {
        Accumulators { units: 0, states: aggregates.iter().map(State::new).collect() }
    }

    /// Those of all these rows, in the order of their keys.
    pub fn of<'v>(aggregates: &[Aggregate], tuples: &[impl AsRef<[Value<'v>]>]) -> Accumulators {
        let tuples: Vec<&[Value<'_>]> = tuples.iter().map(AsRef::as_ref).collect();
        let state = |aggregate: &Aggregate| match State::plain(aggregate) {
            None => State::whole(aggregate, &tuples),
            Some(mut state) => {
                for value in tuples.iter().filter_map(|tuple| argument(aggregate, tuple)) {
                    let _ = state.add(aggregate, value);
                }
                state
            }
        };
        Accumulators { units: tuples.len() as u64, states: aggregates.iter().map(state).collect() }
    }

    /// How many rows there are.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// Adds a row.
    pub fn add(&mut self, aggregates: &[Aggregate], tuple: &[Value<'_>]) -> Standing {
        self.units += 1;
        self.change(aggregates, tuple, |state, aggregate, value| state.add(aggregate, value))
    }

    /// Takes back a row that was added.
    pub fn remove(&mut self, aggregates: &[Aggregate], tuple: &[Value<'_>]) -> Standing {
        self.units = self.units.saturating_sub(1);
        self.change(aggregates, tuple, |state, aggregate, value| state.remove(aggregate, value))
    }

    fn change(
        &mut self,
        aggregates: &[Aggregate],
        tuple: &[Value<'_>],
        mut apply: impl FnMut(&mut State, &Aggregate, &Value<'_>) -> Standing,
    ) -> Standing {
        let mut standing = Standing::Current;
        for (state, aggregate) in self.states.iter_mut().zip(aggregates) {
            let of_one = match (&*state, argument(aggregate, tuple)) {
                // NULLs too may show in it.
                (State::Whole(_), _) if counts(aggregate, tuple) => Standing::Stale,
                (State::Whole(_), _) => Standing::Current,
                (_, Some(value)) => apply(state, aggregate, value),
                (_, None) => Standing::Current,
            };
            if of_one == Standing::Stale {
                standing = Standing::Stale;
            }
        }
        standing
    }

    /// The aggregates' values.
    pub fn results(&self, aggregates: &[Aggregate]) -> Vec<Result<Value<'static>, EvalError>> {
        self.states.iter().zip(aggregates).map(|(state, aggregate)| state.result(aggregate)).collect()
    }

    /// What they cost in bytes, about.
    pub fn weight(&self) -> usize {
        self.states.iter().map(|state| std::mem::size_of::<State>() + state.weight()).sum()
    }

    /// Appends the bytes to store: the number of rows (u64, little-endian), then the states.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.units.to_le_bytes());
        self.states.iter().for_each(|state| state.encode(out));
    }

    /// Reads back the stored bytes.
    pub fn decode(aggregates: &[Aggregate], mut bytes: &[u8]) -> Result<Accumulators, Corrupt> {
        let bytes = &mut bytes;
        let units = u64::from_le_bytes(take(bytes)?);
        let states = aggregates.iter().map(|aggregate| State::decode(aggregate, bytes)).collect::<Result<_, _>>()?;
        if bytes.is_empty() { Ok(Accumulators { units, states }) } else { Err(Corrupt("aggregate has bytes left over")) }
    }
}
