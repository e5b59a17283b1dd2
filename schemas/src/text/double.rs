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
pub(super) fn print_double(value: f64, out: &mut String) {
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
    if is_between(value, &digits, exponent) {
        let (digits, exponent) = digits_within(value, digits.len());
        return print_digits(&digits, exponent, out);
    }
    print_digits(&digits, exponent, out);
}

/// Whether the digits are exactly halfway to the next double on either side. They read back as this one, whose last bit is
/// zero, but PostgreSQL does not rely on how a reader rounds. Only integers can be halfway in so few digits.
fn is_between(value: f64, digits: &str, exponent: i32) -> bool {
    let bits = value.to_bits();
    let (mantissa, power) = ((bits & ((1 << 52) - 1)) | 1 << 52, (bits >> 52) as i32 - 1075);
    let tens = exponent + 1 - digits.len() as i32;
    // Tens beyond these have more fives in them than the double has bits.
    if power <= 0 || mantissa % 2 == 1 || !(0..=23).contains(&tens) {
        return false;
    }
    let number = digits.parse::<u128>().unwrap_or(0) * 5u128.pow(tens as u32);
    // Below a power of two doubles are twice as dense.
    let (below, above) =
        if mantissa == 1 << 52 { (4 * mantissa - 1, 4 * mantissa + 2) } else { (4 * mantissa - 2, 4 * mantissa + 2) };
    [below, above].iter().any(|&half| same_product(number, tens, half.into(), power - 2))
}

/// Whether a × 2^i = b × 2^j.
fn same_product(a: u128, i: i32, b: u128, j: i32) -> bool {
    a >> a.trailing_zeros() == b >> b.trailing_zeros() && a.trailing_zeros() as i32 + i == b.trailing_zeros() as i32 + j
}

/// The fewest digits, more than `few`, that are nearer to the double than to any other.
fn digits_within(value: f64, few: usize) -> (String, i32) {
    let longer = (few..17).map(|after_first| format!("{value:.after_first$e}"));
    let same = longer.filter(|shown| shown.parse() == Ok(value)).map(|shown| digits_of(&shown));
    let mut within = same.filter(|(digits, exponent)| !is_between(value, digits, *exponent));
    within.next().unwrap_or_else(|| digits_of(&format!("{value:.16e}")))
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
