//! Constants are computed once, when the expression is compiled.

use schemas::{Value, json};

use super::function::NullRule;
use super::{Expr, Frame, eval};

/// The expression, or its value where it is made of constants. What fails stays: it fails only if it is asked for.
pub(super) fn folded(expr: Expr) -> Expr {
    if expr.is_surely_null() {
        return Expr::Literal(Value::Null);
    }
    let expr = without_nullif(expr);
    if !expr.is_constant() {
        return with_names_written(expr);
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

/// The names of an object's members, where they are constants, are written once and for all.
fn with_names_written(expr: Expr) -> Expr {
    match &expr {
        Expr::Call { function, args } if function.name == "json_build_object" => {
            written_members(args).map_or(expr, |members| Expr::Object(members.into()))
        }
        _ => expr,
    }
}

/// `None` where a name is not a constant text, or comes twice, or an argument is missing.
fn written_members(args: &[Expr]) -> Option<Vec<(Box<str>, Expr)>> {
    let mut members: Vec<(Box<str>, Expr)> = Vec::with_capacity(args.len() / 2);
    for pair in args.chunks(2) {
        let [Expr::Literal(Value::Text(name)), value] = pair else { return None };
        let mut written = String::new();
        json::write_string(name, &mut written);
        written.push(':');
        if members.iter().any(|(known, _)| **known == *written) {
            return None;
        }
        members.push((written.into(), value.clone()));
    }
    Some(members)
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
