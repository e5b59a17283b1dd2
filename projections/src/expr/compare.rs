//! The order of values of one type: PostgreSQL's, text by bytes.

use std::cmp::Ordering;

use schemas::Value;

/// The order of two values of one type. NULLs, which only arrays hold, are equal and come last.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) | (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Double(a), Value::Double(b)) => doubles(*a, *b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::Interval(a), Value::Interval(b)) => a.length().cmp(&b.length()),
        (Value::Array(a), Value::Array(b)) => arrays(a, b),
        (Value::Json(a), Value::Json(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        // The compiler lets only values of one type meet.
        _ => Ordering::Equal,
    }
}

/// Whether two values of one type are equal.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    compare(left, right) == Ordering::Equal
}

/// NaN equals itself and is above every number.
fn doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn arrays(a: &[Value<'_>], b: &[Value<'_>]) -> Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.len().cmp(&b.len()))
}
