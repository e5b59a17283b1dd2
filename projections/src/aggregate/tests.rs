//! Aggregates against what PostgreSQL says, and accumulators against computing everything again.

use proptest::prelude::*;
use schemas::{Interval, Type, Value};

use super::*;
use crate::plan::{AggregateFunction, Direction, Nulls, SortKey};

use AggregateFunction::{ArrayAgg, Avg, BoolAnd, BoolOr, Count, JsonAgg, JsonObjectAgg, Max, Min, StringAgg, Sum};

fn aggregate(function: AggregateFunction, input: Type, ty: Type) -> Aggregate {
    Aggregate { function, args: vec![0], filter: None, distinct: false, order_by: Vec::new(), input, ty }
}

fn decimal(text: &str) -> Value<'static> {
    Value::Decimal(text.parse().unwrap())
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn show(result: Result<Value<'static>, EvalError>) -> String {
    let mut out = String::new();
    match result {
        Ok(value) => schemas::json::write_json(&value, &mut out),
        Err(error) => out = error.to_string(),
    }
    out
}

fn check(aggregate: &Aggregate, column: &[Value<'static>], expect: &str) {
    let tuples: Vec<Vec<Value<'_>>> = column.iter().map(|value| vec![value.clone()]).collect();
    check_rows(aggregate, &tuples, expect);
}

fn check_rows(aggregate: &Aggregate, tuples: &[Vec<Value<'static>>], expect: &str) {
    let computed = compute(aggregate, tuples.iter().map(Vec::as_slice));
    assert_eq!(show(computed), expect, "{aggregate:?}");
    let kept = Accumulators::of(std::slice::from_ref(aggregate), tuples).results(std::slice::from_ref(aggregate));
    assert_eq!(kept.into_iter().map(show).collect::<Vec<_>>(), [expect], "{aggregate:?}");
}

#[test]
fn results_are_postgresqls() {
    let ints = [Value::Int(1), Value::Null, Value::Int(2), Value::Int(2)];
    check(&aggregate(Count, Type::Int8, Type::Int8), &ints, "3");
    check(&aggregate(Sum, Type::Int8, Type::Decimal), &ints, "5");
    check(&aggregate(Avg, Type::Int8, Type::Decimal), &ints, "1.6666666666666667");
    check(&aggregate(Min, Type::Int8, Type::Int8), &ints, "1");
    check(&aggregate(Max, Type::Int8, Type::Int8), &ints, "2");
    check(&aggregate(ArrayAgg, Type::Int8, Type::Array(Box::new(Type::Int8))), &ints, "[1,null,2,2]");
    check(&aggregate(JsonAgg, Type::Int8, Type::JSON), &ints, "[1,null,2,2]");
    check(&aggregate(Sum, Type::Int4, Type::Int8), &[Value::Int(i64::MAX), Value::Int(1)], "bigint out of range");
    check(&aggregate(Sum, Type::Int8, Type::Decimal), &[Value::Int(i64::MAX), Value::Int(1)], "9223372036854775808");
}

#[test]
fn decimals_keep_the_largest_scale() {
    let prices = [decimal("1.5"), decimal("2.50"), decimal("-4")];
    check(&aggregate(Sum, Type::Decimal, Type::Decimal), &prices, "0.00");
    check(&aggregate(Avg, Type::Decimal, Type::Decimal), &[decimal("10"), decimal("0"), decimal("0")], "3.3333333333333333");
    check(&aggregate(Sum, Type::Decimal, Type::Decimal), &[decimal("1e-28"), decimal("1")], "1.0000000000000000000000000001");
}

#[test]
fn no_row_is_null_or_zero() {
    for (function, expect) in [(Count, "0"), (Sum, "null"), (Avg, "null"), (Min, "null"), (JsonAgg, "null"), (ArrayAgg, "null")] {
        check(&aggregate(function, Type::Int8, Type::Int8), &[], expect);
    }
    check(&aggregate(BoolAnd, Type::Bool, Type::Bool), &[Value::Null], "null");
}

#[test]
fn booleans_skip_nulls() {
    let mixed = [Value::Bool(true), Value::Null, Value::Bool(false)];
    check(&aggregate(BoolAnd, Type::Bool, Type::Bool), &mixed, "false");
    check(&aggregate(BoolOr, Type::Bool, Type::Bool), &mixed, "true");
    check(&aggregate(BoolAnd, Type::Bool, Type::Bool), &mixed[..2], "true");
}

#[test]
fn doubles_are_summed_in_order() {
    let numbers = [Value::Double(1e308), Value::Double(1e308)];
    check(&aggregate(Sum, Type::Double, Type::Double), &numbers, "value out of range: overflow");
    check(&aggregate(Avg, Type::Double, Type::Double), &[Value::Double(1.0), Value::Double(2.0)], "1.5");
}

#[test]
fn distinct_filter_and_order() {
    let distinct = Aggregate { distinct: true, ..aggregate(ArrayAgg, Type::Int8, Type::Int8) };
    check(&distinct, &[Value::Int(3), Value::Int(1), Value::Int(3), Value::Null], "[1,3,null]");
    let distinct = Aggregate { distinct: true, ..aggregate(Count, Type::Decimal, Type::Int8) };
    check(&distinct, &[decimal("1.0"), decimal("1.00"), Value::Null], "1");
    let key = SortKey { input: 1, direction: Direction::Descending, nulls: Nulls::First };
    let ordered =
        Aggregate { filter: Some(2), order_by: vec![key], args: vec![0, 3], ..aggregate(StringAgg, Type::Text, Type::Text) };
    let row = |name: &str, order: Value<'static>, passes: bool| vec![text(name), order, Value::Bool(passes), text("|")];
    let rows = [
        row("a", Value::Int(1), true),
        row("b", Value::Null, true),
        row("c", Value::Int(9), false),
        row("d", Value::Int(2), true),
    ];
    check_rows(&ordered, &rows, "\"b|d|a\"");
}

#[test]
fn objects_need_names() {
    let object = Aggregate { args: vec![0, 1], ..aggregate(JsonObjectAgg, Type::Text, Type::JSON) };
    check_rows(&object, &[vec![text("a"), Value::Int(1)], vec![text("b"), Value::Null]], "{\"a\":1,\"b\":null}");
    check_rows(&object, &[vec![Value::Null, Value::Int(1)]], "field name must not be null");
}

#[test]
fn rows_that_are_not_counted_change_nothing() {
    let aggregates = [Aggregate { args: vec![0, 0], filter: Some(1), ..aggregate(StringAgg, Type::Text, Type::Text) }];
    let mut kept = Accumulators::new(&aggregates);
    assert_eq!(kept.add(&aggregates, &[text("a"), Value::Bool(false)]), Standing::Current);
    assert_eq!(kept.add(&aggregates, &[Value::Null, Value::Bool(true)]), Standing::Current);
    assert_eq!(kept.remove(&aggregates, &[text("a"), Value::Bool(false)]), Standing::Current);
    assert_eq!(kept.add(&aggregates, &[text("a"), Value::Bool(true)]), Standing::Stale);
}

#[test]
fn what_is_kept_is_weighed() {
    let long = text(&"x".repeat(1000));
    for (function, value) in [(ArrayAgg, long.clone()), (Max, Value::Array(vec![long.clone()])), (Max, long)] {
        let aggregates = [aggregate(function, Type::Text, Type::Text)];
        assert!(Accumulators::of(&aggregates, &[vec![value]]).weight() >= 1000, "{function:?}");
    }
}

/// All kinds of aggregate over tuples of (decimal, bigint, boolean, double, interval).
fn all_kinds() -> Vec<Aggregate> {
    let on = |place: usize, function, input: Type, ty: Type| Aggregate { args: vec![place], ..aggregate(function, input, ty) };
    vec![
        on(0, Sum, Type::Decimal, Type::Decimal),
        on(0, Avg, Type::Decimal, Type::Decimal),
        on(0, Min, Type::Decimal, Type::Decimal),
        on(0, Max, Type::Decimal, Type::Decimal),
        on(1, Sum, Type::Int8, Type::Decimal),
        on(1, Count, Type::Int8, Type::Int8),
        Aggregate { filter: Some(2), ..on(1, Avg, Type::Int8, Type::Decimal) },
        on(2, BoolAnd, Type::Bool, Type::Bool),
        on(2, BoolOr, Type::Bool, Type::Bool),
        on(3, Sum, Type::Double, Type::Double),
        on(3, Max, Type::Double, Type::Double),
        on(3, Count, Type::Double, Type::Int8),
        on(4, Sum, Type::Interval, Type::Interval),
        on(4, Avg, Type::Interval, Type::Interval),
        on(4, Min, Type::Interval, Type::Interval),
        Aggregate { distinct: true, ..on(1, Count, Type::Int8, Type::Int8) },
    ]
}

fn tuple() -> impl Strategy<Value = Vec<Value<'static>>> {
    let number = prop_oneof![
        Just(Value::Null),
        (-20i64..20, 0u32..3).prop_map(|(digits, scale)| Value::Decimal(schemas::Decimal::new(digits, scale))),
    ];
    let int = prop_oneof![Just(Value::Null), (-3i64..3).prop_map(Value::Int), Just(Value::Int(i64::MAX))];
    let boolean = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool)];
    let double =
        prop_oneof![Just(Value::Null), Just(Value::Double(-0.0)), (-4i32..4).prop_map(|n| Value::Double(f64::from(n) / 4.0))];
    let interval = prop_oneof![
        Just(Value::Null),
        (0..2, 0..60).prop_map(|(months, days)| Value::Interval(Interval { months, days, micros: 0 })),
    ];
    (number, int, boolean, double, interval).prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

proptest! {
    /// Whatever is added and taken back, the accumulators say what those who stay make, or ask to be computed again.
    #[test]
    fn taking_back_leaves_no_trace(rows in prop::collection::vec((tuple(), any::<bool>()), 0..40)) {
        let aggregates = all_kinds();
        let mut kept = Accumulators::new(&aggregates);
        let mut present: Vec<Vec<Value<'static>>> = Vec::new();
        for (row, takes_back) in rows {
            let standing = if takes_back && !present.is_empty() {
                let gone = present.remove(present.len() / 2);
                kept.remove(&aggregates, &gone)
            } else {
                present.push(row.clone());
                kept.add(&aggregates, &row)
            };
            prop_assert!(standing == Standing::Current || aggregates.iter().any(needs_rows));
            let fresh = Accumulators::of(&aggregates, &present);
            if standing == Standing::Stale {
                kept = fresh;
            } else {
                prop_assert_eq!(&kept, &fresh);
            }
            let mut bytes = Vec::new();
            kept.encode(&mut bytes);
            prop_assert_eq!(Accumulators::decode(&aggregates, &bytes).unwrap(), kept.clone());
        }
    }
}
