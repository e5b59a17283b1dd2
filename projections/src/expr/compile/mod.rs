//! From SQL to expressions: names resolved by the scope, types decided by PostgreSQL's rules, constants computed.

mod aggregate;
mod call;
mod case;
mod data_type;
mod literal;
mod logic;
mod operator;
mod refused;
mod special;

use schemas::{Type, Value};
use sqlparser::ast::{self, Spanned};
use sqlparser::tokenizer::Span;

use data_type::Target;

use super::convert::convert;
use super::fault::Fault;
use super::functions::Context;
use super::{Expr, Mistake, Scope, Typed};

/// Compiles an expression. `None` where there are mistakes: all that can be found are appended.
///
/// The type of a quoted literal, and of NULL, is [`Type::Unknown`] as long as nothing has decided it: see [`coerce`](super::coerce) and
/// [`settled`](super::settled).
pub fn compile(ast: &ast::Expr, scope: &mut dyn Scope, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
    Compiler { scope, mistakes }.expr(ast)
}

/// Compiles a condition, such as WHERE's: `what` names it in the message where it is not a boolean.
pub fn compile_condition(ast: &ast::Expr, what: &str, scope: &mut dyn Scope, mistakes: &mut Vec<Mistake>) -> Option<Expr> {
    Compiler { scope, mistakes }.condition(ast, what)
}

struct Compiler<'c> {
    scope: &'c mut dyn Scope,
    mistakes: &'c mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn expr(&mut self, ast: &ast::Expr) -> Option<Typed> {
        match self.scope.whole(ast) {
            Some(known) => Some(known),
            None => self.parts(ast),
        }
    }

    fn parts(&mut self, ast: &ast::Expr) -> Option<Typed> {
        match ast {
            ast::Expr::Nested(inner) => self.expr(inner),
            ast::Expr::Identifier(name) => self.column(std::slice::from_ref(name)),
            ast::Expr::CompoundIdentifier(names) => self.column(names),
            ast::Expr::Value(value) => self.outcome(value.span, literal::literal(&value.value)),
            ast::Expr::TypedString(typed) => self.outcome(ast.span(), literal::typed_string(typed)),
            ast::Expr::Interval(interval) => self.outcome(ast.span(), literal::interval(interval)),
            ast::Expr::UnaryOp { op, expr } => self.unary(*op, expr, ast.span()),
            ast::Expr::BinaryOp { left, op, right } => self.binary(left, op, right, ast.span()),
            ast::Expr::Function(function) => self.function(function, ast.span()),
            ast::Expr::Cast { kind, expr, data_type, format: None } => self.cast(kind, expr, data_type, ast.span()),
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), ast.span())
            }
            ast::Expr::Subquery(query) => self.scope.subselect(query, self.mistakes),
            ast::Expr::Exists { subquery, negated } => self.exists(subquery, *negated, ast.span()),
            ast::Expr::Array(array) => self.array(array, ast.span()),
            other => match self.test(other) {
                Some(result) => result,
                None => self.special(other),
            },
        }
    }

    fn column(&mut self, name: &[ast::Ident]) -> Option<Typed> {
        let found = self.scope.column(name);
        found.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    fn exists(&mut self, query: &ast::Query, negated: bool, span: Span) -> Option<Typed> {
        let found = self.scope.exists(query, self.mistakes)?;
        if negated { self.apply("not", vec![found], span) } else { Some(found) }
    }

    /// All of them, or none where one has a mistake; each is compiled in any case, so that every mistake is found.
    fn exprs(&mut self, asts: &[&ast::Expr]) -> Option<Vec<Typed>> {
        let compiled: Vec<Option<Typed>> = asts.iter().map(|ast| self.expr(ast)).collect();
        compiled.into_iter().collect()
    }

    fn condition(&mut self, ast: &ast::Expr, what: &str) -> Option<Expr> {
        let typed = self.expr(ast)?;
        if !matches!(typed.ty, Type::Bool | Type::Unknown) {
            let fault = Fault::new(format!("argument of {what} must be type boolean, not type {}", typed.ty));
            return self.fail(ast.span(), fault);
        }
        let converted = convert(typed, &Type::Bool, Context::Implicit);
        self.outcome(ast.span(), converted).map(|typed| typed.expr)
    }

    /// A cast that is written.
    fn cast(&mut self, kind: &ast::CastKind, expr: &ast::Expr, to: &ast::DataType, span: Span) -> Option<Typed> {
        if matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast) {
            return self.fail(span, Fault::new("only CAST and :: cast").with_hint("write CAST(… AS …)"));
        }
        let target = self.outcome(span, data_type::data_type(to));
        if let (ast::Expr::Array(array), Some(Target { ty: ty @ Type::Array(_), .. })) = (expr, &target)
            && array.elem.is_empty()
        {
            return Some(Typed { expr: Expr::Literal(Value::Array(Vec::new())), ty: ty.clone() });
        }
        let (typed, target) = (self.expr(expr), target?);
        self.outcome(span, literal::cast_to(typed?, &target))
    }

    fn array(&mut self, array: &ast::Array, span: Span) -> Option<Typed> {
        if array.elem.is_empty() {
            let fault = Fault::new("cannot determine type of empty array");
            return self.fail(span, fault.with_hint("say the type: ARRAY[]::bigint[]"));
        }
        let items = self.exprs(&array.elem.iter().collect::<Vec<_>>())?;
        if items.iter().any(|item| matches!(item.ty, Type::Array(_))) {
            let fault = Fault::new("arrays have one dimension here");
            return self.fail(span, fault.with_hint("write json_build_array(…) for arrays of arrays"));
        }
        self.apply("array", items, span)
    }

    fn outcome<T>(&mut self, span: Span, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.mistakes.push(fault.at(span))).ok()
    }

    fn fail<T>(&mut self, span: Span, fault: Fault) -> Option<T> {
        self.mistakes.push(fault.at(span));
        None
    }
}

/// The types of compiled values.
fn types(values: &[Typed]) -> Vec<Type> {
    values.iter().map(|value| value.ty.clone()).collect()
}

/// For a message: `integer, text`.
fn listed(types: &[Type]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
