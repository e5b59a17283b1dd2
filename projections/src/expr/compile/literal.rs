//! Constants and casts to written types.

use schemas::{Type, Value, text};
use sqlparser::ast::{self, Value as Sql};

use super::data_type::{Modifier, Target, data_type};
use crate::expr::convert::convert;
use crate::expr::fault::Fault;
use crate::expr::fold::folded;
use crate::expr::functions::{Context, TO_PRECISION, named};
use crate::expr::{Expr, Typed};

/// A constant as it stands.
pub(super) fn literal(value: &Sql) -> Result<Typed, Fault> {
    Ok(match value {
        Sql::Number(digits, _) => number(digits)?,
        Sql::Boolean(boolean) => constant(Value::Bool(*boolean), Type::Bool),
        Sql::Null => constant(Value::Null, Type::Unknown),
        Sql::SingleQuotedString(text) | Sql::EscapedStringLiteral(text) | Sql::UnicodeStringLiteral(text) => unknown(text),
        Sql::DollarQuotedString(quoted) => unknown(&quoted.value),
        Sql::Placeholder(name) => return Err(Fault::new(format!("there is nothing to put in place of {name}"))),
        other => return Err(Fault::new(format!("{other} is not a constant known here")).with_hint("write text as '…'")),
    })
}

/// The smallest type that holds the number, as it is written.
pub(super) fn number(digits: &str) -> Result<Typed, Fault> {
    if let Ok(int) = digits.parse::<i64>() {
        let ty = if i32::try_from(int).is_ok() { Type::Int4 } else { Type::Int8 };
        return Ok(constant(Value::Int(int), ty));
    }
    if let Ok(decimal) = text::parse_decimal(digits) {
        return Ok(constant(Value::Decimal(decimal), Type::Decimal));
    }
    // What is written with an exponent is not meant to the last digit.
    match text::parse_double(digits) {
        Ok(double) if digits.contains(['e', 'E']) => Ok(constant(Value::Double(double), Type::Double)),
        _ => Err(Fault::new(format!("{digits} has more digits than numeric has here (28)"))
            .with_hint("round it, or write '…'::double precision")),
    }
}

fn unknown(text: &str) -> Typed {
    constant(Value::Text(text.to_owned().into()), Type::Unknown)
}

fn constant(value: Value<'static>, ty: Type) -> Typed {
    Typed { expr: Expr::Literal(value), ty }
}

/// `date '2026-01-01'`
pub(super) fn typed_string(typed: &ast::TypedString) -> Result<Typed, Fault> {
    let target = data_type(&typed.data_type)?;
    cast_to(literal(&typed.value.value)?, &target)
}

/// `interval '90 days'`, `interval '90' day`
pub(super) fn interval(interval: &ast::Interval) -> Result<Typed, Fault> {
    if interval.last_field.is_some() || interval.leading_precision.is_some() || interval.fractional_seconds_precision.is_some() {
        return Err(
            Fault::new("an interval's fields and precision cannot be restricted").with_hint("write interval '1 day 02:03:04'")
        );
    }
    let ast::Expr::Value(value) = &*interval.value else {
        return Err(Fault::new("an interval is written as a constant").with_hint("write interval '1 day' * n"));
    };
    let written = literal(&value.value)?;
    let target = Target { ty: Type::Interval, modifier: None };
    match (&interval.leading_field, &written.expr) {
        (None, _) => cast_to(written, &target),
        (Some(unit), Expr::Literal(Value::Text(count))) if count.trim().parse::<i64>().is_ok() => {
            cast_to(unknown(&format!("{count} {unit}")), &target)
        }
        _ => Err(Fault::new("only a whole number can stand before the unit").with_hint("write interval '1.5 days'")),
    }
}

/// A cast to a type as it is written.
pub(super) fn cast_to(typed: Typed, target: &Target) -> Result<Typed, Fault> {
    let cast = convert(typed, &target.ty, Context::Explicit)?;
    let int = |number: u32| Expr::Literal(Value::Int(i64::from(number)));
    match target.modifier {
        None => Ok(cast),
        Some(Modifier::Precision { precision, scale }) => {
            let args = Box::new([cast.expr, int(precision), int(scale)]);
            Ok(Typed { expr: folded(Expr::Call { function: &TO_PRECISION, args }), ty: Type::Decimal })
        }
        Some(Modifier::Length(length)) => {
            let function = named("left").next().ok_or_else(|| Fault::new("text cannot be cut"))?;
            let args = Box::new([cast.expr, int(length)]);
            Ok(Typed { expr: folded(Expr::Call { function, args }), ty: Type::Text })
        }
    }
}
