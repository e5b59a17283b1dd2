//! The table of casts. Casts to and from text that only print or parse are not in it: every type has them.

use schemas::text::calendar::DAY;
use schemas::{Decimal, Value, text};

use crate::expr::function::Kind::{Any, Bool, Date, Decimal as Numeric, Double, Int4, Int8, Text, Timestamp};
use crate::expr::function::{Function, Kind, Outcome};
use crate::expr::{decimal, number, take};

/// Where a cast may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::expr) enum Context {
    /// Anywhere, unasked.
    Implicit,
    /// Where a value is stored in a column.
    Assignment,
    /// Only where it is written.
    Explicit,
}

/// A cast between two types.
pub(in crate::expr) struct CastRule {
    pub from: Kind,
    pub to: Kind,
    pub context: Context,
    pub function: Function,
}

pub(in crate::expr) static CASTS: &[CastRule] = &[
    implicit(Int4, Int8, |a| Ok(a)),
    implicit(Int4, Numeric, int_to_decimal),
    implicit(Int8, Numeric, int_to_decimal),
    implicit(Int4, Double, |a| Ok(Value::Double(take::int(a)? as f64))),
    implicit(Int8, Double, |a| Ok(Value::Double(take::int(a)? as f64))),
    implicit(Numeric, Double, |a| Ok(Value::Double(number::decimal_to_double(take::decimal(a)?)))),
    implicit(Date, Timestamp, |a| Ok(Value::Timestamp(i64::from(take::date(a)?) * DAY))),
    assignment(Int8, Int4, |a| number::to_int4(take::int(a)?).map(Value::Int)),
    assignment(Numeric, Int4, |a| number::decimal_to_int4(take::decimal(a)?).map(Value::Int)),
    assignment(Numeric, Int8, |a| number::decimal_to_int8(take::decimal(a)?).map(Value::Int)),
    assignment(Double, Int4, |a| number::double_to_int4(take::double(a)?).map(Value::Int)),
    assignment(Double, Int8, |a| number::double_to_int8(take::double(a)?).map(Value::Int)),
    assignment(Double, Numeric, |a| number::double_to_decimal(take::double(a)?).map(Value::Decimal)),
    assignment(Timestamp, Date, |a| Ok(Value::Date(take::timestamp(a)?.div_euclid(DAY) as i32))),
    assignment(Bool, Text, |a| Ok(Value::Text(if take::boolean(a)? { "true" } else { "false" }.into()))),
    explicit(Bool, Int4, |a| Ok(Value::Int(i64::from(take::boolean(a)?)))),
    explicit(Int4, Bool, |a| Ok(Value::Bool(take::int(a)? != 0))),
];

/// Anything to text, as it is shown.
pub(in crate::expr) static TO_TEXT: Function = Function::one("text", &[Any], Text, |a| {
    let mut out = String::new();
    text::print(&a, &mut out);
    Ok(Value::Text(out.into()))
});

/// `numeric(precision, scale)`
pub(in crate::expr) static TO_PRECISION: Function = Function::many("numeric", &[Numeric, Int4, Int4], Numeric, to_precision);

const fn implicit(from: Kind, to: Kind, body: for<'v> fn(Value<'v>) -> Outcome<'v>) -> CastRule {
    rule(from, to, Context::Implicit, body)
}

const fn assignment(from: Kind, to: Kind, body: for<'v> fn(Value<'v>) -> Outcome<'v>) -> CastRule {
    rule(from, to, Context::Assignment, body)
}

const fn explicit(from: Kind, to: Kind, body: for<'v> fn(Value<'v>) -> Outcome<'v>) -> CastRule {
    rule(from, to, Context::Explicit, body)
}

const fn rule(from: Kind, to: Kind, context: Context, body: for<'v> fn(Value<'v>) -> Outcome<'v>) -> CastRule {
    CastRule { from, to, context, function: Function::one("cast", &[Any], to, body) }
}

fn int_to_decimal(value: Value<'_>) -> Outcome<'_> {
    Ok(Value::Decimal(Decimal::from(take::int(value)?)))
}

fn to_precision(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [number, precision, scale] = take::all(values)?;
    let (precision, scale) = (take::int4(precision)?, take::int4(scale)?);
    let rounded = decimal::round(take::decimal(number)?, scale)?;
    // Digits before the point; fewer than none where zeros follow it, which a scale beyond the precision asks for.
    let whole_digits =
        rounded.mantissa().unsigned_abs().checked_ilog10().map(|exponent| exponent as i32 + 1 - rounded.scale() as i32);
    if whole_digits.is_some_and(|digits| digits > precision - scale) {
        return Err(crate::expr::EvalError::Invalid("numeric field overflow".to_owned()));
    }
    Ok(Value::Decimal(rounded))
}
