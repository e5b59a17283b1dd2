//! A strict JSON scanner over text that is known to be UTF-8: one pass, nothing is built, strings and numbers are
//! slices of the input. What is read twice (the data of an event: once to find its end, once to take it apart) is
//! read by the same rules.

mod number;
mod skip;
mod string;

pub(crate) use number::{Number, NumberForm};
pub(crate) use string::{Escapes, Text, escaped, plain_len};

/// How deep containers may be nested; `serde_json` stops at the same depth.
const MAX_DEPTH: u32 = 127;

/// Why the text is not JSON; the scanner's position says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

/// The next value, or the start of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    Text(Text<'a>),
    /// `[` was read.
    Array,
    /// `{` was read.
    Object,
}

/// A place in JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    /// At the start of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Scanner { text, at: 0, depth: 0 }
    }

    /// The byte that comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to here.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Skips space; what comes next begins at [`at`](Self::at).
    #[inline]
    pub(crate) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads a scalar, or the opening of a container.
    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Token<'a>, Broken> {
        self.space();
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'{') => self.open().map(|()| Token::Object),
            Some(b'[') => self.open().map(|()| Token::Array),
            Some(b't') => self.literal("true", Token::Bool(true)),
            Some(b'f') => self.literal("false", Token::Bool(false)),
            Some(b'n') => self.literal("null", Token::Null),
            Some(_) => Err(Broken("expected a value")),
            None => Err(Broken("unexpected end")),
        }
    }

    /// After `{`: the first name, its colon consumed; `None` at `}`.
    #[inline]
    pub(crate) fn first_name(&mut self) -> Result<Option<Text<'a>>, Broken> {
        if self.first_member()? { self.name().map(Some) } else { Ok(None) }
    }

    /// After a member's value: the next name, its colon consumed; `None` at `}`.
    #[inline]
    pub(crate) fn next_name(&mut self) -> Result<Option<Text<'a>>, Broken> {
        if self.next_member()? { self.name().map(Some) } else { Ok(None) }
    }

    /// After `{`: whether a member follows, its name next; otherwise `}` was read.
    #[inline]
    pub(crate) fn first_member(&mut self) -> Result<bool, Broken> {
        self.first(b'}')
    }

    /// After a member's value: whether another member follows, its name next; otherwise `}` was read.
    #[inline]
    pub(crate) fn next_member(&mut self) -> Result<bool, Broken> {
        self.next(b'}', Broken("expected `,` or `}`"))
    }

    /// After `[`: whether an element follows; otherwise `]` was read.
    #[inline]
    pub(crate) fn first_item(&mut self) -> Result<bool, Broken> {
        self.first(b']')
    }

    /// After an element: whether another follows; otherwise `]` was read.
    #[inline]
    pub(crate) fn next_item(&mut self) -> Result<bool, Broken> {
        self.next(b']', Broken("expected `,` or `]`"))
    }

    /// Reads a member's name and its colon.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<Text<'a>, Broken> {
        if self.peek() != Some(b'"') {
            return Err(Broken("expected a name in quotes"));
        }
        let name = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(Broken("expected `:`"));
        }
        self.at += 1;
        Ok(name)
    }

    /// Reads exactly this text, if it comes next.
    #[inline]
    pub(crate) fn takes(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    /// Nothing but space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(Broken("unexpected text after the end of the value")) }
    }

    #[inline]
    fn open(&mut self) -> Result<(), Broken> {
        if self.depth == MAX_DEPTH {
            return Err(Broken("nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn first(&mut self, closing: u8) -> Result<bool, Broken> {
        self.space();
        let follows = self.peek() != Some(closing);
        if !follows {
            self.close();
        }
        Ok(follows)
    }

    #[inline]
    fn next(&mut self, closing: u8, otherwise: Broken) -> Result<bool, Broken> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(byte) if byte == closing => {
                self.close();
                Ok(false)
            }
            Some(_) => Err(otherwise),
            None => Err(Broken("unexpected end")),
        }
    }

    #[inline]
    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
    }

    fn literal(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>, Broken> {
        if self.takes(word) { Ok(token) } else { Err(Broken("expected a value")) }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<&str, Broken> {
        let mut scanner = Scanner::new(text);
        let value = scanner.skip()?;
        scanner.end()?;
        Ok(value)
    }

    #[test]
    fn accepts_what_serde_json_accepts() {
        let texts = [
            "{}",
            "[]",
            " [ 1 , 2 ] ",
            "{\"a\":{\"b\":[]}}",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "[1 2]",
            "{",
            "[",
            "",
            " ",
            "true",
            "tru",
            "truex",
            "nul",
            "-",
            "-0",
            "01",
            "1.",
            ".5",
            "1.5e",
            "1e5",
            "1E+5",
            "1e-",
            "+1",
            "0x1",
            "--1",
            "1.5.5",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\u00\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83d\\u0041\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"\u{7f}é\"",
            "1 2",
            "{} x",
            "null",
            "[null,true,false]",
            "\u{feff}{}",
            "\"abcdefghijk\\nlmnop\"",
            "\"abcdefg\u{1f}\"",
            "\"0123456789abcdef\"",
            "}",
            "]",
        ];
        for text in texts {
            let expect = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(read(text).is_ok(), expect, "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn nesting_ends_where_serde_json_ends() {
        for depth in [1, 126, 127, 128, 129, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let expect = serde_json::from_str::<serde_json::Value>(&text).is_ok();
                assert_eq!(read(&text).is_ok(), expect, "{open} {depth}");
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let reason = |text: &str| read(text).unwrap_err().0;
        assert_eq!(reason("[1 2]"), "expected `,` or `]`");
        assert_eq!(reason("{\"a\" 2}"), "expected `:`");
        assert_eq!(reason("{} 1"), "unexpected text after the end of the value");
        assert_eq!(reason("{"), "expected a name in quotes");
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:,"a\\u0-9.eE+ -]{0,24}"#) {
            proptest::prop_assert_eq!(read(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }

        #[test]
        fn agrees_on_strings(text in r#""([a-z\\"u0-9dDeE\x00-\x30é]|\\u[dD][89a-f][0-9]{2}){0,12}""#) {
            proptest::prop_assert_eq!(read(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}
