//! `numeric`

use super::{TextError, push, trimmed};
use crate::Decimal;

const NAME: &str = "numeric";

/// Beyond this an exponent overflows whatever it multiplies.
const MAX_EXPONENT: i32 = 1000;

/// The `numeric` that `text` writes, with the scale it is written in. Past 28 digits it is out of range: digits
/// are never dropped silently.
pub fn parse_decimal(text: &str) -> Result<Decimal, TextError> {
    let number = trimmed(text);
    let (mantissa, exponent) = split_exponent(number).ok_or_else(|| TextError::syntax(NAME, text))?;
    let (digits, scale) = read_digits(mantissa).map_err(|fault| fault.of(text))?;
    let scale = scale - exponent;
    let (digits, scale) = if scale < 0 { (grown(digits, -scale), 0) } else { (Some(digits), scale as u32) };
    digits.and_then(|digits| Decimal::try_from_i128_with_scale(digits, scale).ok()).ok_or_else(|| TextError::range(NAME, text))
}

fn split_exponent(number: &str) -> Option<(&str, i32)> {
    match number.split_once(['e', 'E']) {
        None => Some((number, 0)),
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().ok()?;
            Some((mantissa, exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT)))
        }
    }
}

enum Fault {
    Syntax,
    Range,
}

impl Fault {
    fn of(self, text: &str) -> TextError {
        match self {
            Fault::Syntax => TextError::syntax(NAME, text),
            Fault::Range => TextError::range(NAME, text),
        }
    }
}

/// The digits as one signed number, and how many of them follow the point.
fn read_digits(mantissa: &str) -> Result<(i128, i32), Fault> {
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.len() + fraction.len() == 0 {
        return Err(Fault::Syntax);
    }
    let mut number: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(Fault::Syntax);
        }
        number = number.saturating_mul(10).saturating_add(i128::from(byte - b'0'));
    }
    if number == i128::MAX || fraction.len() > MAX_EXPONENT as usize {
        return Err(Fault::Range);
    }
    Ok((if mantissa.starts_with('-') { -number } else { number }, fraction.len() as i32))
}

fn grown(digits: i128, by: i32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    digits.checked_mul(10i128.checked_pow(by as u32)?)
}

/// Appends the number with all digits of its scale.
pub(super) fn print_decimal(number: &Decimal, out: &mut String) {
    let Ok(digits @ 1..) = u64::try_from(number.mantissa().unsigned_abs()) else {
        // Rarely so long; and zero may have a sign.
        return push(out, number);
    };
    if number.is_sign_negative() {
        out.push('-');
    }
    let (mut buffer, scale) = (itoa::Buffer::new(), number.scale() as usize);
    let digits = buffer.format(digits);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        out.push('.');
        out.extend(std::iter::repeat_n('0', scale - fraction.len()));
        out.push_str(fraction);
    }
}
