//! The name of a column that is given none: PostgreSQL's.

use schemas::Type;
use sqlparser::ast::{Expr, Function, ObjectNamePart, Query, SelectItem, SetExpr, TrimWhereField};

use super::level::folded;
use crate::plan::Column;

/// The columns of a SELECT that cannot be planned: no more than their names is known.
pub fn named_columns(query: &Query) -> Vec<Column> {
    let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
    let name = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => output_name(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    };
    select.projection.iter().filter_map(name).map(|name| Column { name, ty: Type::Unknown }).collect()
}

/// The name that PostgreSQL gives the expression; `None` where that is `?column?`.
pub fn output_name(expr: &Expr) -> Option<String> {
    let fixed = match expr {
        Expr::Identifier(name) => return Some(folded(name)),
        Expr::CompoundIdentifier(name) => return name.last().map(folded),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } | Expr::Cast { expr: inner, .. } => return output_name(inner),
        Expr::CompoundFieldAccess { root, .. } => return output_name(root),
        Expr::Function(function) => return function_name(function),
        Expr::Subquery(query) => return subselect_name(query),
        Expr::Case { else_result, .. } => return else_result.as_deref().and_then(output_name).or(Some("case".to_owned())),
        Expr::Exists { negated: false, .. } => "exists",
        Expr::Array(_) => "array",
        Expr::Extract { .. } => "extract",
        Expr::Ceil { .. } => "ceil",
        Expr::Floor { .. } => "floor",
        Expr::Position { .. } => "position",
        Expr::Substring { .. } => "substring",
        Expr::Overlay { .. } => "overlay",
        Expr::AtTimeZone { .. } => "timezone",
        Expr::Trim { trim_where, .. } => match trim_where {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            _ => "btrim",
        },
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn function_name(function: &Function) -> Option<String> {
    match function.name.0.last()? {
        ObjectNamePart::Identifier(name) => Some(folded(name)),
        ObjectNamePart::Function(_) => None,
    }
}

fn subselect_name(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.first()? {
        SelectItem::UnnamedExpr(expr) => output_name(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}
