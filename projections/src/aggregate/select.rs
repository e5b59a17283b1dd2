//! Which rows an aggregate counts, and in which order.

use std::cmp::Ordering;

use schemas::Value;

use crate::codec::Key;
use crate::expr::compare;
use crate::plan::{Aggregate, AggregateFunction, Direction, Nulls, SortKey};

/// The value that an aggregate of one argument or none counts of this row, if it counts it: FILTER is met and, unless
/// NULLs count, the argument is not NULL.
pub fn argument<'t, 'v>(aggregate: &Aggregate, tuple: &'t [Value<'v>]) -> Option<&'t Value<'v>> {
    if !passes(aggregate, tuple) {
        return None;
    }
    match aggregate.args.first() {
        None => Some(&Value::Bool(true)),
        Some(place) => tuple.get(*place).filter(|value| !value.is_null()),
    }
}

/// Whether the aggregate counts the row.
pub fn counts(aggregate: &Aggregate, tuple: &[Value<'_>]) -> bool {
    passes(aggregate, tuple) && counts_null(aggregate, tuple)
}

/// The rows that an aggregate counts, in its order.
pub fn rows<'t, 'v>(aggregate: &Aggregate, tuples: impl Iterator<Item = &'t [Value<'v>]>) -> Vec<&'t [Value<'v>]> {
    let mut rows: Vec<_> = tuples.filter(|tuple| counts(aggregate, tuple)).collect();
    if aggregate.distinct {
        rows = distinct(aggregate, rows);
    }
    if !aggregate.order_by.is_empty() {
        rows.sort_by(|a, b| order(&aggregate.order_by, a, b));
    }
    rows
}

/// One row of each that are alike, the first, sorted as PostgreSQL sorts to find them.
fn distinct<'t, 'v>(aggregate: &Aggregate, rows: Vec<&'t [Value<'v>]>) -> Vec<&'t [Value<'v>]> {
    let mut keyed: Vec<_> = rows.into_iter().map(|tuple| (distinct_key(aggregate, tuple), tuple)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.dedup_by(|(a, _), (b, _)| a == b);
    keyed.into_iter().map(|(_, tuple)| tuple).collect()
}

fn passes(aggregate: &Aggregate, tuple: &[Value<'_>]) -> bool {
    aggregate.filter.is_none_or(|place| tuple.get(place) == Some(&Value::Bool(true)))
}

/// Whether the function counts the row though its argument may be NULL.
fn counts_null(aggregate: &Aggregate, tuple: &[Value<'_>]) -> bool {
    use AggregateFunction::{ArrayAgg, JsonAgg, JsonObjectAgg};
    matches!(aggregate.function, ArrayAgg | JsonAgg | JsonObjectAgg)
        || aggregate.args.first().and_then(|place| tuple.get(*place)).is_none_or(|value| !value.is_null())
}

fn distinct_key(aggregate: &Aggregate, tuple: &[Value<'_>]) -> Key {
    let values: Vec<Value<'_>> = aggregate.args.iter().filter_map(|place| tuple.get(*place)).map(Value::borrowed).collect();
    Key::of(&values)
}

fn order(keys: &[SortKey], a: &[Value<'_>], b: &[Value<'_>]) -> Ordering {
    let by = |key: &SortKey| match (a.get(key.input), b.get(key.input)) {
        (Some(a), Some(b)) => order_by(key, a, b),
        _ => Ordering::Equal,
    };
    keys.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn order_by(key: &SortKey, a: &Value<'_>, b: &Value<'_>) -> Ordering {
    let null_first = match key.nulls {
        Nulls::First => Ordering::Less,
        Nulls::Last => Ordering::Greater,
    };
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => null_first,
        (false, true) => null_first.reverse(),
        (false, false) => match key.direction {
            Direction::Ascending => compare(a, b),
            Direction::Descending => compare(b, a),
        },
    }
}
