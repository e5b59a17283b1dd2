//! Places in a list, as text that a client hands back: the sort columns and the key of the last document.

use std::fmt;
use std::str::FromStr;

use projections::codec::Key;
use xxhash_rust::xxh3::xxh3_64;

use super::Sort;

/// A place in a list: right after a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which order it is a place of: a hash of it.
    order: u32,
    /// The document's sort columns.
    pub columns: Vec<Key>,
    /// The document's key.
    pub key: Key,
}

/// A text that is no cursor, or one of another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this list; use it as it came, with the same order")]
pub struct BadCursor;

// === impl Cursor ===

impl Cursor {
    /// The place after the document with these sort columns and this key.
    pub fn new(order: &[Sort], columns: Vec<Key>, key: Key) -> Cursor {
        Cursor { order: fingerprint(order), columns, key }
    }

    /// Whether it is a place in a list of this order.
    pub fn is_of(&self, order: &[Sort]) -> bool {
        self.order == fingerprint(order) && self.columns.len() == order.len()
    }
}

fn fingerprint(order: &[Sort]) -> u32 {
    xxh3_64(format!("{order:?}").as_bytes()) as u32
}

/// Hexadecimal: the order, then each column and the key after their lengths.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.order)?;
        for part in self.columns.iter().chain([&self.key]) {
            write!(f, "{:08x}", part.len())?;
            for byte in part.iter() {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Cursor, BadCursor> {
        let bytes = from_hex(text).ok_or(BadCursor)?;
        let mut rest = bytes.as_slice();
        let order = take_u32(&mut rest).ok_or(BadCursor)?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let length = take_u32(&mut rest).ok_or(BadCursor)? as usize;
            let (part, others) = rest.split_at_checked(length).ok_or(BadCursor)?;
            parts.push(Key::from_bytes(part));
            rest = others;
        }
        let key = parts.pop().ok_or(BadCursor)?;
        Ok(Cursor { order, columns: parts, key })
    }
}

/// The bytes that a hexadecimal text stands for.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*head))
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;
    use crate::tables::Direction;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let order = [Sort { column: 1, direction: Direction::Descending }];
        let cursor = Cursor::new(&order, vec![Key::of(&[Value::Null])], Key::of(&[Value::Text("a".into())]));
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        assert!(cursor.is_of(&order));
        assert!(!cursor.is_of(&[Sort { column: 1, direction: Direction::Ascending }]));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "0", "zz", "00000000", "0000000000000009ff", "é"] {
            assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
        }
    }
}
