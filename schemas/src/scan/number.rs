//! Numbers: checked for their form, kept as text until somebody knows what they are to become.

use super::{Broken, Scanner};

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    /// The text.
    pub(crate) raw: &'a str,
    /// How it is written.
    pub(crate) form: NumberForm,
}

/// How a number is written; as wide as a word, as [`Escapes`](super::Escapes) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum NumberForm {
    /// Digits only, perhaps with a sign.
    Digits,
    /// With a fraction.
    Fraction,
    /// With an exponent, perhaps with a fraction too.
    Exponent,
}

/// Without an exponent, numbers of this length are not beyond all doubles.
const SURELY_FINITE: usize = 300;

// === impl Number ===

impl Number<'_> {
    /// The number, if it is not beyond all doubles: the validator could not read it.
    #[cold]
    fn finite(self) -> Result<Self, Broken> {
        if self.as_double().is_finite() { Ok(self) } else { Err(Broken("number out of range")) }
    }

    /// The number as an integer, where it is one that fits; `5.0` and `1e2` are integers too.
    #[inline]
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self.form {
            NumberForm::Digits => self.raw.parse().ok(),
            NumberForm::Fraction => whole_part(self.raw),
            NumberForm::Exponent => exponent_integer(self.raw),
        }
    }

    /// The nearest double.
    #[inline]
    pub(crate) fn as_double(&self) -> f64 {
        // The form of a JSON number is one that `f64` reads, so this never falls back.
        self.raw.parse().unwrap_or(f64::NAN)
    }
}

/// The integer before a fraction of zeros.
fn whole_part(raw: &str) -> Option<i64> {
    let (whole, fraction) = raw.split_once('.')?;
    if fraction.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
}

/// Beyond 2^53 the double of a number no longer says which integer it is, so such numbers must be written in digits.
fn exponent_integer(raw: &str) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let double: f64 = raw.parse().ok()?;
    (double.fract() == 0.0 && double.abs() < EXACT).then_some(double as i64)
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    /// Reads a number; its sign or first digit comes next.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number<'a>, Broken> {
        let start = self.at;
        let mut form = NumberForm::Digits;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            form = NumberForm::Fraction;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            form = NumberForm::Exponent;
            self.exponent()?;
        }
        let number = Number { raw: self.since(start), form };
        if form == NumberForm::Exponent || number.raw.len() > SURELY_FINITE {
            return number.finite();
        }
        Ok(number)
    }

    fn exponent(&mut self) -> Result<(), Broken> {
        self.at += 1;
        if let Some(b'+' | b'-') = self.peek() {
            self.at += 1;
        }
        self.digits()
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Broken("number without a digit where one must be")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Token;

    fn number(json: &str) -> Number<'_> {
        match Scanner::new(json).token() {
            Ok(Token::Number(number)) => number,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn integers_are_recognised_however_written() {
        for (json, expect) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-12", Some(-12)),
            ("5.0", Some(5)),
            ("-5.000", Some(-5)),
            ("5.5", None),
            ("1e2", Some(100)),
            ("1.5e1", Some(15)),
            ("1.5e0", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808.0", Some(i64::MIN)),
            ("1e300", None),
        ] {
            assert_eq!(number(json).as_integer(), expect, "{json}");
        }
    }

    #[test]
    fn doubles_are_the_nearest() {
        assert_eq!(number("0.1").as_double(), 0.1);
    }

    #[test]
    fn numbers_beyond_all_doubles_are_broken_as_for_serde_json() {
        let digits = "9".repeat(309);
        for json in ["1e308", "1e309", "-1e400", "0e999", "1e-999", &digits, &digits[1..], &format!("-{digits}.5")] {
            let is_read = serde_json::from_str::<serde_json::Value>(json).is_ok();
            assert_eq!(Scanner::new(json).skip().is_ok(), is_read, "{json}");
        }
    }
}
