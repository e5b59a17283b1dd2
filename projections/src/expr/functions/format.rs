//! `format`, with `%s`, widths and positions.

use schemas::{Value, text};

use crate::expr::EvalError;
use crate::expr::function::Kind::{Any, Text};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

use super::text_edit::check_length;

pub(super) static TABLE: &[Function] = &[
    Function::one("format", &[Text], Text, |format| filled(take::text(format)?.as_ref(), &[])),
    Function::many("format", &[Text, Any], Text, format).variadic().sees_nulls(),
];

fn format(mut values: Vec<Value<'_>>) -> Outcome<'_> {
    let args = values.split_off(1);
    match values.pop() {
        Some(Value::Text(format)) => filled(&format, &args),
        _ => Ok(Value::Null),
    }
}

/// What is wrong with a format of so many arguments, said when the expression is compiled.
pub(in crate::expr) fn check_places(format: &str, args: usize) -> Result<(), EvalError> {
    filled(format, &vec![Value::Null; args]).map(|_| ())
}

/// A place in the format where an argument goes.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Which argument, counted from 1; by default the one after the last.
    argument: Option<usize>,
    is_left_aligned: bool,
    width: usize,
}

fn filled<'v>(format: &str, args: &[Value<'_>]) -> Outcome<'v> {
    let mut out = String::new();
    let mut next = 1;
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (place, after) = place(rest)?;
        let argument = place.argument.unwrap_or(next);
        let value = args.get(argument - 1).ok_or_else(|| failure("too few arguments for format()"))?;
        put(value, place, &mut out);
        check_length(out.len())?;
        (next, rest) = (argument + 1, after);
    }
    out.push_str(rest);
    Ok(Value::Text(out.into()))
}

fn failure(message: &str) -> EvalError {
    EvalError::Invalid(message.to_owned())
}

/// Reads `[n$][-][width]s`.
fn place(text: &str) -> Result<(Place, &str), EvalError> {
    let mut place = Place::default();
    let mut rest = text;
    if let (Some(argument), Some(after)) = (leading_number(rest).0, leading_number(rest).1.strip_prefix('$')) {
        if argument == 0 {
            return Err(failure("format specifies argument 0, but arguments are numbered from 1"));
        }
        (place.argument, rest) = (Some(argument), after);
    }
    if let Some(after) = rest.strip_prefix('-') {
        (place.is_left_aligned, rest) = (true, after);
    }
    let (width, after) = leading_number(rest);
    place.width = width.unwrap_or(0);
    match after.strip_prefix('s') {
        Some(after) if place.width <= MAX_WIDTH => Ok((place, after)),
        _ if after.is_empty() => Err(failure("unterminated format() type specifier")),
        _ => Err(failure("of format()'s specifiers only %s is supported here")),
    }
}

/// Wider than this no text is made.
const MAX_WIDTH: usize = 1 << 20;

fn leading_number(text: &str) -> (Option<usize>, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

fn put(value: &Value<'_>, place: Place, out: &mut String) {
    let mut shown = String::new();
    text::print(value, &mut shown);
    let missing = place.width.saturating_sub(shown.chars().count());
    let padding = std::iter::repeat_n(' ', missing);
    if place.is_left_aligned {
        out.push_str(&shown);
        out.extend(padding);
    } else {
        out.extend(padding);
        out.push_str(&shown);
    }
}
