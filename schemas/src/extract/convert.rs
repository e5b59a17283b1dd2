//! From a JSON scalar to the value of a column.

use std::borrow::Cow;

use super::canonical::canonical;
use super::plan::Column;
use crate::rfc3339::{parse_date, parse_date_time};
use crate::scan::{Escapes, Number, NumberForm, Scanner, Text, Token};
use crate::text::{parse_decimal, parse_uuid};
use crate::value::{Decimal, Value};

/// More digits than these may not fit the mantissa that is read fast.
const FAST_DIGITS: usize = 18;

/// The value of a scalar; `None` where the column cannot hold it.
#[inline]
pub(super) fn convert<'a>(column: Column, token: Token<'a>, raw: &'a str) -> Option<Value<'a>> {
    match (column, token) {
        (_, Token::Null) => Some(Value::Null),
        (Column::Text, Token::Text(text)) if text.escapes != Escapes::Nul => Some(Value::Text(text.decode())),
        (Column::Int, Token::Number(number)) => number.as_integer().map(Value::Int),
        (Column::Bool, Token::Bool(bool)) => Some(Value::Bool(bool)),
        (Column::Decimal, Token::Number(number)) => decimal(number),
        (Column::Double, Token::Number(number)) => Some(number.as_double()).filter(|d| d.is_finite()).map(Value::Double),
        (Column::Timestamp, Token::Text(text)) => parse_date_time(&text.decode()).map(Value::Timestamp),
        (Column::Date, Token::Text(text)) => parse_date(&text.decode()).map(Value::Date),
        (Column::Uuid, Token::Text(text)) => uuid(&text.decode()).map(Value::Uuid),
        (Column::Decimal, Token::Text(text)) => decimal_text(&text),
        (Column::Json, Token::Text(text)) => Some(Value::Json(json_text(&text, raw))),
        (Column::Json, _) => Some(Value::Json(Cow::Borrowed(raw))),
        _ => None,
    }
}

fn decimal(number: Number<'_>) -> Option<Value<'static>> {
    if number.form == NumberForm::Exponent || number.raw.len() > FAST_DIGITS {
        return parse_decimal(number.raw).ok().map(Value::Decimal);
    }
    let (mut mantissa, mut scale) = (0i64, 0);
    for (at, byte) in number.raw.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' => scale = number.raw.len() - at - 1,
            // The sign.
            _ => {}
        }
    }
    let signed = if number.raw.starts_with('-') { -mantissa } else { mantissa };
    Some(Value::Decimal(Decimal::new(signed, scale as u32)))
}

/// A decimal in a string is written as a JSON number is.
fn decimal_text(text: &Text<'_>) -> Option<Value<'static>> {
    let text = text.decode();
    let mut scanner = Scanner::new(&text);
    match scanner.token() {
        Ok(Token::Number(number)) if number.raw.len() == text.len() => decimal(number),
        _ => None,
    }
}

/// RFC 4122 has hyphens at four places; PostgreSQL would read others too.
pub(crate) fn uuid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    let hyphens = bytes.len() == 36 && [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-');
    if hyphens { parse_uuid(text).ok() } else { None }
}

fn json_text<'a>(text: &Text<'_>, raw: &'a str) -> Cow<'a, str> {
    match text.escapes {
        Escapes::None => Cow::Borrowed(raw),
        Escapes::Some | Escapes::Nul => canonical(raw),
    }
}
