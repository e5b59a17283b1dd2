//! Rows: a fixed list of typed columns in one allocation, read column by column without decoding the rest.
//!
//! ```text
//! count: u32 | end of column 0: u32 | … | end of column n-1: u32 | column 0 | … | column n-1
//! ```
//! Ends count from the first byte after the header; numbers are little-endian. A column is a tag byte and a payload; that of an
//! array is laid out as a row is, a column for each element.
//! Columns that a row does not have (it is older than the definition) are NULL.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemas::{Decimal, Interval, Value};

use super::{Corrupt, KeyBuilder, take};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const DOUBLE: u8 = 4;
const DECIMAL: u8 = 5;
const TEXT: u8 = 6;
const TIMESTAMP: u8 = 7;
const DATE: u8 = 8;
const UUID: u8 = 9;
const INTERVAL: u8 = 10;
const JSON: u8 = 11;
const ARRAY: u8 = 12;

/// An encoded row, checked once to be readable. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Row(Arc<[u8]>);

/// Columns as they lie in a row or in an array.
#[derive(Clone, Copy)]
struct Columns<'r>(&'r [u8]);

/// How many bytes the count takes, and each end.
const NUMBER: usize = 4;

/// Collects the columns of a row.
#[derive(Default)]
pub struct RowBuilder {
    ends: Vec<u32>,
    bytes: Vec<u8>,
    /// Header and columns together; kept from row to row, as the others are, so that a row costs one allocation.
    whole: Vec<u8>,
}

// === impl Row ===

impl Row {
    /// The row of these values.
    pub fn of(values: &[Value<'_>]) -> Row {
        let mut builder = RowBuilder::default();
        for value in values {
            builder.push(value);
        }
        builder.finish()
    }

    /// A row that was stored; every column is checked.
    pub fn from_bytes(bytes: &[u8]) -> Result<Row, Corrupt> {
        Columns(bytes).decoded().try_for_each(|value| value.map(|_| ()))?;
        Ok(Row(bytes.into()))
    }

    /// Appends the length of the bytes to store (u32, little-endian), then the bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.0.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.0);
    }

    /// Takes what [`Row::encode`] appended off the front of the bytes; every column is checked.
    pub fn decode(bytes: &mut &[u8]) -> Result<Row, Corrupt> {
        let length = u32::from_le_bytes(take(bytes)?) as usize;
        let (row, rest) = bytes.split_at_checked(length).ok_or(Corrupt("row ends early"))?;
        *bytes = rest;
        Row::from_bytes(row)
    }

    /// The bytes to store.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without a copy.
    pub fn shared(&self) -> Arc<[u8]> {
        self.0.clone()
    }

    /// How many columns the row has.
    pub fn len(&self) -> usize {
        self.columns().count().unwrap_or_default()
    }

    /// Whether the row has no column.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Column `index`; NULL where the row has no such column.
    pub fn get(&self, index: usize) -> Value<'_> {
        // A row is checked when it is made, so nothing here can fail; were it to, NULL is what an absent column is.
        self.encoded(index).and_then(|bytes| decode(bytes).ok()).unwrap_or(Value::Null)
    }

    /// Appends column `index` to a key; of NULL nothing, and then the answer is false.
    pub fn push_part(&self, index: usize, key: &mut KeyBuilder) -> bool {
        match self.encoded(index) {
            // As it lies there: most keys are texts, and need not be looked at a second time.
            Some([TEXT, text @ ..]) => _ = key.push_text(text),
            Some([NULL]) | None => return false,
            Some(_) => _ = key.push(&self.get(index)),
        }
        true
    }

    /// The encoded form of column `index`: equal bytes are equal values of equal scale.
    pub fn encoded(&self, index: usize) -> Option<&[u8]> {
        self.columns().encoded(index)
    }

    /// All columns in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }

    fn columns(&self) -> Columns<'_> {
        Columns(&self.0)
    }
}

// === impl Columns ===

impl<'r> Columns<'r> {
    /// How many there are; `None` where the bytes end before they say so.
    fn count(self) -> Option<usize> {
        self.number(0)
    }

    /// Column `index`; `None` where there is none, or the bytes end before it.
    fn encoded(self, index: usize) -> Option<&'r [u8]> {
        let count = self.count()?;
        if index >= count {
            return None;
        }
        // The end of a column has the number after its own: the first number is the count.
        let start = if index == 0 { 0 } else { self.number(index)? };
        self.0.get(NUMBER * (1 + count)..)?.get(start..self.number(index + 1)?)
    }

    /// All values in order, as far as they can be read.
    fn decoded(self) -> impl Iterator<Item = Result<Value<'r>, Corrupt>> {
        let missing = self.count().is_none().then_some(Err(Corrupt("row without a header")));
        let column = move |index| decode(self.encoded(index).ok_or(Corrupt("row ends early"))?);
        missing.into_iter().chain((0..self.count().unwrap_or_default()).map(column))
    }

    fn number(self, index: usize) -> Option<usize> {
        let bytes = self.0.get(NUMBER * index..)?.first_chunk::<NUMBER>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

// === impl RowBuilder ===

impl RowBuilder {
    /// Appends a column.
    pub fn push(&mut self, value: &Value<'_>) -> &mut Self {
        encode(&mut self.bytes, value);
        self.end_column()
    }

    /// Appends a column in the encoded form of [`Row::encoded`]; NULL where there is none.
    pub fn push_encoded(&mut self, encoded: Option<&[u8]>) -> &mut Self {
        self.bytes.extend_from_slice(encoded.unwrap_or(&[NULL]));
        self.end_column()
    }

    /// The row of what was pushed; the builder is empty again.
    pub fn finish(&mut self) -> Row {
        self.whole.clear();
        self.whole.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        for end in &self.ends {
            self.whole.extend_from_slice(&end.to_le_bytes());
        }
        self.whole.extend_from_slice(&self.bytes);
        self.abandon();
        Row(self.whole.as_slice().into())
    }

    /// Forgets what was pushed.
    pub fn abandon(&mut self) {
        self.ends.clear();
        self.bytes.clear();
    }

    fn end_column(&mut self) -> &mut Self {
        self.ends.push(self.bytes.len() as u32);
        self
    }
}

fn encode(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(b) => out.push(if *b { TRUE } else { FALSE }),
        Value::Int(i) => tagged(out, INT, &i.to_le_bytes()),
        Value::Double(d) => tagged(out, DOUBLE, &d.to_le_bytes()),
        Value::Decimal(d) => tagged(out, DECIMAL, &d.serialize()),
        Value::Text(t) => tagged(out, TEXT, t.as_bytes()),
        Value::Timestamp(t) => tagged(out, TIMESTAMP, &t.to_le_bytes()),
        Value::Date(d) => tagged(out, DATE, &d.to_le_bytes()),
        Value::Uuid(u) => tagged(out, UUID, &u.to_le_bytes()),
        Value::Interval(i) => {
            tagged(out, INTERVAL, &i.months.to_le_bytes());
            out.extend_from_slice(&i.days.to_le_bytes());
            out.extend_from_slice(&i.micros.to_le_bytes());
        }
        Value::Json(j) => tagged(out, JSON, j.as_bytes()),
        Value::Array(items) => encode_array(out, items),
    }
}

fn encode_array(out: &mut Vec<u8>, items: &[Value<'_>]) {
    tagged(out, ARRAY, &(items.len() as u32).to_le_bytes());
    let ends = out.len();
    out.resize(ends + NUMBER * items.len(), 0);
    let start = out.len();
    for (index, item) in items.iter().enumerate() {
        encode(out, item);
        let end = (out.len() - start) as u32;
        out[ends + NUMBER * index..][..NUMBER].copy_from_slice(&end.to_le_bytes());
    }
}

fn tagged(out: &mut Vec<u8>, tag: u8, payload: &[u8]) {
    out.push(tag);
    out.extend_from_slice(payload);
}

fn decode(bytes: &[u8]) -> Result<Value<'_>, Corrupt> {
    let (&tag, payload) = bytes.split_first().ok_or(Corrupt("empty column"))?;
    Ok(match tag {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(i64::from_le_bytes(fixed(payload)?)),
        DOUBLE => Value::Double(f64::from_le_bytes(fixed(payload)?)),
        DECIMAL => Value::Decimal(Decimal::deserialize(fixed(payload)?)),
        TEXT => Value::Text(Cow::Borrowed(text(payload)?)),
        TIMESTAMP => Value::Timestamp(i64::from_le_bytes(fixed(payload)?)),
        DATE => Value::Date(i32::from_le_bytes(fixed(payload)?)),
        UUID => Value::Uuid(u128::from_le_bytes(fixed(payload)?)),
        INTERVAL => decode_interval(fixed(payload)?),
        JSON => Value::Json(Cow::Borrowed(text(payload)?)),
        ARRAY => Value::Array(Columns(payload).decoded().collect::<Result<_, _>>()?),
        _ => return Err(Corrupt("unknown tag in a row")),
    })
}

fn decode_interval(bytes: [u8; 16]) -> Value<'static> {
    let all = u128::from_le_bytes(bytes);
    Value::Interval(Interval { months: all as i32, days: (all >> 32) as i32, micros: (all >> 64) as i64 })
}

fn fixed<const N: usize>(payload: &[u8]) -> Result<[u8; N], Corrupt> {
    payload.try_into().map_err(|_| Corrupt("column of the wrong size"))
}

fn text(payload: &[u8]) -> Result<&str, Corrupt> {
    std::str::from_utf8(payload).map_err(|_| Corrupt("text in a row is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let values = vec![
            Value::Null,
            Value::Int(i64::MIN),
            Value::Decimal("-1.50".parse().unwrap()),
            Value::Text("é".into()),
            Value::Interval(Interval { months: -1, days: 2, micros: -3 }),
            Value::Array(vec![Value::Null, Value::Text("x".into())]),
            Value::Json("{\"a\":1}".into()),
        ];
        let row = Row::from_bytes(Row::of(&values).bytes()).unwrap();
        assert_eq!(row.values().collect::<Vec<_>>(), values);
        assert_eq!(row.get(99), Value::Null);
    }

    #[test]
    fn arrays_may_be_long() {
        let array = Value::Array((0..70_000).map(Value::Int).collect());
        let row = Row::from_bytes(Row::of(&[array.clone(), Value::Bool(true)]).bytes()).unwrap();
        assert_eq!(row.values().collect::<Vec<_>>(), [array, Value::Bool(true)]);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let array = Value::Array(vec![Value::Int(1), Value::Text("é".into())]);
        let bytes = Row::of(&[Value::Text("abc".into()), array, Value::Int(1)]).bytes().to_vec();
        for length in 0..bytes.len() {
            assert!(Row::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
    }
}
