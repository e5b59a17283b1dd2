//! From one kind of number to another.

use ethnum::I256;
use schemas::Decimal;

use super::EvalError;
use super::decimal::{self, Exact};

/// PostgreSQL makes a numeric of the 15 digits of a double that are always right.
const DOUBLE_DIGITS: usize = 15;

/// An integer within the bounds of `integer`.
pub fn to_int4(number: i64) -> Result<i64, EvalError> {
    i32::try_from(number).map(i64::from).map_err(|_| EvalError::OutOfRange("integer"))
}

/// The nearest integer, halves away from zero.
pub fn decimal_to_int8(number: Decimal) -> Result<i64, EvalError> {
    decimal::round(number, 0)?.mantissa().try_into().map_err(|_| EvalError::OutOfRange("bigint"))
}

/// The same for `integer`.
pub fn decimal_to_int4(number: Decimal) -> Result<i64, EvalError> {
    decimal_to_int8(number).and_then(to_int4).map_err(|_| EvalError::OutOfRange("integer"))
}

/// The nearest integer, halves to even.
pub fn double_to_int8(number: f64) -> Result<i64, EvalError> {
    let rounded = number.round_ties_even();
    // Both bounds are powers of two, and so exact.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded) {
        Ok(rounded as i64)
    } else {
        Err(EvalError::OutOfRange("bigint"))
    }
}

/// The same for `integer`.
pub fn double_to_int4(number: f64) -> Result<i64, EvalError> {
    double_to_int8(number).and_then(to_int4).map_err(|_| EvalError::OutOfRange("integer"))
}

/// Below this every integer is a double.
const EXACT_DIGITS: u128 = 1 << 53;

/// The powers of ten that are doubles.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22,
];

/// The nearest double.
pub fn decimal_to_double(number: Decimal) -> f64 {
    let (digits, scale) = (number.mantissa(), number.scale() as usize);
    if digits.unsigned_abs() < EXACT_DIGITS && scale < EXACT_POWERS.len() {
        // Both are exact as doubles, and so the division rounds once.
        return digits as f64 / EXACT_POWERS[scale];
    }
    // Through text, which rounds once too.
    number.to_string().parse().unwrap_or(f64::NAN)
}

/// The numeric of the double's first 15 digits.
pub fn double_to_decimal(number: f64) -> Exact {
    if !number.is_finite() {
        return Err(EvalError::Invalid(format!("{number} has no numeric: NaN and infinity are not supported there")));
    }
    let shown = format!("{number:.*e}", DOUBLE_DIGITS - 1);
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let (digits, scale) = significant(mantissa, exponent.parse().unwrap_or(0));
    if scale < 0 {
        let power = I256::from(10).checked_pow(-scale as u32);
        return match power.and_then(|power| I256::from(digits).checked_mul(power)) {
            Some(digits) => decimal::fit(digits, 0),
            None => Err(EvalError::OutOfRange("numeric")),
        };
    }
    decimal::fit(I256::from(digits), scale as u32)
}

/// The digits without trailing zeros, and the scale they stand at.
fn significant(mantissa: &str, exponent: i32) -> (i64, i32) {
    let mut digits: i64 = mantissa.replace('.', "").parse().unwrap_or(0);
    let mut scale = DOUBLE_DIGITS as i32 - 1 - exponent;
    if digits == 0 {
        return (0, 0);
    }
    while digits % 10 == 0 && scale > 0 {
        (digits, scale) = (digits / 10, scale - 1);
    }
    (digits, scale)
}
