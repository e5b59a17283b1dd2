//! Dates and times as JSON Schema's formats mean them: RFC 3339, which is narrower than what PostgreSQL reads.

use crate::text::calendar::{Civil, DAY, HOUR, MINUTE, SECOND};

/// Microseconds since 1970-01-01T00:00:00Z of a `date-time`; a finer fraction is rounded as PostgreSQL rounds it.
pub(crate) fn parse_date_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let days = i64::from(parse_date(text.get(..10)?)?);
    let clock: &[u8; 9] = bytes.get(10..)?.first_chunk()?;
    if !matches!(clock[0], b'T' | b't' | b' ') || clock[3] != b':' || clock[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(clock[1], clock[2])?, two(clock[4], clock[5])?, two(clock[7], clock[8])?);
    // A leap second is the first of the next minute, as PostgreSQL has it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = split_fraction(&text[19..])?;
    Some(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + fraction - offset(zone.as_bytes())?)
}

/// Days since 1970-01-01 of a `date`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text.as_bytes() else { return None };
    let (year, month, day) = (two(a, b)? * 100 + two(c, d)?, two(e, f)? as u32, two(g, h)? as u32);
    let civil = Civil { year, month, day };
    // Year 0 is one that PostgreSQL does not know.
    if year == 0 || !civil.exists() { None } else { i32::try_from(civil.days()).ok() }
}

/// Microseconds of a fraction, if there is one, and what follows it.
fn split_fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(fraction) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let len = fraction.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, zone) = fraction.split_at(len);
    if len == 0 { None } else { Some((crate::text::fraction_micros(digits), zone)) }
}

/// Microseconds east of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let (hours, minutes) = (two(a, b)?, two(c, d)?);
            let distance = hours * HOUR + minutes * MINUTE;
            if hours > 23 || minutes > 59 { None } else { Some(if sign == b'-' { -distance } else { distance }) }
        }
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() { Some(i64::from((tens - b'0') * 10 + ones - b'0')) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01t00:00:01z", Some(1_000_000)),
            ("1970-01-01 00:00:00.5Z", Some(500_000)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31T23:30:00-00:30", Some(0)),
            ("1969-12-31T23:59:60Z", Some(0)),
            ("1970-01-01T00:00:00.0000015Z", Some(2)),
            ("2026-01-01T00:00:00.123456Z", Some(1_767_225_600_123_456)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000_000)),
            ("2025-02-29T00:00:00Z", None),
            ("0000-01-01T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:60:00Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00.Z", None),
            ("2026-01-01T00:00:00.5", None),
            ("2026-01-01T00:00Z", None),
            ("2026-01-01", None),
            ("2026-01-01T00:00:00+24:00", None),
            ("2026-01-01T00:00:00+0100", None),
            ("2026-01-01T00:00:00Zx", None),
            ("2026-01-01T00:00:0éZ", None),
            ("20260101T000000Z", None),
            ("now", None),
            ("", None),
        ] {
            assert_eq!(parse_date_time(text), expect, "{text}");
        }
    }

    #[test]
    fn dates() {
        for (text, expect) in [
            ("1970-01-02", Some(1)),
            ("1969-12-31", Some(-1)),
            ("9999-12-31", Some(2_932_896)),
            ("2026-13-01", None),
            ("2026-00-01", None),
            ("2026-1-01", None),
            ("2026-01-01Z", None),
            ("2026-01-é", None),
        ] {
            assert_eq!(parse_date(text), expect, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_what_postgresql_reads_the_same(text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:([0-5][0-9](\.[0-9]{1,9})?|60)(Z|[+-]1[0-5]:[0-5][0-9])") {
            if let Some(micros) = parse_date_time(&text) {
                proptest::prop_assert_eq!(crate::text::parse(&text, &crate::Type::Timestamp), Ok(crate::Value::Timestamp(micros)));
            }
        }
    }
}
