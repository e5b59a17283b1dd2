//! `+ - * / % ^` over numbers.

use schemas::{Decimal, Value};

use crate::expr::EvalError;
use crate::expr::decimal::{self, Exact};
use crate::expr::function::Kind::{Decimal as Numeric, Double, Int4, Int8};
use crate::expr::function::{Function, Outcome};
use crate::expr::number::to_int4;
use crate::expr::take;

pub(super) static TABLE: &[Function] = &[
    Function::two("+", &[Int4, Int4], Int4, |a, b| int4(a, b, i64::checked_add)),
    Function::two("-", &[Int4, Int4], Int4, |a, b| int4(a, b, i64::checked_sub)),
    Function::two("*", &[Int4, Int4], Int4, |a, b| int4(a, b, i64::checked_mul)),
    Function::two("/", &[Int4, Int4], Int4, |a, b| nonzero(b).and_then(|b| int4(a, b, i64::checked_div))),
    Function::two("%", &[Int4, Int4], Int4, |a, b| nonzero(b).and_then(|b| int8(a, b, remainder))),
    Function::one("-", &[Int4], Int4, |a| int4(Value::Int(0), a, i64::checked_sub)),
    Function::one("+", &[Int4], Int4, |a| Ok(a)),
    Function::two("+", &[Int8, Int8], Int8, |a, b| int8(a, b, i64::checked_add)),
    Function::two("-", &[Int8, Int8], Int8, |a, b| int8(a, b, i64::checked_sub)),
    Function::two("*", &[Int8, Int8], Int8, |a, b| int8(a, b, i64::checked_mul)),
    Function::two("/", &[Int8, Int8], Int8, |a, b| nonzero(b).and_then(|b| int8(a, b, i64::checked_div))),
    Function::two("%", &[Int8, Int8], Int8, |a, b| nonzero(b).and_then(|b| int8(a, b, remainder))),
    Function::one("-", &[Int8], Int8, |a| int8(Value::Int(0), a, i64::checked_sub)),
    Function::one("+", &[Int8], Int8, |a| Ok(a)),
    Function::two("+", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::add)),
    Function::two("-", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::subtract)),
    Function::two("*", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::multiply)),
    Function::two("/", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::quotient)),
    Function::two("%", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::remainder)),
    Function::one("-", &[Numeric], Numeric, |a| Ok(Value::Decimal(decimal::negated(take::decimal(a)?)))),
    Function::one("+", &[Numeric], Numeric, |a| Ok(a)),
    Function::two("+", &[Double, Double], Double, |a, b| bounded(a, b, |a, b| a + b)),
    Function::two("-", &[Double, Double], Double, |a, b| bounded(a, b, |a, b| a - b)),
    Function::two("*", &[Double, Double], Double, multiply_doubles),
    Function::two("/", &[Double, Double], Double, divide_doubles),
    Function::one("-", &[Double], Double, |a| Ok(Value::Double(-take::double(a)?))),
    Function::one("+", &[Double], Double, |a| Ok(a)),
    Function::two("^", &[Double, Double], Double, power),
    Function::two("power", &[Double, Double], Double, power),
    Function::two("pow", &[Double, Double], Double, power),
    Function::two("mod", &[Int4, Int4], Int4, |a, b| nonzero(b).and_then(|b| int8(a, b, remainder))),
    Function::two("mod", &[Int8, Int8], Int8, |a, b| nonzero(b).and_then(|b| int8(a, b, remainder))),
    Function::two("mod", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::remainder)),
    Function::two("div", &[Numeric, Numeric], Numeric, |a, b| exact(a, b, decimal::whole_quotient)),
];

type IntOperation = fn(i64, i64) -> Option<i64>;

fn int8<'v>(a: Value<'v>, b: Value<'v>, operation: IntOperation) -> Outcome<'v> {
    operation(take::int(a)?, take::int(b)?).map(Value::Int).ok_or(EvalError::OutOfRange("bigint"))
}

fn int4<'v>(a: Value<'v>, b: Value<'v>, operation: IntOperation) -> Outcome<'v> {
    let result = operation(take::int(a)?, take::int(b)?).ok_or(EvalError::OutOfRange("integer"))?;
    to_int4(result).map(Value::Int)
}

/// The one remainder that overflows is 0.
fn remainder(a: i64, b: i64) -> Option<i64> {
    Some(a.wrapping_rem(b))
}

fn nonzero(divisor: Value<'_>) -> Outcome<'_> {
    if divisor == Value::Int(0) { Err(EvalError::DivisionByZero) } else { Ok(divisor) }
}

fn exact<'v>(a: Value<'v>, b: Value<'v>, operation: fn(Decimal, Decimal) -> Exact) -> Outcome<'v> {
    operation(take::decimal(a)?, take::decimal(b)?).map(Value::Decimal)
}

// === doubles ===

/// Infinity comes only of infinity.
fn bounded<'v>(a: Value<'v>, b: Value<'v>, operation: fn(f64, f64) -> f64) -> Outcome<'v> {
    let (a, b) = (take::double(a)?, take::double(b)?);
    let result = operation(a, b);
    if result.is_infinite() && a.is_finite() && b.is_finite() { overflow() } else { Ok(Value::Double(result)) }
}

fn multiply_doubles<'v>(a: Value<'v>, b: Value<'v>) -> Outcome<'v> {
    let vanishing = |result: &Value<'_>| *result == Value::Double(0.0) && a != Value::Double(0.0) && b != Value::Double(0.0);
    match bounded(a.clone(), b.clone(), |a, b| a * b)? {
        result if vanishing(&result) => underflow(),
        result => Ok(result),
    }
}

fn divide_doubles<'v>(a: Value<'v>, b: Value<'v>) -> Outcome<'v> {
    let (dividend, divisor) = (take::double(a)?, take::double(b)?);
    if divisor == 0.0 && !dividend.is_nan() {
        return Err(EvalError::DivisionByZero);
    }
    let result = dividend / divisor;
    if result.is_infinite() && dividend.is_finite() {
        return overflow();
    }
    if result == 0.0 && dividend != 0.0 && divisor.is_finite() { underflow() } else { Ok(Value::Double(result)) }
}

fn power<'v>(a: Value<'v>, b: Value<'v>) -> Outcome<'v> {
    let (base, exponent) = (take::double(a)?, take::double(b)?);
    if base == 0.0 && exponent < 0.0 {
        return Err(EvalError::Invalid("zero raised to a negative power is undefined".to_owned()));
    }
    if base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(EvalError::Invalid("a negative number raised to a non-integer power yields a complex result".to_owned()));
    }
    let result = base.powf(exponent);
    let is_finite = base.is_finite() && exponent.is_finite();
    if result.is_infinite() && is_finite {
        return overflow();
    }
    if result == 0.0 && base != 0.0 && is_finite { underflow() } else { Ok(Value::Double(result)) }
}

pub(super) fn overflow<'v>() -> Outcome<'v> {
    Err(EvalError::Invalid("value out of range: overflow".to_owned()))
}

pub(super) fn underflow<'v>() -> Outcome<'v> {
    Err(EvalError::Invalid("value out of range: underflow".to_owned()))
}
