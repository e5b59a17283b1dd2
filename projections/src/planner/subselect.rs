//! Sub-selects used as values, and EXISTS.

use schemas::Type;
use sqlparser::ast::{self, Expr as Ast, Query, SelectItem, SetExpr, Spanned as _};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::Planner;
use super::level::{Level, LevelId};
use super::refuse::{Place, select_of};
use crate::expr::{Expr, Mistake, Typed};
use crate::plan::Subselect;

// === impl Planner ===

impl Planner<'_> {
    /// A sub-select of one value.
    pub(super) fn subselect(&mut self, level: LevelId, query: &Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let known = self.state.levels[level].planned.iter().find(|(known, _)| known == query);
        if let Some((_, typed)) = known {
            return Some(typed.clone());
        }
        let select = select_of(query, Place::Subselect, mistakes)?;
        let value = match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] => value,
            _ => {
                let hint = "select one, or build an object: json_build_object('a', x.a, 'b', x.b)";
                mistakes.push(Mistake::new(query.span(), "the sub-select has more than one column").with_hint(hint));
                return None;
            }
        };
        let typed = self.plan_subselect(level, select, value, mistakes)?;
        self.state.levels[level].planned.push((query.clone(), typed.clone()));
        Some(typed)
    }

    /// EXISTS is a count that is not zero.
    pub(super) fn exists(&mut self, level: LevelId, query: &Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let mut counting = query.clone();
        if let SetExpr::Select(select) = counting.body.as_mut() {
            if !select.projection.iter().all(is_plain) {
                let hint = "write EXISTS (SELECT 1 FROM …)";
                mistakes.push(
                    Mistake::new(query.span(), "an expression in the SELECT list of EXISTS is not supported").with_hint(hint),
                );
                return None;
            }
            select.projection = vec![SelectItem::UnnamedExpr(count_is_positive()?)];
        }
        self.subselect(level, &counting, mistakes)
    }
}

/// Whether the item cannot be an aggregate, which would make a row of none.
fn is_plain(item: &SelectItem) -> bool {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            matches!(expr, Ast::Value(_) | Ast::Identifier(_) | Ast::CompoundIdentifier(_))
        }
        _ => true,
    }
}

fn count_is_positive() -> Option<ast::Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql("count(*) > 0").ok()?.parse_expr().ok()
}

// === impl Level ===

impl Level {
    /// The parameter that the result of the next sub-select will be.
    pub fn next_param(&self) -> usize {
        self.first_param + self.subselects.len()
    }

    /// Adds a sub-select; its value is a parameter.
    pub fn add_subselect(&mut self, subselect: Subselect, ty: Type) -> Typed {
        let param = self.next_param();
        self.subselects.push(subselect);
        Typed { expr: Expr::Param(param), ty }
    }
}
