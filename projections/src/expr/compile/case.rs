//! CASE

use schemas::Type;
use sqlparser::ast::{self, Spanned};
use sqlparser::tokenizer::Span;

use super::Compiler;
use crate::expr::convert::unify;
use crate::expr::fold::folded;
use crate::expr::{Expr, Typed};

impl Compiler<'_> {
    pub(super) fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        arms: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Typed> {
        let conditions = match operand {
            None => self.conditions(arms),
            Some(operand) => self.equalities(operand, arms),
        };
        // ELSE comes first where the types are compared, as in PostgreSQL.
        let otherwise = match otherwise {
            Some(otherwise) => self.expr(otherwise),
            None => Some(Typed { expr: Expr::Literal(schemas::Value::Null), ty: Type::Unknown }),
        };
        let results = self.exprs(&arms.iter().map(|arm| &arm.result).collect::<Vec<_>>());
        let mut values = vec![otherwise?];
        values.extend(results?);
        let unified = unify(values, "CASE");
        let (mut exprs, ty) = self.outcome(span, unified)?;
        let otherwise = Box::new(exprs.remove(0));
        let arms = conditions?.into_iter().zip(exprs).collect();
        Some(Typed { expr: folded(Expr::Case { arms, otherwise }), ty })
    }

    fn conditions(&mut self, arms: &[ast::CaseWhen]) -> Option<Vec<Expr>> {
        let compiled: Vec<_> = arms.iter().map(|arm| self.condition(&arm.condition, "CASE/WHEN")).collect();
        compiled.into_iter().collect()
    }

    /// `CASE x WHEN a` is `CASE WHEN x = a`.
    fn equalities(&mut self, operand: &ast::Expr, arms: &[ast::CaseWhen]) -> Option<Vec<Expr>> {
        let operand = self.expr(operand)?;
        let compiled: Vec<_> = arms
            .iter()
            .map(|arm| {
                let value = self.expr(&arm.condition)?;
                self.apply_operator("=", vec![operand.clone(), value], arm.condition.span()).map(|typed| typed.expr)
            })
            .collect();
        compiled.into_iter().collect()
    }
}
