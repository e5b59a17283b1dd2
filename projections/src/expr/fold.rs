//! Constants are computed once, when the expression is compiled.

use schemas::Value;

use super::function::NullRule;
use super::{Expr, Frame, eval};

/// The expression, or its value where it is made of constants. What fails stays: it fails only if it is asked for.
pub(super) fn folded(expr: Expr) -> Expr {
    if expr.is_surely_null() {
        return Expr::Literal(Value::Null);
    }
    let expr = without_nullif(expr);
    if !expr.is_constant() {
        return expr;
    }
    match eval(&expr, &Frame { rows: &[], params: &[] }) {
        Ok(value) => Expr::Literal(value.into_owned()),
        Err(_) => expr,
    }
}

/// NULLIF with a NULL is its first argument; if that is the NULL, the other is not even computed, in PostgreSQL too.
fn without_nullif(expr: Expr) -> Expr {
    match expr {
        Expr::Call { function, args } if function.name == "nullif" && args.iter().any(is_null) => {
            args.into_iter().next().unwrap_or(Expr::Literal(Value::Null))
        }
        expr => expr,
    }
}

fn is_null(expr: &Expr) -> bool {
    *expr == Expr::Literal(Value::Null)
}

impl Expr {
    /// A function that is not called with NULL, called with it: the other arguments are not even computed, in PostgreSQL too.
    fn is_surely_null(&self) -> bool {
        matches!(self, Expr::Call { function, args } if function.nulls == NullRule::Strict && args.iter().any(is_null))
    }

    fn is_constant(&self) -> bool {
        let mut constant = !matches!(self, Expr::Literal(_));
        self.children(&mut |child| constant &= matches!(child, Expr::Literal(_)));
        constant && !matches!(self, Expr::Column { .. } | Expr::Param(_))
    }
}
