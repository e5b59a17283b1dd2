//! Calls of functions, by name or for the syntax that stands for one.

use std::sync::Arc;

use schemas::{Field, Shape, Type, Value};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqlparser::tokenizer::Span;

use super::aggregate::aggregate_named;
use super::{Compiler, Fault, listed, refused, types};
use crate::expr::convert::{convert, settled, unify};
use crate::expr::fold::folded;
use crate::expr::functions::{Context, all, check_format, check_places, named};
use crate::expr::resolve::{Unresolved, resolve, signature};
use crate::expr::{Expr, Function, Typed, nearest};

impl Compiler<'_> {
    pub(super) fn function(&mut self, call: &ast::Function, span: Span) -> Option<Typed> {
        let name = self.outcome(span, function_name(&call.name))?;
        if let Some(fault) = refused::call(call, &name) {
            return self.fail(span, fault);
        }
        if let Some(function) = aggregate_named(&name) {
            return self.aggregate(function, call, span);
        }
        if call.filter.is_some() {
            return self.fail(span, Fault::new(format!("FILTER is for aggregates, and {name} is none")).with_hint("write CASE"));
        }
        let args = self.outcome(span, plain_args(&name, &call.args))?;
        self.call(&name, &args, span)
    }

    /// The function of this name, of arguments that are still SQL.
    pub(super) fn call(&mut self, name: &str, args: &[&ast::Expr], span: Span) -> Option<Typed> {
        let args = self.exprs(args)?;
        self.apply(name, args, span)
    }

    /// The function of this name, of compiled arguments.
    pub(super) fn apply(&mut self, name: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
        if name == "coalesce" && !args.is_empty() {
            let unified = unify(args, "COALESCE");
            let (exprs, ty) = self.outcome(span, unified)?;
            return Some(Typed { expr: folded(Expr::Coalesce(exprs.into())), ty });
        }
        let own = types(&args);
        if let Some(fault) = refused::inexact(name, &own) {
            return self.fail(span, fault);
        }
        match resolve(named(name), &own) {
            Ok(function) => self.apply_function(function, args, span),
            Err(why) => self.fail(span, no_function(name, &own, why)),
        }
    }

    /// A function that was chosen.
    pub(super) fn apply_function(&mut self, function: &'static Function, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let own = types(&args);
        let Some(signature) = signature(function, &own) else {
            return self.fail(span, no_function(function.name, &own, Unresolved::None));
        };
        if let Some(fault) = wrong_arguments(function.name, &args) {
            return self.fail(span, fault);
        }
        let result = shaped(function.name, &args).unwrap_or(signature.result);
        let result = if function.name == "nullif" { nullif_type(&own[0], result) } else { result };
        let cast = args.into_iter().zip(&signature.params).map(|(arg, ty)| convert(arg, ty, Context::Implicit));
        let args = self.outcome(span, cast.map(|arg| arg.map(|typed| typed.expr)).collect::<Result<Box<[Expr]>, _>>())?;
        Some(Typed { expr: folded(Expr::Call { function, args }), ty: result })
    }
}

/// The name without its schema: `pg_catalog.lower` is `lower`.
fn function_name(name: &ast::ObjectName) -> Result<String, Fault> {
    let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(as_meant)).collect();
    match parts.as_deref() {
        Some([name]) if is_called(name) => Ok(name.clone()),
        Some([schema, name]) if schema == "pg_catalog" && is_called(name) => Ok(name.clone()),
        Some([_, last]) => Err(Fault::new(format!("function {name} does not exist")).with_hint(format!("write {last}(…)"))),
        _ => Err(Fault::new(format!("function {name} does not exist"))),
    }
}

fn as_meant(ident: &ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// Whether a function is called by this name; operators, and what has a syntax of its own, are functions here but not in SQL.
fn is_called(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !matches!(name, "array" | "not")
}

/// The arguments, where they are simply listed.
fn plain_args<'a>(name: &str, args: &'a FunctionArguments) -> Result<Vec<&'a ast::Expr>, Fault> {
    let FunctionArguments::List(list) = args else {
        return Err(Fault::new(format!("{name} needs its arguments in parentheses")));
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(Fault::new(format!("DISTINCT and ORDER BY are for aggregates, and {name} is none")));
    }
    list.args.iter().map(|arg| expr_of(name, arg)).collect()
}

pub(super) fn expr_of<'a>(name: &str, arg: &'a FunctionArg) -> Result<&'a ast::Expr, Fault> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
        FunctionArg::Unnamed(_) => Err(Fault::new(format!("{name} does not take *")).with_hint("name the columns")),
        _ => Err(Fault::new(format!("the arguments of {name} have no names")).with_hint("give them in order")),
    }
}

fn no_function(name: &str, own: &[Type], why: Unresolved) -> Fault {
    let call = format!("{name}({})", listed(own));
    if why == Unresolved::Ambiguous {
        return Fault::new(format!("function {call} is not unique")).with_hint("cast the arguments");
    }
    let fault = Fault::new(format!("function {call} does not exist"));
    let mut known = named(name).map(|function| listed_params(name, function)).collect::<Vec<_>>();
    known.dedup();
    if !known.is_empty() {
        return fault.with_hint(format!("there is {}", known.join(", ")));
    }
    match refused::hint(name) {
        Some(hint) => fault.with_hint(hint),
        None => match nearest(name, all().map(|function| function.name)) {
            Some(near) => fault.with_hint(format!("did you mean {near}?")),
            None => fault,
        },
    }
}

/// What is wrong with arguments that have the right types.
fn wrong_arguments(name: &str, args: &[Typed]) -> Option<Fault> {
    undetermined(name, &types(args)).or_else(|| refused::power(name, args)).or_else(|| wrong_constant(name, args))
}

/// Arguments that a function of anything does not take: a quoted literal alone does not say what it is, and JSON is not shown as text.
fn undetermined(name: &str, own: &[Type]) -> Option<Fault> {
    if name == "to_json" && own == [Type::Unknown] {
        let fault = Fault::new("could not determine polymorphic type because input has type unknown");
        return Some(fault.with_hint("cast it: '…'::text"));
    }
    let shown = matches!(name, "concat" | "concat_ws" | "format").then(|| own.iter().find(|ty| matches!(ty, Type::Json(_))));
    let json = Typed { expr: Expr::Param(0), ty: shown.flatten()?.clone() };
    convert(json, &Type::Text, Context::Explicit).err()
}

/// A constant format that would make every call fail.
fn wrong_constant(name: &str, args: &[Typed]) -> Option<Fault> {
    let text = |place: usize| match args.get(place).map(|arg| &arg.expr) {
        Some(Expr::Literal(Value::Text(text))) => Some(text),
        _ => None,
    };
    let (checked, hint) = match name {
        "to_char" => (check_format(text(1)?), "quote what is not a pattern: \"…\""),
        "format" => (check_places(text(0)?, args.len() - 1), "write %s where an argument goes, and %% for a percent sign"),
        _ => return None,
    };
    checked.err().map(|error| Fault::new(error.to_string()).with_hint(hint))
}

/// Integers of both widths compare as they are, and the first argument keeps its type.
fn nullif_type(first: &Type, compared_as: Type) -> Type {
    if (first, &compared_as) == (&Type::Int4, &Type::Int8) { Type::Int4 } else { compared_as }
}

fn listed_params(name: &str, function: &Function) -> String {
    let params = function.params.iter().map(|kind| kind.ty().map_or("any".to_owned(), |ty| ty.to_string()));
    format!("{name}({})", params.collect::<Vec<_>>().join(", "))
}

// === what is inside JSON ===

/// The type of the JSON that a function builds, as far as the arguments tell.
fn shaped(name: &str, args: &[Typed]) -> Option<Type> {
    match name {
        "json_build_object" => {
            let fields = args.chunks_exact(2).map(|pair| Some(field(&pair[0].expr, &pair[1])));
            Some(Type::Json(Shape::Object(fields.collect::<Option<Option<Arc<[Field]>>>>()??)))
        }
        "to_json" | "array_to_json" => match &args.first()?.ty {
            Type::Array(item) => Some(Type::Json(Shape::Array(Arc::new((**item).clone())))),
            json @ Type::Json(_) => Some(json.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn field(name: &Expr, value: &Typed) -> Option<Field> {
    let Expr::Literal(Value::Text(name)) = name else { return None };
    Some(Field { name: name.clone().into_owned(), ty: settled(value.clone()).ty, nullable: true })
}
