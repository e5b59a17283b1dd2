//! The types of aggregate calls: what each function takes and what it yields, as in PostgreSQL.

use std::sync::Arc;

use schemas::{Shape, Type};

use crate::expr::{Typed, coerce, settled};
use crate::plan::AggregateFunction;

/// Arguments as the function takes them, the type it works on, and the type of its result.
#[derive(Debug)]
pub struct TypedCall {
    /// The arguments.
    pub args: Vec<Typed>,
    /// The type of the first argument; of `count(*)`, boolean.
    pub input: Type,
    /// The type of the result.
    pub ty: Type,
}

/// Why a call is refused, and what to write instead.
pub type Refused = (String, Option<&'static str>);

/// Types a call of `function`.
pub fn typed(function: AggregateFunction, args: Vec<Typed>) -> Result<TypedCall, Refused> {
    use AggregateFunction::{ArrayAgg, Avg, BoolAnd, BoolOr, Count, JsonAgg, JsonObjectAgg, Max, Min, StringAgg, Sum};
    let mut args: Vec<Typed> = args.into_iter().map(settled).collect();
    let expected = match function {
        Count => args.len().min(1),
        JsonObjectAgg | StringAgg => 2,
        _ => 1,
    };
    if args.len() != expected {
        return Err((format!("{} takes {expected} arguments, not {}", name(function), args.len()), None));
    }
    let input = args.first().map_or(Type::Bool, |arg| arg.ty.clone());
    let ty = match function {
        Count => Type::Int8,
        Sum => sum(&input)?,
        Avg => {
            if input == Type::Double {
                Type::Double
            } else {
                numeric(function, &input, Type::Decimal)?
            }
        }
        Min | Max => extreme(function, &input)?,
        BoolAnd | BoolOr if input == Type::Bool => Type::Bool,
        BoolAnd | BoolOr => return Err(refused(function, &input, Some("write a condition"))),
        ArrayAgg => array(&input)?,
        JsonAgg => Type::Json(Shape::Array(Arc::new(input.clone()))),
        JsonObjectAgg => Type::JSON,
        StringAgg => string(&mut args)?,
    };
    Ok(TypedCall { args, input, ty })
}

/// The function's name in SQL.
pub fn name(function: AggregateFunction) -> &'static str {
    match function {
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

fn sum(input: &Type) -> Result<Type, Refused> {
    Ok(match input {
        Type::Int4 => Type::Int8,
        Type::Double => Type::Double,
        other => numeric(AggregateFunction::Sum, other, Type::Decimal)?,
    })
}

fn numeric(function: AggregateFunction, input: &Type, ty: Type) -> Result<Type, Refused> {
    if input.is_number() { Ok(ty) } else { Err(refused(function, input, Some("it takes integers, numerics and doubles"))) }
}

fn extreme(function: AggregateFunction, input: &Type) -> Result<Type, Refused> {
    match input {
        Type::Bool => Err(refused(function, input, Some("write bool_and or bool_or"))),
        Type::Uuid => Err(refused(function, input, Some("cast it to text"))),
        ty if ty.is_comparable() => Ok(ty.clone()),
        _ => Err(refused(function, input, None)),
    }
}

fn array(input: &Type) -> Result<Type, Refused> {
    match input {
        Type::Array(_) | Type::Json(_) => Err(refused(AggregateFunction::ArrayAgg, input, Some("write json_agg"))),
        ty => Ok(Type::Array(Box::new(ty.clone()))),
    }
}

fn string(args: &mut [Typed]) -> Result<Type, Refused> {
    for arg in args {
        if arg.ty != Type::Text {
            return Err(refused(AggregateFunction::StringAgg, &arg.ty, Some("cast it: (…)::text")));
        }
        *arg = coerce(arg.clone(), &Type::Text).map_err(|reason| (reason, None))?;
    }
    Ok(Type::Text)
}

fn refused(function: AggregateFunction, input: &Type, hint: Option<&'static str>) -> Refused {
    (format!("there is no {}({input})", name(function)), hint)
}
