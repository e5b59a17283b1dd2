//! Aggregates over the rows of `regenerate.py`: computed at once, and kept in accumulators.

use schemas::{Type, Value, text};
use sqlparser::ast::Ident;

use super::{Outcome, check_with, parsed, shown};
use crate::aggregate::{Accumulators, compute, signature};
use crate::codec::Row;
use crate::expr::{AggregateCall, EvalError, Expr, Frame, Mistake, Scope, Typed, compile, compile_condition, eval, settled};
use crate::plan::Aggregate;

fn columns() -> Vec<(&'static str, Type)> {
    vec![
        ("k", Type::Int4),
        ("i4", Type::Int4),
        ("i8", Type::Int8),
        ("n", Type::Decimal),
        ("d", Type::Double),
        ("t", Type::Text),
        ("b", Type::Bool),
        ("ts", Type::Timestamp),
        ("dt", Type::Date),
        ("iv", Type::Interval),
        ("j", Type::JSON),
        ("g", Type::Text),
    ]
}

const ROWS: [[&str; 12]; 6] = [
    ["1", "1", "10", "1.50", "0.1", "b", "true", "2026-01-02", "2026-01-02", "1 day", "{\"x\":1}", "g"],
    ["2", "2", "20", "2.25", "0.2", "a", "", "2026-01-01", "2026-01-01", "1 month", "[1]", "g"],
    ["3", "", "", "", "", "", "", "", "", "", "", "h"],
    ["4", "2", "9223372036854775807", "100.000", "0.3", "B", "true", "2026-01-01", "2025-12-31", "30 days", "\"s\"", "h"],
    ["5", "-7", "10", "-0.125", "1e10", "ä", "false", "2024-02-29 10:30", "2024-02-29", "-3 hours", "null", "g"],
    ["6", "2147483647", "-4", "2.250", "-0.5", "a", "true", "2030-01-01", "", "2 mons 5 days", "5", "i"],
];

fn rows() -> Vec<Option<Row>> {
    let value = |(written, (_, ty)): (&&'static str, &(&str, Type))| match *written {
        "" => Value::Null,
        written => text::parse(written, ty).unwrap(),
    };
    let row = |written: &[&'static str; 12]| Some(Row::of(&written.iter().zip(&columns()).map(value).collect::<Vec<_>>()));
    ROWS.iter().map(row).collect()
}

/// A column of the rows.
struct Inside;

impl Scope for Inside {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let known = columns();
        let place = known.iter().position(|(known, _)| *known == name[0].value);
        let column = place.ok_or_else(|| Mistake::new(name[0].span, "no such column"))?;
        Ok(Typed { expr: Expr::Column { slot: 0, column }, ty: known[column].1.clone() })
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        mistakes.push(Mistake::new(call.span, "an aggregate inside an aggregate"));
        None
    }
}

/// The aggregates of an expression, and what they work on.
#[derive(Default)]
struct Outside {
    inputs: Vec<Expr>,
    aggregates: Vec<Aggregate>,
}

impl Outside {
    fn input(&mut self, expr: Expr) -> usize {
        self.inputs.push(expr);
        self.inputs.len() - 1
    }
}

impl Scope for Outside {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        Err(Mistake::new(name[0].span, "a column outside an aggregate"))
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let args = call.args.iter().map(|arg| compile(arg, &mut Inside, mistakes)).collect::<Option<Vec<_>>>()?;
        let signature = signature(call.function, args).map_err(|why| mistakes.push(Mistake::new(call.span, why))).ok()?;
        let filter = call.filter.map(|filter| compile_condition(filter, "FILTER", &mut Inside, mistakes).unwrap());
        let keys = call.order_by.iter().map(|(key, ..)| compile(key, &mut Inside, mistakes));
        let order_by = keys.collect::<Option<Vec<_>>>()?;
        let aggregate = signature.aggregate(call, filter, order_by, |input| self.input(input));
        let ty = aggregate.ty.clone();
        self.aggregates.push(aggregate);
        Some(Typed { expr: Expr::Param(self.aggregates.len() - 1), ty })
    }
}

fn outcome(sql: &str) -> Outcome {
    let ast = match parsed(sql) {
        Ok(ast) => ast,
        Err(error) => return Outcome::Refused(error),
    };
    let (mut scope, mut mistakes) = (Outside::default(), Vec::new());
    let Some(typed) = compile(&ast, &mut scope, &mut mistakes) else { return super::refused_with(mistakes) };
    let rows = rows();
    let borrowed: Vec<Option<&Row>> = rows.iter().map(Option::as_ref).collect();
    let tuples: Result<Vec<Vec<Value<'_>>>, EvalError> = borrowed
        .iter()
        .map(|row| {
            let frame = Frame { rows: std::slice::from_ref(row), params: &[] };
            scope.inputs.iter().map(|input| eval(input, &frame)).collect()
        })
        .collect();
    let tuples = match tuples {
        Ok(tuples) => tuples,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let params: Vec<_> = scope.aggregates.iter().map(|aggregate| compute(aggregate, tuples.iter().map(Vec::as_slice))).collect();
    let kept = Accumulators::of(&scope.aggregates, &tuples).results(&scope.aggregates);
    // As they are shown: a NaN equals no other, and an error is kept as its text.
    let texts = |results: &[Result<Value<'static>, EvalError>]| -> Vec<String> {
        results.iter().map(|result| result.as_ref().map_or_else(ToString::to_string, |value| format!("{value:?}"))).collect()
    };
    assert_eq!(texts(&kept), texts(&params), "{sql}");
    let typed = settled(typed);
    shown(&typed.ty, eval(&typed.expr, &Frame { rows: &[], params: &params }))
}

#[test]
fn aggregates() {
    check_with("aggregates", outcome);
}
