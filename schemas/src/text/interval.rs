//! `interval`: `90 days`, `1 mon 2 days 03:04:05`, `1.5 hours ago`, and ISO 8601's `P1DT2H`.

mod quantities;

use quantities::verbose;

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::datetime::print_seconds;
use super::{TextError, push, trimmed};
use crate::Interval;

const NAME: &str = "interval";

/// What one of a unit is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Months(i64),
    Days(i64),
    Micros(i64),
}

/// A fraction of a month is counted in days of 30 a month.
const DAYS_OF_MONTH: f64 = 30.0;

/// The `interval` that `text` writes.
pub(super) fn parse_interval(text: &str) -> Result<Interval, TextError> {
    let whole = trimmed(text);
    let sum = whole.strip_prefix('P').map_or_else(|| verbose(whole), iso);
    sum.and_then(Sum::finish).map_err(|wrong| match wrong {
        Wrong::Form => TextError::syntax(NAME, text),
        Wrong::Range => TextError::interval(text),
    })
}

/// Why a text is no interval.
enum Wrong {
    /// It is not written as one.
    Form,
    /// A number is beyond what its unit, or an interval, can have.
    Range,
}

/// Parts added up, wide enough that nothing overflows before the end.
#[derive(Default)]
struct Sum {
    months: i128,
    days: i128,
    micros: i128,
}

impl Sum {
    fn add(&mut self, number: &Number, unit: Unit) {
        let (whole, fraction) = (i128::from(number.whole), number.fraction);
        match unit {
            Unit::Months(size) => {
                self.months += whole * i128::from(size);
                self.add_months(fraction * size as f64, size);
            }
            Unit::Days(size) => {
                self.days += whole * i128::from(size);
                self.add_days(fraction * size as f64);
            }
            Unit::Micros(size) => {
                self.micros += whole * i128::from(size) + (fraction * size as f64).round_ties_even() as i128;
            }
        }
    }

    /// Of a fraction of a year only whole months count; of a month's, days and time.
    fn add_months(&mut self, months: f64, size: i64) {
        if size > 1 {
            self.months += months.round_ties_even() as i128;
        } else {
            self.add_days(months * DAYS_OF_MONTH);
        }
    }

    fn add_days(&mut self, days: f64) {
        self.days += days.trunc() as i128;
        self.micros += (days.fract() * DAY as f64).round_ties_even() as i128;
    }

    fn negated(self) -> Sum {
        Sum { months: -self.months, days: -self.days, micros: -self.micros }
    }

    fn finish(self) -> Result<Interval, Wrong> {
        Ok(Interval {
            months: self.months.try_into().map_err(|_| Wrong::Range)?,
            days: self.days.try_into().map_err(|_| Wrong::Range)?,
            micros: self.micros.try_into().map_err(|_| Wrong::Range)?,
        })
    }
}

/// A number with its fraction, which has the number's sign.
#[derive(Clone, Copy)]
struct Number {
    whole: i64,
    fraction: f64,
    /// Of -0 too.
    is_negative: bool,
}

/// Reads `number` from the start of the text.
fn take_number(text: &str) -> Result<(Number, &str), Wrong> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (whole, fraction) = unsigned[..end].split_once('.').unwrap_or((&unsigned[..end], ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(Wrong::Form);
    }
    let is_negative = text.starts_with('-');
    let sign = if is_negative { -1 } else { 1 };
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Wrong::Range)? };
    let part: f64 = format!("0.{fraction}0").parse().map_err(|_| Wrong::Form)?;
    Ok((Number { whole: sign * whole, fraction: part * sign as f64, is_negative }, &unsigned[end..]))
}

// === ISO 8601 ===

/// What follows the `P`.
fn iso(text: &str) -> Result<Sum, Wrong> {
    if text.is_empty() {
        return Err(Wrong::Form);
    }
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut sum = Sum::default();
    iso_part(date, &mut sum, |letter| match letter {
        'Y' => Some(Unit::Months(12)),
        'M' => Some(Unit::Months(1)),
        'W' => Some(Unit::Days(7)),
        'D' => Some(Unit::Days(1)),
        _ => None,
    })?;
    iso_part(time, &mut sum, |letter| match letter {
        'H' => Some(Unit::Micros(HOUR)),
        'M' => Some(Unit::Micros(MINUTE)),
        'S' => Some(Unit::Micros(SECOND)),
        _ => None,
    })?;
    Ok(sum)
}

fn iso_part(mut text: &str, sum: &mut Sum, unit_of: impl Fn(char) -> Option<Unit>) -> Result<(), Wrong> {
    while !text.is_empty() {
        let (number, rest) = take_number(text)?;
        if text.starts_with('+') {
            return Err(Wrong::Form);
        }
        let letter = rest.chars().next().ok_or(Wrong::Form)?;
        sum.add(&number, unit_of(letter).ok_or(Wrong::Form)?);
        text = &rest[letter.len_utf8()..];
    }
    Ok(())
}

// === output ===

/// `1 year 2 mons -3 days +04:05:06.7`
pub(super) fn print_interval(value: Interval, out: &mut String) {
    let mut fields = Fields { is_first: true, follows_negative: false };
    fields.print(value.months / 12, "year", out);
    fields.print(value.months % 12, "mon", out);
    fields.print(value.days, "day", out);
    if value.micros != 0 || fields.is_first {
        fields.print_clock(value.micros, out);
    }
}

/// What decides how the next field is set off from the ones before.
struct Fields {
    is_first: bool,
    follows_negative: bool,
}

impl Fields {
    fn print(&mut self, number: i32, unit: &str, out: &mut String) {
        if number == 0 {
            return;
        }
        let plus = if self.follows_negative && number > 0 { "+" } else { "" };
        push(out, format_args!("{}{plus}{number} {unit}{}", self.gap(), if number == 1 { "" } else { "s" }));
        self.is_first = false;
        self.follows_negative = number < 0;
    }

    fn print_clock(&self, micros: i64, out: &mut String) {
        let size = micros.unsigned_abs();
        let sign = match (micros < 0, self.follows_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        let (hour, minute) = (size / HOUR as u64, size / MINUTE as u64 % 60);
        push(out, format_args!("{}{sign}{hour:02}:{minute:02}:", self.gap()));
        print_seconds((size % MINUTE as u64) as i64, out);
    }

    fn gap(&self) -> &'static str {
        if self.is_first { "" } else { " " }
    }
}
