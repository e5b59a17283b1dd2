//! Clauses that a SELECT cannot have here, and what to write instead.

use sqlparser::ast::{self, Distinct, GroupByExpr, Query, Select, SelectItem, SetExpr, SetOperator, Spanned as _};
use sqlparser::tokenizer::Span;

use crate::expr::Mistake;

/// Where a SELECT stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the view.
    View,
    /// It is a value in another SELECT.
    Subselect,
}

/// The SELECT of the query, if it has nothing but what views can have.
pub fn select_of<'q>(query: &'q Query, place: Place, mistakes: &mut Vec<Mistake>) -> Option<&'q Select> {
    let before = mistakes.len();
    refuse_around(query, place, mistakes);
    let select = match query.body.as_ref() {
        SetExpr::Select(select) => Some(select.as_ref()),
        other => {
            mistakes.push(not_a_select(other));
            None
        }
    }?;
    refuse_inside(select, place, mistakes);
    (mistakes.len() == before).then_some(select)
}

fn refuse_around(query: &Query, place: Place, mistakes: &mut Vec<Mistake>) {
    let mut refuse = |span: Span, message: &str, hint: &str| mistakes.push(Mistake::new(span, message).with_hint(hint));
    if let Some(with) = &query.with {
        refuse(
            with.with_token.0.span,
            "WITH is not supported",
            "fold what it computes into an entity, or write it as a sub-select where it is used",
        );
    }
    if let Some(order_by) = &query.order_by {
        refuse(
            order_by.span(),
            "ORDER BY is not supported here",
            match place {
                Place::View => {
                    "documents have no order; lists are ordered when they are read, by default as `table.order_by` of the view says"
                }
                Place::Subselect => "order inside the aggregate: json_agg(x ORDER BY y)",
            },
        );
    }
    let limit = query.limit_clause.as_ref().map(ast::Spanned::span).or(query.fetch.as_ref().map(ast::Spanned::span));
    if let Some(span) = limit {
        refuse(
            span,
            "LIMIT is not supported here",
            match place {
                Place::View => "a view keeps all its documents; limit the list when it is read",
                Place::Subselect => "take the first element of an ordered array: (array_agg(x ORDER BY y))[1]",
            },
        );
    }
    if query.for_clause.is_some() || query.format_clause.is_some() || query.settings.is_some() || !query.pipe_operators.is_empty()
    {
        refuse(query.span(), "a clause behind the SELECT that PostgreSQL does not know", "leave it out");
    }
    if !query.locks.is_empty() {
        refuse(query.span(), "FOR UPDATE is not supported", "a view only reads; leave it out");
    }
}

fn not_a_select(body: &SetExpr) -> Mistake {
    match body {
        SetExpr::SetOperation { op: SetOperator::Union, right, .. } => Mistake::new(right.span(), "UNION is not supported")
            .with_hint("fold both sides' events into one entity, and select from that"),
        SetExpr::SetOperation { right, op, .. } => Mistake::new(right.span(), format!("{op} is not supported"))
            .with_hint("write the condition in WHERE, with EXISTS or NOT EXISTS"),
        SetExpr::Query(inner) => {
            Mistake::new(inner.span(), "the SELECT is in parentheses").with_hint("leave the parentheses out")
        }
        other => Mistake::new(other.span(), "this is not a SELECT").with_hint("write SELECT … FROM entity …"),
    }
}

fn refuse_inside(select: &Select, place: Place, mistakes: &mut Vec<Mistake>) {
    let start = select.select_token.0.span;
    let mut refuse = |span: Span, message: &str, hint: &str| mistakes.push(Mistake::new(span, message).with_hint(hint));
    if let Some(distinct) = &select.distinct
        && !matches!(distinct, Distinct::All)
    {
        refuse(
            start,
            "SELECT DISTINCT is not supported",
            match place {
                Place::View => "group by the columns: GROUP BY makes one document of each combination",
                Place::Subselect => "put it into the aggregate: array_agg(DISTINCT x)",
            },
        );
    }
    for item in
        select.projection.iter().filter(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)))
    {
        refuse(
            item.span(),
            "`*` is not supported in a SELECT list",
            "name the columns, so that a new column of an entity does not change the view unasked",
        );
    }
    if has_groups(select) && place == Place::Subselect {
        refuse(
            start,
            "GROUP BY is not supported in a sub-select",
            "a sub-select is one value: leave GROUP BY out, and tie the rows to the outer query in WHERE",
        );
    }
    if let Some(having) = select.having.as_ref().filter(|_| !has_groups(select)) {
        refuse(having.span(), "HAVING without GROUP BY", "write the condition in WHERE, or group");
    }
    if let Some(window) = select.named_window.first() {
        refuse(window.span(), "WINDOW is not supported", "window functions are not kept current; aggregate in a sub-select");
    }
    if let Some(qualify) = &select.qualify {
        refuse(qualify.span(), "QUALIFY is not supported", "write the condition in WHERE or HAVING");
    }
    if has_foreign_clauses(select) {
        refuse(start, "a clause that PostgreSQL does not know", "a view has SELECT, FROM, WHERE, GROUP BY and HAVING");
    }
}

fn has_foreign_clauses(select: &Select) -> bool {
    select.top.is_some()
        || select.into.is_some()
        || !select.lateral_views.is_empty()
        || select.prewhere.is_some()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || select.value_table_mode.is_some()
        || select.exclude.is_some()
}

/// Whether there is a GROUP BY.
pub fn has_groups(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(expressions, modifiers) => !expressions.is_empty() || !modifiers.is_empty(),
    }
}
