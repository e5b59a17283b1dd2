//! Constants are computed once, when the expression is compiled.

use schemas::Value;

use super::function::NullRule;
use super::{Expr, Frame, eval};

/// The expression, or its value where it is made of constants. What fails stays: it fails only if it is asked for.
pub(super) fn folded(expr: Expr) -> Expr {
    if expr.is_surely_null() {
        return Expr::Literal(Value::Null);
    }
    if !expr.is_constant() {
        return expr;
    }
    match eval(&expr, &Frame { rows: &[], params: &[] }) {
        Ok(value) => Expr::Literal(value.into_owned()),
        Err(_) => expr,
    }
}

impl Expr {
    /// A function that is not called with NULL, called with it: the other arguments are not even computed, in PostgreSQL too.
    fn is_surely_null(&self) -> bool {
        let is_null = |arg: &Expr| *arg == Expr::Literal(Value::Null);
        matches!(self, Expr::Call { function, args } if function.nulls == NullRule::Strict && args.iter().any(is_null))
    }

    fn is_constant(&self) -> bool {
        let mut constant = !matches!(self, Expr::Literal(_));
        self.children(&mut |child| constant &= matches!(child, Expr::Literal(_)));
        constant && !matches!(self, Expr::Column { .. } | Expr::Param(_))
    }
}
