//! Values as text: what PostgreSQL reads for a type, and what it shows.
//!
//! Accepted is what PostgreSQL accepts, less what depends on the clock (`now`, `today`), on a session (two-digit
//! years, names of time zones), or has no value here (`infinity` as a timestamp, `NaN` as a numeric).

pub mod calendar;

mod array;
mod boolean;
mod datetime;
mod decimal;
mod double;
mod integer;
mod interval;
mod uuid;

use std::borrow::Cow;

use crate::shortened::shown;
use crate::{Type, Value};

use boolean::parse_bool;
pub(crate) use datetime::fraction_micros;
pub use datetime::print_timestamp_iso;
use datetime::{parse_date, parse_timestamp, print_date, print_timestamp};
pub use decimal::parse_decimal;
use decimal::print_decimal;
pub use double::parse_double;
use double::print_double;
use integer::{parse_int4, parse_int8};
use interval::{parse_interval, print_interval};
pub(crate) use uuid::parse_uuid;
use uuid::print_uuid;

/// Text that is not a value of the type; the wording is PostgreSQL's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not written as the type is.
    #[error("invalid input syntax for type {ty}: \"{text}\"")]
    Syntax {
        /// The type asked for.
        ty: Cow<'static, str>,
        /// The text, shortened.
        text: String,
    },
    /// Well written, beyond the bounds of the type.
    #[error("value \"{text}\" is out of range for type {ty}")]
    Range {
        /// The type asked for.
        ty: &'static str,
        /// The text, shortened.
        text: String,
    },
    /// A day, month, hour… that no calendar or clock has.
    #[error("date/time field value out of range: \"{0}\"")]
    Field(String),
    /// A number that no interval, or none of its units, has.
    #[error("interval field value out of range: \"{0}\"")]
    Interval(String),
    /// An array literal that is not one.
    #[error("malformed array literal: \"{0}\"")]
    Array(String),
}

impl TextError {
    /// `text` is not written as type `ty` is.
    pub fn syntax(ty: impl Into<Cow<'static, str>>, text: &str) -> TextError {
        TextError::Syntax { ty: ty.into(), text: shown(text).into_owned() }
    }

    /// `text` is beyond the bounds of type `ty`.
    pub fn range(ty: &'static str, text: &str) -> TextError {
        TextError::Range { ty, text: shown(text).into_owned() }
    }

    fn field(text: &str) -> TextError {
        TextError::Field(shown(text).into_owned())
    }

    fn interval(text: &str) -> TextError {
        TextError::Interval(shown(text).into_owned())
    }

    fn array(text: &str) -> TextError {
        TextError::Array(shown(text).into_owned())
    }
}

/// The value that `text` writes in type `ty`. The empty text is a text; NULL has no text.
pub fn parse<'a>(text: &'a str, ty: &Type) -> Result<Value<'a>, TextError> {
    Ok(match ty {
        Type::Bool => Value::Bool(parse_bool(text)?),
        Type::Int4 => Value::Int(i64::from(parse_int4(text)?)),
        Type::Int8 => Value::Int(parse_int8(text)?),
        Type::Double => Value::Double(parse_double(text)?),
        Type::Decimal => Value::Decimal(parse_decimal(text)?),
        Type::Text | Type::Unknown => Value::Text(Cow::Borrowed(text)),
        Type::Timestamp => Value::Timestamp(parse_timestamp(text)?),
        Type::Date => Value::Date(parse_date(text)?),
        Type::Uuid => Value::Uuid(parse_uuid(text)?),
        Type::Interval => Value::Interval(parse_interval(text)?),
        Type::Json(_) => Value::Json(Cow::Owned(crate::json::canonical(text)?)),
        Type::Array(item) => Value::Array(array::parse_array(text, item)?),
    })
}

/// Appends the text that PostgreSQL shows for the value; nothing for NULL.
///
/// A boolean is `t` or `f` here, as in arrays and `concat`; only the cast to text spells it out.
pub fn print(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(b) => out.push(if *b { 't' } else { 'f' }),
        Value::Int(i) => out.push_str(itoa::Buffer::new().format(*i)),
        Value::Double(d) => print_double(*d, out),
        Value::Decimal(d) => print_decimal(d, out),
        Value::Text(t) | Value::Json(t) => out.push_str(t),
        Value::Timestamp(t) => print_timestamp(*t, out),
        Value::Date(d) => print_date(*d, out),
        Value::Uuid(u) => print_uuid(*u, out),
        Value::Interval(i) => print_interval(*i, out),
        Value::Array(items) => array::print_array(items, out),
    }
}

fn push(out: &mut String, shown: impl std::fmt::Display) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(out, "{shown}");
}

/// What PostgreSQL's input functions skip around a value.
fn trimmed(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// What is space to PostgreSQL: of ASCII only.
fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests;
