//! `timestamptz` and `date`: ISO 8601, RFC 3339 and PostgreSQL's own form of it.

use super::calendar::{Civil, DAY, HOUR, MINUTE, SECOND};
use super::{TextError, push, trimmed};

/// Farther from UTC than this no zone is.
const MAX_OFFSET_HOURS: i64 = 15;

/// The first and the last year that timestamps here reach.
const YEARS: std::ops::RangeInclusive<i64> = -4713..=294_246;

/// Microseconds since 1970-01-01T00:00:00Z. Without an offset the time is UTC; fractions are rounded to microseconds.
pub(super) fn parse_timestamp(text: &str) -> Result<i64, TextError> {
    let moment = parse_moment(text, "timestamp with time zone")?;
    Ok(moment.days * DAY + moment.micros - moment.offset)
}

/// Days since 1970-01-01. A time of day and an offset may follow and are dropped.
pub(super) fn parse_date(text: &str) -> Result<i32, TextError> {
    let moment = parse_moment(text, "date")?;
    Ok(moment.days as i32)
}

/// `2026-01-01 00:00:00+00`
pub(super) fn print_timestamp(micros: i64, out: &mut String) {
    print_moment(micros, " ", "+00", out);
}

/// `2026-01-01T00:00:00+00:00`, as in JSON.
pub fn print_timestamp_iso(micros: i64, out: &mut String) {
    print_moment(micros, "T", "+00:00", out);
}

/// `2026-01-01`
pub(super) fn print_date(days: i32, out: &mut String) {
    let civil = Civil::of_days(i64::from(days));
    print_civil(civil, out);
    print_era(civil, out);
}

fn print_moment(micros: i64, between: &str, zone: &str, out: &mut String) {
    let civil = Civil::of_days(micros.div_euclid(DAY));
    let clock = micros.rem_euclid(DAY);
    print_civil(civil, out);
    out.push_str(between);
    print_two(clock / HOUR, out);
    out.push(':');
    print_two(clock / MINUTE % 60, out);
    out.push(':');
    print_seconds(clock % MINUTE, out);
    out.push_str(zone);
    print_era(civil, out);
}

fn print_civil(civil: Civil, out: &mut String) {
    let year = if civil.year > 0 { civil.year } else { 1 - civil.year };
    if year < 10_000 {
        print_two(year / 100, out);
        print_two(year % 100, out);
    } else {
        push(out, year);
    }
    out.push('-');
    print_two(i64::from(civil.month), out);
    out.push('-');
    print_two(i64::from(civil.day), out);
}

/// Two digits, without the machinery of formatting: documents are full of times.
fn print_two(number: i64, out: &mut String) {
    out.push((b'0' + (number / 10 % 10) as u8) as char);
    out.push((b'0' + (number % 10) as u8) as char);
}

fn print_era(civil: Civil, out: &mut String) {
    if civil.year <= 0 {
        out.push_str(" BC");
    }
}

/// Two digits, and a fraction without trailing zeros.
pub(super) fn print_seconds(micros: i64, out: &mut String) {
    print_two(micros / SECOND, out);
    let (mut fraction, mut width) = (micros % SECOND, 6);
    if fraction == 0 {
        return;
    }
    while fraction % 10 == 0 {
        (fraction, width) = (fraction / 10, width - 1);
    }
    push(out, format_args!(".{fraction:0width$}"));
}

/// A point in time as it is written.
struct Moment {
    days: i64,
    /// Of the day; a whole day where it says 24:00.
    micros: i64,
    /// Microseconds east of UTC.
    offset: i64,
}

fn parse_moment(text: &str, ty: &'static str) -> Result<Moment, TextError> {
    let mut cursor = Cursor { rest: trimmed(text), text, ty };
    if cursor.rest.eq_ignore_ascii_case("epoch") {
        return Ok(Moment { days: 0, micros: 0, offset: 0 });
    }
    let mut civil = cursor.date()?;
    let micros = cursor.time()?;
    let offset = if cursor.is_at_end() { 0 } else { cursor.offset()? };
    if cursor.takes_word("BC") {
        civil.year = 1 - civil.year;
    }
    cursor.end()?;
    if !civil.exists() || !YEARS.contains(&civil.year) {
        return Err(TextError::field(text));
    }
    Ok(Moment { days: civil.days(), micros, offset })
}

/// Reads a text from its start.
struct Cursor<'a> {
    rest: &'a str,
    text: &'a str,
    ty: &'static str,
}

impl<'a> Cursor<'a> {
    fn date(&mut self) -> Result<Civil, TextError> {
        let year = self.digits(4..=6)?;
        self.expect('-')?;
        let month = self.digits(1..=2)? as u32;
        self.expect('-')?;
        let day = self.digits(1..=2)? as u32;
        if year == 0 {
            return Err(TextError::field(self.text));
        }
        Ok(Civil { year, month, day })
    }

    /// Microseconds of the day; midnight where no time follows.
    fn time(&mut self) -> Result<i64, TextError> {
        let marked = self.takes(['T', 't']);
        self.skip_spaces();
        if !marked && !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(0);
        }
        let hour = self.digits(1..=2)?;
        self.expect(':')?;
        let minute = self.digits(1..=2)?;
        let (second, fraction) = if self.takes([':']) { self.seconds()? } else { (0, 0) };
        let micros = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
        if minute > 59 || second > 60 || micros > DAY {
            return Err(TextError::field(self.text));
        }
        Ok(micros)
    }

    fn seconds(&mut self) -> Result<(i64, i64), TextError> {
        let second = self.digits(1..=2)?;
        if !self.takes(['.']) {
            return Ok((second, 0));
        }
        Ok((second, fraction_micros(self.run_of_digits())))
    }

    /// Microseconds east of UTC.
    fn offset(&mut self) -> Result<i64, TextError> {
        self.skip_spaces();
        if ["UTC", "GMT", "Z"].iter().any(|name| self.takes_word(name)) || self.rest.starts_with(['B', 'b']) {
            return Ok(0);
        }
        let sign = if self.takes(['-']) { -1 } else { self.expect('+').map(|()| 1)? };
        let digits = self.run_of_digits();
        let (hours, mut minutes) = match digits.len() {
            1 | 2 => (number(digits), 0),
            3 | 4 => (number(&digits[..digits.len() - 2]), number(&digits[digits.len() - 2..])),
            _ => return Err(self.wrong()),
        };
        if digits.len() <= 2 && self.takes([':']) {
            minutes = self.digits(1..=2)?;
        }
        if hours > MAX_OFFSET_HOURS || minutes > 59 {
            return Err(TextError::field(self.text));
        }
        Ok(sign * (hours * HOUR + minutes * MINUTE))
    }

    fn digits(&mut self, lengths: std::ops::RangeInclusive<usize>) -> Result<i64, TextError> {
        let digits = self.run_of_digits();
        if lengths.contains(&digits.len()) { Ok(number(digits)) } else { Err(self.wrong()) }
    }

    fn run_of_digits(&mut self) -> &'a str {
        let end = self.rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    fn takes<const N: usize>(&mut self, any: [char; N]) -> bool {
        let stripped = self.rest.strip_prefix(any);
        self.rest = stripped.unwrap_or(self.rest);
        stripped.is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let found = self.rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if found {
            self.rest = &self.rest[word.len()..];
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), TextError> {
        if self.takes([wanted]) { Ok(()) } else { Err(self.wrong()) }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn end(&self) -> Result<(), TextError> {
        if self.is_at_end() { Ok(()) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> TextError {
        TextError::syntax(self.ty, self.text)
    }
}

/// At most fifteen digits by the callers, so nothing overflows.
fn number(digits: &str) -> i64 {
    digits.bytes().fold(0, |number, byte| number * 10 + i64::from(byte - b'0'))
}

/// The digits after the point, rounded to microseconds.
pub(crate) fn fraction_micros(digits: &str) -> i64 {
    if digits.len() <= 6 {
        return number(digits) * 10i64.pow(6 - digits.len() as u32);
    }
    // PostgreSQL rounds the double nearest to the fraction, and so must this.
    (nearest_fraction(digits) * SECOND as f64).round_ties_even() as i64
}

/// The double nearest to `0.digits`. Of numbers that doubles hold exactly, a division yields the nearest.
fn nearest_fraction(digits: &str) -> f64 {
    const EXACT_DIGITS: usize = 15;
    match digits.len() {
        len @ ..=EXACT_DIGITS => number(digits) as f64 / 10i64.pow(len as u32) as f64,
        _ => format!("0.{digits}").parse().unwrap_or(0.0),
    }
}
