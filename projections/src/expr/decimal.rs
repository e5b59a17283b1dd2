//! Arithmetic on decimals with PostgreSQL's choice of scale. Where PostgreSQL would have more than 28 digits, the
//! last ones are rounded away; a whole part that does not fit is an error.

use ethnum::I256;
use schemas::Decimal;

use super::EvalError;

/// The result of arithmetic.
pub type Exact = Result<Decimal, EvalError>;

/// The largest scale that a [`Decimal`] has.
pub const MAX_SCALE: u32 = 28;

/// PostgreSQL aims at so many significant digits where a result has no end.
const MIN_SIGNIFICANT: i32 = 16;

/// A number beyond 96 bits.
const LIMIT: i128 = 1 << 96;

const OVERFLOW: EvalError = EvalError::OutOfRange("numeric");

/// `digits / 10^scale`, rounded to a smaller scale where it does not fit otherwise.
pub fn fit(mut digits: I256, mut scale: u32) -> Exact {
    if scale > MAX_SCALE {
        digits = round_off(digits, scale - MAX_SCALE);
        scale = MAX_SCALE;
    }
    // Each time from the unrounded number: rounding twice is not rounding once.
    for dropped in 0..=scale {
        let rounded = round_off(digits, dropped);
        if rounded.abs() < I256::from(LIMIT) {
            return Decimal::try_from_i128_with_scale(rounded.as_i128(), scale - dropped).map_err(|_| OVERFLOW);
        }
    }
    Err(OVERFLOW)
}

/// `digits / 10^count`, halves away from zero.
pub fn round_off(digits: I256, count: u32) -> I256 {
    if count == 0 {
        return digits;
    }
    match I256::from(10).checked_pow(count) {
        Some(power) => divide(digits, power),
        None => I256::ZERO,
    }
}

/// The quotient rounded to a whole number, halves away from zero.
pub fn divide(left: I256, right: I256) -> I256 {
    let (quotient, rest) = (left / right, left % right);
    if rest.abs() >= right.abs() - rest.abs() { quotient + left.signum() * right.signum() } else { quotient }
}

/// The powers of ten up to 10^28.
const POWERS: [i128; MAX_SCALE as usize + 1] = powers();

const fn powers() -> [i128; MAX_SCALE as usize + 1] {
    let mut powers = [1; MAX_SCALE as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
}

/// Both numbers' digits at the larger of their scales.
fn aligned(left: Decimal, right: Decimal) -> (I256, I256, u32) {
    let scale = left.scale().max(right.scale());
    (at_scale(left, scale), at_scale(right, scale), scale)
}

/// The number's digits at a scale that is not smaller than its own: 96 bits and 28 more digits are within 256 bits.
fn at_scale(number: Decimal, scale: u32) -> I256 {
    shifted(I256::from(number.mantissa()), scale - number.scale())
}

/// `digits * 10^count`, for no more than 28 digits.
pub fn shifted(digits: I256, count: u32) -> I256 {
    if count == 0 { digits } else { digits * I256::from(POWERS[count as usize]) }
}

/// `left + right`
pub fn add(left: Decimal, right: Decimal) -> Exact {
    if left.scale() == right.scale() {
        return fit_small(left.mantissa() + right.mantissa(), left.scale());
    }
    let scale = left.scale().max(right.scale());
    match (small_at_scale(left, scale), small_at_scale(right, scale)) {
        (Some(a), Some(b)) => fit_small(a + b, scale),
        _ => fit(at_scale(left, scale) + at_scale(right, scale), scale),
    }
}

/// The same digits where they fit 127 bits, so that two of them add up in 128.
fn small_at_scale(number: Decimal, scale: u32) -> Option<i128> {
    let digits = number.mantissa().checked_mul(POWERS[(scale - number.scale()) as usize])?;
    (digits.unsigned_abs() < 1 << 126).then_some(digits)
}

/// `left - right`
pub fn subtract(left: Decimal, right: Decimal) -> Exact {
    add(left, negated(right))
}

/// `left * right`
pub fn multiply(left: Decimal, right: Decimal) -> Exact {
    let scale = left.scale() + right.scale();
    match left.mantissa().checked_mul(right.mantissa()) {
        Some(product) => fit_small(product, scale),
        None => fit(I256::from(left.mantissa()) * I256::from(right.mantissa()), scale),
    }
}

fn fit_small(digits: i128, scale: u32) -> Exact {
    if digits.abs() < LIMIT && scale <= MAX_SCALE {
        return Decimal::try_from_i128_with_scale(digits, scale).map_err(|_| OVERFLOW);
    }
    fit(I256::from(digits), scale)
}

/// `left / right`, at the scale that PostgreSQL selects.
pub fn quotient(left: Decimal, right: Decimal) -> Exact {
    if right.is_zero() {
        return Err(EvalError::DivisionByZero);
    }
    quotient_at(left, right, division_scale(left, right))
}

/// `left / right`, rounded to `scale` digits or as many as there is room for.
fn quotient_at(left: Decimal, right: Decimal, scale: u32) -> Exact {
    let mut shift = scale.min(MAX_SCALE) as i32 + right.scale() as i32 - left.scale() as i32;
    let (mut scale, divisor) = (scale.min(MAX_SCALE), I256::from(right.mantissa()));
    loop {
        if shift < 0 {
            let larger = divisor * I256::from(10).pow(-shift as u32);
            return fit(divide(I256::from(left.mantissa()), larger), scale);
        }
        let power = I256::from(10).checked_pow(shift as u32);
        match power.and_then(|power| I256::from(left.mantissa()).checked_mul(power)) {
            Some(digits) => return fit(divide(digits, divisor), scale),
            None if scale == 0 => return Err(OVERFLOW),
            None => (scale, shift) = (scale - 1, shift - 1),
        }
    }
}

/// `left % right`, with the sign of the left.
pub fn remainder(left: Decimal, right: Decimal) -> Exact {
    if right.is_zero() {
        return Err(EvalError::DivisionByZero);
    }
    let (a, b, scale) = aligned(left, right);
    fit(a % b, scale)
}

/// `left / right` without its fraction.
pub fn whole_quotient(left: Decimal, right: Decimal) -> Exact {
    if right.is_zero() {
        return Err(EvalError::DivisionByZero);
    }
    let (a, b, _) = aligned(left, right);
    fit(a / b, 0)
}

/// `-number`; zero has no sign.
pub fn negated(number: Decimal) -> Decimal {
    if number.is_zero() { number } else { -number }
}

/// Rounded to `scale` digits after the point, or before it where negative; halves away from zero.
pub fn round(number: Decimal, scale: i32) -> Exact {
    to_scale(number, scale, round_off)
}

/// Cut off at `scale` digits after the point, or before it where negative.
pub fn truncate(number: Decimal, scale: i32) -> Exact {
    to_scale(number, scale, |digits, count| I256::from(10).checked_pow(count).map_or(I256::ZERO, |power| digits / power))
}

fn to_scale(number: Decimal, scale: i32, cut: impl Fn(I256, u32) -> I256) -> Exact {
    let digits = I256::from(number.mantissa());
    let drop = number.scale() as i32 - scale.clamp(-100, 100);
    if drop < 0 {
        let shown = scale.min(MAX_SCALE as i32) as u32;
        return fit(at_scale(number, shown.max(number.scale())), shown.max(number.scale()));
    }
    let rounded = cut(digits, drop as u32);
    if scale >= 0 {
        return fit(rounded, scale as u32);
    }
    let power = I256::from(10).checked_pow(scale.unsigned_abs().min(100));
    power.and_then(|power| rounded.checked_mul(power)).map_or(Ok(Decimal::ZERO), |digits| fit(digits, 0))
}

/// The whole number next below.
pub fn floor(number: Decimal) -> Exact {
    let cut = truncate(number, 0)?;
    if cut > number { subtract(cut, Decimal::ONE) } else { Ok(cut) }
}

/// The whole number next above.
pub fn ceil(number: Decimal) -> Exact {
    let cut = truncate(number, 0)?;
    if cut < number { add(cut, Decimal::ONE) } else { Ok(cut) }
}

// === scales ===

/// PostgreSQL's `select_div_scale`: at least 16 significant digits, by its digits of base 10,000.
fn division_scale(left: Decimal, right: Decimal) -> u32 {
    let (left_weight, left_first) = first_digit(left);
    let (right_weight, right_first) = first_digit(right);
    let weight = left_weight - right_weight - i32::from(left_first <= right_first);
    let scale = MIN_SIGNIFICANT - weight * 4;
    scale.max(left.scale() as i32).max(right.scale() as i32).clamp(0, 1000) as u32
}

/// The exponent and the value of the first digit other than zero, in base 10,000.
pub fn first_digit(number: Decimal) -> (i32, i128) {
    let digits = number.mantissa().abs();
    if digits == 0 {
        return (0, 0);
    }
    let exponent = digits.ilog10() as i32 - number.scale() as i32;
    let weight = exponent.div_euclid(4);
    // The digit is the number divided by 10000^weight.
    let shift = number.scale() as i32 + weight * 4;
    let first = if shift >= 0 { digits / 10i128.pow(shift as u32) } else { digits * 10i128.pow(-shift as u32) };
    (weight, first)
}
