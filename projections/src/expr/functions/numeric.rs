//! Functions of one number, and rounding.

use schemas::{Decimal, Value};

use super::arithmetic::{overflow, underflow};
use crate::expr::EvalError;
use crate::expr::decimal::{self, Exact};
use crate::expr::function::Kind::{Decimal as Numeric, Double, Int4, Int8, Text};
use crate::expr::function::{Function, Outcome};
use crate::expr::number::to_int4;
use crate::expr::take;

pub(super) static TABLE: &[Function] = &[
    Function::one("abs", &[Int4], Int4, |a| magnitude(a, "integer").and_then(|v| to_int4(v).map(Value::Int))),
    Function::one("abs", &[Int8], Int8, |a| magnitude(a, "bigint").map(Value::Int)),
    Function::one("abs", &[Numeric], Numeric, |a| Ok(Value::Decimal(take::decimal(a)?.abs()))),
    Function::one("abs", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.abs()))),
    Function::one("sign", &[Numeric], Numeric, |a| exact(a, |d| Ok(Decimal::from(d.mantissa().signum() as i64)))),
    Function::one("sign", &[Double], Double, |a| Ok(Value::Double(sign(take::double(a)?)))),
    Function::one("round", &[Numeric], Numeric, |a| exact(a, |d| decimal::round(d, 0))),
    Function::one("round", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.round_ties_even()))),
    Function::two("round", &[Numeric, Int4], Numeric, |a, scale| at_scale(a, scale, decimal::round)),
    Function::one("trunc", &[Numeric], Numeric, |a| exact(a, |d| decimal::truncate(d, 0))),
    Function::one("trunc", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.trunc()))),
    Function::two("trunc", &[Numeric, Int4], Numeric, |a, scale| at_scale(a, scale, decimal::truncate)),
    Function::one("ceil", &[Numeric], Numeric, |a| exact(a, decimal::ceil)),
    Function::one("ceil", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.ceil()))),
    Function::one("ceiling", &[Numeric], Numeric, |a| exact(a, decimal::ceil)),
    Function::one("ceiling", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.ceil()))),
    Function::one("floor", &[Numeric], Numeric, |a| exact(a, decimal::floor)),
    Function::one("floor", &[Double], Double, |a| Ok(Value::Double(take::double(a)?.floor()))),
    Function::one("sqrt", &[Double], Double, square_root),
    Function::one("exp", &[Double], Double, exponential),
    Function::one("ln", &[Double], Double, |a| logarithm(a, f64::ln)),
    Function::one("log", &[Double], Double, |a| logarithm(a, f64::log10)),
    Function::one("log10", &[Double], Double, |a| logarithm(a, f64::log10)),
    Function::one("scale", &[Numeric], Int4, |a| Ok(Value::Int(i64::from(take::decimal(a)?.scale())))),
    Function::one("trim_scale", &[Numeric], Numeric, |a| Ok(Value::Decimal(take::decimal(a)?.normalize()))),
    Function::one("to_hex", &[Int4], Text, |a| Ok(Value::Text(format!("{:x}", take::int4(a)?).into()))),
    Function::one("to_hex", &[Int8], Text, |a| Ok(Value::Text(format!("{:x}", take::int(a)?).into()))),
];

fn exact(value: Value<'_>, operation: fn(Decimal) -> Exact) -> Outcome<'_> {
    operation(take::decimal(value)?).map(Value::Decimal)
}

fn at_scale<'v>(value: Value<'v>, scale: Value<'v>, operation: fn(Decimal, i32) -> Exact) -> Outcome<'v> {
    operation(take::decimal(value)?, take::int4(scale)?).map(Value::Decimal)
}

fn magnitude(value: Value<'_>, ty: &'static str) -> Result<i64, EvalError> {
    take::int(value)?.checked_abs().ok_or(EvalError::OutOfRange(ty))
}

fn sign(number: f64) -> f64 {
    match number.partial_cmp(&0.0) {
        Some(order) => f64::from(order as i8),
        None => 0.0,
    }
}

fn square_root(value: Value<'_>) -> Outcome<'_> {
    let number = take::double(value)?;
    if number < 0.0 {
        return Err(EvalError::Invalid("cannot take square root of a negative number".to_owned()));
    }
    Ok(Value::Double(number.sqrt()))
}

fn exponential(value: Value<'_>) -> Outcome<'_> {
    let number = take::double(value)?;
    let result = number.exp();
    if !number.is_finite() {
        return Ok(Value::Double(result));
    }
    if result.is_infinite() {
        return overflow();
    }
    if result == 0.0 { underflow() } else { Ok(Value::Double(result)) }
}

fn logarithm(value: Value<'_>, of: fn(f64) -> f64) -> Outcome<'_> {
    let number = take::double(value)?;
    if number == 0.0 {
        return Err(EvalError::Invalid("cannot take logarithm of zero".to_owned()));
    }
    if number < 0.0 {
        return Err(EvalError::Invalid("cannot take logarithm of a negative number".to_owned()));
    }
    Ok(Value::Double(of(number)))
}
