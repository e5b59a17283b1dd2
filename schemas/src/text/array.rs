//! Arrays of scalars: `{1,NULL,"two words"}`

use super::{TextError, is_space, parse, print, trimmed};
use crate::{Type, Value};

/// The elements that an array literal lists.
pub(super) fn parse_array(text: &str, item: &Type) -> Result<Vec<Value<'static>>, TextError> {
    let malformed = || TextError::array(text);
    let inner = trimmed(text).strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(malformed)?;
    if trimmed(inner).is_empty() {
        return Ok(Vec::new());
    }
    let mut elements = Elements { rest: inner };
    let mut values = Vec::new();
    loop {
        values.push(match elements.next().ok_or_else(malformed)? {
            Element::Null => Value::Null,
            Element::Text(text) => parse(&text, item)?.into_owned(),
        });
        match elements.rest.strip_prefix(',') {
            Some(rest) => elements.rest = rest,
            None if elements.rest.is_empty() => return Ok(values),
            None => return Err(malformed()),
        }
    }
}

enum Element {
    Null,
    Text(String),
}

struct Elements<'a> {
    rest: &'a str,
}

impl Elements<'_> {
    /// Reads up to the comma that follows, or the end; `None` where there is no element.
    fn next(&mut self) -> Option<Element> {
        self.rest = self.rest.trim_start_matches(is_space);
        match self.rest.strip_prefix('"') {
            Some(rest) => {
                self.rest = rest;
                self.quoted()
            }
            None => self.bare(),
        }
    }

    fn quoted(&mut self) -> Option<Element> {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(chars.next()?),
                plain => text.push(plain),
            }
        }
        self.rest = chars.as_str().trim_start_matches(is_space);
        Some(Element::Text(text))
    }

    fn bare(&mut self) -> Option<Element> {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            let before = chars.as_str();
            match chars.next() {
                None | Some(',') => {
                    self.rest = before;
                    break;
                }
                Some('{' | '}' | '"') => return None,
                Some('\\') => text.push(chars.next()?),
                Some(plain) => text.push(plain),
            }
        }
        let word = trimmed(&text);
        match word {
            "" => None,
            null if null.eq_ignore_ascii_case("null") => Some(Element::Null),
            _ => Some(Element::Text(word.to_owned())),
        }
    }
}

/// The literal of these elements, quoted where they have to be.
pub(super) fn print_array(items: &[Value<'_>], out: &mut String) {
    out.push('{');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        print_element(item, out);
    }
    out.push('}');
}

fn print_element(item: &Value<'_>, out: &mut String) {
    if item.is_null() {
        return out.push_str("NULL");
    }
    let mut text = String::new();
    print(item, &mut text);
    if !needs_quotes(&text) {
        return out.push_str(&text);
    }
    out.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out.push('"');
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || text.chars().any(|c| is_space(c) || matches!(c, '"' | '\\' | '{' | '}' | ','))
}
