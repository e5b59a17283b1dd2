//! What the names of an expression mean, said by whoever compiles it.

use sqlparser::ast::{self, Ident, Spanned};
use sqlparser::tokenizer::Span;

use super::Typed;
use crate::plan::{AggregateFunction, Direction, Nulls};

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The offending part, in lines and columns of the SQL text.
    pub span: Span,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

/// What names, sub-selects and aggregates mean where an expression stands. Unless the scope says otherwise there are neither
/// sub-selects nor aggregates.
pub trait Scope {
    /// What the expression as a whole stands for, where that is decided already: an expression of GROUP BY. The compiler
    /// asks for every expression before it looks inside.
    fn whole(&mut self, expr: &ast::Expr) -> Option<Typed> {
        let _ = expr;
        None
    }

    /// The column or parameter that the name, split at its dots, stands for.
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake>;

    /// A sub-select used as a value. Several mistakes may be found in it; `None` where there is any.
    fn subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        mistakes.push(Mistake::new(query.span(), "there can be no sub-select here"));
        None
    }

    /// `EXISTS (…)`; its NOT is the compiler's. `None` where there is a mistake.
    fn exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.subselect(query, mistakes)
    }

    /// An aggregate call, whose arguments the scope compiles over the rows that are aggregated; see
    /// the `aggregate` module for its type. `None` where there is a mistake.
    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        mistakes.push(Mistake::new(call.span, "there can be no aggregate here"));
        None
    }
}

/// An aggregate as it is written.
#[derive(Clone, Debug)]
pub struct AggregateCall<'a> {
    /// The function.
    pub function: AggregateFunction,
    /// The arguments; empty for `count(*)`.
    pub args: Vec<&'a ast::Expr>,
    /// `FILTER (WHERE …)`
    pub filter: Option<&'a ast::Expr>,
    /// `DISTINCT`
    pub distinct: bool,
    /// ORDER BY inside the call.
    pub order_by: Vec<(&'a ast::Expr, Direction, Nulls)>,
    /// The whole call.
    pub span: Span,
}

impl Mistake {
    /// A mistake at `span`.
    pub fn new(span: Span, message: impl Into<String>) -> Mistake {
        Mistake { span, message: message.into(), hint: None }
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Mistake {
        self.hint = Some(hint.into());
        self
    }
}
