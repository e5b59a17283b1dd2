//! `interval`: `90 days`, `1 mon 2 days 03:04:05`, `1.5 hours ago`, and ISO 8601's `P1DT2H`.

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::datetime::{fraction_micros, print_seconds};
use super::{TextError, push, trimmed};
use crate::Interval;

const NAME: &str = "interval";

/// What one of a unit is.
#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Days(i64),
    Micros(i64),
}

/// A fraction of a month is counted in days of 30 a month.
const DAYS_OF_MONTH: f64 = 30.0;

/// The `interval` that `text` writes.
pub fn parse_interval(text: &str) -> Result<Interval, TextError> {
    let whole = trimmed(text);
    let sum = whole.strip_prefix('P').map_or_else(|| verbose(whole), iso);
    sum.ok_or_else(|| TextError::syntax(NAME, text))?.finish().ok_or_else(|| TextError::Field(text.to_owned()))
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

    fn finish(self) -> Option<Interval> {
        Some(Interval {
            months: self.months.try_into().ok()?,
            days: self.days.try_into().ok()?,
            micros: self.micros.try_into().ok()?,
        })
    }
}

/// A number with its fraction, which has the number's sign.
struct Number {
    whole: i64,
    fraction: f64,
}

/// Reads `number` from the start of the text.
fn take_number(text: &str) -> Option<(Number, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (whole, fraction) = unsigned[..end].split_once('.').unwrap_or((&unsigned[..end], ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: f64 = format!("0.{fraction}0").parse().ok()?;
    Some((Number { whole: sign * whole, fraction: part * sign as f64 }, &unsigned[end..]))
}

// === quantities with units ===

fn verbose(text: &str) -> Option<Sum> {
    let mut sum = Sum::default();
    let mut rest = text.strip_prefix('@').unwrap_or(text).trim_start();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        if rest.eq_ignore_ascii_case("ago") {
            return Some(sum.negated());
        }
        rest = quantity(rest, &mut sum)?.trim_start();
    }
    Some(sum)
}

/// Reads one quantity or time of day, and returns what follows.
fn quantity<'a>(text: &'a str, sum: &mut Sum) -> Option<&'a str> {
    let end = text.find(' ').unwrap_or(text.len());
    if text[..end].contains(':') {
        sum.micros += i128::from(clock(&text[..end])?);
        return Some(&text[end..]);
    }
    let (number, rest) = take_number(text)?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    if end == 0 && !rest.is_empty() {
        return None;
    }
    let unit = if end == 0 { Unit::Micros(SECOND) } else { unit_named(&rest[..end].to_ascii_lowercase())? };
    sum.add(&number, unit);
    Some(&rest[end..])
}

/// `hh:mm`, `hh:mm:ss.f`; `mm:ss.f` where there is a fraction and one colon only.
fn clock(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (unsigned, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = unsigned.split(':').collect();
    if !parts.iter().all(|part| is_number(part)) || !(fraction.is_empty() || is_number(fraction)) {
        return None;
    }
    let numbers = parts.iter().map(|part| part.parse().ok()).collect::<Option<Vec<i64>>>()?;
    let (hour, minute, second) = match numbers[..] {
        [minute, second] if !fraction.is_empty() => (0, minute, second),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    if minute > 59 || second > 59 {
        return None;
    }
    let below_hour = minute * MINUTE + second * SECOND + fraction_micros(fraction);
    let micros = hour.checked_mul(HOUR)?.checked_add(below_hour)?;
    Some(if text.starts_with('-') { -micros } else { micros })
}

fn unit_named(name: &str) -> Option<Unit> {
    Some(match name {
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" | "microseconds" => Unit::Micros(1),
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds" => Unit::Micros(1000),
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Micros(SECOND),
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Micros(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Micros(HOUR),
        "d" | "day" | "days" => Unit::Days(1),
        "w" | "week" | "weeks" => Unit::Days(7),
        "mon" | "mons" | "month" | "months" => Unit::Months(1),
        "y" | "yr" | "yrs" | "year" | "years" => Unit::Months(12),
        "dec" | "decs" | "decade" | "decades" => Unit::Months(120),
        "c" | "cent" | "century" | "centuries" => Unit::Months(1200),
        "mil" | "mils" | "millennium" | "millennia" => Unit::Months(12_000),
        _ => return None,
    })
}

// === ISO 8601 ===

/// What follows the `P`.
fn iso(text: &str) -> Option<Sum> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    if date.is_empty() && time.is_empty() {
        return None;
    }
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
    Some(sum)
}

fn iso_part(mut text: &str, sum: &mut Sum, unit_of: impl Fn(char) -> Option<Unit>) -> Option<()> {
    while !text.is_empty() {
        let (number, rest) = take_number(text)?;
        let letter = rest.chars().next()?;
        sum.add(&number, unit_of(letter)?);
        text = &rest[letter.len_utf8()..];
    }
    Some(())
}

// === output ===

/// `1 year 2 mons -3 days +04:05:06.7`
pub fn print_interval(value: Interval, out: &mut String) {
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
