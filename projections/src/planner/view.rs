//! The SELECT of a view: one document a row of its root, or with GROUP BY one a group.

use sqlparser::ast::{Expr as Ast, GroupByExpr, Query, Select, SelectItem, Spanned as _};
use sqlparser::tokenizer::Span;

use super::Planner;
use super::aggregates::Grouping;
use super::level::{LevelId, folded};
use super::output::output_name;
use super::refuse::{Place, has_groups, select_of};
use super::scope::{Clause, GroupScope};
use super::strategy::Group;
use crate::expr::{Expr, Mistake, Typed, compile_condition, settled};
use crate::plan::{Column, Output, RollupReader, ViewId};

/// What a view's SELECT yields.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The columns, in the order of the SELECT list.
    pub columns: Vec<Column>,
    /// The columns that are the key, in the order of the root's key or of GROUP BY.
    pub key: Vec<usize>,
}

/// A column of the SELECT list.
struct Item<'q> {
    name: String,
    expr: &'q Ast,
}

// === impl Planner ===

impl Planner<'_> {
    /// Plans the view's SELECT.
    pub fn view(&mut self, view: ViewId, query: &Query, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        let select = select_of(query, Place::View, mistakes)?;
        let before = self.state.clone();
        let known = mistakes.len();
        let selected = self.plan_view(view, select, mistakes);
        let both: Vec<_> = self.state.scans.iter().filter(|tie| self.state.grouped.contains(tie)).cloned().collect();
        if both.is_empty() {
            return selected;
        }
        // Some rows are read anyway, for a sub-select that comes after one that keeps an aggregate of the same rows.
        self.state = before;
        self.state.scanned = both;
        mistakes.truncate(known);
        let selected = self.plan_view(view, select, mistakes);
        self.state.scanned.clear();
        selected
    }

    fn plan_view(&mut self, view: ViewId, select: &Select, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        let before = mistakes.len();
        self.state.scans.clear();
        self.state.grouped.clear();
        let items = read_items(select, mistakes);
        let level = self.add_draft(None);
        let (_, conditions) = self.place_from(level, select, mistakes)?;
        let draft = self.state.levels[level].draft;
        let filter = self.conditions(level, Clause::Where, &conditions, mistakes);
        self.state.drafts[draft].filter = filter;
        let selected = if has_groups(select) {
            self.grouped(view, level, select, &items, mistakes)
        } else {
            self.documents(view, level, select, &items, mistakes)
        };
        selected.filter(|_| mistakes.len() == before)
    }

    // === documents of rows ===

    fn documents(
        &mut self,
        view: ViewId,
        level: LevelId,
        select: &Select,
        items: &[Item<'_>],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Selected> {
        let typed: Vec<Option<Typed>> =
            items.iter().map(|item| self.row_expr(level, Clause::Select, item.expr, mistakes).map(settled)).collect();
        let draft = self.state.levels[level].draft;
        let root = self.state.drafts[draft].occurrences.first()?.entity;
        let wanted: Vec<Expr> = (0..self.entities[root].key_len).map(|column| Expr::Column { slot: 0, column }).collect();
        let key = find_key(&typed, &wanted);
        let all_known = typed.iter().all(Option::is_some);
        if let Some(missing) = key.iter().position(Option::is_none).filter(|_| all_known) {
            mistakes.push(self.key_is_missing(level, select, missing));
        }
        let (columns, exprs) = split(items, typed)?;
        self.state.drafts[draft].output = Some(Output::Document { view, columns: exprs });
        Some(Selected { columns, key: key.into_iter().collect::<Option<_>>()? })
    }

    fn key_is_missing(&self, level: LevelId, select: &Select, column: usize) -> Mistake {
        let relations = &self.state.levels[level].relations;
        let root = relations.iter().find(|relation| relation.slot == Some(0));
        let name = root.map(|root| format!("{}.{}", root.name, self.entities[root.entity].columns[column].name));
        let name = name.unwrap_or_default();
        Mistake::new(
            select.select_token.0.span,
            format!("`{name}` is not in the SELECT list, but it is part of the documents' key"),
        )
        .with_hint(format!("add `{name}` to the SELECT list"))
    }

    // === documents of groups ===

    fn grouped(
        &mut self,
        view: ViewId,
        level: LevelId,
        select: &Select,
        items: &[Item<'_>],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Selected> {
        let written = group_expressions(select, mistakes)?;
        let keys: Vec<Option<Typed>> = written.iter().map(|expr| self.group_key_of(level, expr, items, mistakes)).collect();
        let keys: Vec<Typed> = keys.into_iter().collect::<Option<_>>()?;
        let mut grouping = Grouping::by(keys);
        let typed: Vec<Option<Typed>> =
            items.iter().map(|item| self.group_expr(level, &mut grouping, item.expr, mistakes).map(settled)).collect();
        let having = select.having.as_ref().and_then(|having| {
            let mut scope = GroupScope { planner: self, level, grouping: &mut grouping };
            compile_condition(having, "HAVING", &mut scope, mistakes)
        });
        let key = find_key(&typed, &grouping.shown);
        let all_known = typed.iter().all(Option::is_some);
        for (expr, _) in written.iter().zip(&key).filter(|(_, found)| found.is_none() && all_known) {
            let message = format!("`{expr}` is not in the SELECT list, but it is part of the documents' key");
            mistakes.push(Mistake::new(expr.span(), message).with_hint(format!("add `{expr}` to the SELECT list")));
        }
        let (columns, exprs) = split(items, typed)?;
        let draft = self.state.levels[level].draft;
        let reader = RollupReader::View { view, having, columns: exprs };
        self.state.groups.push(Group { draft, key: grouping.keys.clone(), grouping, reader, source: None });
        Some(Selected { columns, key: key.into_iter().collect::<Option<_>>()? })
    }

    /// An expression of GROUP BY: a number is a place in the SELECT list, and a name that is no column is the name of an item.
    fn group_key_of(&mut self, level: LevelId, expr: &Ast, items: &[Item<'_>], mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let meant = self.meant_by(level, expr, items).map_err(|mistake| mistakes.push(mistake)).ok()?;
        let typed = settled(self.row_expr(level, Clause::GroupBy, meant, mistakes)?);
        if typed.ty.is_comparable() {
            return Some(typed);
        }
        let message = format!("{} values cannot be grouped by, for they have no equality", typed.ty);
        mistakes.push(Mistake::new(expr.span(), message).with_hint("group by a part of it, or by its text: `(x)::text`"));
        None
    }

    fn meant_by<'q>(&self, level: LevelId, expr: &'q Ast, items: &[Item<'q>]) -> Result<&'q Ast, Mistake> {
        match expr {
            Ast::Value(value) => {
                let number: Option<usize> = value.value.to_string().parse().ok();
                let item = number.and_then(|number| items.get(number.checked_sub(1)?));
                item.map(|item| item.expr).ok_or_else(|| {
                    let message = format!("GROUP BY {value} is no place in the SELECT list");
                    Mistake::new(expr.span(), message).with_hint(format!("there are {} columns", items.len()))
                })
            }
            Ast::Identifier(name) if self.resolve(level, std::slice::from_ref(name)).is_err() => {
                let name = folded(name);
                Ok(items.iter().find(|item| item.name == name).map_or(expr, |item| item.expr))
            }
            _ => Ok(expr),
        }
    }
}

/// The SELECT list, with names that differ.
fn read_items<'q>(select: &'q Select, mistakes: &mut Vec<Mistake>) -> Vec<Item<'q>> {
    let mut items: Vec<Item<'q>> = Vec::new();
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => continue,
        };
        let span = alias.map_or_else(|| expr.span(), |alias| alias.span);
        let Some(name) = alias.map(folded).or_else(|| output_name(expr)) else {
            mistakes.push(Mistake::new(span, "the column has no name").with_hint(format!("write `{expr} AS name`")));
            items.push(Item { name: format!("?{}", items.len()), expr });
            continue;
        };
        if items.iter().any(|other| other.name == name) {
            mistakes.push(Mistake::new(span, format!("two columns are named `{name}`")).with_hint("rename one with AS"));
        }
        items.push(Item { name, expr });
    }
    items
}

fn group_expressions<'q>(select: &'q Select, mistakes: &mut Vec<Mistake>) -> Option<&'q [Ast]> {
    let refused = match &select.group_by {
        GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => {
            let special = |e: &&Ast| matches!(e, Ast::Rollup(_) | Ast::Cube(_) | Ast::GroupingSets(_) | Ast::Tuple(_));
            match expressions.iter().find(special) {
                None => return Some(expressions),
                Some(special) => special.span(),
            }
        }
        other => other.span(),
    };
    let span = if refused == Span::empty() { select.select_token.0.span } else { refused };
    mistakes.push(
        Mistake::new(span, "more than one set of groups is not supported").with_hint("write one view for each set of columns"),
    );
    None
}

/// Where each wanted expression is in the SELECT list.
fn find_key(typed: &[Option<Typed>], wanted: &[Expr]) -> Vec<Option<usize>> {
    let place = |expr: &Expr| typed.iter().position(|item| item.as_ref().is_some_and(|item| item.expr == *expr));
    wanted.iter().map(place).collect()
}

fn split(items: &[Item<'_>], typed: Vec<Option<Typed>>) -> Option<(Vec<Column>, Vec<Expr>)> {
    let typed: Vec<Typed> = typed.into_iter().collect::<Option<_>>()?;
    let column = |(item, typed): (&Item<'_>, Typed)| (Column { name: item.name.clone(), ty: typed.ty }, typed.expr);
    Some(items.iter().zip(typed).map(column).unzip())
}
