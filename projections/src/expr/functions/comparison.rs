//! Comparisons and tests, of two values of one type that has an order.

use std::cmp::Ordering;

use schemas::Value;

use crate::expr::compare::{compare, equal};
use crate::expr::function::Kind::{Any, AnyArray, AnyElement, Bool, Comparable};
use crate::expr::function::{Function, Outcome};
use crate::expr::take;

pub(super) static TABLE: &[Function] = &[
    Function::two("=", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(equal(&a, &b)))),
    Function::two("<>", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(!equal(&a, &b)))),
    Function::two("<", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(compare(&a, &b).is_lt()))),
    Function::two("<=", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(compare(&a, &b).is_le()))),
    Function::two(">", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(compare(&a, &b).is_gt()))),
    Function::two(">=", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(compare(&a, &b).is_ge()))),
    Function::two("is distinct from", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(!equal(&a, &b)))).sees_nulls(),
    Function::two("is not distinct from", &[Comparable, Comparable], Bool, |a, b| Ok(Value::Bool(equal(&a, &b)))).sees_nulls(),
    Function::one("is null", &[Any], Bool, |a| Ok(Value::Bool(a.is_null()))).sees_nulls(),
    Function::one("is not null", &[Any], Bool, |a| Ok(Value::Bool(!a.is_null()))).sees_nulls(),
    Function::one("is true", &[Bool], Bool, |a| Ok(Value::Bool(a == Value::Bool(true)))).sees_nulls(),
    Function::one("is not true", &[Bool], Bool, |a| Ok(Value::Bool(a != Value::Bool(true)))).sees_nulls(),
    Function::one("is false", &[Bool], Bool, |a| Ok(Value::Bool(a == Value::Bool(false)))).sees_nulls(),
    Function::one("is not false", &[Bool], Bool, |a| Ok(Value::Bool(a != Value::Bool(false)))).sees_nulls(),
    Function::one("is unknown", &[Bool], Bool, |a| Ok(Value::Bool(a.is_null()))).sees_nulls(),
    Function::one("is not unknown", &[Bool], Bool, |a| Ok(Value::Bool(!a.is_null()))).sees_nulls(),
    Function::one("not", &[Bool], Bool, |a| Ok(Value::Bool(!take::boolean(a)?))),
    Function::two("nullif", &[Comparable, Comparable], Comparable, |a, b| Ok(if equal(&a, &b) { Value::Null } else { a }))
        .sees_nulls(),
    Function::many("greatest", &[Comparable], Comparable, |values| Ok(extreme(values, Ordering::Greater)))
        .variadic()
        .sees_nulls(),
    Function::many("least", &[Comparable], Comparable, |values| Ok(extreme(values, Ordering::Less))).variadic().sees_nulls(),
    Function::two("= any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_eq)).sees_nulls(),
    Function::two("<> any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_ne)).sees_nulls(),
    Function::two("< any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_lt)).sees_nulls(),
    Function::two("<= any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_le)).sees_nulls(),
    Function::two("> any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_gt)).sees_nulls(),
    Function::two(">= any", &[AnyElement, AnyArray], Bool, |a, b| any_of(a, b, Ordering::is_ge)).sees_nulls(),
    Function::two("= all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_eq)).sees_nulls(),
    Function::two("<> all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_ne)).sees_nulls(),
    Function::two("< all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_lt)).sees_nulls(),
    Function::two("<= all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_le)).sees_nulls(),
    Function::two("> all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_gt)).sees_nulls(),
    Function::two(">= all", &[AnyElement, AnyArray], Bool, |a, b| all_of(a, b, Ordering::is_ge)).sees_nulls(),
];

fn any_of<'v>(value: Value<'v>, array: Value<'v>, test: fn(Ordering) -> bool) -> Outcome<'v> {
    search(&value, array, test, true)
}

fn all_of<'v>(value: Value<'v>, array: Value<'v>, test: fn(Ordering) -> bool) -> Outcome<'v> {
    search(&value, array, test, false)
}

/// Looks for an element whose test comes out as `decisive`; a NULL among the elements leaves it open otherwise.
fn search<'v>(value: &Value<'_>, array: Value<'v>, test: fn(Ordering) -> bool, decisive: bool) -> Outcome<'v> {
    if array.is_null() {
        return Ok(Value::Null);
    }
    let mut result = Value::Bool(!decisive);
    for item in &take::array(array)? {
        if item.is_null() || value.is_null() {
            result = Value::Null;
        } else if test(compare(value, item)) == decisive {
            return Ok(Value::Bool(decisive));
        }
    }
    Ok(result)
}

/// The first of the values that are greatest (or least); NULLs do not count.
fn extreme(values: Vec<Value<'_>>, wanted: Ordering) -> Value<'_> {
    values
        .into_iter()
        .filter(|value| !value.is_null())
        .reduce(|best, value| if compare(&value, &best) == wanted { value } else { best })
        .unwrap_or(Value::Null)
}
