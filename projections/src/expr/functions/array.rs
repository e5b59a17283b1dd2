//! Arrays of one dimension, counted from 1.

use std::borrow::Cow;

use schemas::{Value, text};

use crate::expr::compare::equal;
use crate::expr::function::Kind::{AnyArray, AnyElement, Bool, Int4, Int8, SameArray, Text, TextArray};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

use super::text_edit::{check_length, push_bounded};

pub(super) static TABLE: &[Function] = &[
    Function::many("array", &[AnyElement], AnyArray, |values| Ok(Value::Array(values))).variadic().sees_nulls(),
    Function::two("[]", &[AnyArray, Int8], AnyElement, subscript),
    Function::two("array_length", &[AnyArray, Int4], Int4, array_length),
    Function::two("array_upper", &[AnyArray, Int4], Int4, array_length),
    Function::one("cardinality", &[AnyArray], Int4, |a| Ok(Value::Int(take::array(a)?.len() as i64))),
    Function::two("array_to_string", &[AnyArray, Text], Text, |array, separator| {
        array_to_string(vec![array, separator, Value::Null])
    }),
    Function::many("array_to_string", &[AnyArray, Text, Text], Text, array_to_string).sees_nulls(),
    Function::two("string_to_array", &[Text, Text], TextArray, |text, separator| {
        string_to_array(vec![text, separator, Value::Null])
    })
    .sees_nulls(),
    Function::many("string_to_array", &[Text, Text, Text], TextArray, string_to_array).sees_nulls(),
    Function::two("array_position", &[AnyArray, AnyElement], Int4, array_position).sees_nulls(),
    Function::two("array_append", &[AnyArray, AnyElement], AnyArray, append).sees_nulls(),
    Function::two("array_prepend", &[AnyElement, AnyArray], AnyArray, prepend).sees_nulls(),
    Function::two("array_cat", &[AnyArray, AnyArray], AnyArray, concatenate).sees_nulls(),
    Function::two("array_remove", &[AnyArray, AnyElement], AnyArray, remove).sees_nulls(),
    Function::two("@>", &[SameArray, SameArray], Bool, contains),
    Function::two("<@", &[SameArray, SameArray], Bool, |a, b| contains(b, a)),
    Function::two("&&", &[SameArray, SameArray], Bool, overlaps),
];

fn subscript<'v>(array: Value<'v>, index: Value<'v>) -> Outcome<'v> {
    let (items, index) = (take::array(array)?, take::int(index)?);
    let item = usize::try_from(index).ok().and_then(|index| index.checked_sub(1)).and_then(|place| items.into_iter().nth(place));
    Ok(item.unwrap_or(Value::Null))
}

/// NULL for an empty array, and for any dimension but the first.
fn array_length<'v>(array: Value<'v>, dimension: Value<'v>) -> Outcome<'v> {
    let length = take::array(array)?.len();
    Ok(if length > 0 && take::int4(dimension)? == 1 { Value::Int(length as i64) } else { Value::Null })
}

/// NULLs are left out, or shown as the third argument says.
fn array_to_string(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [array, separator, null] = take::all(values)?;
    if array.is_null() || separator.is_null() {
        return Ok(Value::Null);
    }
    let (items, separator) = (take::array(array)?, take::text(separator)?);
    let mut out = String::new();
    let mut between: &str = "";
    for item in &items {
        let shown = if item.is_null() { &null } else { item };
        if !shown.is_null() {
            push_bounded(&mut out, between)?;
            text::print(shown, &mut out);
            check_length(out.len())?;
            between = &separator;
        }
    }
    Ok(Value::Text(out.into()))
}

/// Without a separator every character is an element; with an empty one the whole text is.
fn string_to_array(values: Vec<Value<'_>>) -> Outcome<'_> {
    let [text, separator, null] = take::all(values)?;
    if text.is_null() {
        return Ok(Value::Null);
    }
    let text = take::text(text)?;
    let parts: Vec<&str> = match &separator {
        _ if text.is_empty() => Vec::new(),
        Value::Text(separator) if separator.is_empty() => vec![&text],
        Value::Text(separator) => text.split(&**separator).collect(),
        _ => text.split("").filter(|part| !part.is_empty()).collect(),
    };
    let item = |part: &str| match &null {
        Value::Text(null) if part == null => Value::Null,
        _ => Value::Text(Cow::Owned(part.to_owned())),
    };
    Ok(Value::Array(parts.into_iter().map(item).collect()))
}

/// The first place of the element; NULL is found too.
fn array_position<'v>(array: Value<'v>, wanted: Value<'v>) -> Outcome<'v> {
    if array.is_null() {
        return Ok(Value::Null);
    }
    let place = take::array(array)?.iter().position(|item| equal(item, &wanted));
    Ok(place.map_or(Value::Null, |place| Value::Int(place as i64 + 1)))
}

fn items_of(array: Value<'_>) -> Outcome<'_> {
    Ok(if array.is_null() { Value::Array(Vec::new()) } else { array })
}

fn append<'v>(array: Value<'v>, item: Value<'v>) -> Outcome<'v> {
    let mut items = take::array(items_of(array)?)?;
    items.push(item);
    Ok(Value::Array(items))
}

fn prepend<'v>(item: Value<'v>, array: Value<'v>) -> Outcome<'v> {
    let mut items = take::array(items_of(array)?)?;
    items.insert(0, item);
    Ok(Value::Array(items))
}

fn concatenate<'v>(left: Value<'v>, right: Value<'v>) -> Outcome<'v> {
    if left.is_null() || right.is_null() {
        return Ok(if left.is_null() { right } else { left });
    }
    let mut items = take::array(left)?;
    items.extend(take::array(right)?);
    Ok(Value::Array(items))
}

fn remove<'v>(array: Value<'v>, unwanted: Value<'v>) -> Outcome<'v> {
    if array.is_null() {
        return Ok(Value::Null);
    }
    let mut items = take::array(array)?;
    items.retain(|item| !equal(item, &unwanted));
    Ok(Value::Array(items))
}

/// NULL equals nothing here.
fn holds(items: &[Value<'_>], wanted: &Value<'_>) -> bool {
    !wanted.is_null() && items.iter().any(|item| equal(item, wanted))
}

fn contains<'v>(all: Value<'v>, some: Value<'v>) -> Outcome<'v> {
    let (all, some) = (take::array(all)?, take::array(some)?);
    Ok(Value::Bool(some.iter().all(|item| holds(&all, item))))
}

fn overlaps<'v>(left: Value<'v>, right: Value<'v>) -> Outcome<'v> {
    let (left, right) = (take::array(left)?, take::array(right)?);
    Ok(Value::Bool(right.iter().any(|item| holds(&left, item))))
}
