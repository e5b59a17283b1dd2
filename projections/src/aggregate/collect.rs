//! Aggregates that need all rows at once: for their order, for what is distinct, or for their inexact sums.

use schemas::{Type, Value};

use crate::expr::{EvalError, json_array, json_object, part_of_interval, sum_of_intervals};
use crate::plan::{Aggregate, AggregateFunction};

use super::select;
use super::state::State;

/// Computes the aggregate from the inputs of all rows, in the order of the rows' keys.
pub fn collect<'t, 'v: 't>(
    aggregate: &Aggregate,
    tuples: impl Iterator<Item = &'t [Value<'v>]>,
) -> Result<Value<'static>, EvalError> {
    use AggregateFunction::{ArrayAgg, Avg, JsonAgg, JsonObjectAgg, StringAgg, Sum};
    let rows = select::rows(aggregate, tuples);
    let argument = |number: usize| {
        let place = aggregate.args.get(number).copied();
        rows.iter().map(move |row| place.and_then(|place| row.get(place)).unwrap_or(&Value::Null))
    };
    match aggregate.function {
        Sum | Avg if aggregate.input == Type::Double => doubles(aggregate.function, argument(0)),
        Sum | Avg if aggregate.input == Type::Interval => intervals(aggregate.function, argument(0)),
        ArrayAgg | JsonAgg | JsonObjectAgg | StringAgg if rows.is_empty() => Ok(Value::Null),
        ArrayAgg => Ok(Value::Array(argument(0).map(|value| value.borrowed().into_owned()).collect())),
        JsonAgg => Ok(Value::Json(json_array(argument(0)).into())),
        JsonObjectAgg => json_object(argument(0).zip(argument(1)))
            .map(|json| Value::Json(json.into()))
            .map_err(|_| EvalError::Invalid("field name must not be null".to_owned())),
        StringAgg => Ok(string(argument(0), argument(1))),
        _ => plain(aggregate, argument(0)),
    }
}

/// An aggregate whose order does not matter, over what is distinct.
fn plain<'t, 'v: 't>(aggregate: &Aggregate, values: impl Iterator<Item = &'t Value<'v>>) -> Result<Value<'static>, EvalError> {
    let alike = Aggregate { distinct: false, ..aggregate.clone() };
    let Some(mut state) = State::plain(&alike) else {
        return Err(EvalError::Invalid(format!("{:?} cannot be computed here", aggregate.function)));
    };
    for value in values {
        let _ = state.add(&alike, value);
    }
    state.result(&alike)
}

/// What PostgreSQL keeps of doubles: their sum, and for `avg` the sum of the squares of their distances from the mean, of which
/// nothing is shown but that it overflows.
#[derive(Default)]
struct Doubles {
    count: f64,
    total: f64,
    squares: f64,
}

impl Doubles {
    /// Adds a number; fails where finite ones become infinite.
    fn add(&mut self, function: AggregateFunction, number: f64) -> Result<(), EvalError> {
        let (count, total) = (self.count + 1.0, self.total + number);
        if function == AggregateFunction::Avg && self.count > 0.0 {
            let distance = number * count - total;
            self.squares += distance * distance / (count * self.count);
        }
        if (total.is_infinite() || self.squares.is_infinite()) && self.total.is_finite() && number.is_finite() {
            return Err(EvalError::Invalid("value out of range: overflow".to_owned()));
        }
        if !total.is_finite() {
            self.squares = f64::NAN;
        }
        (self.count, self.total) = (count, total);
        Ok(())
    }
}

/// Summed in the order of the rows, as PostgreSQL does; the last bits depend on it.
fn doubles<'t, 'v: 't>(
    function: AggregateFunction,
    values: impl Iterator<Item = &'t Value<'v>>,
) -> Result<Value<'static>, EvalError> {
    let mut doubles = Doubles::default();
    for value in values {
        if let Value::Double(number) = value {
            doubles.add(function, *number)?;
        }
    }
    let Doubles { count, total, .. } = doubles;
    Ok(match function {
        _ if count == 0.0 => Value::Null,
        AggregateFunction::Avg => Value::Double(total / count),
        _ => Value::Double(total),
    })
}

fn intervals<'t, 'v: 't>(
    function: AggregateFunction,
    values: impl Iterator<Item = &'t Value<'v>>,
) -> Result<Value<'static>, EvalError> {
    let (mut total, mut count) = (None, 0u64);
    for value in values {
        if let Value::Interval(interval) = value {
            total = Some(total.map_or(Ok(*interval), |total| sum_of_intervals(total, *interval))?);
            count += 1;
        }
    }
    match total {
        None => Ok(Value::Null),
        Some(total) if function == AggregateFunction::Avg => part_of_interval(total, count as f64),
        Some(total) => Ok(Value::Interval(total)),
    }
}

/// Each value but the first has its own delimiter before it; a NULL delimiter is empty.
fn string<'t, 'v: 't>(
    values: impl Iterator<Item = &'t Value<'v>>,
    delimiters: impl Iterator<Item = &'t Value<'v>>,
) -> Value<'static> {
    let mut out = String::new();
    for (number, (value, delimiter)) in values.zip(delimiters).enumerate() {
        if let (true, Value::Text(delimiter)) = (number > 0, delimiter) {
            out.push_str(delimiter);
        }
        if let Value::Text(value) = value {
            out.push_str(value);
        }
    }
    Value::Text(out.into())
}
