//! `to_char` of a point in time: the patterns that do not depend on a language, a calendar era or a session.

use std::fmt::Write;

use schemas::Value;
use schemas::text::calendar::{Civil, DAY, HOUR, MINUTE, SECOND};

use super::time_parts::{iso_week, of_day};
use crate::expr::EvalError;
use crate::expr::function::Kind::{Text, Timestamp};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;
use crate::expr::units::Unit;

pub(super) static TABLE: &[Function] = &[Function::two("to_char", &[Timestamp, Text], Text, to_char)];

/// A piece of a format.
#[derive(Clone, Debug, PartialEq)]
enum Piece<'f> {
    /// Copied as it is.
    Copied(&'f str),
    /// A part of the time; `filled` says whether it is padded to its width.
    Part { pattern: &'static str, filled: bool },
}

/// The patterns, in such an order that the longest that fits comes first.
const PATTERNS: &[&str] = &[
    "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "IDDD", "ID", "IW", "I", "MONTH", "Month", "month", "MON", "Mon",
    "mon", "MM", "MI", "MS", "DAY", "Day", "day", "DY", "Dy", "dy", "DDD", "DD", "D", "HH24", "HH12", "HH", "SSSSS", "SSSS",
    "SS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "AM", "PM", "am", "pm", "WW", "W", "CC", "J", "Q", "TZH", "TZM", "TZ",
    "tz", "OF",
];

/// What PostgreSQL knows and this does not; in small letters, in which most patterns can be written too.
const UNSUPPORTED: &[&str] = &["a.m.", "p.m.", "a.d.", "b.c.", "ad", "bc", "rm", "fx", "tm", "sp"];

fn to_char<'v>(time: Value<'v>, format: Value<'v>) -> Outcome<'v> {
    let (moment, format) = (Moment::of(take::timestamp(time)?), take::text(format)?);
    if format.is_empty() {
        return Ok(Value::Null);
    }
    let mut out = String::new();
    for piece in pieces(&format)? {
        match piece {
            Piece::Copied(text) => out.push_str(text),
            Piece::Part { pattern, filled } => moment.print(pattern, filled, &mut out),
        }
    }
    Ok(Value::Text(out.into()))
}

/// Takes a format apart.
fn pieces(format: &str) -> Result<Vec<Piece<'_>>, EvalError> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let (piece, after) = match first {
            '"' => quoted(&rest[1..]),
            '\\' => return Err(unsupported(rest)),
            _ => pattern(rest)?.unwrap_or_else(|| {
                let (char, after) = rest.split_at(first.len_utf8());
                (Piece::Copied(char), after)
            }),
        };
        pieces.push(piece);
        rest = after;
    }
    Ok(pieces)
}

fn quoted(text: &str) -> (Piece<'_>, &str) {
    let (inside, after) = text.split_once('"').unwrap_or((text, ""));
    (Piece::Copied(inside), after)
}

/// The pattern that the text starts with, and what follows it.
fn pattern(text: &str) -> Result<Option<(Piece<'_>, &str)>, EvalError> {
    let (filled, rest) = match text.strip_prefix("FM").or_else(|| text.strip_prefix("fm")) {
        Some(rest) => (false, rest),
        None => (true, text),
    };
    let is_prefix = |known: &&str| rest.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known));
    if UNSUPPORTED.iter().any(is_prefix) {
        return Err(unsupported(rest));
    }
    let exact = PATTERNS.iter().find(|known| rest.starts_with(**known));
    let Some(pattern) = exact.or_else(|| PATTERNS.iter().find(|known| is_prefix(known) && is_numeric(known))) else {
        return if filled { Ok(None) } else { Err(unsupported(text)) };
    };
    let after = &rest[pattern.len()..];
    if after.get(..2).is_some_and(|suffix| suffix.eq_ignore_ascii_case("th")) && is_numeric(pattern) {
        return Err(unsupported(rest));
    }
    Ok(Some((Piece::Part { pattern, filled }, after)))
}

/// Patterns of numbers may be written in small letters too; those of words show by their letters how the word is written.
fn is_numeric(pattern: &str) -> bool {
    !["month", "mon", "day", "dy", "am", "pm", "tz"].iter().any(|words| pattern.eq_ignore_ascii_case(words))
}

fn unsupported(format: &str) -> EvalError {
    let shown: String = format.chars().take(20).collect();
    EvalError::Invalid(format!("to_char does not know the pattern at \"{shown}\" here"))
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Names are padded to the longest of them.
const NAME_WIDTH: usize = 9;

/// A point in time, taken apart.
struct Moment {
    days: i64,
    clock: i64,
    civil: Civil,
}

impl Moment {
    fn of(micros: i64) -> Moment {
        let days = micros.div_euclid(DAY);
        Moment { days, clock: micros.rem_euclid(DAY), civil: Civil::of_days(days) }
    }

    fn print(&self, pattern: &str, filled: bool, out: &mut String) {
        if let Some(name) = self.name(pattern) {
            out.push_str(&cased(name, pattern));
            if filled && (pattern.len() > 3 || pattern.eq_ignore_ascii_case("day")) {
                out.extend(std::iter::repeat_n(' ', NAME_WIDTH - name.len()));
            }
            return;
        }
        let (number, width) = self.number(pattern);
        match pattern {
            "Y,YYY" => {
                let _ = write!(out, "{},{:03}", number / 1000, number % 1000);
            }
            _ => {
                let sign = usize::from(number < 0);
                let _ = write!(out, "{number:0width$}", width = if filled { width + sign } else { 0 });
            }
        }
    }

    /// What is a word, or looks like one.
    fn name(&self, pattern: &str) -> Option<&'static str> {
        let month = MONTHS[self.civil.month as usize - 1];
        let day = DAYS[(self.days + 4).rem_euclid(7) as usize];
        Some(match pattern.to_ascii_lowercase().as_str() {
            "month" => month,
            "mon" => &month[..3],
            "day" => day,
            "dy" => &day[..3],
            "am" | "pm" if self.clock < DAY / 2 => "AM",
            "am" | "pm" => "PM",
            "tz" => "UTC",
            "of" | "tzh" => "+00",
            _ => return None,
        })
    }

    /// The number of a pattern, and how many digits it is padded to.
    fn number(&self, pattern: &str) -> (i64, usize) {
        let part = |unit| of_day(unit, self.days).unwrap_or(0);
        // Years before Christ have the same digits; only the century shows the sign.
        let (year, iso_year) = (part(Unit::Year).abs(), part(Unit::IsoYear).abs());
        let second_micros = self.clock % SECOND;
        match pattern {
            "YYYY" | "Y,YYY" => (year, 4),
            "YYY" => (year % 1000, 3),
            "YY" => (year % 100, 2),
            "Y" => (year % 10, 1),
            "IYYY" => (iso_year, 4),
            "IYY" => (iso_year % 1000, 3),
            "IY" => (iso_year % 100, 2),
            "I" => (iso_year % 10, 1),
            "MM" => (i64::from(self.civil.month), 2),
            "DD" => (i64::from(self.civil.day), 2),
            "DDD" => (part(Unit::DayOfYear), 3),
            "IDDD" => ((iso_week(self.days).1 - 1) * 7 + part(Unit::IsoDayOfWeek), 3),
            "D" => (part(Unit::DayOfWeek) + 1, 1),
            "ID" => (part(Unit::IsoDayOfWeek), 1),
            "WW" => ((part(Unit::DayOfYear) - 1) / 7 + 1, 2),
            "W" => ((i64::from(self.civil.day) - 1) / 7 + 1, 1),
            "IW" => (part(Unit::Week), 2),
            "Q" => (part(Unit::Quarter), 1),
            "CC" => (part(Unit::Century), 2),
            "J" => (self.days + super::time_parts::JULIAN_EPOCH, 1),
            "HH24" => (self.clock / HOUR, 2),
            "HH12" | "HH" => ((self.clock / HOUR + 11) % 12 + 1, 2),
            "MI" => (self.clock / MINUTE % 60, 2),
            "SS" => (self.clock / SECOND % 60, 2),
            "SSSS" | "SSSSS" => (self.clock / SECOND, 1),
            "MS" | "FF3" => (second_micros / 1000, 3),
            "US" | "FF6" => (second_micros, 6),
            "FF1" => (second_micros / 100_000, 1),
            "FF2" => (second_micros / 10_000, 2),
            "FF4" => (second_micros / 100, 4),
            "FF5" => (second_micros / 10, 5),
            // TZM: minutes off UTC.
            _ => (0, 2),
        }
    }
}

/// The name in the letters of its pattern.
fn cased(name: &str, pattern: &str) -> String {
    let mut letters = pattern.chars().map(|c| c.is_ascii_uppercase());
    match (letters.next(), letters.next()) {
        (Some(false), _) => name.to_lowercase(),
        (_, Some(false)) => name.to_owned(),
        _ => name.to_uppercase(),
    }
}

/// What is wrong with a format, said when the expression is compiled.
pub(in crate::expr) fn check_format(format: &str) -> Result<(), EvalError> {
    pieces(format).map(|_| ())
}
