//! Finding parts of a valid JSON text. Text that is not valid yields nothing, or less; it never panics.

use std::borrow::Cow;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// What the JSON text is, by its first character.
pub fn kind(json: &str) -> Kind {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// The elements of an array, each as it is written; none of anything else.
pub fn elements(json: &str) -> Elements<'_> {
    Elements { rest: json.trim_start().strip_prefix('[').unwrap_or("]") }
}

/// The members of an object, each name in its quotes and its value, as written; none of anything else.
pub fn members(json: &str) -> Members<'_> {
    Members { rest: json.trim_start().strip_prefix('{').unwrap_or("}") }
}

/// See [`elements`].
#[derive(Clone)]
pub struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (value, rest) = value_at(self.rest.trim_start_matches([',', ' ', '\t', '\n', '\r']))?;
        self.rest = rest;
        Some(value)
    }
}

/// See [`members`].
#[derive(Clone)]
pub struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let (name, rest) = value_at(self.rest.trim_start_matches([',', ' ', '\t', '\n', '\r']))?;
        let (value, rest) = value_at(rest.trim_start().strip_prefix(':')?.trim_start())?;
        self.rest = rest;
        Some((name, value))
    }
}

/// Splits the text after the value that it starts with; `None` where none starts.
fn value_at(text: &str) -> Option<(&str, &str)> {
    let end = match text.as_bytes().first()? {
        b'"' => string_end(text.as_bytes(), 0)?,
        b'{' | b'[' => nested_end(text.as_bytes())?,
        b'}' | b']' => return None,
        _ => {
            text.bytes().position(|b| matches!(b, b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(text.len())
        }
    };
    if end == 0 { None } else { text.split_at_checked(end) }
}

/// The end of the string that starts at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The end of the object or array at the start.
fn nested_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The text of a string in its quotes. `None` where an escape stands for no character: `\u0000`, or half of a surrogate pair.
pub fn unescape(string: &str) -> Option<Cow<'_, str>> {
    let inner = string.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (char, length) = escaped(&rest[at..])?;
        out.push(char);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

/// The character that the escape at the start of the text stands for, and the escape's length.
pub(super) fn escaped(text: &str) -> Option<(char, usize)> {
    crate::scan::escaped(text.as_bytes()).filter(|(char, _)| *char != '\0')
}
