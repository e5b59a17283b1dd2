//! AND, OR, and the tests: IS NULL, BETWEEN, IN, LIKE, ANY.

use schemas::Type;
use sqlparser::ast::{self, BinaryOperator, Spanned};
use sqlparser::tokenizer::Span;

use super::{Compiler, Fault, listed, types};
use crate::expr::convert::unify;
use crate::expr::fold::folded;
use crate::expr::functions::named;
use crate::expr::{Expr, Typed};

/// The outcome of an expression that was recognized.
type Found = Option<Option<Typed>>;

impl Compiler<'_> {
    /// AND and OR, of as many conditions as follow each other.
    pub(super) fn logic(&mut self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr) -> Option<Typed> {
        let mut conditions = Vec::new();
        flatten(left, op, &mut conditions);
        flatten(right, op, &mut conditions);
        let what = op.to_string();
        let compiled: Vec<Option<Expr>> = conditions.into_iter().map(|ast| self.condition(ast, &what)).collect();
        let args = compiled.into_iter().collect::<Option<Box<[Expr]>>>()?;
        let expr = if *op == BinaryOperator::And { Expr::And(args) } else { Expr::Or(args) };
        Some(Typed { expr: folded(expr), ty: Type::Bool })
    }

    /// The tests that have a syntax of their own; `None` where the expression is none of them.
    pub(super) fn test(&mut self, ast: &ast::Expr) -> Found {
        let span = ast.span();
        Some(match ast {
            ast::Expr::IsNull(arg) => self.call("is null", &[arg], span),
            ast::Expr::IsNotNull(arg) => self.call("is not null", &[arg], span),
            ast::Expr::IsTrue(arg) => self.truth("is true", arg, span),
            ast::Expr::IsNotTrue(arg) => self.truth("is not true", arg, span),
            ast::Expr::IsFalse(arg) => self.truth("is false", arg, span),
            ast::Expr::IsNotFalse(arg) => self.truth("is not false", arg, span),
            ast::Expr::IsUnknown(arg) => self.truth("is unknown", arg, span),
            ast::Expr::IsNotUnknown(arg) => self.truth("is not unknown", arg, span),
            ast::Expr::IsDistinctFrom(a, b) => self.call("is distinct from", &[a, b], span),
            ast::Expr::IsNotDistinctFrom(a, b) => self.call("is not distinct from", &[a, b], span),
            ast::Expr::Between { expr, negated, low, high } => {
                let found = self.between(expr, low, high, span);
                self.negated_if(found, *negated, span)
            }
            ast::Expr::InList { expr, list, negated } => {
                let found = self.in_list(expr, list, span);
                self.negated_if(found, *negated, span)
            }
            ast::Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let found = self.like("like", expr, pattern, escape_char.as_deref(), span);
                self.negated_if(found, *negated, span)
            }
            ast::Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                let found = self.like("ilike", expr, pattern, escape_char.as_deref(), span);
                self.negated_if(found, *negated, span)
            }
            ast::Expr::AnyOp { left, compare_op, right, .. } => self.any_or_all(left, compare_op, right, "ANY", span),
            ast::Expr::AllOp { left, compare_op, right } => self.any_or_all(left, compare_op, right, "ALL", span),
            _ => return None,
        })
    }

    /// NOT where the syntax has one inside.
    fn negated_if(&mut self, found: Option<Typed>, negated: bool, span: Span) -> Option<Typed> {
        if negated { self.apply("not", vec![found?], span) } else { found }
    }

    fn truth(&mut self, name: &str, arg: &ast::Expr, span: Span) -> Option<Typed> {
        let expr = self.condition(arg, &name.to_uppercase())?;
        self.apply(name, vec![Typed { expr, ty: Type::Bool }], span)
    }

    fn between(&mut self, value: &ast::Expr, low: &ast::Expr, high: &ast::Expr, span: Span) -> Option<Typed> {
        let compiled = self.exprs(&[value, low, high])?;
        let [value, low, high] = <[Typed; 3]>::try_from(compiled).ok()?;
        let above = self.apply(">=", vec![value.clone(), low], span);
        let below = self.apply("<=", vec![value, high], span);
        Some(Typed { expr: folded(Expr::And(Box::new([above?.expr, below?.expr]))), ty: Type::Bool })
    }

    fn in_list(&mut self, value: &ast::Expr, list: &[ast::Expr], span: Span) -> Option<Typed> {
        let mut all = vec![value];
        all.extend(list);
        let values = self.exprs(&all)?;
        let fault = || Fault::new(format!("operator does not exist: {} = {}", values[0].ty, listed(&types(&values[1..]))));
        let unified = unify(values.clone(), "IN").ok().filter(|(_, ty)| ty.is_comparable());
        let Some((mut exprs, _)) = unified else {
            let hint = "cast one side to the type of the other";
            return self.fail(span, fault().with_hint(hint));
        };
        let value = Box::new(exprs.remove(0));
        Some(Typed { expr: folded(Expr::In { value, list: exprs.into() }), ty: Type::Bool })
    }

    fn like(
        &mut self,
        name: &str,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Typed> {
        let (value, pattern) = (self.expr(value), self.expr(pattern));
        let pattern = match escape {
            None => pattern?,
            Some(escape) => {
                let escape = self.expr(escape)?;
                self.apply("like_escape", vec![pattern?, escape], span)?
            }
        };
        self.apply(name, vec![value?, pattern], span)
    }

    fn any_or_all(&mut self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr, which: &str, span: Span) -> Option<Typed> {
        if matches!(right, ast::Expr::Subquery(_)) {
            let fault = Fault::new(format!("{which} of a sub-select is not supported"));
            return self.fail(span, fault.with_hint("write EXISTS (SELECT 1 FROM … WHERE …)"));
        }
        let args = self.exprs(&[left, right])?;
        let sign = super::operator::sign(op);
        let name = sign.map(|sign| format!("{sign} {}", which.to_lowercase()));
        match name.and_then(|name| named(&name).next()) {
            Some(function) => self.apply_function(function, args, span),
            None => self
                .fail(span, Fault::new(format!("{op} {which} is not supported")).with_hint("the operators are = <> < <= > >=")),
        }
    }
}

/// The operands of a chain of the same operator.
fn flatten<'a>(ast: &'a ast::Expr, op: &BinaryOperator, out: &mut Vec<&'a ast::Expr>) {
    match ast {
        ast::Expr::BinaryOp { left, op: inner, right } if inner == op => {
            flatten(left, op, out);
            flatten(right, op, out);
        }
        ast::Expr::Nested(inner) if matches!(&**inner, ast::Expr::BinaryOp { op: inner, .. } if inner == op) => {
            flatten(inner, op, out)
        }
        other => out.push(other),
    }
}
