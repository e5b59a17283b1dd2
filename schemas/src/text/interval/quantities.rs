//! Quantities with units: `1 mon 2 days 03:04:05`, `1.5 hours ago`, `1-2`.

use super::{Number, Sum, Unit, Wrong, take_number};
use crate::text::calendar::{HOUR, MINUTE, SECOND};
use crate::text::datetime::fraction_micros;
use crate::text::is_space;

/// The units that a digit may follow without a space.
const BEFORE_DIGITS: [&str; 7] = ["y", "mon", "d", "h", "m", "s", "dec"];

/// The quantities of the text. It is read from its end, for a number's unit follows it.
pub(super) fn verbose(text: &str) -> Result<Sum, Wrong> {
    let unit = Some(Unit::Micros(SECOND));
    let mut quantities = Quantities { sum: Sum::default(), unit, seen: Vec::new(), is_ago: false };
    for word in words(text).ok_or(Wrong::Form)?.into_iter().rev() {
        quantities.add(word)?;
    }
    match quantities {
        Quantities { seen, .. } if seen.is_empty() => Err(Wrong::Form),
        Quantities { sum, is_ago: true, .. } => Ok(sum.negated()),
        Quantities { sum, .. } => Ok(sum),
    }
}

/// Numbers and names; `None` where something is neither.
fn words(text: &str) -> Option<Vec<&str>> {
    let is_gap = |c: char| is_space(c) || matches!(c, ',' | '@');
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_gap);
    while let Some(first) = rest.chars().next() {
        let is_name = first.is_ascii_alphabetic();
        let is_part = |c: char| if is_name { c.is_ascii_alphabetic() } else { c.is_ascii_digit() || ".:+-".contains(c) };
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() || is_name && runs_on(word, after) || word.starts_with("+.") || word.starts_with("-.") {
            return None;
        }
        words.push(word);
        rest = after.trim_start_matches(is_gap);
    }
    Some(words)
}

/// Whether a name goes on with what is no part of a name.
fn runs_on(name: &str, after: &str) -> bool {
    let is_before_digits = BEFORE_DIGITS.iter().any(|unit| name.eq_ignore_ascii_case(unit));
    after.starts_with(['-', '.']) || !is_before_digits && after.starts_with(|c: char| c.is_ascii_digit())
}

/// What was read from the end so far.
struct Quantities {
    sum: Sum,
    /// The unit of a number that stands before; `ago` is none's.
    unit: Option<Unit>,
    /// No unit can be given twice.
    seen: Vec<Unit>,
    is_ago: bool,
}

impl Quantities {
    fn add(&mut self, word: &str) -> Result<(), Wrong> {
        if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.name(&word.to_ascii_lowercase());
        }
        if word.contains(':') {
            return self.time(word);
        }
        match take_number(word)? {
            (number, "") => self.quantity(&number, self.unit.ok_or(Wrong::Form)?),
            (years, months) if years.fraction == 0.0 => {
                self.years_and_months(&years, months.strip_prefix('-').ok_or(Wrong::Form)?)
            }
            _ => Err(Wrong::Form),
        }
    }

    fn name(&mut self, name: &str) -> Result<(), Wrong> {
        self.is_ago |= name == "ago";
        self.unit = if name == "ago" { None } else { Some(unit_named(name).ok_or(Wrong::Form)?) };
        Ok(())
    }

    fn quantity(&mut self, number: &Number, unit: Unit) -> Result<(), Wrong> {
        self.see(unit)?;
        if unit == Unit::Micros(SECOND) && number.fraction != 0.0 {
            // Such seconds are milliseconds and microseconds too.
            self.see(Unit::Micros(1000))?;
            self.see(Unit::Micros(1))?;
        }
        self.unit = Some(unit);
        self.sum.add(number, unit);
        Ok(())
    }

    /// A number before a time of day counts days.
    fn time(&mut self, word: &str) -> Result<(), Wrong> {
        for unit in [HOUR, MINUTE, SECOND] {
            self.see(Unit::Micros(unit))?;
        }
        self.sum.micros += i128::from(clock(word)?);
        self.unit = Some(Unit::Days(1));
        Ok(())
    }

    /// `1-2`
    fn years_and_months(&mut self, years: &Number, months: &str) -> Result<(), Wrong> {
        let is_number = !months.is_empty() && months.bytes().all(|b| b.is_ascii_digit());
        let months: i64 = if is_number { months.parse().map_err(|_| Wrong::Range)? } else { return Err(Wrong::Form) };
        if months > 11 {
            return Err(Wrong::Range);
        }
        let months = if years.is_negative { -months } else { months };
        self.sum.months += i128::from(years.whole) * 12;
        self.quantity(&Number { whole: months, ..*years }, Unit::Months(1))
    }

    fn see(&mut self, unit: Unit) -> Result<(), Wrong> {
        if self.seen.contains(&unit) {
            return Err(Wrong::Form);
        }
        self.seen.push(unit);
        Ok(())
    }
}

/// `hh:mm`, `hh:mm:ss.f`; `mm:ss.f` where there is a fraction and one colon only.
fn clock(text: &str) -> Result<i64, Wrong> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (unsigned, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = unsigned.split(':').collect();
    if !parts.iter().all(|part| is_number(part)) || !(fraction.is_empty() || is_number(fraction)) {
        return Err(Wrong::Form);
    }
    let numbers = parts.iter().map(|part| part.parse().map_err(|_| Wrong::Range)).collect::<Result<Vec<i64>, Wrong>>()?;
    let (hour, minute, second) = match numbers[..] {
        [minute, second] if !fraction.is_empty() => (0, minute, second),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(Wrong::Form),
    };
    if minute > 59 || second > 60 {
        return Err(Wrong::Range);
    }
    let below_hour = minute * MINUTE + second * SECOND + fraction_micros(fraction);
    let micros = hour.checked_mul(HOUR).and_then(|micros| micros.checked_add(below_hour)).ok_or(Wrong::Range)?;
    Ok(if text.starts_with('-') { -micros } else { micros })
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
