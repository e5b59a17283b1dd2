//! Parts of a point in time: `extract`, exact, and `date_part`, as a double.

use schemas::text::calendar::{Civil, DAY, HOUR, MINUTE};
use schemas::{Decimal, Interval, Value};

use crate::expr::EvalError;
use crate::expr::decimal;
use crate::expr::function::Kind::{Date, Decimal as Numeric, Double, Interval as Span, Text, Timestamp};
use crate::expr::function::{Function, Outcome};
use crate::expr::number::decimal_to_double;
use crate::expr::take;
use crate::expr::units::{Unit, unit_named, unsupported};

pub(super) static TABLE: &[Function] = &[
    Function::two("extract", &[Text, Timestamp], Numeric, |u, t| exact(of_timestamp(&take::text(u)?, take::timestamp(t)?))),
    Function::two("extract", &[Text, Date], Numeric, |u, d| exact(of_date(&take::text(u)?, take::date(d)?))),
    Function::two("extract", &[Text, Span], Numeric, |u, i| exact(of_interval(&take::text(u)?, take::interval(i)?))),
    Function::two("date_part", &[Text, Timestamp], Double, |u, t| inexact(of_timestamp(&take::text(u)?, take::timestamp(t)?))),
    Function::two("date_part", &[Text, Date], Double, |u, d| inexact(of_midnight(&take::text(u)?, take::date(d)?))),
    Function::two("date_part", &[Text, Span], Double, |u, i| inexact(of_interval(&take::text(u)?, take::interval(i)?))),
];

type Part = Result<Decimal, EvalError>;

fn exact<'v>(part: Part) -> Outcome<'v> {
    part.map(Value::Decimal)
}

fn inexact<'v>(part: Part) -> Outcome<'v> {
    part.map(|part| Value::Double(decimal_to_double(part)))
}

/// Microseconds shown in a larger unit, with this many digits after the point.
fn micros_at(micros: i64, scale: u32) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(micros), scale)
}

fn of_timestamp(name: &str, micros: i64) -> Part {
    const TYPE: &str = "timestamp with time zone";
    let (days, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let unit = unit_named(name, TYPE)?;
    Ok(match unit {
        Unit::Epoch => micros_at(micros, 6),
        Unit::Julian => return julian(days, clock),
        Unit::Zone | Unit::ZoneHour | Unit::ZoneMinute => Decimal::ZERO,
        _ => match of_clock(unit, clock) {
            Some(part) => part,
            None => of_day(unit, days).map(Decimal::from).ok_or_else(|| unsupported(name, TYPE))?,
        },
    })
}

/// Of a date as a timestamp without time zone.
fn of_midnight(name: &str, days: i32) -> Part {
    const TYPE: &str = "timestamp without time zone";
    match unit_named(name, TYPE)? {
        Unit::Zone | Unit::ZoneHour | Unit::ZoneMinute => Err(unsupported(name, TYPE)),
        _ => of_timestamp(name, i64::from(days) * DAY),
    }
}

fn of_date(name: &str, days: i32) -> Part {
    let days = i64::from(days);
    match unit_named(name, "date")? {
        Unit::Epoch => Ok(Decimal::from(days * (DAY / 1_000_000))),
        Unit::Julian => Ok(Decimal::from(days + JULIAN_EPOCH)),
        unit => of_day(unit, days).map(Decimal::from).ok_or_else(|| unsupported(name, "date")),
    }
}

/// The Julian day of 1970-01-01.
pub(super) const JULIAN_EPOCH: i64 = 2_440_588;

fn julian(days: i64, clock: i64) -> Part {
    decimal::add(Decimal::from(days + JULIAN_EPOCH), decimal::quotient(Decimal::from(clock), Decimal::from(DAY))?)
}

fn of_clock(unit: Unit, clock: i64) -> Option<Decimal> {
    Some(match unit {
        Unit::Microseconds => Decimal::from(clock % MINUTE),
        Unit::Milliseconds => micros_at(clock % MINUTE, 3),
        Unit::Second => micros_at(clock % MINUTE, 6),
        Unit::Minute => Decimal::from(clock / MINUTE % 60),
        Unit::Hour => Decimal::from(clock / HOUR),
        _ => return None,
    })
}

pub(super) fn of_day(unit: Unit, days: i64) -> Option<i64> {
    let civil = Civil::of_days(days);
    let year = civil.year;
    Some(match unit {
        Unit::Day => i64::from(civil.day),
        Unit::Month => i64::from(civil.month),
        Unit::Quarter => i64::from(civil.month - 1) / 3 + 1,
        Unit::Year => shown_year(year),
        Unit::Decade => year.div_euclid(10),
        Unit::Century => past_zero(year, 100),
        Unit::Millennium => past_zero(year, 1000),
        // 1970-01-01 was a Thursday.
        Unit::DayOfWeek => (days + 4).rem_euclid(7),
        Unit::IsoDayOfWeek => (days + 3).rem_euclid(7) + 1,
        Unit::DayOfYear => days - Civil { year, month: 1, day: 1 }.days() + 1,
        Unit::Week => iso_week(days).1,
        Unit::IsoYear => shown_year(iso_week(days).0),
        _ => return None,
    })
}

/// There is no year 0: before 1 comes -1.
fn shown_year(year: i64) -> i64 {
    if year > 0 { year } else { year - 1 }
}

/// The number of the century or millennium; there is no number 0 either.
fn past_zero(year: i64, size: i64) -> i64 {
    if year > 0 { (year + size - 1) / size } else { -((size - 1 - (year - 1)) / size) }
}

/// Year and number of the ISO week, which belongs to the year that its Thursday is in.
pub(super) fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let year = Civil::of_days(thursday).year;
    (year, (thursday - Civil { year, month: 1, day: 1 }.days()) / 7 + 1)
}

fn of_interval(name: &str, interval: Interval) -> Part {
    let unit = unit_named(name, "interval")?;
    let (years, months) = (i64::from(interval.months / 12), i64::from(interval.months % 12));
    Ok(Decimal::from(match unit {
        Unit::Epoch => return interval_epoch(interval),
        Unit::Hour => interval.micros / HOUR,
        Unit::Day => i64::from(interval.days),
        Unit::Month => months,
        Unit::Quarter => months / 3 + 1,
        Unit::Year => years,
        Unit::Decade => years / 10,
        Unit::Century => years / 100,
        Unit::Millennium => years / 1000,
        _ => return of_clock(unit, interval.micros).ok_or_else(|| unsupported(name, "interval")),
    }))
}

/// In seconds; a year has 365.25 days here, and a month that makes no year has 30.
fn interval_epoch(interval: Interval) -> Part {
    let (years, months) = (i128::from(interval.months / 12), i128::from(interval.months % 12));
    let quarter_days = years * 1461 + (months * 30 + i128::from(interval.days)) * 4;
    let micros = quarter_days * i128::from(DAY / 4) + i128::from(interval.micros);
    decimal::fit(ethnum::I256::from(micros), 6)
}
