//! `integer` and `bigint`

use std::num::IntErrorKind;

use super::{TextError, trimmed};

/// The `integer` that `text` writes.
pub(super) fn parse_int4(text: &str) -> Result<i32, TextError> {
    parse(text, "integer")
}

/// The `bigint` that `text` writes.
pub(super) fn parse_int8(text: &str) -> Result<i64, TextError> {
    parse(text, "bigint")
}

fn parse<T>(text: &str, ty: &'static str) -> Result<T, TextError>
where
    T: std::str::FromStr<Err = std::num::ParseIntError>,
{
    trimmed(text).parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => TextError::range(ty, text),
        _ => TextError::syntax(ty, text),
    })
}
