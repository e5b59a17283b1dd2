//! What aggregates take and yield.

use schemas::{Shape, Type, Value};
use std::sync::Arc;

use crate::expr::{AggregateCall, Expr, Typed, settled};
use crate::plan::{Aggregate, AggregateFunction, SortKey};

/// An aggregate's arguments, of the types that it takes, and the type of its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The arguments.
    pub args: Vec<Typed>,
    /// The result.
    pub result: Type,
}

/// The signature of a call with these arguments, of which a quoted literal is text; the error says why there is none.
pub fn signature(function: AggregateFunction, args: Vec<Typed>) -> Result<Signature, String> {
    use AggregateFunction::{ArrayAgg, Avg, BoolAnd, BoolOr, Count, JsonAgg, JsonObjectAgg, Max, Min, StringAgg, Sum};
    if matches!(function, ArrayAgg | JsonAgg | BoolAnd | BoolOr) && args.iter().any(|arg| arg.ty == Type::Unknown) {
        return Err(format!("{} needs to know the type of its argument; cast it, for example '…'::text", function.name()));
    }
    let args: Vec<Typed> = args.into_iter().map(settled).collect();
    let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
    let (args, result) = match (function, types.as_slice()) {
        (Count, [] | [_]) => (args, Type::Int8),
        (Sum, [Type::Int4]) => (args, Type::Int8),
        (Sum | Avg, [Type::Int4 | Type::Int8 | Type::Decimal]) => (args, Type::Decimal),
        (Sum | Avg, [Type::Double]) => (args, Type::Double),
        (Sum | Avg, [Type::Interval]) => (args, Type::Interval),
        (Min | Max, [ty]) if is_ordered(ty) => (args, ty.clone()),
        (BoolAnd | BoolOr, [Type::Bool]) => (args, Type::Bool),
        (ArrayAgg, [ty]) if is_scalar(ty) => (args, Type::Array(Box::new(ty.clone()))),
        (JsonAgg, [ty]) => (args, Type::Json(Shape::Array(Arc::new(ty.clone())))),
        (JsonObjectAgg, [_, _]) => (args, Type::JSON),
        (StringAgg, [Type::Text, Type::Text]) => (args, Type::Text),
        _ => return Err(refusal(function, &types)),
    };
    Ok(Signature { args, result })
}

// === impl Signature ===

impl Signature {
    /// The call as it is planned; `input` says which input of the aggregates an expression is.
    pub fn aggregate(
        self,
        call: &AggregateCall<'_>,
        filter: Option<Expr>,
        order_by: Vec<Typed>,
        mut input: impl FnMut(Expr) -> usize,
    ) -> Aggregate {
        let mut guarded = |expr: Expr| input(where_met(filter.as_ref(), expr));
        let keys = order_by.into_iter().zip(&call.order_by);
        let sort_key = |(key, &(_, direction, nulls)): (Typed, &_)| SortKey { input: guarded(key.expr), direction, nulls };
        let order_by = keys.map(sort_key).collect();
        Aggregate {
            function: call.function,
            input: self.args.first().map_or(Type::Unknown, |arg| arg.ty.clone()),
            args: self.args.into_iter().map(|arg| guarded(arg.expr)).collect(),
            filter: filter.map(input),
            distinct: call.distinct,
            order_by,
            ty: self.result,
        }
    }
}

/// The expression, evaluated only where FILTER is met: in `sum(1 / x) FILTER (WHERE x <> 0)` no division fails.
fn where_met(filter: Option<&Expr>, expr: Expr) -> Expr {
    match filter {
        Some(filter) if !matches!(expr, Expr::Literal(_) | Expr::Column { .. }) => {
            Expr::Case { arms: Box::new([(filter.clone(), expr)]), otherwise: Box::new(Expr::Literal(Value::Null)) }
        }
        _ => expr,
    }
}

/// Types for which PostgreSQL has min and max.
fn is_ordered(ty: &Type) -> bool {
    match ty {
        Type::Array(item) => is_ordered(item) || matches!(**item, Type::Bool | Type::Uuid),
        Type::Bool | Type::Uuid | Type::Json(_) | Type::Unknown => false,
        _ => true,
    }
}

/// Types that an array may hold.
fn is_scalar(ty: &Type) -> bool {
    !matches!(ty, Type::Json(_) | Type::Array(_) | Type::Interval)
}

fn refusal(function: AggregateFunction, types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    let instead = match function {
        AggregateFunction::ArrayAgg => "; json_agg takes values of every type",
        AggregateFunction::StringAgg => "; it takes text and a separator",
        _ => "",
    };
    format!("there is no {}({}){instead}", function.name(), types.join(", "))
}

// === impl AggregateFunction ===

impl AggregateFunction {
    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Avg => "avg",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::BoolAnd => "bool_and",
            AggregateFunction::BoolOr => "bool_or",
            AggregateFunction::ArrayAgg => "array_agg",
            AggregateFunction::JsonAgg => "json_agg",
            AggregateFunction::JsonObjectAgg => "json_object_agg",
            AggregateFunction::StringAgg => "string_agg",
        }
    }
}
