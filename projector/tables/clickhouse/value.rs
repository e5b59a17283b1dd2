//! Values as `RowBinary` writes them, straight from the JSON of a document.

use ethnum::I256;
use schemas::json::{self, Kind};
use schemas::{Decimal, Type, Value, text};

use super::column::ColumnType;

/// The scale of all decimals.
const SCALE: u32 = 28;
/// 1900-01-01 and 2300-01-01 in days since 1970: newer servers hold more, older ones move what is beyond to the nearest day they have.
const DAYS: std::ops::Range<i32> = -25_567..120_530;
const MICROS_OF_DAY: i64 = schemas::text::calendar::DAY;

/// `Nullable`: whether a value follows.
const PRESENT: u8 = 0;
const NULL: u8 = 1;

/// Values of a column that its type cannot hold, and in whose places there is NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misfits(pub u64);

/// Appends a value that is written as JSON.
pub fn write(ty: &ColumnType, json: &str, out: &mut Vec<u8>, misfits: &mut Misfits) {
    match ty {
        ColumnType::Scalar(ty) => write_nullable(out, misfits, |out| write_scalar(ty, &read(json, ty)?, out)),
        ColumnType::Json if json::kind(json) == Kind::Null => out.push(NULL),
        ColumnType::Json => {
            out.push(PRESENT);
            write_bytes(json.as_bytes(), out);
        }
        ColumnType::Array(item) => write_array(item, json, out, misfits),
        ColumnType::Tuple(members) => write_tuple(members, json, out, misfits),
    }
}

/// Appends what stands where there is no value.
pub fn write_null(ty: &ColumnType, out: &mut Vec<u8>) {
    write(ty, "null", out, &mut Misfits::default());
}

/// The value that is written as JSON; `None` where it is none of this type.
pub fn read<'a>(json: &'a str, ty: &Type) -> Option<Value<'a>> {
    match (json::kind(json), ty) {
        (Kind::Null, _) => Some(Value::Null),
        (_, Type::Json(_)) => Some(Value::Json(json.into())),
        (Kind::Array, Type::Array(item)) => {
            Some(Value::Array(json::elements(json).map(|element| read(element, item)).collect::<Option<_>>()?))
        }
        (Kind::String, Type::Text) => json::unescape(json).map(Value::Text),
        (Kind::String, ty) => text::parse(&json::unescape(json)?, ty).ok().map(Value::into_owned),
        (Kind::Bool | Kind::Number, Type::Bool | Type::Int4 | Type::Int8 | Type::Double | Type::Decimal) => {
            text::parse(json, ty).ok()
        }
        _ => None,
    }
}

/// Appends bytes after their length.
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Seven bits a byte, the lowest first, all but the last byte with the highest bit.
pub fn write_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Where nothing was written there is NULL: because the value is, or because it does not fit.
fn write_nullable(out: &mut Vec<u8>, misfits: &mut Misfits, write: impl FnOnce(&mut Vec<u8>) -> Option<Written>) {
    let start = out.len();
    out.push(PRESENT);
    match write(out) {
        Some(Written::Value) => return,
        Some(Written::Null) => {}
        None => misfits.0 += 1,
    }
    out.truncate(start);
    out.push(NULL);
}

/// What became of a value that fits.
enum Written {
    Value,
    Null,
}

fn write_scalar(ty: &Type, value: &Value<'_>, out: &mut Vec<u8>) -> Option<Written> {
    match value {
        Value::Null => return Some(Written::Null),
        Value::Bool(truth) => out.push(u8::from(*truth)),
        Value::Int(number) if *ty == Type::Int4 => out.extend_from_slice(&i32::try_from(*number).ok()?.to_le_bytes()),
        Value::Int(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Double(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Decimal(number) => out.extend_from_slice(&scaled(number).to_le_bytes()),
        Value::Text(text) => write_bytes(text.as_bytes(), out),
        Value::Timestamp(micros) => out.extend_from_slice(&fitting_micros(*micros)?.to_le_bytes()),
        Value::Date(days) => out.extend_from_slice(&Some(*days).filter(|days| DAYS.contains(days))?.to_le_bytes()),
        Value::Uuid(uuid) => {
            // Two numbers of 64 bits, the higher first, each with its lowest byte first.
            out.extend_from_slice(&((uuid >> 64) as u64).to_le_bytes());
            out.extend_from_slice(&(*uuid as u64).to_le_bytes());
        }
        Value::Interval(_) => {
            let mut shown = String::new();
            text::print(value, &mut shown);
            write_bytes(shown.as_bytes(), out);
        }
        Value::Json(_) | Value::Array(_) => return None,
    }
    Some(Written::Value)
}

fn fitting_micros(micros: i64) -> Option<i64> {
    let bounds = i64::from(DAYS.start) * MICROS_OF_DAY..i64::from(DAYS.end) * MICROS_OF_DAY;
    Some(micros).filter(|micros| bounds.contains(micros))
}

/// The number of units of the last digit that the column keeps. 29 digits and 28 more fit into 256 bits.
fn scaled(number: &Decimal) -> I256 {
    I256::from(number.mantissa()) * I256::from(10).pow(SCALE - number.scale())
}

fn write_array(item: &ColumnType, json: &str, out: &mut Vec<u8>, misfits: &mut Misfits) {
    if !matches!(json::kind(json), Kind::Array | Kind::Null) {
        misfits.0 += 1;
    }
    let elements = json::elements(json);
    write_length(elements.clone().count(), out);
    for element in elements {
        write(item, element, out, misfits);
    }
}

/// Members that the object does not have are NULL; others than the tuple's are only in the document.
fn write_tuple(members: &[(String, ColumnType)], json: &str, out: &mut Vec<u8>, misfits: &mut Misfits) {
    if !matches!(json::kind(json), Kind::Object | Kind::Null) {
        misfits.0 += 1;
    }
    for (name, ty) in members {
        let is_named = |quoted: &str| json::unescape(quoted).is_some_and(|found| found == *name);
        let value = json::members(json).find_map(|(quoted, value)| is_named(quoted).then_some(value));
        write(ty, value.unwrap_or("null"), out, misfits);
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Field, Shape};

    use super::*;

    /// What is written for a value, and how much of it could not be held.
    fn written(ty: &Type, json: &str) -> (Vec<u8>, u64) {
        let (mut out, mut misfits) = (Vec::new(), Misfits::default());
        write(&ColumnType::of(ty), json, &mut out, &mut misfits);
        (out, misfits.0)
    }

    #[test]
    fn what_cannot_be_held_is_null_and_counted() {
        for (ty, json) in [
            (Type::Int4, "2147483648"),
            (Type::Int8, "\"x\""),
            (Type::Text, "1"),
            (Type::Timestamp, "\"1899-12-31T23:59:59.999999+00:00\""),
            (Type::Date, "\"2300-01-01\""),
        ] {
            assert_eq!(written(&ty, json), (vec![NULL], 1), "{ty} {json}");
            assert_eq!(written(&ty, "null"), (vec![NULL], 0), "{ty}");
            let array = Type::Array(Box::new(ty));
            assert_eq!(written(&array, &format!("[{json},null]")), (vec![2, NULL, NULL], 1), "{array} {json}");
            assert_eq!(written(&array, "1"), (vec![0], 1), "{array}");
        }
        let object = Type::Json(Shape::Object([Field { name: "a".into(), ty: Type::Bool, nullable: true }].into()));
        assert_eq!(written(&object, r#"{"b":1,"\u0061":true}"#), (vec![PRESENT, 1], 0));
        assert_eq!(written(&object, "[]"), (vec![NULL], 1));
    }

    #[test]
    fn lengths_take_seven_bits_a_byte() {
        for (length, expected) in [(0, vec![0]), (127, vec![127]), (128, vec![0x80, 1]), (300, vec![0xac, 2])] {
            let mut out = Vec::new();
            write_length(length, &mut out);
            assert_eq!(out, expected);
        }
    }
}
