//! Roots and powers of decimals, to the digits that PostgreSQL gives them.

use ethnum::I256;
use schemas::{Decimal, Value};

use crate::expr::EvalError;
use crate::expr::decimal::{self, Exact, MAX_SCALE};
use crate::expr::function::Kind::Decimal as Numeric;
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

pub(super) static TABLE: &[Function] = &[
    Function::one("sqrt", &[Numeric], Numeric, |number| square_root(take::decimal(number)?).map(Value::Decimal)),
    Function::two("^", &[Numeric, Numeric], Numeric, power),
    Function::two("power", &[Numeric, Numeric], Numeric, power),
    Function::two("pow", &[Numeric, Numeric], Numeric, power),
];

/// PostgreSQL aims at so many significant digits.
const SIGNIFICANT: i32 = 16;

fn square_root(number: Decimal) -> Exact {
    if number.is_sign_negative() && !number.is_zero() {
        return Err(EvalError::Invalid("cannot take square root of a negative number".to_owned()));
    }
    let scale = root_scale(number);
    // One digit more than asked for, to round by. There is room for twice as many as the scale has: only a number with few
    // digits before the point has a large one.
    let shift = 2 * (scale + 1) - number.scale();
    let digits = I256::from(number.mantissa()) * I256::from(10).pow(shift);
    decimal::fit(decimal::round_off(whole_root(digits), 1), scale)
}

/// Half of the digits before the point are those of the root.
fn root_scale(number: Decimal) -> u32 {
    let (weight, _) = decimal::first_digit(number);
    let root_weight = (weight + 1) * 4 / 2 - 1;
    (SIGNIFICANT - root_weight).max(number.scale() as i32).clamp(0, MAX_SCALE as i32) as u32
}

/// The largest number whose square is not larger: Newton's method, from above.
fn whole_root(square: I256) -> I256 {
    if square < I256::from(2) {
        return square;
    }
    let bits = 256 - square.leading_zeros();
    let mut root = I256::ONE << bits.div_ceil(2);
    loop {
        let next = (root + square / root) >> 1u32;
        if next >= root {
            return root;
        }
        root = next;
    }
}

fn power<'v>(base: Value<'v>, exponent: Value<'v>) -> Outcome<'v> {
    let (base, exponent) = (take::decimal(base)?, take::decimal(exponent)?);
    if !exponent.fract().is_zero() {
        return Err(EvalError::Invalid(
            "a numeric raised to a power that is not whole: cast both to double precision".to_owned(),
        ));
    }
    let exponent: i32 = decimal::truncate(exponent, 0)?.mantissa().try_into().map_err(|_| EvalError::OutOfRange("numeric"))?;
    whole_power(base, exponent).map(Value::Decimal)
}

fn whole_power(base: Decimal, exponent: i32) -> Exact {
    let scale = (SIGNIFICANT as u32).max(base.scale());
    if base.is_zero() && exponent < 0 {
        return Err(EvalError::DivisionByZero);
    }
    let raised = Wide::of(base).raised(exponent.unsigned_abs())?;
    if exponent < 0 { raised.inverse(scale) } else { raised.at_scale(scale) }
}

/// A number with as many digits as can be multiplied in 256 bits: 38, ten more than the result has.
#[derive(Clone, Copy)]
struct Wide {
    digits: I256,
    scale: i32,
}

impl Wide {
    fn of(number: Decimal) -> Wide {
        Wide { digits: I256::from(number.mantissa()), scale: number.scale() as i32 }
    }

    fn raised(self, mut exponent: u32) -> Result<Wide, EvalError> {
        let (mut result, mut square) = (Wide { digits: I256::ONE, scale: 0 }, self);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(square)?;
            }
            exponent >>= 1;
            if exponent > 0 {
                square = square.times(square)?;
            }
        }
        Ok(result)
    }

    fn times(self, other: Wide) -> Result<Wide, EvalError> {
        let mut product = Wide { digits: self.digits * other.digits, scale: self.scale + other.scale };
        let excess = decimal_digits(product.digits).saturating_sub(WIDE_DIGITS);
        product.digits = decimal::round_off(product.digits, excess);
        product.scale -= excess as i32;
        if product.scale.abs() > MAX_WIDE_SCALE { Err(EvalError::OutOfRange("numeric")) } else { Ok(product) }
    }

    fn at_scale(self, scale: u32) -> Exact {
        let drop = self.scale - scale as i32;
        if drop >= 0 {
            return decimal::fit(decimal::round_off(self.digits, drop as u32), scale);
        }
        let power = I256::from(10).checked_pow(-drop as u32);
        match power.and_then(|power| self.digits.checked_mul(power)) {
            Some(digits) => decimal::fit(digits, scale),
            None => Err(EvalError::OutOfRange("numeric")),
        }
    }

    /// `1 / self`, at this scale.
    fn inverse(self, scale: u32) -> Exact {
        let shift = (self.scale + scale.min(MAX_SCALE) as i32).min(MAX_POWER);
        // Less where there is no room: of a result that fits, more digits than it can have are left.
        let scale = u32::try_from(shift - self.scale).map_err(|_| EvalError::OutOfRange("numeric"))?;
        match u32::try_from(shift) {
            Ok(shift) => decimal::fit(decimal::divide(I256::from(10).pow(shift), self.digits), scale),
            Err(_) => decimal::fit(I256::ZERO, scale),
        }
    }
}

const WIDE_DIGITS: u32 = 38;

/// The largest power of ten in 256 bits.
const MAX_POWER: i32 = 76;

/// Beyond this a number is far outside of what a decimal holds, or nothing.
const MAX_WIDE_SCALE: i32 = 10_000;

/// How many decimal digits the number has.
fn decimal_digits(number: I256) -> u32 {
    let mut rest = number.abs();
    let mut count = 0;
    while rest != I256::ZERO {
        rest /= I256::from(10);
        count += 1;
    }
    count
}
