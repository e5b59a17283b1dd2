//! What is kept of one aggregate.

use schemas::{Decimal, Type, Value};

use crate::codec::{Corrupt, Row, take};
use crate::expr::EvalError;
use crate::plan::{Aggregate, AggregateFunction};

use super::exact::ExactSum;
use super::extreme::Extreme;
use super::identity::Exactly;
use super::{Standing, collect};

/// The state of an aggregate over the rows it counts.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// `count`
    Count(i64),
    /// `sum` and `avg` of integers and decimals.
    Sum(ExactSum),
    /// `sum` and `avg` of integers.
    IntSum { total: i128, count: u64 },
    /// `bool_and` and `bool_or`
    Bools { trues: u64, falses: u64 },
    /// `min` and `max`
    Extreme(Extreme),
    /// Everything else: the result, as of the last computation from all rows.
    Whole(Result<Exactly, String>),
}

impl State {
    /// The state of an aggregate over no row.
    pub fn new(aggregate: &Aggregate) -> State {
        State::plain(aggregate).unwrap_or_else(|| State::whole(aggregate, &[]))
    }

    /// The state of an aggregate for which the order of rows, and which of them are alike, does not matter.
    pub fn plain(aggregate: &Aggregate) -> Option<State> {
        use AggregateFunction::{Avg, BoolAnd, BoolOr, Count, Max, Min, Sum};
        Some(match (aggregate.function, &aggregate.input) {
            (Min | Max, _) => State::Extreme(Extreme::new()),
            (BoolAnd | BoolOr, _) => State::Bools { trues: 0, falses: 0 },
            _ if aggregate.distinct => return None,
            (Count, _) => State::Count(0),
            (Sum | Avg, Type::Int4 | Type::Int8) => State::IntSum { total: 0, count: 0 },
            (Sum | Avg, Type::Decimal) => State::Sum(ExactSum::default()),
            _ => return None,
        })
    }

    /// The state of an aggregate over all these rows, in the order of their keys.
    pub fn whole(aggregate: &Aggregate, tuples: &[&[Value<'_>]]) -> State {
        State::Whole(collect::collect(aggregate, tuples.iter().copied()).map(Exactly).map_err(|error| error.to_string()))
    }

    /// Counts a value. Only for plain states; the others are computed as a whole.
    pub fn add(&mut self, aggregate: &Aggregate, value: &Value<'_>) -> Standing {
        match (self, value) {
            (State::Count(count), _) => *count += 1,
            (State::Sum(sum), Value::Decimal(number)) => sum.add(*number),
            (State::IntSum { total, count }, Value::Int(number)) => {
                *total += i128::from(*number);
                *count += 1;
            }
            (State::Bools { trues, .. }, Value::Bool(true)) => *trues += 1,
            (State::Bools { falses, .. }, Value::Bool(false)) => *falses += 1,
            (State::Extreme(extreme), value) => extreme.add(aggregate.function, value),
            (State::Whole(_), _) => return Standing::Stale,
            // The compiler lets only values of the aggregate's type come here.
            _ => {}
        }
        Standing::Current
    }

    /// Takes back a value that was counted.
    pub fn remove(&mut self, aggregate: &Aggregate, value: &Value<'_>) -> Standing {
        match (self, value) {
            (State::Count(count), _) => *count -= 1,
            (State::Sum(sum), Value::Decimal(number)) => sum.remove(*number),
            (State::IntSum { total, count }, Value::Int(number)) => {
                *total -= i128::from(*number);
                *count -= 1;
            }
            (State::Bools { trues, .. }, Value::Bool(true)) => *trues -= 1,
            (State::Bools { falses, .. }, Value::Bool(false)) => *falses -= 1,
            (State::Extreme(extreme), value) => return extreme.remove(aggregate.function, value),
            (State::Whole(_), _) => return Standing::Stale,
            _ => {}
        }
        Standing::Current
    }

    /// The aggregate's value.
    pub fn result(&self, aggregate: &Aggregate) -> Result<Value<'static>, EvalError> {
        use AggregateFunction::{Avg, BoolAnd};
        let is_mean = aggregate.function == Avg;
        Ok(match self {
            State::Count(count) => Value::Int(*count),
            State::Sum(sum) if sum.count() == 0 => Value::Null,
            State::Sum(sum) => Value::Decimal(if is_mean { sum.mean()? } else { sum.total()? }),
            State::IntSum { count: 0, .. } => Value::Null,
            State::IntSum { total, count } if is_mean => Value::Decimal(int_mean(*total, *count)?),
            State::IntSum { total, .. } => int_total(*total, &aggregate.ty)?,
            State::Bools { trues: 0, falses: 0 } => Value::Null,
            State::Bools { falses, .. } if aggregate.function == BoolAnd => Value::Bool(*falses == 0),
            State::Bools { trues, .. } => Value::Bool(*trues > 0),
            State::Extreme(extreme) => extreme.value.0.clone(),
            State::Whole(Ok(Exactly(value))) => value.clone(),
            State::Whole(Err(reason)) => return Err(EvalError::Invalid(reason.clone())),
        })
    }

    /// What the state costs in bytes beside itself.
    pub fn weight(&self) -> usize {
        match self {
            State::Extreme(Extreme { value: Exactly(value), .. }) | State::Whole(Ok(Exactly(value))) => weight_of(value),
            State::Whole(Err(reason)) => reason.len(),
            State::Sum(_) => 32,
            _ => 0,
        }
    }
}

/// What a value costs in bytes beside itself.
fn weight_of(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| std::mem::size_of::<Value<'_>>() + weight_of(item)).sum(),
        _ => 0,
    }
}

// === what the states do ===

/// `sum(integer)` is a bigint, `sum(bigint)` a numeric.
fn int_total(total: i128, ty: &Type) -> Result<Value<'static>, EvalError> {
    if *ty == Type::Int8 {
        return i64::try_from(total).map(Value::Int).map_err(|_| EvalError::OutOfRange("bigint"));
    }
    to_decimal(total).map(Value::Decimal)
}

fn int_mean(total: i128, count: u64) -> Result<Decimal, EvalError> {
    crate::expr::decimal::quotient(to_decimal(total)?, Decimal::from(count))
}

fn to_decimal(number: i128) -> Result<Decimal, EvalError> {
    Decimal::try_from_i128_with_scale(number, 0).map_err(|_| EvalError::OutOfRange("numeric"))
}

// === bytes ===

impl State {
    /// Appends the state: numbers in little-endian order, values as a row of one column.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            State::Count(count) => out.extend_from_slice(&count.to_le_bytes()),
            State::Sum(sum) => sum.encode(out),
            State::IntSum { total, count } => {
                out.extend_from_slice(&total.to_le_bytes());
                out.extend_from_slice(&count.to_le_bytes());
            }
            State::Bools { trues, falses } => {
                out.extend_from_slice(&trues.to_le_bytes());
                out.extend_from_slice(&falses.to_le_bytes());
            }
            State::Extreme(extreme) => extreme.encode(out),
            State::Whole(Ok(Exactly(value))) => Row::of(std::slice::from_ref(value)).encode(out),
            State::Whole(Err(reason)) => Row::of(&[Value::Null, Value::Text(reason.into())]).encode(out),
        }
    }

    /// Reads back what [`State::encode`] wrote of the same aggregate.
    pub fn decode(aggregate: &Aggregate, bytes: &mut &[u8]) -> Result<State, Corrupt> {
        Ok(match State::plain(aggregate) {
            Some(State::Count(_)) => State::Count(i64::from_le_bytes(take(bytes)?)),
            Some(State::Sum(_)) => State::Sum(ExactSum::decode(bytes)?),
            Some(State::IntSum { .. }) => {
                State::IntSum { total: i128::from_le_bytes(take(bytes)?), count: u64::from_le_bytes(take(bytes)?) }
            }
            Some(State::Bools { .. }) => {
                State::Bools { trues: u64::from_le_bytes(take(bytes)?), falses: u64::from_le_bytes(take(bytes)?) }
            }
            Some(State::Extreme(_)) => State::Extreme(Extreme::decode(bytes)?),
            Some(State::Whole(_)) | None => {
                let row = Row::decode(bytes)?;
                match row.get(1) {
                    Value::Text(reason) => State::Whole(Err(reason.into_owned())),
                    _ => State::Whole(Ok(Exactly(row.get(0).into_owned()))),
                }
            }
        })
    }
}
