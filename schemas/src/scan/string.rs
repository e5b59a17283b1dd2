//! Strings: found by eight bytes at a time, decoded only where they have escapes.

use std::borrow::Cow;

use super::{Broken, Scanner};

/// A string as it stands between its quotes; its escapes are known to be right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Text<'a> {
    /// The text between the quotes.
    pub(crate) raw: &'a str,
    /// What its escapes are.
    pub(crate) escapes: Escapes,
}

/// What is known of a string's escapes. As wide as a word, so that texts are moved in whole words: this is where
/// reading events spends its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Escapes {
    /// The raw text is the string.
    None,
    /// Some must be decoded.
    Some,
    /// One of them stands for NUL, which no store's text can hold.
    Nul,
}

// === impl Text ===

impl<'a> Text<'a> {
    /// The string itself.
    #[inline]
    pub(crate) fn decode(&self) -> Cow<'a, str> {
        match self.escapes {
            Escapes::None => Cow::Borrowed(self.raw),
            Escapes::Some | Escapes::Nul => Cow::Owned(unescape(self.raw)),
        }
    }

    /// Whether the string is `word`; one with escapes is decoded first.
    #[inline]
    pub(crate) fn is(&self, word: &str) -> bool {
        match self.escapes {
            Escapes::None => self.raw == word,
            Escapes::Some | Escapes::Nul => self.decode() == word,
        }
    }
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    /// Reads a string; its opening quote comes next. The way of strings without escapes goes into every caller.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'a>, Broken> {
        let start = self.at + 1;
        self.at = start;
        self.at += plain_len(self.rest());
        let raw = self.since(start);
        if self.peek() != Some(b'"') {
            return self.string_with_escapes(start);
        }
        self.at += 1;
        Ok(Text { raw, escapes: Escapes::None })
    }

    /// Reads the rest of a string, from what is not plain in it.
    #[cold]
    fn string_with_escapes(&mut self, start: usize) -> Result<Text<'a>, Broken> {
        let mut escapes = Escapes::None;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => escapes = self.escape(escapes)?,
                Some(_) => return Err(Broken("control character in a string")),
                None => return Err(Broken("string without an end")),
            }
            self.at += plain_len(self.rest());
        }
        let raw = self.since(start);
        self.at += 1;
        Ok(Text { raw, escapes })
    }

    /// Reads one escape; what the string's escapes are, with this one.
    fn escape(&mut self, before: Escapes) -> Result<Escapes, Broken> {
        let Some((char, len)) = escaped(self.rest()) else {
            let is_unicode = self.rest().get(1) == Some(&b'u');
            return Err(Broken(if is_unicode { "bad \\u escape in a string" } else { "unknown escape in a string" }));
        };
        self.at += len;
        Ok(if char == '\0' || before == Escapes::Nul { Escapes::Nul } else { Escapes::Some })
    }
}

/// How many of the leading bytes are neither quote, backslash nor control character.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    let (chunks, tail) = bytes.as_chunks();
    for (index, chunk) in chunks.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    chunks.len() * 8 + plain_tail_len(tail)
}

/// The same for fewer than eight bytes; text is that short only where it ends.
#[cold]
fn plain_tail_len(tail: &[u8]) -> usize {
    tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(tail.len())
}

/// The high bit of each of the eight bytes that ends a run of plain ones. Bits above the lowest that is set may be
/// wrong: the subtractions borrow from there.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (zero(quote) | zero(backslash) | control) & HIGH
}

/// The character of a leading escape, and how many bytes that is; `None` where it is none.
pub(crate) fn escaped(bytes: &[u8]) -> Option<(char, usize)> {
    Some(match bytes.get(1)? {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => return unicode(bytes),
        same @ (b'"' | b'\\' | b'/') => (char::from(*same), 2),
        _ => return None,
    })
}

/// The same of `\uXXXX`, or of a pair of them.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(bytes)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let second = code_unit(bytes.get(6..)?).filter(|unit| (0xDC00..0xE000).contains(unit))?;
    Some((char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, 12))
}

fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)?))
}

/// `raw` with its escapes decoded; they were checked when it was read.
#[cold]
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (char, len) = escaped(&rest.as_bytes()[at..]).unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        out.push(char);
        rest = &rest[at + len..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Token;

    fn text(json: &str) -> Text<'_> {
        match Scanner::new(json).token() {
            Ok(Token::Text(text)) => text,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn decodes_like_serde_json() {
        for json in [
            r#""""#,
            r#""plain""#,
            r#""tab\tnew\nline\r\b\f\/\\\"""#,
            r#""\u00e9\ud83d\ude00x""#,
            r#""éé\u0041""#,
            r#""0123456\\89\u0000""#,
        ] {
            assert_eq!(text(json).decode(), serde_json::from_str::<String>(json).unwrap(), "{json}");
        }
    }

    #[test]
    fn knows_its_escapes() {
        assert_eq!(text(r#""a long enough text without""#).escapes, Escapes::None);
        assert_eq!(text(r#""\n""#).escapes, Escapes::Some);
        assert_eq!(text(r#""a\u0000\n""#).escapes, Escapes::Nul);
        assert!(matches!(text(r#""plain""#).decode(), Cow::Borrowed("plain")));
        assert!(text(r#""\u0061bc""#).is("abc"));
    }

    #[test]
    fn finds_the_first_special_byte() {
        for byte in 0..=255u8 {
            for at in 0..20 {
                let mut bytes = vec![b'x'; 20];
                bytes[at] = byte;
                let expect = if matches!(byte, b'"' | b'\\' | 0..0x20) { at } else { 20 };
                assert_eq!(plain_len(&bytes), expect, "{byte} at {at}");
            }
        }
    }
}
