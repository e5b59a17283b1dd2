//! From one type to another: which casts there are, where each may happen, and what the types of several values agree on.

use schemas::{Type, Value, text};

use super::fault::Fault;
use super::fold::folded;
use super::functions::{CASTS, Context, TO_TEXT};
use super::{Expr, Typed};

/// The value as a column of type `to` takes it; the error says why it cannot.
pub fn coerce(typed: Typed, to: &Type) -> Result<Typed, String> {
    let from = typed.ty.clone();
    if from == Type::Unknown || can(&from, to, Context::Assignment) {
        return convert(typed, to, Context::Assignment).map_err(|fault| fault.message);
    }
    let cast = if can(&from, to, Context::Explicit) { format!("; cast it: (…)::{to}") } else { String::new() };
    Err(format!("a value of type {from} cannot be stored as {to}{cast}"))
}

/// The value with its type decided: a quoted literal that nothing gave a type is text.
pub fn settled(typed: Typed) -> Typed {
    if typed.ty == Type::Unknown { Typed { expr: typed.expr, ty: Type::Text } } else { typed }
}

/// Whether there is a cast that may happen in this context.
pub(super) fn can(from: &Type, to: &Type, context: Context) -> bool {
    match (from, to) {
        _ if from.is_same(to) => true,
        (Type::Unknown, _) => true,
        (Type::Array(from), Type::Array(to)) => can(from, to, context),
        (Type::Text, _) => context == Context::Explicit,
        // PostgreSQL's text of JSON shows how it was written or built, which the canonical form does not know.
        (Type::Json(_), _) => false,
        (_, Type::Text) => context >= Context::Assignment,
        _ => CASTS.iter().any(|rule| is(rule.from.ty(), from) && is(rule.to.ty(), to) && rule.context <= context),
    }
}

fn is(kind: Option<Type>, ty: &Type) -> bool {
    kind.is_some_and(|kind| kind.is_same(ty))
}

/// Casts the value, as far as the context allows.
pub(super) fn convert(typed: Typed, to: &Type, context: Context) -> Result<Typed, Fault> {
    if typed.ty == Type::Unknown {
        return decided(typed.expr, to);
    }
    if !can(&typed.ty, to, context) {
        let fault = Fault::new(format!("cannot cast type {} to {to}", typed.ty));
        return Err(match typed.ty {
            Type::Json(_) => fault.with_hint("take the text out first: data ->> 'name', or data #>> '{}' for the whole"),
            _ => fault,
        });
    }
    Ok(Typed { expr: cast(typed.expr, &typed.ty, to), ty: refined(typed.ty, to) })
}

/// What is known about JSON stays known.
fn refined(from: Type, to: &Type) -> Type {
    if from.is_same(to) && *to == Type::JSON { from } else { to.clone() }
}

/// Gives a literal its type.
fn decided(literal: Expr, to: &Type) -> Result<Typed, Fault> {
    let value = match literal {
        Expr::Literal(Value::Text(written)) => {
            text::parse(&written, to).map_err(|error| Fault::new(error.to_string()))?.into_owned()
        }
        other => return Ok(Typed { expr: other, ty: to.clone() }),
    };
    Ok(Typed { expr: Expr::Literal(value), ty: to.clone() })
}

/// The cast itself; [`can`] has allowed it.
fn cast(expr: Expr, from: &Type, to: &Type) -> Expr {
    match (from, to) {
        // Both are 64 bits wide in a value, so nothing happens.
        _ if from.is_same(to) || (*from == Type::Int4 && *to == Type::Int8) => expr,
        (Type::Array(from), Type::Array(to)) => {
            let one = cast(Expr::Param(0), from, to);
            if one == Expr::Param(0) { expr } else { folded(Expr::Each { cast: Box::new(one), array: Box::new(expr) }) }
        }
        (Type::Text, _) => folded(Expr::Parse { to: to.clone(), text: Box::new(expr) }),
        _ => {
            let rule = CASTS.iter().find(|rule| is(rule.from.ty(), from) && is(rule.to.ty(), to));
            folded(Expr::Call { function: rule.map_or(&TO_TEXT, |rule| &rule.function), args: Box::new([expr]) })
        }
    }
}

// === several values ===

/// Types among which casts are natural.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Bool,
    Number,
    Text,
    Time,
    Interval,
    Array,
    Uuid,
    Json,
    Unknown,
}

pub(super) fn category(ty: &Type) -> Category {
    match ty {
        Type::Bool => Category::Bool,
        Type::Int4 | Type::Int8 | Type::Decimal | Type::Double => Category::Number,
        Type::Text => Category::Text,
        Type::Timestamp | Type::Date => Category::Time,
        Type::Interval => Category::Interval,
        Type::Array(_) => Category::Array,
        Type::Uuid => Category::Uuid,
        Type::Json(_) => Category::Json,
        Type::Unknown => Category::Unknown,
    }
}

/// Whether the type is the one to choose in its category, where there is a choice.
pub(super) fn is_preferred(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Double | Type::Text | Type::Timestamp | Type::Interval)
}

/// The one type that all of these become, as PostgreSQL resolves UNION, CASE and their like; the types that do not go together where
/// there is none.
pub(super) fn common<'t>(types: impl Iterator<Item = &'t Type>) -> Result<Type, (Type, Type)> {
    let mut chosen = Type::Unknown;
    let known: Vec<&Type> = types.filter(|ty| **ty != Type::Unknown).collect();
    for ty in &known {
        if chosen == Type::Unknown {
            chosen = (*ty).clone();
        } else if category(&chosen) != category(ty) {
            return Err((chosen, (*ty).clone()));
        } else if !is_preferred(&chosen) && can(&chosen, ty, Context::Implicit) && !can(ty, &chosen, Context::Implicit) {
            chosen = (*ty).clone();
        }
    }
    match known.iter().find(|ty| !can(ty, &chosen, Context::Implicit)) {
        Some(stray) => Err((chosen, (**stray).clone())),
        None if chosen == Type::Unknown => Ok(Type::Text),
        None => Ok(if known.iter().all(|ty| **ty == chosen) { chosen } else { widened(chosen) }),
    }
}

/// JSON of several shapes is JSON of any.
fn widened(ty: Type) -> Type {
    if matches!(ty, Type::Json(_)) { Type::JSON } else { ty }
}

/// Casts all values to the type they agree on; `what` names what needs them to.
pub(super) fn unify(values: Vec<Typed>, what: &str) -> Result<(Vec<Expr>, Type), Fault> {
    let ty = common(values.iter().map(|value| &value.ty))
        .map_err(|(a, b)| Fault::new(format!("{what} types {a} and {b} cannot be matched")))?;
    let exprs = values.into_iter().map(|value| convert(value, &ty, Context::Implicit).map(|typed| typed.expr));
    Ok((exprs.collect::<Result<_, _>>()?, ty))
}
