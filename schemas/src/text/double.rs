//! `double precision`

use super::{TextError, push, trimmed};

const NAME: &str = "double precision";

/// Decimal exponents that are written out in digits; beyond them PostgreSQL uses the form with an exponent.
const PLAIN: std::ops::Range<i32> = -4..15;

/// The `double precision` that `text` writes: a number with or without an exponent, `NaN`, `Infinity`, `inf`.
pub fn parse_double(text: &str) -> Result<f64, TextError> {
    let number = trimmed(text);
    let value: f64 = number.parse().map_err(|_| TextError::syntax(NAME, text))?;
    let digits = || number.bytes().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| matches!(b, b'1'..=b'9'));
    if (value.is_infinite() || value == 0.0) && digits() {
        return Err(TextError::range(NAME, text));
    }
    Ok(value)
}

/// The shortest text that reads back as the same double: `0.1`, `1e+20`, `Infinity`, `NaN`.
pub fn print_double(value: f64, out: &mut String) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.is_infinite() {
        out.push_str("Infinity");
    } else {
        print_finite(value.abs(), out);
    }
}

fn print_finite(value: f64, out: &mut String) {
    let mut buffer = ryu::Buffer::new();
    let shown = buffer.format_finite(value);
    if (1e-4..1e15).contains(&value) {
        // Here both write all digits; only PostgreSQL leaves away a fraction of zero.
        return out.push_str(shown.strip_suffix(".0").unwrap_or(shown));
    }
    let (digits, exponent) = digits_of(shown);
    print_digits(&digits, exponent, out);
}

/// The significant digits of a number, and the decimal exponent of the first of them.
fn digits_of(shown: &str) -> (String, i32) {
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((shown, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    if digits.is_empty() {
        return ("0".to_owned(), 0);
    }
    (digits.to_owned(), exponent + whole.len() as i32 - 1 - leading as i32)
}

fn print_digits(digits: &str, exponent: i32, out: &mut String) {
    if !PLAIN.contains(&exponent) {
        print_scientific(digits, exponent, out);
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(digits);
    } else {
        print_plain(digits, exponent as usize + 1, out);
    }
}

fn print_plain(digits: &str, whole: usize, out: &mut String) {
    if digits.len() <= whole {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', whole - digits.len()));
    } else {
        out.push_str(&digits[..whole]);
        out.push('.');
        out.push_str(&digits[whole..]);
    }
}

fn print_scientific(digits: &str, exponent: i32, out: &mut String) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    push(out, format_args!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
}
