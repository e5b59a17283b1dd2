//! Names of the units of time that `date_trunc`, `extract` and `date_part` take.

use super::EvalError;

/// A unit or part of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    Epoch,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Julian,
    Zone,
    ZoneHour,
    ZoneMinute,
}

const NAMES: &[(Unit, &[&str])] = &[
    (Unit::Day, &["day", "d", "days"]),
    (Unit::Month, &["month", "mon", "mons", "months"]),
    (Unit::Year, &["year", "y", "yr", "yrs", "years"]),
    (Unit::Hour, &["hour", "h", "hr", "hrs", "hours"]),
    (Unit::Week, &["week", "w", "weeks"]),
    (Unit::Minute, &["minute", "m", "min", "mins", "minutes"]),
    (Unit::Second, &["second", "s", "sec", "secs", "seconds"]),
    (Unit::Quarter, &["quarter", "qtr"]),
    (Unit::Epoch, &["epoch"]),
    (Unit::Microseconds, &["microseconds", "us", "usec", "usecs", "usecond", "useconds", "microsecon", "microsecond"]),
    (Unit::Milliseconds, &["milliseconds", "ms", "msec", "msecs", "msecond", "mseconds", "millisecon", "millisecond"]),
    (Unit::Decade, &["decade", "dec", "decs", "decades"]),
    (Unit::Century, &["century", "c", "cent", "centuries"]),
    (Unit::Millennium, &["millennium", "mil", "mils", "millennia"]),
    (Unit::DayOfWeek, &["dow"]),
    (Unit::IsoDayOfWeek, &["isodow"]),
    (Unit::DayOfYear, &["doy"]),
    (Unit::IsoYear, &["isoyear"]),
    (Unit::Julian, &["julian", "j", "jd"]),
    (Unit::Zone, &["timezone"]),
    (Unit::ZoneHour, &["timezone_hour", "timezone_h"]),
    (Unit::ZoneMinute, &["timezone_minute", "timezone_m"]),
];

/// The unit of this name; the error names the type that it was asked of.
pub fn unit_named(name: &str, ty: &str) -> Result<Unit, EvalError> {
    let known = NAMES.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    known
        .map(|(unit, _)| *unit)
        .ok_or_else(|| EvalError::Invalid(format!("unit \"{}\" not recognized for type {ty}", name.to_ascii_lowercase())))
}

/// That the type has no such unit, in PostgreSQL's words.
pub fn unsupported(name: &str, ty: &str) -> EvalError {
    EvalError::Invalid(format!("unit \"{}\" not supported for type {ty}", name.to_ascii_lowercase()))
}
