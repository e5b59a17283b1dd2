//! Text made of other text: cut, padded, replaced, repeated.

use std::borrow::Cow;

use schemas::Value;

use crate::expr::EvalError;
use crate::expr::function::Kind::{Int4, Text};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

/// No text is made longer than this, lest one expression take all memory; PostgreSQL stops only at 1 GB.
const MAX_LENGTH: usize = 64 << 20;

pub(super) static TABLE: &[Function] = &[
    Function::one("btrim", &[Text], Text, |a| Ok(Value::Text(trimmed(take::text(a)?, " ", Side::Both)))),
    Function::one("ltrim", &[Text], Text, |a| Ok(Value::Text(trimmed(take::text(a)?, " ", Side::Start)))),
    Function::one("rtrim", &[Text], Text, |a| Ok(Value::Text(trimmed(take::text(a)?, " ", Side::End)))),
    Function::two("btrim", &[Text, Text], Text, |a, set| Ok(Value::Text(trimmed(take::text(a)?, &take::text(set)?, Side::Both)))),
    Function::two("ltrim", &[Text, Text], Text, |a, set| {
        Ok(Value::Text(trimmed(take::text(a)?, &take::text(set)?, Side::Start)))
    }),
    Function::two("rtrim", &[Text, Text], Text, |a, set| Ok(Value::Text(trimmed(take::text(a)?, &take::text(set)?, Side::End)))),
    Function::two("substr", &[Text, Int4], Text, substring_from),
    Function::two("substring", &[Text, Int4], Text, substring_from),
    Function::many("substr", &[Text, Int4, Int4], Text, substring),
    Function::many("substring", &[Text, Int4, Int4], Text, substring),
    Function::two("left", &[Text, Int4], Text, left),
    Function::two("right", &[Text, Int4], Text, right),
    Function::many("overlay", &[Text, Text, Int4], Text, overlay),
    Function::many("overlay", &[Text, Text, Int4, Int4], Text, overlay),
    Function::many("replace", &[Text, Text, Text], Text, replace),
    Function::many("translate", &[Text, Text, Text], Text, translate),
    Function::many("split_part", &[Text, Text, Int4], Text, split_part),
    Function::two("lpad", &[Text, Int4], Text, |a, length| lpad(vec![a, length, Value::Text(" ".into())])),
    Function::two("rpad", &[Text, Int4], Text, |a, length| rpad(vec![a, length, Value::Text(" ".into())])),
    Function::many("lpad", &[Text, Int4, Text], Text, lpad),
    Function::many("rpad", &[Text, Int4, Text], Text, rpad),
    Function::two("repeat", &[Text, Int4], Text, repeat),
    Function::one("reverse", &[Text], Text, |a| Ok(Value::Text(take::text(a)?.chars().rev().collect::<String>().into()))),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Start,
    End,
}

fn trimmed<'v>(text: Cow<'v, str>, set: &str, side: Side) -> Cow<'v, str> {
    let start = if side == Side::End { &*text } else { text.trim_start_matches(|c| set.contains(c)) };
    let kept = if side == Side::Start { start } else { start.trim_end_matches(|c| set.contains(c)) };
    let from = text.len() - start.len();
    let range = from..from + kept.len();
    slice(text, range)
}

fn slice(text: Cow<'_, str>, range: std::ops::Range<usize>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

/// The characters from number `from` up to, not including, number `to`; counted from 0.
fn chars_between(text: Cow<'_, str>, from: i64, to: i64) -> Cow<'_, str> {
    let byte_of = |index: i64| match usize::try_from(index) {
        Ok(index) => text.char_indices().nth(index).map_or(text.len(), |(at, _)| at),
        Err(_) => 0,
    };
    let start = byte_of(from);
    let end = byte_of(to).max(start);
    slice(text, start..end)
}

fn substring_from<'v>(text: Value<'v>, from: Value<'v>) -> Outcome<'v> {
    let from = i64::from(take::int4(from)?) - 1;
    Ok(Value::Text(chars_between(take::text(text)?, from, i64::MAX)))
}

fn substring(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [text, from, length] = take::all(values)?;
    let (from, length) = (i64::from(take::int4(from)?) - 1, i64::from(take::int4(length)?));
    if length < 0 {
        return Err(EvalError::Invalid("negative substring length not allowed".to_owned()));
    }
    Ok(Value::Text(chars_between(take::text(text)?, from, from + length)))
}

fn left<'v>(text: Value<'v>, count: Value<'v>) -> Outcome<'v> {
    let (text, count) = (take::text(text)?, i64::from(take::int4(count)?));
    let end = if count < 0 { text.chars().count() as i64 + count } else { count };
    Ok(Value::Text(chars_between(text, 0, end)))
}

fn right<'v>(text: Value<'v>, count: Value<'v>) -> Outcome<'v> {
    let (text, count) = (take::text(text)?, i64::from(take::int4(count)?));
    let start = if count < 0 { -count } else { text.chars().count() as i64 - count };
    Ok(Value::Text(chars_between(text, start.max(0), i64::MAX)))
}

/// Puts a text in the place of as many characters, or of so many.
fn overlay(values: Vec<Value<'_>>) -> Outcome<'_> {
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or(Value::Null);
    let (text, new, from) = (take::text(next())?, take::text(next())?, i64::from(take::int4(next())?));
    let length = match next() {
        Value::Null => new.chars().count() as i64,
        length => i64::from(take::int4(length)?),
    };
    if from <= 0 {
        return Err(EvalError::Invalid("negative substring length not allowed".to_owned()));
    }
    let start = chars_between(Cow::Borrowed(&text), 0, from - 1);
    let end = chars_between(Cow::Borrowed(&text), from - 1 + length, i64::MAX);
    check_length(start.len() + new.len() + end.len())?;
    Ok(Value::Text(format!("{start}{new}{end}").into()))
}

fn replace(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [text, from, to] = take::all(values)?;
    let (text, from, to) = (take::text(text)?, take::text(from)?, take::text(to)?);
    let places = if from.is_empty() { 0 } else { text.matches(&*from).count() };
    if places == 0 {
        return Ok(Value::Text(text));
    }
    check_length(text.len() - places * from.len() + places.saturating_mul(to.len()))?;
    Ok(Value::Text(text.replace(&*from, &to).into()))
}

fn translate(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [text, from, to] = take::all(values)?;
    let (from, to) = (take::text(from)?, take::text(to)?);
    let translated = |c: char| match from.chars().position(|old| old == c) {
        Some(place) => to.chars().nth(place),
        None => Some(c),
    };
    let translated: String = take::text(text)?.chars().filter_map(translated).collect();
    check_length(translated.len())?;
    Ok(Value::Text(translated.into()))
}

fn split_part(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [text, delimiter, field] = take::all(values)?;
    let (text, delimiter, field) = (take::text(text)?, take::text(delimiter)?, take::int4(field)?);
    if field == 0 {
        return Err(EvalError::Invalid("field position must not be zero".to_owned()));
    }
    let place = field.unsigned_abs() as usize;
    let part = if delimiter.is_empty() {
        (place == 1).then_some(&*text)
    } else if field > 0 {
        text.split(&*delimiter).nth(place - 1)
    } else {
        // Split from the start even so: where delimiters overlap, it makes other parts than from the end.
        let count = text.split(&*delimiter).count();
        count.checked_sub(place).and_then(|place| text.split(&*delimiter).nth(place))
    };
    Ok(Value::Text(part.unwrap_or_default().to_owned().into()))
}

fn lpad(values: Vec<Value<'_>>) -> Outcome<'_> {
    let (text, filling) = padding(values)?;
    Ok(Value::Text((filling + &text).into()))
}

fn rpad(values: Vec<Value<'_>>) -> Outcome<'_> {
    let (text, filling) = padding(values)?;
    Ok(Value::Text((text + &filling).into()))
}

/// The text, cut to the length asked for, and what fills it up to that.
fn padding(values: Vec<Value<'_>>) -> Result<(String, String), EvalError> {
    let [text, length, fill] = take::all(values)?;
    let (text, length, fill) = (take::text(text)?, take::int4(length)?.max(0) as usize, take::text(fill)?);
    check_length(length)?;
    let kept: String = text.chars().take(length).collect();
    let missing = length - kept.chars().count();
    Ok((kept, fill.chars().cycle().take(if fill.is_empty() { 0 } else { missing }).collect()))
}

fn repeat<'v>(text: Value<'v>, count: Value<'v>) -> Outcome<'v> {
    let (text, count) = (take::text(text)?, take::int4(count)?.max(0) as usize);
    check_length(text.len().saturating_mul(count))?;
    Ok(Value::Text(text.repeat(count).into()))
}

/// Appends the part, unless the text became too long.
pub(super) fn push_bounded(out: &mut String, part: &str) -> Result<(), EvalError> {
    check_length(out.len() + part.len())?;
    out.push_str(part);
    Ok(())
}

/// Fails where a text would be longer than any is made.
pub(super) fn check_length(length: usize) -> Result<(), EvalError> {
    if length > MAX_LENGTH { Err(EvalError::Invalid("requested length too large".to_owned())) } else { Ok(()) }
}
