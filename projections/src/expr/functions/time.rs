//! Arithmetic with timestamps, dates and intervals; truncation to a unit.

use schemas::text::calendar::{Civil, DAY, HOUR, MINUTE, SECOND, days_of_month};
use schemas::{Interval, Value};

use crate::expr::EvalError;
use crate::expr::function::Kind::{Date, Double, Int4, Interval as Span, Text, Timestamp};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;
use crate::expr::units::{Unit, unit_named, unsupported};

pub(super) static TABLE: &[Function] = &[
    Function::two("+", &[Timestamp, Span], Timestamp, |t, i| shifted(take::timestamp(t)?, take::interval(i)?)),
    Function::two("+", &[Span, Timestamp], Timestamp, |i, t| shifted(take::timestamp(t)?, take::interval(i)?)),
    Function::two("-", &[Timestamp, Span], Timestamp, |t, i| shifted(take::timestamp(t)?, negated(take::interval(i)?)?)),
    Function::two("-", &[Timestamp, Timestamp], Span, elapsed),
    Function::two("+", &[Date, Int4], Date, |d, n| later(take::date(d)?, take::int(n)?)),
    Function::two("+", &[Int4, Date], Date, |n, d| later(take::date(d)?, take::int(n)?)),
    Function::two("-", &[Date, Int4], Date, |d, n| later(take::date(d)?, -take::int(n)?)),
    Function::two("-", &[Date, Date], Int4, |a, b| Ok(Value::Int(i64::from(take::date(a)?) - i64::from(take::date(b)?)))),
    Function::two("+", &[Span, Span], Span, |a, b| sum(take::interval(a)?, take::interval(b)?)),
    Function::two("-", &[Span, Span], Span, |a, b| sum(take::interval(a)?, negated(take::interval(b)?)?)),
    Function::one("-", &[Span], Span, |a| Ok(Value::Interval(negated(take::interval(a)?)?))),
    Function::two("*", &[Span, Double], Span, |i, f| scaled(take::interval(i)?, take::double(f)?, |a, b| a * b)),
    Function::two("*", &[Double, Span], Span, |f, i| scaled(take::interval(i)?, take::double(f)?, |a, b| a * b)),
    Function::two("/", &[Span, Double], Span, divided),
    Function::two("date_trunc", &[Text, Timestamp], Timestamp, date_trunc),
    Function::two("date_trunc", &[Text, Span], Span, interval_trunc),
    Function::two("age", &[Timestamp, Timestamp], Span, |a, b| age(take::timestamp(a)?, take::timestamp(b)?)),
    Function::many("make_date", &[Int4, Int4, Int4], Date, make_date),
    Function::one("to_timestamp", &[Double], Timestamp, to_timestamp),
    Function::one("justify_hours", &[Span], Span, |i| Ok(Value::Interval(justified_hours(take::interval(i)?)?))),
    Function::one("justify_days", &[Span], Span, |i| Ok(Value::Interval(justified_days(take::interval(i)?)?))),
];

const INTERVAL_RANGE: EvalError = EvalError::OutOfRange("interval");
const TIMESTAMP_RANGE: EvalError = EvalError::OutOfRange("timestamp");

/// PostgreSQL's calendar ends before this year.
const END_YEAR: i64 = 294_247;

// === timestamps and dates ===

/// Months first, then days, then the rest: each on the calendar.
fn shifted<'v>(micros: i64, by: Interval) -> Outcome<'v> {
    let (mut days, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    if by.months != 0 {
        days = Civil::of_days(days).plus_months(i64::from(by.months)).days();
    }
    let total = i128::from(days + i64::from(by.days)) * i128::from(DAY) + i128::from(clock) + i128::from(by.micros);
    timestamp_of(total)
}

/// Within PostgreSQL's bounds: from 4714-11-24 BC, and as far as 64 bits go.
fn timestamp_of<'v>(micros: i128) -> Outcome<'v> {
    let first = Civil { year: -4713, month: 11, day: 24 }.days() * DAY;
    let end = i128::from(Civil { year: END_YEAR, month: 1, day: 1 }.days()) * i128::from(DAY);
    if micros < i128::from(first) || micros >= end {
        return Err(TIMESTAMP_RANGE);
    }
    i64::try_from(micros).map(Value::Timestamp).map_err(|_| TIMESTAMP_RANGE)
}

fn elapsed<'v>(later: Value<'v>, earlier: Value<'v>) -> Outcome<'v> {
    let micros = take::timestamp(later)?.checked_sub(take::timestamp(earlier)?).ok_or(INTERVAL_RANGE)?;
    Ok(Value::Interval(justified_hours(Interval { months: 0, days: 0, micros })?))
}

/// What lies between, in whole months as far as they go, then days, then time.
fn age<'v>(later: i64, earlier: i64) -> Outcome<'v> {
    if later < earlier {
        return Ok(Value::Interval(negated(span(earlier, later, Civil::of_days(later.div_euclid(DAY)))?)?));
    }
    span(later, earlier, Civil::of_days(earlier.div_euclid(DAY))).map(Value::Interval)
}

/// Days that are missing are borrowed from the month of `borrowed`.
fn span(later: i64, earlier: i64, borrowed: Civil) -> Result<Interval, EvalError> {
    let (a, b) = (Civil::of_days(later.div_euclid(DAY)), Civil::of_days(earlier.div_euclid(DAY)));
    let mut micros = later.rem_euclid(DAY) - earlier.rem_euclid(DAY);
    let mut days = i64::from(a.day) - i64::from(b.day);
    let mut months = (a.year - b.year) * 12 + i64::from(a.month) - i64::from(b.month);
    if micros < 0 {
        (micros, days) = (micros + DAY, days - 1);
    }
    while days < 0 {
        (days, months) = (days + i64::from(days_of_month(borrowed.year, borrowed.month)), months - 1);
    }
    let months = months.try_into().map_err(|_| INTERVAL_RANGE)?;
    Ok(Interval { months, days: days as i32, micros })
}

fn later<'v>(days: i32, by: i64) -> Outcome<'v> {
    let sum = i64::from(days) + by;
    i32::try_from(sum).ok().filter(|_| is_date(sum)).map(Value::Date).ok_or(EvalError::OutOfRange("date"))
}

/// PostgreSQL's dates go from 4714-11-24 BC to 5874897-12-31.
fn is_date(days: i64) -> bool {
    let (first, last) = (Civil { year: -4713, month: 11, day: 24 }, Civil { year: 5_874_897, month: 12, day: 31 });
    (first.days()..=last.days()).contains(&days)
}

fn make_date(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [year, month, day] = take::all(values)?;
    let (year, month, day) = (take::int(year)?, take::int(month)?, take::int(day)?);
    let wrong = || EvalError::Invalid(format!("date field value out of range: {year}-{month:02}-{day:02}"));
    let astronomical = if year < 0 { year + 1 } else { year };
    let civil = Civil {
        year: astronomical,
        month: u32::try_from(month).map_err(|_| wrong())?,
        day: u32::try_from(day).map_err(|_| wrong())?,
    };
    if year == 0 || !civil.exists() || !is_date(civil.days()) {
        return Err(wrong());
    }
    Ok(Value::Date(civil.days() as i32))
}

fn to_timestamp(seconds: Value<'_>) -> Outcome<'_> {
    /// Seconds from 1970 to 2000, where PostgreSQL counts from, and so where it rounds.
    const EPOCH: f64 = 946_684_800.0;
    let seconds = take::double(seconds)?;
    let since = (seconds - EPOCH) * SECOND as f64;
    if !since.is_finite() || since.abs() > 1e19 {
        return Err(EvalError::Invalid(format!("timestamp out of range: \"{seconds}\"")));
    }
    timestamp_of(since.round_ties_even() as i128 + EPOCH as i128 * i128::from(SECOND))
}

fn date_trunc<'v>(unit: Value<'v>, time: Value<'v>) -> Outcome<'v> {
    const TYPE: &str = "timestamp with time zone";
    let (name, micros) = (take::text(unit)?, take::timestamp(time)?);
    let unit = unit_named(&name, TYPE)?;
    let size = match unit {
        Unit::Microseconds => 1,
        Unit::Milliseconds => 1000,
        Unit::Second => SECOND,
        Unit::Minute => MINUTE,
        Unit::Hour => HOUR,
        Unit::Day => DAY,
        _ => {
            let days = first_day(unit, micros.div_euclid(DAY)).ok_or_else(|| unsupported(&name, TYPE))?;
            return timestamp_of(i128::from(days) * i128::from(DAY));
        }
    };
    Ok(Value::Timestamp(micros - micros.rem_euclid(size)))
}

/// The first day of the week, month, year… that the day is in.
fn first_day(unit: Unit, days: i64) -> Option<i64> {
    let Civil { year, month, .. } = Civil::of_days(days);
    let (year, month) = match unit {
        // 1970-01-01 was a Thursday.
        Unit::Week => return Some(days - (days + 3).rem_euclid(7)),
        Unit::Month => (year, month),
        Unit::Quarter => (year, (month - 1) / 3 * 3 + 1),
        Unit::Year => (year, 1),
        Unit::Decade => (year.div_euclid(10) * 10, 1),
        Unit::Century => ((year - 1).div_euclid(100) * 100 + 1, 1),
        Unit::Millennium => ((year - 1).div_euclid(1000) * 1000 + 1, 1),
        _ => return None,
    };
    Some(Civil { year, month, day: 1 }.days())
}

// === intervals ===

fn sum<'v>(a: Interval, b: Interval) -> Outcome<'v> {
    sum_of_intervals(a, b).map(Value::Interval)
}

/// Each part by itself.
pub(crate) fn sum_of_intervals(a: Interval, b: Interval) -> Result<Interval, EvalError> {
    let months = a.months.checked_add(b.months).ok_or(INTERVAL_RANGE)?;
    let days = a.days.checked_add(b.days).ok_or(INTERVAL_RANGE)?;
    let micros = a.micros.checked_add(b.micros).ok_or(INTERVAL_RANGE)?;
    Ok(Interval { months, days, micros })
}

fn negated(interval: Interval) -> Result<Interval, EvalError> {
    let negative = |Interval { months, days, micros }: Interval| {
        Some(Interval { months: months.checked_neg()?, days: days.checked_neg()?, micros: micros.checked_neg()? })
    };
    negative(interval).ok_or(INTERVAL_RANGE)
}

fn divided<'v>(interval: Value<'v>, divisor: Value<'v>) -> Outcome<'v> {
    part_of_interval(take::interval(interval)?, take::double(divisor)?)
}

/// The interval divided by a number.
pub(crate) fn part_of_interval<'v>(interval: Interval, divisor: f64) -> Outcome<'v> {
    if divisor == 0.0 {
        return Err(EvalError::DivisionByZero);
    }
    scaled(interval, divisor, |a, b| a / b)
}

/// Fractions of months become days of 30 a month, fractions of days become time.
fn scaled<'v>(interval: Interval, factor: f64, operation: fn(f64, f64) -> f64) -> Outcome<'v> {
    const DAY_SECONDS: f64 = (DAY / SECOND) as f64;
    let exact_months = operation(f64::from(interval.months), factor);
    let exact_days = operation(f64::from(interval.days), factor);
    let (months, mut days) = (whole(exact_months)?, i64::from(whole(exact_days)?));
    let month_days = to_micros((exact_months - f64::from(months)) * 30.0);
    let mut seconds = to_micros((exact_days - days as f64 + month_days - month_days.trunc()) * DAY_SECONDS);
    if seconds.abs() >= DAY_SECONDS {
        days += (seconds / DAY_SECONDS) as i64;
        seconds -= (seconds / DAY_SECONDS).trunc() * DAY_SECONDS;
    }
    days += month_days as i64;
    let micros = (operation(interval.micros as f64, factor) + seconds * SECOND as f64).round_ties_even();
    if micros.is_nan() || micros.abs() >= 9.2e18 {
        return Err(INTERVAL_RANGE);
    }
    Ok(Value::Interval(Interval { months, days: days.try_into().map_err(|_| INTERVAL_RANGE)?, micros: micros as i64 }))
}

fn whole(number: f64) -> Result<i32, EvalError> {
    if (-2_147_483_648.0..2_147_483_648.0).contains(&number) { Ok(number as i32) } else { Err(INTERVAL_RANGE) }
}

/// A number rounded to six digits.
fn to_micros(number: f64) -> f64 {
    (number * SECOND as f64).round_ties_even() / SECOND as f64
}

fn justified_hours(interval: Interval) -> Result<Interval, EvalError> {
    let carried = i32::try_from(interval.micros / DAY).map_err(|_| INTERVAL_RANGE)?;
    let mut days = interval.days.checked_add(carried).ok_or(INTERVAL_RANGE)?;
    let mut micros = interval.micros % DAY;
    if days > 0 && micros < 0 {
        (days, micros) = (days - 1, micros + DAY);
    } else if days < 0 && micros > 0 {
        (days, micros) = (days + 1, micros - DAY);
    }
    Ok(Interval { days, micros, ..interval })
}

fn justified_days(interval: Interval) -> Result<Interval, EvalError> {
    let mut months = interval.months.checked_add(interval.days / 30).ok_or(INTERVAL_RANGE)?;
    let mut days = interval.days % 30;
    if months > 0 && days < 0 {
        (months, days) = (months - 1, days + 30);
    } else if months < 0 && days > 0 {
        (months, days) = (months + 1, days - 30);
    }
    Ok(Interval { months, days, ..interval })
}

fn interval_trunc<'v>(unit: Value<'v>, interval: Value<'v>) -> Outcome<'v> {
    let (name, Interval { months, days, micros }) = (take::text(unit)?, take::interval(interval)?);
    let clock = |size: i64| Interval { months, days, micros: micros - micros % size };
    let calendar = |size: i32| Interval { months: months - months % size, days: 0, micros: 0 };
    Ok(Value::Interval(match unit_named(&name, "interval")? {
        Unit::Microseconds => clock(1),
        Unit::Milliseconds => clock(1000),
        Unit::Second => clock(SECOND),
        Unit::Minute => clock(MINUTE),
        Unit::Hour => clock(HOUR),
        Unit::Day => Interval { months, days, micros: 0 },
        Unit::Month => calendar(1),
        Unit::Quarter => calendar(3),
        Unit::Year => calendar(12),
        Unit::Decade => calendar(120),
        Unit::Century => calendar(1200),
        Unit::Millennium => calendar(12_000),
        _ => return Err(unsupported(&name, "interval")),
    }))
}
