//! Expressions over aggregates: the value of a sub-select, and SELECT and HAVING of a GROUP BY.

use sqlparser::ast::{self, Ident, Spanned};

use crate::aggregate::typing;
use crate::expr::{AggregateCall, Expr, Mistake, Scope, Typed, compile, compile_condition, settled};
use crate::plan::{Aggregate, SortKey};

use super::block::BlockBuilder;

/// What names mean behind an aggregation.
pub struct Aggregating<'b, 'p, 'e> {
    /// The rows that are aggregated.
    pub rows: &'b mut BlockBuilder<'p, 'e>,
    /// GROUP BY, over the rows.
    pub group: Vec<Typed>,
    /// What is computed of each row.
    pub inputs: Vec<Expr>,
    pub aggregates: Vec<Aggregate>,
    /// The parameter that is the first value of the group's key; the aggregates follow the key.
    pub first_param: usize,
    /// Slots below this one are of the outer row, the same for all rows that are aggregated.
    pub outer_slots: usize,
}

impl Aggregating<'_, '_, '_> {
    fn input(&mut self, expr: Expr) -> usize {
        self.inputs.iter().position(|known| *known == expr).unwrap_or_else(|| {
            self.inputs.push(expr);
            self.inputs.len() - 1
        })
    }

    fn order_by(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Vec<SortKey>> {
        let mut keys = Vec::new();
        for (expr, direction, nulls) in &call.order_by {
            let typed = settled(compile(expr, self.rows, mistakes)?);
            if !typed.ty.is_comparable() {
                mistakes.push(Mistake::new(expr.span(), format!("{} cannot be sorted by", typed.ty)));
                return None;
            }
            keys.push(SortKey { input: self.input(typed.expr), direction: *direction, nulls: *nulls });
        }
        Some(keys)
    }

    fn check_distinct(&self, call: &AggregateCall<'_>, typed: &typing::TypedCall, aggregate: &Aggregate) -> Result<(), Mistake> {
        if !call.distinct {
            return Ok(());
        }
        if let Some(arg) = typed.args.iter().find(|arg| !arg.ty.is_comparable()) {
            return Err(Mistake::new(call.span, format!("could not tell which values of type {} are distinct", arg.ty)));
        }
        if aggregate.order_by.iter().any(|key| !aggregate.args.contains(&key.input)) {
            let mistake =
                Mistake::new(call.span, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list");
            return Err(mistake.with_hint("order by the argument itself"));
        }
        Ok(())
    }

    /// The group's expression that `expr` is, if it is one.
    fn grouped(&mut self, expr: &ast::Expr) -> Option<Typed> {
        if self.group.is_empty() {
            return None;
        }
        let typed = compile(expr, &mut Quiet { rows: self.rows }, &mut Vec::new())?;
        let place = self.group.iter().position(|group| group.expr == typed.expr)?;
        Some(Typed { expr: Expr::Param(self.first_param + place), ty: self.group[place].ty.clone() })
    }
}

impl Scope for Aggregating<'_, '_, '_> {
    fn whole(&mut self, expr: &ast::Expr) -> Option<Typed> {
        self.grouped(expr)
    }

    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let (slot, column) = self.rows.resolve(name)?;
        if slot < self.outer_slots {
            return self.rows.column(name);
        }
        let name_of = self.rows.column_name(slot, column);
        let span = ast::Expr::CompoundIdentifier(name.to_vec()).span();
        let mistake = Mistake::new(
            span,
            format!("{name_of} must be inside an aggregate{}", if self.group.is_empty() { "" } else { " or in GROUP BY" }),
        );
        Err(mistake.with_hint(match self.group.is_empty() {
            true => format!("write max({name_of}), or json_agg({name_of}) for all of them"),
            false => format!("add {name_of} to GROUP BY, or write max({name_of})"),
        }))
    }

    fn subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let mistake = Mistake::new(query.span(), "a sub-select is not supported over the result of an aggregation");
        mistakes.push(mistake.with_hint("write it inside an aggregate, or in GROUP BY"));
        None
    }

    fn exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.subselect(query, mistakes)
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let args: Vec<Option<Typed>> = call.args.iter().map(|arg| compile(arg, self.rows, mistakes)).collect();
        let filter = call.filter.map(|filter| compile_condition(filter, "FILTER", self.rows, mistakes));
        let order_by = self.order_by(call, mistakes);
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        let typed = typing::typed(call.function, args).map_err(|(message, hint)| {
            let mistake = Mistake::new(call.span, message);
            mistakes.push(match hint {
                Some(hint) => mistake.with_hint(hint),
                None => mistake,
            });
        });
        let (typed, order_by) = (typed.ok()?, order_by?);
        let filter = match filter {
            Some(filter) => Some(self.input(filter?)),
            None => None,
        };
        let places = typed.args.iter().map(|arg| self.input(arg.expr.clone())).collect();
        let aggregate = Aggregate {
            function: call.function,
            args: places,
            filter,
            distinct: call.distinct,
            order_by,
            input: typed.input.clone(),
            ty: typed.ty.clone(),
        };
        self.check_distinct(call, &typed, &aggregate).map_err(|mistake| mistakes.push(mistake)).ok()?;
        let place = self.aggregates.iter().position(|known| *known == aggregate).unwrap_or_else(|| {
            self.aggregates.push(aggregate);
            self.aggregates.len() - 1
        });
        Some(Typed { expr: Expr::Param(self.first_param + self.group.len() + place), ty: typed.ty })
    }
}

/// The rows' names, for a look that leaves nothing behind: sub-selects and aggregates mean nothing here.
struct Quiet<'q, 'p, 'e> {
    rows: &'q mut BlockBuilder<'p, 'e>,
}

impl Scope for Quiet<'_, '_, '_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        self.rows.column(name)
    }

    fn subselect(&mut self, _: &ast::Query, _: &mut Vec<Mistake>) -> Option<Typed> {
        None
    }

    fn exists(&mut self, _: &ast::Query, _: &mut Vec<Mistake>) -> Option<Typed> {
        None
    }

    fn aggregate(&mut self, _: &AggregateCall<'_>, _: &mut Vec<Mistake>) -> Option<Typed> {
        None
    }
}
