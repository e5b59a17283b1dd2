//! Aggregate calls, taken apart for the scope, which knows the rows that are aggregated.

use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, OrderBySort,
};
use sqlparser::tokenizer::Span;

use super::call::expr_of;
use super::{Compiler, Fault};
use crate::expr::{AggregateCall, Typed};
use crate::plan::{AggregateFunction, Direction, Nulls};

const NAMES: &[(&str, AggregateFunction)] = &[
    ("count", AggregateFunction::Count),
    ("sum", AggregateFunction::Sum),
    ("avg", AggregateFunction::Avg),
    ("min", AggregateFunction::Min),
    ("max", AggregateFunction::Max),
    ("bool_and", AggregateFunction::BoolAnd),
    ("every", AggregateFunction::BoolAnd),
    ("bool_or", AggregateFunction::BoolOr),
    ("array_agg", AggregateFunction::ArrayAgg),
    ("json_agg", AggregateFunction::JsonAgg),
    ("json_object_agg", AggregateFunction::JsonObjectAgg),
    ("string_agg", AggregateFunction::StringAgg),
];

/// The aggregate of this name.
pub(super) fn aggregate_named(name: &str) -> Option<AggregateFunction> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}

impl Compiler<'_> {
    pub(super) fn aggregate(&mut self, function: AggregateFunction, call: &ast::Function, span: Span) -> Option<Typed> {
        let taken_apart = taken_apart(function, call, span);
        let call = self.outcome(span, taken_apart)?;
        self.scope.aggregate(&call, self.mistakes)
    }
}

fn taken_apart<'a>(function: AggregateFunction, call: &'a ast::Function, span: Span) -> Result<AggregateCall<'a>, Fault> {
    let name = call.name.to_string().to_lowercase();
    let FunctionArguments::List(list) = &call.args else {
        return Err(Fault::new(format!("{name} needs its arguments in parentheses")));
    };
    if list.args.is_empty() && function == AggregateFunction::Count {
        return Err(Fault::new("count needs an argument").with_hint("write count(*) to count rows"));
    }
    let counts_rows = matches!(list.args[..], [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
    let args = if counts_rows && function == AggregateFunction::Count {
        Vec::new()
    } else {
        list.args.iter().map(|arg| expr_of(&name, arg)).collect::<Result<_, _>>()?
    };
    let mut order_by = Vec::new();
    for clause in &list.clauses {
        match clause {
            FunctionArgumentClause::OrderBy(keys) => {
                for key in keys {
                    order_by.push(sort_key(key)?);
                }
            }
            other => return Err(Fault::new(format!("{other} is not supported inside {name}"))),
        }
    }
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    if distinct && counts_rows {
        return Err(Fault::new("DISTINCT cannot be used with *").with_hint("name the column: count(DISTINCT x)"));
    }
    Ok(AggregateCall { function, args, filter: call.filter.as_deref(), distinct, order_by, span })
}

/// NULLs are larger than anything unless it is said otherwise.
fn sort_key(key: &ast::OrderByExpr) -> Result<(&ast::Expr, Direction, Nulls), Fault> {
    let direction = match key.options.sort {
        Some(OrderBySort::Desc) => Direction::Descending,
        Some(OrderBySort::Asc) | None => Direction::Ascending,
        Some(OrderBySort::Using(_)) => return Err(Fault::new("ORDER BY … USING is not supported").with_hint("write ASC or DESC")),
    };
    let nulls = match (key.options.nulls_first, direction) {
        (Some(true), _) | (None, Direction::Descending) => Nulls::First,
        _ => Nulls::Last,
    };
    Ok((&key.expr, direction, nulls))
}
