//! Evaluation: a walk over the tree, borrowing text from the rows and parameters it reads.

use schemas::{Type, Value, json, text};

use super::compare;
use super::function::{Body, Function, NullRule, Outcome};
use super::{EvalError, Expr, Frame};

/// The value of the expression over the frame.
pub fn eval<'f>(expr: &'f Expr, frame: &Frame<'f>) -> Outcome<'f> {
    match expr {
        Expr::Literal(value) => Ok(value.borrowed()),
        Expr::Column { slot, column } => Ok(column_of(frame, *slot, *column)),
        Expr::Param(index) => param(frame, *index),
        Expr::Call { function, args } => call(function, args, frame),
        Expr::Parse { to, text } => parse(eval(text, frame)?, to),
        Expr::Each { cast, array } => each(cast, eval(array, frame)?),
        Expr::And(args) => decide(args, frame, false),
        Expr::Or(args) => decide(args, frame, true),
        Expr::In { value, list } => is_in(eval(value, frame)?, list, frame),
        Expr::Case { arms, otherwise } => case(arms, otherwise, frame),
        Expr::Coalesce(args) => coalesce(args, frame),
        Expr::Object(members) => object(members, frame),
    }
}

/// Whether a condition holds: neither false nor NULL.
pub fn is_true(expr: &Expr, frame: &Frame<'_>) -> Result<bool, EvalError> {
    Ok(matches!(eval(expr, frame)?, Value::Bool(true)))
}

fn column_of<'f>(frame: &Frame<'f>, slot: usize, column: usize) -> Value<'f> {
    frame.row(slot).map_or(Value::Null, |row| row.get(column))
}

fn param<'f>(frame: &Frame<'f>, index: usize) -> Outcome<'f> {
    match frame.params.get(index) {
        Some(Ok(value)) => Ok(value.borrowed()),
        Some(Err(error)) => Err(error.clone()),
        None => Ok(Value::Null),
    }
}

fn call<'f>(function: &'static Function, args: &'f [Expr], frame: &Frame<'f>) -> Outcome<'f> {
    let strict = function.nulls == NullRule::Strict;
    match (&function.body, args) {
        (Body::One(body), [arg]) => match eval(arg, frame)? {
            Value::Null if strict => Ok(Value::Null),
            value => body(value),
        },
        (Body::Two(body), [left, right]) => match (eval(left, frame)?, eval(right, frame)?) {
            (Value::Null, _) | (_, Value::Null) if strict => Ok(Value::Null),
            (left, right) => body(left, right),
        },
        (Body::Many(body), args) => {
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                values.push(eval(arg, frame)?);
            }
            if strict && values.iter().any(Value::is_null) { Ok(Value::Null) } else { body(values) }
        }
        // The compiler gives a function as many arguments as it takes.
        _ => Err(EvalError::Invalid(format!("wrong number of arguments for {}", function.name))),
    }
}

fn parse<'v>(value: Value<'v>, to: &Type) -> Outcome<'v> {
    match value {
        Value::Text(text) => Ok(text::parse(&text, to)?.into_owned()),
        other => Ok(other),
    }
}

/// The cast of one element sees it as parameter 0.
fn each<'v>(cast: &Expr, array: Value<'v>) -> Outcome<'v> {
    let Value::Array(items) = array else { return Ok(array) };
    let cast_one = |item: Value<'v>| -> Outcome<'v> {
        let params = [Ok(item)];
        Ok(eval(cast, &Frame { rows: &[], params: &params })?.into_owned())
    };
    Ok(Value::Array(items.into_iter().map(cast_one).collect::<Result<_, _>>()?))
}

/// AND and OR: `decisive` is the value that decides whatever the others are.
fn decide<'f>(args: &'f [Expr], frame: &Frame<'f>, decisive: bool) -> Outcome<'f> {
    let mut result = Value::Bool(!decisive);
    for arg in args {
        match eval(arg, frame)? {
            Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
            Value::Null => result = Value::Null,
            _ => {}
        }
    }
    Ok(result)
}

fn is_in<'f>(value: Value<'f>, list: &'f [Expr], frame: &Frame<'f>) -> Outcome<'f> {
    let mut result = Value::Bool(false);
    for candidate in list {
        match eval(candidate, frame)? {
            Value::Null => result = Value::Null,
            candidate if !value.is_null() && compare::equal(&value, &candidate) => return Ok(Value::Bool(true)),
            _ => {}
        }
    }
    Ok(if value.is_null() { Value::Null } else { result })
}

fn case<'f>(arms: &'f [(Expr, Expr)], otherwise: &'f Expr, frame: &Frame<'f>) -> Outcome<'f> {
    for (condition, result) in arms {
        if is_true(condition, frame)? {
            return eval(result, frame);
        }
    }
    eval(otherwise, frame)
}

/// About how long a member's value is.
const MEMBER: usize = 16;

fn object<'f>(members: &'f [(Box<str>, Expr)], frame: &Frame<'f>) -> Outcome<'f> {
    // Grown piece by piece, a text would be copied again and again.
    let mut out = String::with_capacity(members.iter().map(|(name, _)| name.len() + MEMBER).sum());
    for (index, (name, value)) in members.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        out.push_str(name);
        json::write_json(&eval(value, frame)?, &mut out);
    }
    out.push('}');
    Ok(Value::Json(out.into()))
}

fn coalesce<'f>(args: &'f [Expr], frame: &Frame<'f>) -> Outcome<'f> {
    for arg in args {
        let value = eval(arg, frame)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}
