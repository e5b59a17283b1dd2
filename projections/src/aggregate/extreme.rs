//! The smallest or largest value, and how many there are of it: only when the last of these goes, all have to be seen again.

use std::cmp::Ordering;

use schemas::Value;

use crate::codec::{Corrupt, Row, take};
use crate::plan::AggregateFunction;

use super::Standing;
use super::identity::{Exactly, order};

/// `min` or `max` over some values.
#[derive(Clone, Debug, PartialEq)]
pub struct Extreme {
    /// NULL where there is no value.
    pub value: Exactly,
    /// How many values are just this one.
    ties: u64,
    /// How many there are beside.
    others: u64,
}

impl Extreme {
    /// Over no value.
    pub fn new() -> Extreme {
        Extreme { value: Exactly(Value::Null), ties: 0, others: 0 }
    }

    pub fn add(&mut self, function: AggregateFunction, value: &Value<'_>) {
        match self.rank(function, value) {
            Ordering::Equal => self.ties += 1,
            Ordering::Less => self.others += 1,
            Ordering::Greater => {
                self.others += self.ties;
                self.ties = 1;
                self.value = Exactly(value.borrowed().into_owned());
            }
        }
    }

    pub fn remove(&mut self, function: AggregateFunction, value: &Value<'_>) -> Standing {
        if self.rank(function, value) != Ordering::Equal {
            self.others = self.others.saturating_sub(1);
            return Standing::Current;
        }
        self.ties = self.ties.saturating_sub(1);
        match (self.ties, self.others) {
            (0, 0) => {
                self.value = Exactly(Value::Null);
                Standing::Current
            }
            (0, _) => Standing::Stale,
            _ => Standing::Current,
        }
    }

    /// Greater: the value takes the place of the present one.
    fn rank(&self, function: AggregateFunction, value: &Value<'_>) -> Ordering {
        if self.value.0.is_null() {
            return Ordering::Greater;
        }
        let order = order(value, &self.value.0);
        if function == AggregateFunction::Min { order.reverse() } else { order }
    }

    /// The value as a row of one column, then both counts, little-endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Row::of(std::slice::from_ref(&self.value.0)).encode(out);
        out.extend_from_slice(&self.ties.to_le_bytes());
        out.extend_from_slice(&self.others.to_le_bytes());
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Extreme, Corrupt> {
        let value = Exactly(Row::decode(bytes)?.get(0).into_owned());
        Ok(Extreme { value, ties: u64::from_le_bytes(take(bytes)?), others: u64::from_le_bytes(take(bytes)?) })
    }
}
