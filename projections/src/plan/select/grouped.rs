//! A view with GROUP BY: its block contributes to a roll-up, whose groups are the documents.

use sqlparser::ast::{self, Spanned, Value};

use crate::expr::{Expr, Mistake, Typed, compile, compile_condition, settled};
use crate::plan::{Output, Rollup, RollupReader, ViewId};

use super::aggregating::Aggregating;
use super::block::BlockBuilder;
use super::query::{Parts, folded};
use super::{Selected, ViewPlanner, columns_of, items, key_column};

impl ViewPlanner<'_> {
    pub(super) fn grouped(&mut self, view: ViewId, parts: &Parts<'_>, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        let rollup = self.reserve_rollup();
        let mut block = BlockBuilder::new(self);
        let from = block.from(parts.from, mistakes)?;
        let filter = block.filter(&from, parts.filter, mistakes);
        let group: Vec<Option<Typed>> = parts.group_by.iter().map(|expr| group_expr(expr, parts, &mut block, mistakes)).collect();
        let group = group.into_iter().collect::<Option<Vec<_>>>()?;
        let mut scope =
            Aggregating { rows: &mut block, group, inputs: Vec::new(), aggregates: Vec::new(), first_param: 0, outer_slots: 0 };
        let items = items(&parts.projection, mistakes, &mut |expr, mistakes| compile(expr, &mut scope, mistakes));
        let having = parts.having.map(|having| compile_condition(having, "HAVING", &mut scope, mistakes));
        let Aggregating { group, inputs, aggregates, .. } = scope;
        let items = items?;
        let keys = parts
            .group_by
            .iter()
            .enumerate()
            .map(|(place, expr)| key_column(&items, &Expr::Param(place), &expr.to_string(), parts, mistakes));
        let key = keys.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
        let (filter, having) = (filter?, having.map_or(Some(None), |having| having.map(Some))?);
        let lineage = block.lineage();
        let root = block.root();
        let columns = items.iter().map(|item| item.typed.expr.clone()).collect();
        let group_types = group.iter().map(|group| group.ty.clone()).collect();
        let group: Vec<Expr> = group.into_iter().map(|group| group.expr).collect();
        let group_len = group.len();
        let block = block.finish(root, filter, Output::Contribution { rollup, group, inputs });
        let reader = RollupReader::View { view, having, columns };
        self.planned.rollups[rollup] = Rollup { block, group_len, group_types, aggregates, reader };
        Some(Selected { columns: columns_of(items), key, lineage })
    }
}

/// An expression of GROUP BY: over the rows, or, as a number or a name, a column of the SELECT list.
fn group_expr(
    expr: &ast::Expr,
    parts: &Parts<'_>,
    block: &mut BlockBuilder<'_, '_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Typed> {
    let meant = match expr {
        ast::Expr::Value(value) => match &value.value {
            Value::Number(number, _) => {
                let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                match place.and_then(|place| parts.projection.get(place)) {
                    Some((expr, _)) => expr,
                    None => {
                        mistakes.push(Mistake::new(expr.span(), format!("GROUP BY position {number} is not in select list")));
                        return None;
                    }
                }
            }
            _ => expr,
        },
        ast::Expr::Identifier(name) if block.resolve(std::slice::from_ref(name)).is_err() => {
            let named = parts.projection.iter().find(|(_, alias)| alias.is_some_and(|alias| folded(alias) == folded(name)));
            named.map_or(expr, |(expr, _)| expr)
        }
        expr => expr,
    };
    let typed = settled(compile(meant, block, mistakes)?);
    if !typed.ty.is_comparable() {
        mistakes.push(
            Mistake::new(expr.span(), format!("cannot group by {}", typed.ty)).with_hint("group by a text or number in it"),
        );
        return None;
    }
    Some(typed)
}
