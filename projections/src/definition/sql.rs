//! SQL inside files: parsed, with the place in the file of whatever the parser says.

use std::borrow::Cow;
use std::ops::Range;

use sqlparser::ast::{Expr, Query};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token};

use super::report::Report;

/// A piece of SQL and where it came from.
#[derive(Clone, Debug)]
pub struct SqlText<'f> {
    /// The SQL as it is parsed.
    pub text: Cow<'f, str>,
    places: Places,
}

/// Where the bytes of a text are in its file.
#[derive(Clone, Debug)]
enum Places {
    /// One after the other from here on.
    From(usize),
    /// Each at its own place, for a string with escapes; one more for the end.
    Each(Vec<usize>),
}

// === impl SqlText ===

impl<'f> SqlText<'f> {
    /// A whole file.
    pub fn of_file(text: &'f str) -> Self {
        SqlText { text: Cow::Borrowed(text), places: Places::From(0) }
    }

    /// The TOML string whose literal, quotes and all, is `raw` and starts at `start` of the file.
    pub fn of_toml_string(decoded: &'f str, raw: &str, start: usize) -> Self {
        let places = match places_of_string(raw, start) {
            Some(places) if places.len() == decoded.len() + 1 => Places::Each(places),
            _ => Places::From(start + 1),
        };
        SqlText { text: Cow::Borrowed(decoded), places }
    }

    /// The bytes of the file that `span` means; the whole text where the parser knows no place.
    pub fn place(&self, span: Span) -> Range<usize> {
        let (start, end) = match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) if start < end => (start, end),
            (Some(start), _) if start < self.text.len() => (start, self.token_end(start)),
            (Some(start), _) => (start - self.text[..start].chars().next_back().map_or(0, char::len_utf8), start),
            _ => (0, self.text.trim_end().len()),
        };
        let (start, end) = self.balanced(start, end);
        self.in_file(start)..self.in_file(end)
    }

    /// Parses one expression; a mistake in it goes to the report.
    pub fn parse_expr(&self, report: &mut Report<'_>) -> Option<Expr> {
        self.parse(report, |parser| parser.parse_expr())
    }

    /// Parses one SELECT; a mistake in it goes to the report.
    pub fn parse_query(&self, report: &mut Report<'_>) -> Option<Query> {
        self.parse(report, |parser| {
            let query = parser.parse_query()?;
            let _ = parser.consume_token(&Token::SemiColon);
            Ok(*query)
        })
    }

    fn parse<T>(&self, report: &mut Report<'_>, parse: impl Fn(&mut Parser<'_>) -> Result<T, ParserError>) -> Option<T> {
        let dialect = PostgreSqlDialect {};
        let parsed = Parser::new(&dialect).try_with_sql(&self.text).and_then(|mut parser| {
            let parsed = parse(&mut parser)?;
            parser.expect_token(&Token::EOF)?;
            Ok(parsed)
        });
        match parsed {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let (message, span) = self.explain(&error);
                report.add(self.place(span), message);
                None
            }
        }
    }

    /// The parser puts the place at the end of its message.
    fn explain(&self, error: &ParserError) -> (String, Span) {
        let text = match error {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => text.as_str(),
            ParserError::RecursionLimitExceeded => "too deeply nested",
        };
        let (text, location) = match text.rsplit_once(" at Line: ") {
            Some((text, place)) => (text, parse_location(place)),
            None => (text, None),
        };
        let location = location.unwrap_or_else(|| self.end());
        (lower_first(text), Span::new(location, location))
    }

    fn end(&self) -> Location {
        let line = self.text.matches('\n').count() + 1;
        let last = self.text.rsplit('\n').next().unwrap_or("");
        Location::new(line as u64, last.chars().count() as u64 + 1)
    }

    /// Lines and columns count from 1, columns in characters.
    fn offset(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let start: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = self.text.get(start..)?;
        Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset))
    }

    /// The parser's spans leave out parentheses at the ends.
    fn balanced(&self, mut start: usize, mut end: usize) -> (usize, usize) {
        let (opened, closed) = (self.text[start..end].matches('(').count(), self.text[start..end].matches(')').count());
        for _ in closed..opened {
            let rest = &self.text[end..];
            let next = rest.trim_start();
            end += if next.starts_with(')') { rest.len() - next.len() + 1 } else { 0 };
        }
        for _ in opened..closed {
            start -= usize::from(self.text[..start].ends_with('('));
        }
        (start, end)
    }

    fn token_end(&self, start: usize) -> usize {
        let rest = &self.text[start..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        start + word.max(rest.chars().next().map_or(0, char::len_utf8))
    }

    fn in_file(&self, offset: usize) -> usize {
        match &self.places {
            Places::From(start) => start + offset,
            Places::Each(places) => places.get(offset).or(places.last()).copied().unwrap_or(0),
        }
    }
}

fn parse_location(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

// === TOML strings ===

/// For each byte of the decoded string its place in the file, and the place of the closing quotes.
fn places_of_string(raw: &str, start: usize) -> Option<Vec<usize>> {
    let (quotes, escapes) = match raw.as_bytes() {
        [b'"', b'"', b'"', ..] => (3, Escapes::Basic),
        [b'\'', b'\'', b'\'', ..] => (3, Escapes::None),
        [b'"', ..] => (1, Escapes::Basic),
        [b'\'', ..] => (1, Escapes::None),
        _ => return None,
    };
    let mut body = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    let mut at = start + quotes;
    if quotes == 3
        && let Some(rest) = body.strip_prefix("\r\n").or(body.strip_prefix('\n'))
    {
        at += body.len() - rest.len();
        body = rest;
    }
    Some(match escapes {
        Escapes::None => (at..=at + body.len()).collect(),
        Escapes::Basic => places_of_basic(body, at),
    })
}

enum Escapes {
    None,
    Basic,
}

fn places_of_basic(mut body: &str, mut at: usize) -> Vec<usize> {
    let mut places = Vec::with_capacity(body.len() + 1);
    while let Some(c) = body.chars().next() {
        let (raw_len, decoded_len) = if c == '\\' { escape_len(body) } else { (c.len_utf8(), c.len_utf8()) };
        places.extend((0..decoded_len).map(|i| if c == '\\' { at } else { at + i }));
        at += raw_len;
        body = body.get(raw_len..).unwrap_or("");
    }
    places.push(at);
    places
}

/// How many bytes the escape at the start of `body` takes, and how many it stands for.
fn escape_len(body: &str) -> (usize, usize) {
    let hex = |digits: usize| {
        let code = body.get(2..2 + digits).and_then(|text| u32::from_str_radix(text, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(0, char::len_utf8))
    };
    match body.as_bytes().get(1) {
        Some(b'u') => hex(4),
        Some(b'U') => hex(8),
        Some(b'x') => hex(2),
        Some(b' ' | b'\t' | b'\r' | b'\n') => (body.len() - body[1..].trim_start().len(), 0),
        _ => (2, 1),
    }
}

#[cfg(test)]
mod tests {
    use schemas::SourceFile;
    use toml::de::DeTable;

    use super::*;

    /// The text that the first mistake of the expression in `toml` underlines, and the message.
    fn check(toml: &str, underlined: &str, message: &str) {
        let file = SourceFile { path: "f".into(), text: toml.into() };
        let table = DeTable::parse(toml).unwrap().into_inner();
        let (_, value) = table.iter().next().unwrap();
        let sql = SqlText::of_toml_string(value.get_ref().as_str().unwrap(), &toml[value.span()], value.span().start);
        let mut report = Report::new(&file);
        assert!(sql.parse_expr(&mut report).is_none(), "{toml}");
        let mistakes = report.finish();
        assert_eq!((&toml[mistakes[0].span.clone().unwrap()], mistakes[0].message.as_str()), (underlined, message));
    }

    #[test]
    fn mistakes_are_found_in_the_file() {
        check("a = \"1 + frob ) x\"", ")", "expected: EOF, found: )");
        check("a = 'lower(x'", "x", "expected: ), found: EOF");
        check("a = \"'\\u00e9\\t' + \\\"b\\\" ]\"", "]", "expected: EOF, found: ]");
        check("a = 'lower(é'", "é", "expected: ), found: EOF");
        check("a = \"lower(\\u00e9\"", "\\u00e9", "expected: ), found: EOF");
        check("a = '''\n1 +\n frob ) x'''", ")", "expected: EOF, found: )");
        check("a = \"\"\"1 \\\n   + frob ) x\"\"\"", ")", "expected: EOF, found: )");
    }
}
