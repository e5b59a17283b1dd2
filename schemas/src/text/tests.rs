//! The text forms of values, as PostgreSQL reads and writes them.

use proptest::prelude::*;

use super::*;
use crate::{Decimal, Interval};

fn check(ty: Type, cases: &[(&str, &str)]) {
    for (text, expect) in cases {
        let shown = match parse(text, &ty) {
            Ok(value) => {
                let mut out = String::new();
                print(&value, &mut out);
                out
            }
            Err(error) => format!("ERROR: {error}"),
        };
        assert_eq!(&shown, expect, "{text:?} as {ty}");
    }
}

#[test]
fn booleans() {
    check(
        Type::Bool,
        &[(" TRUE", "t"), ("y", "t"), ("of", "f"), ("0", "f"), ("o", "ERROR: invalid input syntax for type boolean: \"o\"")],
    );
}

#[test]
fn integers() {
    check(Type::Int8, &[(" -9223372036854775808 ", "-9223372036854775808"), ("+7", "7")]);
    check(Type::Int8, &[("9223372036854775808", "ERROR: value \"9223372036854775808\" is out of range for type bigint")]);
    check(Type::Int4, &[("1.0", "ERROR: invalid input syntax for type integer: \"1.0\"")]);
}

#[test]
fn doubles() {
    check(
        Type::Double,
        &[
            ("1e20", "1e+20"),
            ("100000000000000", "100000000000000"),
            ("1e15", "1e+15"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0", "-0"),
            ("123.25", "123.25"),
            ("inf", "Infinity"),
            ("-Infinity", "-Infinity"),
            ("NaN", "NaN"),
            ("5e-324", "5e-324"),
            // Exactly halfway to the next double, which PostgreSQL does not rely on.
            ("2.4999999775e18", "2.4999999775000003e+18"),
            ("-18888888888888890000e-3", "-1.8888888888888888e+16"),
            ("6.041522986797286e16", "6.0415229867972864e+16"),
            ("9007199254740992", "9.007199254740992e+15"),
            ("9007199254740993", "9.007199254740992e+15"),
            ("1e22", "1e+22"),
            ("1e23", "9.999999999999999e+22"),
            ("9007199254740996", "9.007199254740996e+15"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("1e400", "ERROR: value \"1e400\" is out of range for type double precision"),
        ],
    );
}

#[test]
fn decimals() {
    check(
        Type::Decimal,
        &[
            ("1.50", "1.50"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("1e5", "100000"),
            ("1.5e-3", "0.0015"),
            ("1.50e1", "15.0"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("79228162514264337593543950336", "ERROR: value \"79228162514264337593543950336\" is out of range for type numeric"),
            ("abc", "ERROR: invalid input syntax for type numeric: \"abc\""),
        ],
    );
}

#[test]
fn timestamps() {
    check(
        Type::Timestamp,
        &[
            ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00+00"),
            ("2026-01-01 00:00:00+00", "2026-01-01 00:00:00+00"),
            ("2026-01-01t10:00:00.1234567-08:30", "2026-01-01 18:30:00.123457+00"),
            ("2026-01-01", "2026-01-01 00:00:00+00"),
            ("2026-1-2 3:04 UTC", "2026-01-02 03:04:00+00"),
            ("2026-01-01 24:00:00", "2026-01-02 00:00:00+00"),
            ("2016-12-31T23:59:60Z", "2017-01-01 00:00:00+00"),
            ("0044-03-15 12:00:00 BC", "0044-03-15 12:00:00+00 BC"),
            ("2026-02-29", "ERROR: date/time field value out of range: \"2026-02-29\""),
            ("soon", "ERROR: invalid input syntax for type timestamp with time zone: \"soon\""),
        ],
    );
    check(Type::Date, &[("2024-02-29", "2024-02-29"), ("2026-01-01T23:00:00-05:00", "2026-01-01"), ("1969-12-31", "1969-12-31")]);
}

#[test]
fn intervals() {
    check(
        Type::Interval,
        &[
            ("90 days", "90 days"),
            ("1 mon 2 days 03:04:05", "1 mon 2 days 03:04:05"),
            ("1 year", "1 year"),
            ("-1 year 2 days", "-1 years +2 days"),
            ("1.5 days", "1 day 12:00:00"),
            ("1.5 months", "1 mon 15 days"),
            ("2 hours ago", "-02:00:00"),
            ("90", "00:01:30"),
            ("0 days", "00:00:00"),
            ("P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"),
            ("1 04:05:06", "1 day 04:05:06"),
            ("-1 04:05:06", "-1 days +04:05:06"),
            ("1-2 3 04:05:06", "1 year 2 mons 3 days 04:05:06"),
            ("-1-2", "-1 years -2 mons"),
            ("-0-2", "-2 mons"),
            ("0:0:60", "00:01:00"),
            ("4:05.5", "00:04:05.5"),
            ("1 month ago 2 days", "-1 mons -2 days"),
            ("@ 1d2h, 3\tmin", "1 day 02:03:00"),
            ("1y2mon3d4h5m6s", "1 year 2 mons 3 days 04:05:06"),
            ("1 day 2", "1 day 00:00:02"),
            ("PT", "00:00:00"),
        ],
    );
    for text in [
        "1w2d",
        "1d-2h",
        "1 ago",
        "0 us 1.5",
        "3 1-2",
        "1.5-2",
        "-.5 days",
        "P+1Y",
        "a while",
        "ago",
        "@",
        "",
        "P",
        "1 2",
        "1 day 1 day",
        "2 1 day",
        "1 day2 hours",
        "1:2:3 4",
        "1 4:5 1 hour",
        "\u{2003}1 day",
    ] {
        check(Type::Interval, &[(text, &format!("ERROR: invalid input syntax for type interval: \"{text}\""))]);
    }
    for text in ["0:60", "1-12", "2147483648 days", "99999999999999999999 days", "9223372036854775808 us"] {
        check(Type::Interval, &[(text, &format!("ERROR: interval field value out of range: \"{text}\""))]);
    }
}

#[test]
fn uuids_and_arrays() {
    let canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    check(Type::Uuid, &[("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", canonical), ("{a0eebc999c0b4ef8bb6d6bb9bd380a11}", canonical)]);
    check(
        Type::Array(Box::new(Type::Int8)),
        &[("{1, 2,NULL}", "{1,2,NULL}"), ("{}", "{}"), ("1", "ERROR: malformed array literal: \"1\"")],
    );
    let spaces = "{\u{2003}a,\"b\" ,\u{a0}}";
    check(Type::Array(Box::new(Type::Text)), &[(spaces, "{\u{2003}a,b,\u{a0}}")]);
    check(Type::Array(Box::new(Type::Text)), &[(r#"{a b,"","null","q\"\\",é}"#, r#"{"a b","","null","q\"\\",é}"#)]);
}

fn types() -> Vec<Type> {
    let scalars = Type::SCALARS.into_iter().filter(|ty| *ty != Type::JSON);
    let arrays = scalars.clone().map(|item| Type::Array(Box::new(item)));
    scalars.chain(arrays).chain([Type::JSON]).collect()
}

/// Values, each with its type, as far as text and back again is exact.
fn value() -> impl Strategy<Value = (Type, Value<'static>)> {
    let micros = -200_000_000_000_000_000i64..9_000_000_000_000_000_000;
    let interval = (-9999..9999, -9999..9999, -1_000_000_000_000i64..1_000_000_000_000);
    prop_oneof![
        any::<bool>().prop_map(|b| (Type::Bool, Value::Bool(b))),
        any::<i64>().prop_map(|i| (Type::Int8, Value::Int(i))),
        any::<f64>().prop_map(|d| (Type::Double, Value::Double(d))),
        (any::<i64>(), 0u32..=28).prop_map(|(digits, scale)| (Type::Decimal, Value::Decimal(Decimal::new(digits, scale)))),
        any::<String>().prop_map(|t| (Type::Text, Value::Text(t.into()))),
        micros.prop_map(|t| (Type::Timestamp, Value::Timestamp(t))),
        (-2_000_000..90_000_000).prop_map(|d| (Type::Date, Value::Date(d))),
        any::<u128>().prop_map(|u| (Type::Uuid, Value::Uuid(u))),
        interval.prop_map(|(months, days, micros)| (Type::Interval, Value::Interval(Interval { months, days, micros }))),
    ]
}

proptest! {
    #[test]
    fn nothing_panics(text in "[-+0-9a-zA-Z :.,TZP{}\"\\\\é]{0,24}") {
        for ty in types() {
            let _ = parse(&text, &ty);
        }
    }

    #[test]
    fn fractions_are_those_of_the_nearest_double(digits in "[0-9]{1,20}") {
        let fraction: f64 = format!("0.{digits}").parse().unwrap();
        let micros = (fraction * 1e6).round_ties_even() as i64;
        let text = format!("1970-01-01T00:00:00.{digits}Z");
        prop_assert_eq!(parse(&text, &Type::Timestamp), Ok(Value::Timestamp(micros)));
    }

    #[test]
    fn decimals_show_every_digit_of_their_scale(digits in prop_oneof![-200i128..200, any::<i64>().prop_map(i128::from), -(1i128 << 95)..1 << 95], scale in 0u32..=28) {
        let mut shown = String::new();
        let number = Decimal::from_i128_with_scale(digits, scale);
        print(&Value::Decimal(number), &mut shown);
        prop_assert_eq!(shown, number.to_string());
    }

    #[test]
    fn values_come_back((ty, value) in value()) {
        let mut shown = String::new();
        print(&value, &mut shown);
        prop_assert_eq!(parse(&shown, &ty).unwrap(), value.borrowed());
        let array = Value::Array(vec![value, Value::Null]);
        let mut shown = String::new();
        print(&array, &mut shown);
        prop_assert_eq!(parse(&shown, &Type::Array(Box::new(ty))).unwrap(), array);
    }
}
