//! A value: what a column holds and what an expression yields.

use std::borrow::Cow;

pub use rust_decimal::Decimal;

use crate::text::calendar::DAY;

/// A value of some [`Type`](crate::Type). Text and JSON are borrowed where they can be: from the event
/// they came with, or from the row that holds them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL's NULL, of every type.
    Null,
    /// `boolean`
    Bool(bool),
    /// `integer` and `bigint`; the type says which bounds hold.
    Int(i64),
    /// `double precision`
    Double(f64),
    /// `numeric`; the scale counts, as in PostgreSQL: 1.50 is shown as 1.50.
    Decimal(Decimal),
    /// `text`
    Text(Cow<'a, str>),
    /// `timestamptz`: microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// `date`: days since 1970-01-01.
    Date(i32),
    /// `uuid`
    Uuid(u128),
    /// `interval`
    Interval(Interval),
    /// `json`, as canonical text: no space between tokens, numbers as they were written, of a repeated
    /// name only the last, and names in the order in which they came.
    Json(Cow<'a, str>),
    /// An array of scalars, NULLs among them.
    Array(Vec<Value<'a>>),
}

/// PostgreSQL's three-part interval; the parts do not mix, for a month and a day have no fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Whole months.
    pub months: i32,
    /// Whole days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Interval {
    /// The length in microseconds that PostgreSQL compares intervals by: with months of 30 days and days of 24 hours.
    pub fn length(&self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(DAY) + i128::from(self.micros)
    }
}

impl Value<'_> {
    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(b),
            Value::Int(i) => Value::Int(i),
            Value::Double(d) => Value::Double(d),
            Value::Decimal(d) => Value::Decimal(d),
            Value::Text(t) => Value::Text(Cow::Owned(t.into_owned())),
            Value::Timestamp(t) => Value::Timestamp(t),
            Value::Date(d) => Value::Date(d),
            Value::Uuid(u) => Value::Uuid(u),
            Value::Interval(i) => Value::Interval(i),
            Value::Json(j) => Value::Json(Cow::Owned(j.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
        }
    }

    /// The same value, borrowing from this one: no text is copied.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Text(t) => Value::Text(Cow::Borrowed(t)),
            Value::Json(j) => Value::Json(Cow::Borrowed(j)),
            Value::Array(items) => Value::Array(items.iter().map(Value::borrowed).collect()),
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(*b),
            Value::Int(i) => Value::Int(*i),
            Value::Double(d) => Value::Double(*d),
            Value::Decimal(d) => Value::Decimal(*d),
            Value::Timestamp(t) => Value::Timestamp(*t),
            Value::Date(d) => Value::Date(*d),
            Value::Uuid(u) => Value::Uuid(*u),
            Value::Interval(i) => Value::Interval(*i),
        }
    }
}
