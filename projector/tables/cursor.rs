//! Places in a list, as text that a client hands back: which list it is, and the sort columns and the key of the last document.

use std::fmt;
use std::str::FromStr;

use projections::codec::Key;

/// A place in a list: right after a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which list it is a place in.
    mark: u64,
    /// The document's sort columns.
    pub columns: Vec<Key>,
    /// The document's key.
    pub key: Key,
}

/// A text that is no cursor, or one of another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this list; use it as it came, with the same conditions and order")]
pub struct BadCursor;

// === impl Cursor ===

impl Cursor {
    /// The place in the list of this mark after the document with these sort columns and this key.
    pub fn new(mark: u64, columns: Vec<Key>, key: Key) -> Cursor {
        Cursor { mark, columns, key }
    }

    /// Whether it is a place in the list of this mark, which is sorted by so many columns.
    pub fn is_of(&self, mark: u64, columns: usize) -> bool {
        self.mark == mark && self.columns.len() == columns
    }
}

/// Hexadecimal: the list, then each column and the key after their lengths.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.mark)?;
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
        let mark = take(&mut rest).map(u64::from_be_bytes).ok_or(BadCursor)?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let length = take(&mut rest).map(u32::from_be_bytes).ok_or(BadCursor)? as usize;
            let (part, others) = rest.split_at_checked(length).ok_or(BadCursor)?;
            parts.push(Key::from_bytes(part));
            rest = others;
        }
        let key = parts.pop().ok_or(BadCursor)?;
        Ok(Cursor { mark, columns: parts, key })
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

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let cursor = Cursor::new(7, vec![Key::of(&[Value::Null])], Key::of(&[Value::Text("a".into())]));
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        assert!(cursor.is_of(7, 1));
        assert!(!cursor.is_of(8, 1) && !cursor.is_of(7, 2));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "0", "zz", "0000000000000000", "000000000000000000000009ff", "é"] {
            assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
        }
    }
}
