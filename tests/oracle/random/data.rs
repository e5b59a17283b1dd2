//! Random values as they stand in the data of an event.

use std::fmt::Write;

use projector::demo::Random;

use super::kind::Kind;

/// Texts that have been trouble somewhere.
#[rustfmt::skip]
const TEXTS: [&str; 24] = [
    "", " ", "a", "A", "ab", "abc", "b", "zebra", "  both sides ", "é", "Größe", "ΣΊΣΥΦΟΣ", "日本語", "🦀 crab", "it's", "say \\\"hi\\\"",
    "back\\\\slash", "tab\\there", "two\\nlines", "100%", "under_score", "12.50", "-7", "NULL",
];
const BIG_INTS: [&str; 8] =
    ["9223372036854775807", "-9223372036854775808", "2147483648", "-2147483649", "0", "-1", "1000000007", "4611686018427387904"];
const BIG_DOUBLES: [&str; 10] = [
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "5e-324",
    "0.1",
    "-0.0",
    "1e16",
    "123456789.123456789",
    "1e-5",
    "1e15",
    "0.30000000000000004",
];
const BIG_DECIMALS: [&str; 8] = [
    "9999999999999999999999999999",
    "-9999999999999999999999999999",
    "0.0000000000000000000000000001",
    "12345678901234.56789",
    "0.00",
    "-0.10",
    "100",
    "1e3",
];
const TIMES: [&str; 8] = [
    "0101-01-01T00:00:00Z",
    "9990-12-31T23:59:59.999999Z",
    "1969-12-31T23:59:59.999999Z",
    "2024-02-29T12:00:00Z",
    "2026-03-29T02:30:00+02:00",
    "2026-01-01T00:00:00-11:30",
    "1900-01-01T00:00:00Z",
    "2000-12-31T23:59:59.5Z",
];
const DATES: [&str; 6] = ["0101-01-01", "9990-12-31", "2024-02-29", "1970-01-01", "2000-12-31", "1900-03-01"];
const JSONS: [&str; 8] = [
    r#"{"a":1,"b":{"c":[1,2,{"d":"x"}]}}"#,
    r#"[1,"two",null,true]"#,
    r#""text""#,
    "12.50",
    "true",
    "[]",
    "{}",
    r#"{"b":2,"a":null,"t":"é\n"}"#,
];

/// A field of an event's data, which may be null.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Of a decimal: whether it is written as a string.
    pub quoted: bool,
}

// === impl Field ===

impl Field {
    /// The JSON Schema of the field.
    pub fn schema(&self) -> &'static str {
        match self.kind {
            Kind::Bool => r#"{"type":["boolean","null"]}"#,
            Kind::Int | Kind::WildInt => r#"{"type":["integer","null"]}"#,
            Kind::Double | Kind::WildDouble => r#"{"type":["number","null"]}"#,
            Kind::Decimal | Kind::WildDecimal if self.quoted => r#"{"type":["string","null"],"format":"decimal"}"#,
            Kind::Decimal | Kind::WildDecimal => r#"{"type":["number","null"],"format":"decimal"}"#,
            Kind::Text | Kind::Interval => r#"{"type":["string","null"]}"#,
            Kind::Time => r#"{"type":["string","null"],"format":"date-time"}"#,
            Kind::Date => r#"{"type":["string","null"],"format":"date"}"#,
            Kind::Uuid => r#"{"type":["string","null"],"format":"uuid"}"#,
            Kind::Json => r#"{}"#,
            Kind::Texts => r#"{"type":["array","null"],"items":{"type":["string","null"]}}"#,
            Kind::Ints => r#"{"type":["array","null"],"items":{"type":["integer","null"]}}"#,
        }
    }

    /// Appends `"name":value`, NULL now and then.
    pub fn write(&self, random: &mut Random, out: &mut String) {
        let _ = write!(out, "\"{}\":", self.name);
        if random.chance(12) {
            out.push_str("null");
        } else if self.quoted {
            out.push('"');
            write_present(random, self.kind, out);
            out.push('"');
        } else {
            write_present(random, self.kind, out);
        }
    }
}

/// Appends a value that is not null; a decimal as a number.
pub fn write_present(random: &mut Random, kind: Kind, out: &mut String) {
    let extreme = random.chance(30);
    // Writing to a String cannot fail.
    let _ = match kind {
        Kind::Bool => write!(out, "{}", random.chance(50)),
        Kind::WildInt if extreme => write!(out, "{}", random.pick(&BIG_INTS)),
        Kind::Int | Kind::WildInt => write!(out, "{}", random.below(40) as i64 - 15),
        Kind::WildDouble if extreme => write!(out, "{}", random.pick(&BIG_DOUBLES)),
        // Quarters, so that sums are the same in any order.
        Kind::Double | Kind::WildDouble => write!(out, "{}", (random.below(400) as f64 - 150.0) / 4.0),
        Kind::Decimal => write!(out, "{}", small_decimal(random)),
        Kind::WildDecimal if extreme => write!(out, "{}", random.pick(&BIG_DECIMALS)),
        Kind::WildDecimal => write!(out, "{}", small_decimal(random)),
        Kind::Text | Kind::Interval => write!(out, "\"{}\"", random.pick(&TEXTS)),
        Kind::Time if extreme => write!(out, "\"{}\"", random.pick(&TIMES)),
        Kind::Time => write!(out, "\"{}\"", time(random)),
        Kind::Date if extreme => write!(out, "\"{}\"", random.pick(&DATES)),
        Kind::Date => {
            write!(out, "\"20{:02}-{:02}-{:02}\"", random.between(20, 26), random.between(1, 12), random.between(1, 28))
        }
        Kind::Uuid => write!(out, "\"{}\"", uuid(random.below(30))),
        Kind::Json => write!(out, "{}", random.pick(&JSONS)),
        Kind::Texts => return write_array(random, Kind::Text, out),
        Kind::Ints => return write_array(random, Kind::Int, out),
    };
}

fn write_array(random: &mut Random, item: Kind, out: &mut String) {
    out.push('[');
    for place in 0..random.below(4) {
        if place > 0 {
            out.push(',');
        }
        if random.chance(10) {
            out.push_str("null");
        } else {
            write_present(random, item, out);
        }
    }
    out.push(']');
}

fn small_decimal(random: &mut Random) -> String {
    let whole = random.below(200) as i64 - 80;
    match random.below(4) {
        0 => format!("{whole}"),
        1 => format!("{whole}.{:02}", random.below(100)),
        2 => format!("{whole}.{}0", random.below(10)),
        _ => format!("{whole}.{:04}", random.below(10_000)),
    }
}

fn time(random: &mut Random) -> String {
    let (month, day, hour) = (random.between(1, 12), random.between(1, 28), random.below(24));
    let (minute, second) = (random.below(60), random.below(60));
    let fraction = ["", ".5", ".123", ".000001", ".250000"][random.below(5)];
    let zone = ["Z", "+00:00", "+02:00", "-05:30"][random.below(4)];
    format!("20{}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}", random.between(24, 26))
}

/// The uuid of a number.
pub fn uuid(number: usize) -> String {
    format!("0b5cc1a0-{number:04x}-4000-8000-{:012x}", number * 7919)
}
