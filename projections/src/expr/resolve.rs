//! Which of several functions of one name is meant, by the types of the arguments: PostgreSQL's rules.

use schemas::Type;

use super::convert::{Category, can, category, common, is_preferred};
use super::function::{Function, Kind};
use super::functions::Context;

/// Why no function can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// None takes these arguments.
    None,
    /// More than one does, and none is better.
    Ambiguous,
}

/// The function that arguments of these types call.
pub(super) fn resolve(
    candidates: impl Iterator<Item = &'static Function>,
    args: &[Type],
) -> Result<&'static Function, Unresolved> {
    let mut left: Vec<_> = candidates.filter(|function| function.takes(args.len()) && accepts(function, args)).collect();
    if left.is_empty() {
        return Err(Unresolved::None);
    }
    keep_best(&mut left, |function| score(function, args, |param, arg| param == Some(arg)));
    keep_best(&mut left, |function| {
        score(function, args, |param, arg| param.is_some_and(|param| param == arg || is_preferred(param)))
    });
    if left.len() > 1 {
        keep_for_unknown(&mut left, args);
    }
    if left.len() > 1 {
        keep_for_likeness(&mut left, args);
    }
    match left[..] {
        [function] => Ok(function),
        _ => Err(Unresolved::Ambiguous),
    }
}

/// The type of a parameter, if it has one of its own.
fn param_type(function: &Function, index: usize) -> Option<Type> {
    function.param(index).and_then(Kind::ty)
}

fn accepts(function: &Function, args: &[Type]) -> bool {
    args.iter().enumerate().all(|(index, arg)| match function.param(index) {
        Some(Kind::AnyArray | Kind::SameArray) => matches!(arg, Type::Array(_) | Type::Unknown),
        Some(kind) => kind.ty().is_none_or(|param| can(arg, &param, Context::Implicit)),
        None => false,
    })
}

/// How many of the arguments that have a type pass the test.
fn score(function: &Function, args: &[Type], test: impl Fn(Option<&Type>, &Type) -> bool) -> usize {
    let passes = |(index, arg): &(usize, &Type)| **arg != Type::Unknown && test(param_type(function, *index).as_ref(), arg);
    args.iter().enumerate().filter(passes).count()
}

fn keep_best(candidates: &mut Vec<&'static Function>, score: impl Fn(&Function) -> usize) {
    let best = candidates.iter().map(|function| score(function)).max().unwrap_or(0);
    candidates.retain(|function| score(function) == best);
}

/// A quoted literal is taken for text where text would do, else for the one category that all candidates have there.
fn keep_for_unknown(candidates: &mut Vec<&'static Function>, args: &[Type]) {
    for index in (0..args.len()).filter(|index| args[*index] == Type::Unknown) {
        let category_of = |function: &Function| param_type(function, index).map_or(Category::Unknown, |ty| category(&ty));
        let takes_text = candidates.iter().any(|function| category_of(function) == Category::Text);
        let first = candidates.first().map_or(Category::Unknown, |function| category_of(function));
        if takes_text {
            candidates.retain(|function| category_of(function) == Category::Text);
        } else if candidates.iter().any(|function| category_of(function) != first) {
            continue;
        }
        let preferred = |function: &Function| param_type(function, index).is_some_and(|ty| is_preferred(&ty));
        if candidates.iter().any(|function| preferred(function)) {
            candidates.retain(|function| preferred(function));
        }
    }
}

/// Quoted literals beside arguments that all have one type are taken to have it too.
fn keep_for_likeness(candidates: &mut Vec<&'static Function>, args: &[Type]) {
    let mut known = args.iter().filter(|ty| **ty != Type::Unknown);
    let Some(ty) = known.next() else { return };
    if known.all(|other| other == ty) {
        let alike = vec![ty.clone(); args.len()];
        if candidates.iter().any(|function| accepts(function, &alike)) {
            candidates.retain(|function| accepts(function, &alike));
        }
    }
}

/// Arrays compare only with arrays of the very same type.
fn is_compared_as(ty: &Type, common: &Type) -> bool {
    common.is_comparable() && (!matches!(ty, Type::Array(_)) || ty == common)
}

// === the types of a call ===

/// The types that a call's arguments are cast to, and the type of its result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signature {
    pub params: Vec<Type>,
    pub result: Type,
}

/// The signature of the function for these arguments; `None` where they do not go together.
pub(super) fn signature(function: &Function, args: &[Type]) -> Option<Signature> {
    let of_kind = |wanted: Kind| args.iter().enumerate().filter(move |(index, _)| function.param(*index) == Some(wanted));
    let comparable = common(of_kind(Kind::Comparable).map(|(_, ty)| ty)).ok()?;
    let arrays = of_kind(Kind::AnyArray).filter_map(|(_, ty)| if let Type::Array(item) = ty { Some(&**item) } else { None });
    let element = common(arrays.chain(of_kind(Kind::AnyElement).map(|(_, ty)| ty))).ok()?;
    if of_kind(Kind::Comparable).any(|(_, ty)| !is_compared_as(ty, &comparable)) {
        return None;
    }
    let array = Type::Array(Box::new(element.clone()));
    let same = common(of_kind(Kind::SameArray).map(|(_, ty)| ty)).ok()?;
    if of_kind(Kind::SameArray).any(|(_, ty)| !matches!(ty, Type::Unknown) && *ty != same) {
        return None;
    }
    let ty_of = |kind: Kind, own: &Type| match kind {
        Kind::Comparable => comparable.clone(),
        Kind::AnyElement => element.clone(),
        Kind::AnyArray => array.clone(),
        Kind::SameArray => same.clone(),
        Kind::Any if *own == Type::Unknown => Type::Text,
        _ => kind.ty().unwrap_or_else(|| own.clone()),
    };
    let params = args.iter().enumerate().map(|(index, arg)| function.param(index).map(|kind| ty_of(kind, arg)));
    Some(Signature { params: params.collect::<Option<_>>()?, result: ty_of(function.result, &Type::Unknown) })
}
