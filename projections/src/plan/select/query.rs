//! A SELECT, taken apart into what is supported; everything else is refused with what to write instead.

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, Spanned, TableWithJoins,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Span;

use schemas::Type;

use crate::expr::{AggregateCall, Mistake, Scope, Typed, compile};

/// The parts of a SELECT that have a meaning here.
pub struct Parts<'q> {
    pub projection: Vec<(&'q Expr, Option<&'q Ident>)>,
    pub from: &'q TableWithJoins,
    pub filter: Option<&'q Expr>,
    pub group_by: &'q [Expr],
    pub having: Option<&'q Expr>,
    pub span: Span,
}

/// Where a SELECT stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is a view.
    View,
    /// It is a value in another one.
    SubSelect,
}

/// Takes a query apart; `None` where something is refused.
pub fn take_apart<'q>(query: &'q Query, place: Place, mistakes: &mut Vec<Mistake>) -> Option<Parts<'q>> {
    let before = mistakes.len();
    refuse_around(query, place, mistakes);
    let select = match &*query.body {
        SetExpr::Select(select) => select,
        SetExpr::Query(inner) => return take_apart(inner, place, mistakes),
        other => {
            let mistake = Mistake::new(other.span(), "UNION, INTERSECT, EXCEPT and VALUES are not supported");
            mistakes.push(mistake.with_hint("write one view for each SELECT"));
            return None;
        }
    };
    refuse_inside(select, place, mistakes);
    let projection = select.projection.iter().filter_map(|item| selected(item, mistakes)).collect();
    let group_by = group_by(select, mistakes);
    let from = one_from(select, mistakes);
    if mistakes.len() > before {
        return None;
    }
    let (filter, having) = (select.selection.as_ref(), select.having.as_ref());
    Some(Parts { projection, from: from?, filter, group_by: group_by?, having, span: select.span() })
}

fn refuse_around(query: &Query, place: Place, mistakes: &mut Vec<Mistake>) {
    let mut refuse = |span: Span, message: &str, hint: &str| mistakes.push(Mistake::new(span, message).with_hint(hint));
    if let Some(with) = &query.with {
        refuse(with.span(), "WITH is not supported", "write a sub-select, or a view of its own");
    }
    if let Some(order_by) = &query.order_by {
        match place {
            Place::View => {
                refuse(order_by.span(), "a view has no ORDER BY", "say the order when you query, or in table.order_by")
            }
            Place::SubSelect => {
                refuse(order_by.span(), "a sub-select has no ORDER BY", "write it inside the aggregate: json_agg(x ORDER BY y)")
            }
        }
    }
    if let Some(limit) = &query.limit_clause {
        match place {
            Place::View => refuse(limit.span(), "a view has no LIMIT", "say the limit when you query"),
            Place::SubSelect => refuse(limit.span(), "a sub-select has no LIMIT", "write (array_agg(x ORDER BY y))[1]"),
        }
    }
    let has_more = query.fetch.is_some()
        || !query.locks.is_empty()
        || query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty();
    if has_more {
        refuse(query.span(), "nothing may follow the SELECT", "remove FETCH, FOR and the like");
    }
}

fn refuse_inside(select: &Select, place: Place, mistakes: &mut Vec<Mistake>) {
    let mut refuse = |span: Span, message: &str, hint: &str| mistakes.push(Mistake::new(span, message).with_hint(hint));
    if select.distinct.is_some() {
        refuse(select.span(), "SELECT DISTINCT is not supported", "GROUP BY what should be distinct");
    }
    if let Some(window) = select.named_window.first() {
        refuse(window.span(), "window functions are not supported", "aggregate in a sub-select");
    }
    let has_more = select.top.is_some()
        || select.into.is_some()
        || select.exclude.is_some()
        || !select.lateral_views.is_empty()
        || select.prewhere.is_some()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || select.qualify.is_some()
        || select.value_table_mode.is_some()
        || select.flavor != SelectFlavor::Standard;
    if has_more {
        refuse(select.span(), "this form of SELECT is not supported", "write SELECT … FROM … WHERE … GROUP BY … HAVING");
    }
    if place == Place::SubSelect && is_grouped(select) {
        refuse(select.span(), "a sub-select has no GROUP BY", "correlate it with the outer row, or write a view of its own");
    }
    if let (Place::View, Some(having), false) = (place, &select.having, is_grouped(select)) {
        refuse(having.span(), "HAVING needs GROUP BY", "write WHERE");
    }
}

fn is_grouped(select: &Select) -> bool {
    !matches!(&select.group_by, GroupByExpr::Expressions(exprs, modifiers) if exprs.is_empty() && modifiers.is_empty())
}

fn selected<'q>(item: &'q SelectItem, mistakes: &mut Vec<Mistake>) -> Option<(&'q Expr, Option<&'q Ident>)> {
    match item {
        SelectItem::UnnamedExpr(expr) => Some((expr, None)),
        SelectItem::ExprWithAlias { expr, alias } => Some((expr, Some(alias))),
        other => {
            let mistake = Mistake::new(other.span(), "* is not supported: a view has the columns it names");
            mistakes.push(mistake.with_hint("name the columns, so that a new one does not change the view"));
            None
        }
    }
}

fn group_by<'q>(select: &'q Select, mistakes: &mut Vec<Mistake>) -> Option<&'q [Expr]> {
    match &select.group_by {
        GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => Some(exprs),
        _ => {
            let mistake = Mistake::new(select.group_by.span(), "this form of GROUP BY is not supported");
            mistakes.push(mistake.with_hint("list the expressions: GROUP BY a, b"));
            None
        }
    }
}

fn one_from<'q>(select: &'q Select, mistakes: &mut Vec<Mistake>) -> Option<&'q TableWithJoins> {
    match &select.from[..] {
        [from] => Some(from),
        [] => {
            mistakes
                .push(Mistake::new(select.span(), "a view selects FROM an entity").with_hint("write FROM and the entity's name"));
            None
        }
        [_, second, ..] => {
            mistakes.push(Mistake::new(second.span(), "FROM a, b is not supported").with_hint("write JOIN … ON …"));
            None
        }
    }
}

/// The conditions that AND holds together.
pub fn conjuncts<'q>(expr: &'q Expr, out: &mut Vec<&'q Expr>) {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        Expr::Nested(inner) if matches!(**inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) => conjuncts(inner, out),
        other => out.push(other),
    }
}

/// The two sides of an equality.
pub fn sides(expr: &Expr) -> Option<(&Expr, &Expr)> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => Some((left, right)),
        Expr::Nested(inner) => sides(inner),
        _ => None,
    }
}

/// The name of a plain column, split at its dots.
pub fn plain_name(expr: &Expr) -> Option<&[Ident]> {
    match expr {
        Expr::Identifier(name) => Some(std::slice::from_ref(name)),
        Expr::CompoundIdentifier(names) => Some(names),
        Expr::Nested(inner) => plain_name(inner),
        _ => None,
    }
}

/// A name as PostgreSQL sees it: in small letters, unless it is quoted.
pub fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// `count(*) > 0`: what EXISTS asks.
pub fn any_row() -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql("count(*) > 0").and_then(|mut parser| parser.parse_expr()).ok()
}

/// Whether the expression has an aggregate call outside its sub-selects.
pub fn has_aggregate(expr: &Expr) -> bool {
    let mut finder = Finder { has_aggregate: false };
    let _ = compile(expr, &mut finder, &mut Vec::new());
    finder.has_aggregate
}

/// Looks for aggregate calls; what else there is does not matter.
struct Finder {
    has_aggregate: bool,
}

const ANYTHING: Typed = Typed { expr: crate::expr::Expr::Param(0), ty: Type::Unknown };

impl Scope for Finder {
    fn column(&mut self, _: &[Ident]) -> Result<Typed, Mistake> {
        Ok(ANYTHING)
    }

    fn subselect(&mut self, _: &Query, _: &mut Vec<Mistake>) -> Option<Typed> {
        Some(ANYTHING)
    }

    fn exists(&mut self, _: &Query, _: &mut Vec<Mistake>) -> Option<Typed> {
        Some(ANYTHING)
    }

    fn aggregate(&mut self, _: &AggregateCall<'_>, _: &mut Vec<Mistake>) -> Option<Typed> {
        self.has_aggregate = true;
        Some(ANYTHING)
    }
}
