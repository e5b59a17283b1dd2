//! Keys: values as bytes whose order is PostgreSQL's ascending order of the values, NULLs last.
//!
//! Each part is a tag byte and a self-delimiting payload, so that keys concatenate, and the key of the
//! first parts is a prefix of the key of all. Equal values have equal bytes whatever their scale (1.0
//! and 1.00) or width (integer and bigint), so comparing bytes is comparing values.
//!
//! | value | bytes after the tag |
//! |---|---|
//! | integers, timestamp, date | 8 bytes, big-endian, sign bit flipped |
//! | double | IEEE 754 bits, flipped so that they order; -0 as 0, NaN last |
//! | decimal | sign, decimal exponent, then digits, two a byte; the whole inverted where negative |
//! | text, json | the bytes, 0 as 0 255, then 0 0 |
//! | uuid | 16 bytes |
//! | array | its items' parts, then 0 |

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use schemas::{Decimal, Interval, Value};
use smallvec::SmallVec;

use super::{Corrupt, take};

const END: u8 = 0x00;
const FALSE: u8 = 0x10;
const TRUE: u8 = 0x11;
const INT: u8 = 0x20;
const DOUBLE: u8 = 0x21;
const DECIMAL: u8 = 0x22;
const TEXT: u8 = 0x30;
const JSON: u8 = 0x31;
const TIMESTAMP: u8 = 0x40;
const DATE: u8 = 0x41;
const INTERVAL: u8 = 0x42;
const UUID: u8 = 0x50;
const ARRAY: u8 = 0x60;
const NULL: u8 = 0xff;

/// The encoded key of a row, a document, a group or an index entry. Cheap to clone.
#[derive(Clone)]
pub struct Key(Bytes);

/// Most keys are short: kept in place they cost no allocation, and no detour through memory when they are compared.
#[derive(Clone)]
enum Bytes {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<[u8]>),
}

/// What fits beside the length into the room that the other form needs in any case.
const SHORT: usize = 22;

/// Collects the parts of a key.
#[derive(Default)]
pub struct KeyBuilder(Parts);

/// Nearly every key is shorter than this, and one that is made costs no allocation.
type Parts = SmallVec<[u8; 64]>;

// === impl Key ===

impl Key {
    /// The key of these values.
    pub fn of(values: &[Value<'_>]) -> Key {
        let mut builder = KeyBuilder::default();
        for value in values {
            builder.push(value);
        }
        builder.finish()
    }

    /// A key that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Key {
        if bytes.len() > SHORT {
            return Key(Bytes::Long(bytes.into()));
        }
        let mut short = [0; SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        Key(Bytes::Short { length: bytes.len() as u8, bytes: short })
    }
}

impl Deref for Key {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short { length, bytes } => &bytes[..usize::from(*length)],
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        **self == **other
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match decode_key(self) {
            Ok(values) => f.debug_tuple("Key").field(&values).finish(),
            Err(_) => f.debug_tuple("Key").field(&&**self).finish(),
        }
    }
}

// === impl KeyBuilder ===

impl KeyBuilder {
    /// Appends one part.
    pub fn push(&mut self, value: &Value<'_>) -> &mut Self {
        let out = &mut self.0;
        match value {
            Value::Null => out.push(NULL),
            Value::Bool(b) => out.push(if *b { TRUE } else { FALSE }),
            Value::Int(i) => push_i64(out, INT, *i),
            Value::Timestamp(t) => push_i64(out, TIMESTAMP, *t),
            Value::Date(d) => push_i64(out, DATE, i64::from(*d)),
            Value::Double(d) => push_double(out, *d),
            Value::Decimal(d) => push_decimal(out, d),
            Value::Text(t) => return self.push_text(t.as_bytes()),
            Value::Json(j) => push_bytes(out, JSON, j.as_bytes()),
            Value::Uuid(u) => {
                out.push(UUID);
                out.extend_from_slice(&u.to_be_bytes());
            }
            Value::Interval(i) => push_interval(out, i),
            Value::Array(items) => {
                out.push(ARRAY);
                for item in items {
                    self.push(item);
                }
                self.0.push(END);
            }
        }
        self
    }

    /// Appends a text by its bytes.
    pub(super) fn push_text(&mut self, text: &[u8]) -> &mut Self {
        push_bytes(&mut self.0, TEXT, text);
        self
    }

    /// The key of what was pushed; the builder is empty again.
    pub fn finish(&mut self) -> Key {
        let key = Key::from_bytes(&self.0);
        self.0.clear();
        key
    }

    /// Forgets what was pushed.
    pub fn abandon(&mut self) {
        self.0.clear();
    }
}

fn push_i64(out: &mut Parts, tag: u8, value: i64) {
    out.push(tag);
    out.extend_from_slice(&(value as u64 ^ (1 << 63)).to_be_bytes());
}

fn push_double(out: &mut Parts, value: f64) {
    let value = if value == 0.0 { 0.0 } else { value };
    let bits = if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { value.to_bits() };
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    out.push(DOUBLE);
    out.extend_from_slice(&ordered.to_be_bytes());
}

/// Sign byte (1 negative, 2 zero, 3 positive); for all but zero then the exponent E of 0.d₁d₂… × 10^E
/// (biased by 64) and the digits in pairs, each pair plus 1, closed by a zero byte. What follows the sign of a
/// negative number is inverted. The scale is not kept.
fn push_decimal(out: &mut Parts, value: &Decimal) {
    out.push(DECIMAL);
    let value = value.normalize();
    if value.is_zero() {
        return out.push(2);
    }
    let negative = value.is_sign_negative();
    let mut digits = value.mantissa().unsigned_abs().to_string().into_bytes();
    let exponent = digits.len() as i32 - value.scale() as i32;
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    out.push(if negative { 1 } else { 3 });
    let start = out.len();
    out.push((exponent + 64) as u8);
    for pair in digits.chunks(2) {
        let low = pair.get(1).map_or(0, |d| d - b'0');
        out.push((pair[0] - b'0') * 10 + low + 1);
    }
    out.push(0);
    if negative {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
}

fn push_bytes(out: &mut Parts, tag: u8, bytes: &[u8]) {
    out.push(tag);
    if bytes.contains(&0) {
        for &b in bytes {
            out.push(b);
            if b == 0 {
                out.push(0xff);
            }
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&[0, 0]);
}

/// Intervals order by their length with a month of 30 days and a day of 24 hours, and are equal where these
/// lengths are, as in PostgreSQL. What makes up the length does not come back.
fn push_interval(out: &mut Parts, value: &Interval) {
    out.push(INTERVAL);
    out.extend_from_slice(&(value.length() as u128 ^ (1 << 127)).to_be_bytes());
}

/// The values of a key. Decimals come back without trailing zeros and intervals in days and microseconds.
pub fn decode_key(mut bytes: &[u8]) -> Result<Vec<Value<'static>>, Corrupt> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        values.push(decode_part(&mut bytes)?);
    }
    Ok(values)
}

/// A key of its first `parts` parts, and one of all others.
pub fn split_key(key: &[u8], parts: usize) -> Result<(Key, Key), Corrupt> {
    let mut rest = key;
    for _ in 0..parts {
        decode_part(&mut rest)?;
    }
    let (first, others) = key.split_at(key.len() - rest.len());
    Ok((Key::from_bytes(first), Key::from_bytes(others)))
}

fn decode_part(bytes: &mut &[u8]) -> Result<Value<'static>, Corrupt> {
    Ok(match take::<1>(bytes)?[0] {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(take_i64(bytes)?),
        TIMESTAMP => Value::Timestamp(take_i64(bytes)?),
        DATE => Value::Date(i32::try_from(take_i64(bytes)?).map_err(|_| Corrupt("date out of range"))?),
        DOUBLE => {
            let bits = u64::from_be_bytes(take(bytes)?);
            Value::Double(f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits }))
        }
        DECIMAL => Value::Decimal(take_decimal(bytes)?),
        TEXT => Value::Text(Cow::Owned(take_text(bytes)?)),
        JSON => Value::Json(Cow::Owned(take_text(bytes)?)),
        UUID => Value::Uuid(u128::from_be_bytes(take(bytes)?)),
        INTERVAL => take_interval(bytes)?,
        ARRAY => {
            let mut items = Vec::new();
            while bytes.first() != Some(&END) {
                items.push(decode_part(bytes)?);
            }
            take::<1>(bytes)?;
            Value::Array(items)
        }
        _ => return Err(Corrupt("unknown tag in a key")),
    })
}

fn take_i64(bytes: &mut &[u8]) -> Result<i64, Corrupt> {
    Ok((u64::from_be_bytes(take(bytes)?) ^ (1 << 63)) as i64)
}

fn take_decimal(bytes: &mut &[u8]) -> Result<Decimal, Corrupt> {
    const BAD: Corrupt = Corrupt("bad decimal in a key");
    let negative = match take::<1>(bytes)?[0] {
        2 => return Ok(Decimal::ZERO),
        sign => sign == 1,
    };
    let plain = |b: u8| if negative { !b } else { b };
    let exponent = i32::from(plain(take::<1>(bytes)?[0])) - 64;
    let (mut mantissa, mut digits) = (0i128, 0i32);
    loop {
        let pair = plain(take::<1>(bytes)?[0]);
        if pair == 0 {
            break;
        }
        mantissa = mantissa.checked_mul(100).and_then(|m| m.checked_add(i128::from(pair) - 1)).ok_or(BAD)?;
        digits += 2;
    }
    let mut scale = digits - exponent;
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    while scale < 0 {
        mantissa = mantissa.checked_mul(10).ok_or(BAD)?;
        scale += 1;
    }
    Decimal::try_from_i128_with_scale(if negative { -mantissa } else { mantissa }, scale as u32).map_err(|_| BAD)
}

fn take_text(bytes: &mut &[u8]) -> Result<String, Corrupt> {
    let mut text = Vec::new();
    loop {
        match take::<1>(bytes)?[0] {
            0 => match take::<1>(bytes)?[0] {
                0 => break,
                0xff => text.push(0),
                _ => return Err(Corrupt("bad text in a key")),
            },
            b => text.push(b),
        }
    }
    String::from_utf8(text).map_err(|_| Corrupt("text in a key is not UTF-8"))
}

fn take_interval(bytes: &mut &[u8]) -> Result<Value<'static>, Corrupt> {
    const DAY: i128 = schemas::text::calendar::DAY as i128;
    let length = (u128::from_be_bytes(take(bytes)?) ^ (1 << 127)) as i128;
    // In months as far as there are too many days.
    const DAYS: i128 = 1 << 30;
    let months = (length / DAY - (length / DAY).clamp(-DAYS, DAYS)) / 30;
    let days = length / DAY - months * 30;
    let fits = |number: i128| i32::try_from(number).map_err(|_| Corrupt("interval out of range"));
    Ok(Value::Interval(Interval { months: fits(months)?, days: fits(days)?, micros: (length % DAY) as i64 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Value<'static> {
        Value::Decimal(text.parse().unwrap())
    }

    #[test]
    fn bytes_order_as_the_values_do() {
        let ascending = [
            vec![decimal("-100.5"), decimal("-100"), decimal("-2"), decimal("-1.5"), decimal("-0.01"), decimal("0")],
            vec![
                decimal("0"),
                decimal("0.001"),
                decimal("0.01"),
                decimal("0.0101"),
                decimal("9"),
                decimal("10"),
                decimal("10.5"),
            ],
            vec![Value::Int(i64::MIN), Value::Int(-1), Value::Int(0), Value::Int(i64::MAX), Value::Null],
            vec![
                Value::Double(f64::NEG_INFINITY),
                Value::Double(-1.0),
                Value::Double(0.0),
                Value::Double(1e300),
                Value::Double(f64::NAN),
            ],
            vec!["", "\0", "\0a", "a", "a\0", "aa", "b", "é"].into_iter().map(|t| Value::Text(t.into())).collect(),
            vec![Value::Array(vec![]), Value::Array(vec![Value::Int(1)]), Value::Array(vec![Value::Int(1), Value::Int(0)])],
        ];
        for values in ascending {
            let keys: Vec<Key> = values.iter().map(|v| Key::of(std::slice::from_ref(v))).collect();
            assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        }
    }

    #[test]
    fn values_come_back() {
        let values = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(-7),
            decimal("-12.345"),
            decimal("1200"),
            decimal("0.00012"),
            decimal("0"),
            Value::Double(-0.5),
            Value::Text("a\0b".into()),
            Value::Timestamp(-1),
            Value::Date(3),
            Value::Uuid(u128::MAX),
            Value::Array(vec![Value::Text("x".into()), Value::Null]),
        ];
        assert_eq!(decode_key(&Key::of(&values)), Ok(values));
    }

    #[test]
    fn any_length_of_interval_comes_back() {
        for months in [i32::MIN, -100_000_000, -7, 0, 100_000_000, i32::MAX] {
            let key = Key::of(&[Value::Interval(Interval { months, days: 3, micros: -1 })]);
            assert_eq!(decode_key(&key).map(|values| Key::of(&values)), Ok(key), "{months}");
        }
    }

    #[test]
    fn a_key_comes_apart_where_a_part_ends() {
        let values = [Value::Text("a\0b".into()), Value::Null, Value::Int(7)];
        for parts in 0..=3 {
            let apart = (Key::of(&values[..parts]), Key::of(&values[parts..]));
            assert_eq!(split_key(&Key::of(&values), parts), Ok(apart), "{parts}");
        }
        assert!(split_key(&Key::of(&values), 4).is_err());
    }

    #[test]
    fn scale_does_not_count() {
        assert_eq!(Key::of(&[decimal("1.0")]), Key::of(&[decimal("1.00")]));
    }
}
