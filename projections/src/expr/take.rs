//! Taking a value apart as what its type says it is. The compiler has seen to it that it is; stored rows that are damaged
//! make an error of it here, not a panic.

use std::borrow::Cow;

use schemas::{Decimal, Interval, Value};

use super::EvalError;

type Taken<T> = Result<T, EvalError>;

fn mismatch<T>(expected: &str) -> Taken<T> {
    Err(EvalError::Invalid(format!("a value that should be {expected} is not")))
}

pub fn int(value: Value<'_>) -> Taken<i64> {
    if let Value::Int(int) = value { Ok(int) } else { mismatch("an integer") }
}

/// An `integer` as a position or count.
pub fn int4(value: Value<'_>) -> Taken<i32> {
    int(value)?.try_into().map_err(|_| EvalError::OutOfRange("integer"))
}

pub fn double(value: Value<'_>) -> Taken<f64> {
    if let Value::Double(double) = value { Ok(double) } else { mismatch("a double") }
}

pub fn decimal(value: Value<'_>) -> Taken<Decimal> {
    if let Value::Decimal(decimal) = value { Ok(decimal) } else { mismatch("a numeric") }
}

pub fn boolean(value: Value<'_>) -> Taken<bool> {
    if let Value::Bool(boolean) = value { Ok(boolean) } else { mismatch("a boolean") }
}

pub fn text(value: Value<'_>) -> Taken<Cow<'_, str>> {
    if let Value::Text(text) = value { Ok(text) } else { mismatch("text") }
}

pub fn json(value: Value<'_>) -> Taken<Cow<'_, str>> {
    if let Value::Json(json) = value { Ok(json) } else { mismatch("json") }
}

pub fn timestamp(value: Value<'_>) -> Taken<i64> {
    if let Value::Timestamp(micros) = value { Ok(micros) } else { mismatch("a timestamp") }
}

pub fn date(value: Value<'_>) -> Taken<i32> {
    if let Value::Date(days) = value { Ok(days) } else { mismatch("a date") }
}

pub fn interval(value: Value<'_>) -> Taken<Interval> {
    if let Value::Interval(interval) = value { Ok(interval) } else { mismatch("an interval") }
}

pub fn array(value: Value<'_>) -> Taken<Vec<Value<'_>>> {
    if let Value::Array(items) = value { Ok(items) } else { mismatch("an array") }
}

/// The arguments of a function that takes this many.
pub fn all<'v, const N: usize>(values: Vec<Value<'v>>) -> Taken<[Value<'v>; N]> {
    values.try_into().or_else(|_| mismatch("an argument"))
}
