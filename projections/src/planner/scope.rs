//! What names, sub-selects and aggregates mean in the parts of a SELECT.

use sqlparser::ast::{self, Ident, Spanned as _};
use sqlparser::tokenizer::Span;

use super::Planner;
use super::aggregates::Grouping;
use super::level::LevelId;
use crate::expr::{AggregateCall, Mistake, Scope, Typed};

/// An expression over the rows of a level, before any grouping.
pub struct RowScope<'p, 'e> {
    /// The planner.
    pub planner: &'p mut Planner<'e>,
    /// The level.
    pub level: LevelId,
    /// Where the expression stands.
    pub clause: Clause,
}

/// Where an expression over rows stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// The SELECT list of a view without GROUP BY.
    Select,
    /// WHERE
    Where,
    /// The ON of a join.
    On,
    /// GROUP BY
    GroupBy,
    /// Inside an aggregate call.
    Argument,
}

/// An expression over a group: its key and its aggregates.
pub struct GroupScope<'p, 'e> {
    /// The planner.
    pub planner: &'p mut Planner<'e>,
    /// The level.
    pub level: LevelId,
    /// What is known of the group, and the aggregates so far.
    pub grouping: &'p mut Grouping,
}

/// No names at all: finds out whether an expression is a constant.
pub struct ConstantScope;

// === impl RowScope ===

impl Scope for RowScope<'_, '_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let resolved = self.planner.resolve(self.level, name)?;
        self.planner.column(self.level, &resolved, Span::union_iter(name.iter().map(|ident| ident.span)))
    }

    fn subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        if self.clause == Clause::On {
            mistakes
                .push(Mistake::new(query.span(), "a sub-select in ON is not supported").with_hint("move the condition to WHERE"));
            return None;
        }
        self.planner.subselect(self.level, query, mistakes)
    }

    fn exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        if self.clause == Clause::On {
            return self.subselect(query, mistakes);
        }
        self.planner.exists(self.level, query, mistakes)
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let (message, hint) = match self.clause {
            Clause::Select => (
                "an aggregate cannot stand in a SELECT without GROUP BY",
                "add GROUP BY, or aggregate another table's rows in a sub-select: (SELECT sum(x.a) FROM x WHERE x.id = t.id)",
            ),
            Clause::Where => ("an aggregate cannot stand in WHERE", "conditions on aggregates belong in HAVING"),
            Clause::On => ("an aggregate cannot stand in ON", "conditions on aggregates belong in HAVING"),
            Clause::GroupBy => ("an aggregate cannot stand in GROUP BY", "group by columns, and aggregate in the SELECT list"),
            Clause::Argument => ("an aggregate cannot stand inside an aggregate", "compute the inner one in a sub-select"),
        };
        mistakes.push(Mistake::new(call.span, message).with_hint(hint));
        None
    }
}

// === impl GroupScope ===

impl Scope for GroupScope<'_, '_> {
    fn whole(&mut self, expr: &ast::Expr) -> Option<Typed> {
        self.planner.group_key(self.level, expr, self.grouping)
    }

    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let span = Span::union_iter(name.iter().map(|ident| ident.span));
        let resolved = self.planner.resolve(self.level, name)?;
        if resolved.level == self.level {
            let shown = name.iter().map(|ident| ident.value.as_str()).collect::<Vec<_>>().join(".");
            return Err(Mistake::new(span, format!("`{shown}` is neither in GROUP BY nor inside an aggregate"))
                .with_hint(self.grouping.hint_for(&shown)));
        }
        self.planner.column(self.level, &resolved, span)
    }

    fn subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        mistakes.push(
            Mistake::new(query.span(), "a sub-select beside aggregates is not supported outside of them")
                .with_hint("join the table in FROM and group by its columns, or move the sub-select into an aggregate"),
        );
        None
    }

    fn exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.subselect(query, mistakes)
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.grouping.called = true;
        self.planner.aggregate(self.level, call, self.grouping, mistakes)
    }
}

// === impl ConstantScope ===

impl Scope for ConstantScope {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        Err(Mistake::new(Span::union_iter(name.iter().map(|ident| ident.span)), "a column in a constant"))
    }
}
