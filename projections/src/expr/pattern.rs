//! `LIKE`

use super::EvalError;

/// Whether the whole text is as the pattern says: `%` any characters, `_` one, `\` takes the next as it is.
pub fn is_like(text: &str, pattern: &str) -> Result<bool, EvalError> {
    let (mut rest, mut at) = (text, pattern);
    // Where to go on when what follows the last `%` does not fit: one character further.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        match first_token(at) {
            Some((Token::Any, after)) => {
                at = after;
                retry = Some((rest, at));
                continue;
            }
            None if rest.is_empty() => return Ok(true),
            Some((Token::Nothing, _)) if !rest.is_empty() => return Err(ends_with_escape()),
            token => {
                if let Some((left, after)) = token.and_then(|(token, after)| Some((token.taken_from(rest)?, after))) {
                    (rest, at) = (left, after);
                    continue;
                }
            }
        }
        let Some((from, after_any)) = retry else { return Ok(false) };
        let Some(next) = from.chars().next() else { return Ok(false) };
        rest = &from[next.len_utf8()..];
        at = after_any;
        retry = Some((rest, at));
    }
}

enum Token {
    Any,
    One,
    Char(char),
    /// What an escape character at the end takes.
    Nothing,
}

impl Token {
    /// What is left of the text after this token.
    fn taken_from<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut chars = text.chars();
        let first = chars.next()?;
        match self {
            Token::Char(wanted) if *wanted != first => None,
            _ => Some(chars.as_str()),
        }
    }
}

/// The token that the pattern begins with, and what follows it.
fn first_token(pattern: &str) -> Option<(Token, &str)> {
    let mut chars = pattern.chars();
    let token = match chars.next()? {
        '%' => Token::Any,
        '_' => Token::One,
        '\\' => chars.next().map_or(Token::Nothing, Token::Char),
        plain => Token::Char(plain),
    };
    Some((token, chars.as_str()))
}

fn ends_with_escape() -> EvalError {
    EvalError::Invalid("LIKE pattern must not end with escape character".to_owned())
}

/// The pattern written with `\` for its own escape character; none at all where that is empty.
pub fn with_escape(pattern: &str, escape: &str) -> Result<String, EvalError> {
    let mut chars = escape.chars();
    let (escape, more) = (chars.next(), chars.next());
    if more.is_some() {
        return Err(EvalError::Invalid("invalid escape string".to_owned()));
    }
    let mut out = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for char in pattern.chars() {
        if Some(char) == escape && !is_escaped {
            out.push('\\');
            is_escaped = true;
            continue;
        }
        if char == '\\' && !is_escaped {
            out.push('\\');
        }
        out.push(char);
        is_escaped = false;
    }
    Ok(out)
}
