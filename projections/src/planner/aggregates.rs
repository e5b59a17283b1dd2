//! Aggregates of a SELECT level, and expressions over them.

use schemas::Type;
use sqlparser::ast;

use super::Planner;
use super::level::LevelId;
use super::scope::{Clause, RowScope};
use crate::aggregate::{Signature, signature};
use crate::expr::{AggregateCall, Expr, Mistake, Typed, compile, compile_condition};
use crate::plan::{Aggregate, AggregateFunction};

/// The aggregates of a level. Parameters of an expression over the group are, from `base` on, first the key's `key_len`
/// values, then the results of the aggregates.
#[derive(Clone, Debug, Default)]
pub struct Grouping {
    /// The expressions of GROUP BY; empty for a sub-select.
    pub keys: Vec<Typed>,
    /// What each of them is read as.
    pub shown: Vec<Expr>,
    /// Where the parameters start.
    pub base: usize,
    /// How many values the key has.
    pub key_len: usize,
    /// What is computed of each row.
    pub inputs: Vec<Expr>,
    /// The aggregates over `inputs`.
    pub aggregates: Vec<Aggregate>,
    /// Whether an aggregate was met, be it a right one or not.
    pub called: bool,
}

// === impl Grouping ===

impl Grouping {
    /// A grouping by these expressions.
    pub fn by(keys: Vec<Typed>) -> Grouping {
        let mut grouping = Grouping { key_len: keys.len(), ..Grouping::default() };
        grouping.shown = keys.iter().enumerate().map(|(number, key)| grouping.show(number, key)).collect();
        Grouping { keys, ..grouping }
    }

    /// A key does not say how its values look: 1.5 and 1.50 are one group. Where that matters, the least look in the group is shown.
    fn show(&mut self, number: usize, key: &Typed) -> Expr {
        if !has_looks(&key.ty) {
            return Expr::Param(self.base + number);
        }
        let (function, args) = (AggregateFunction::Min, vec![self.input(key.expr.clone())]);
        let (input, ty) = (key.ty.clone(), key.ty.clone());
        self.result(Aggregate { function, args, filter: None, distinct: false, order_by: Vec::new(), input, ty }).expr
    }

    /// The number of the input, which is added if it is new.
    fn input(&mut self, expr: Expr) -> usize {
        self.inputs.iter().position(|known| *known == expr).unwrap_or_else(|| {
            self.inputs.push(expr);
            self.inputs.len() - 1
        })
    }

    /// The value of an aggregate call.
    fn call(&mut self, call: &AggregateCall<'_>, signature: Signature, filter: Option<Expr>, order_by: Vec<Typed>) -> Typed {
        let aggregate = signature.aggregate(call, filter, order_by, |input| self.input(input));
        self.result(aggregate)
    }

    /// The parameter of the aggregate, which is added if it is new.
    fn result(&mut self, aggregate: Aggregate) -> Typed {
        let ty = aggregate.ty.clone();
        let number = self.aggregates.iter().position(|known| *known == aggregate).unwrap_or_else(|| {
            self.aggregates.push(aggregate);
            self.aggregates.len() - 1
        });
        Typed { expr: Expr::Param(self.base + self.key_len + number), ty }
    }

    /// What to write instead of a column that is neither grouped nor aggregated.
    pub fn hint_for(&self, column: &str) -> String {
        if self.keys.is_empty() {
            format!("aggregate it, for example `max({column})` or `(array_agg({column} ORDER BY …))[1]`")
        } else {
            format!("add `{column}` to GROUP BY, or aggregate it, for example `max({column})`")
        }
    }
}

// === impl Planner ===

impl Planner<'_> {
    /// Plans an aggregate call of the level; its value is a parameter.
    pub(super) fn aggregate(
        &mut self,
        level: LevelId,
        call: &AggregateCall<'_>,
        grouping: &mut Grouping,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Typed> {
        let before = mistakes.len();
        self.state.touched = super::Touched::default();
        let args: Vec<Option<Typed>> = call.args.iter().map(|arg| self.argument(level, arg, mistakes)).collect();
        if self.state.touched.outer && !self.state.touched.own {
            let message = "the aggregate is over nothing but columns of the outer query";
            mistakes.push(Mistake::new(call.span, message).with_hint("use a column of the sub-select's own tables in it"));
        }
        let filter = call.filter.and_then(|filter| {
            let mut scope = RowScope { planner: self, level, clause: Clause::Argument };
            compile_condition(filter, "FILTER", &mut scope, mistakes)
        });
        let order_by: Vec<_> = call.order_by.iter().map(|(key, ..)| self.argument(level, key, mistakes)).collect();
        if mistakes.len() > before {
            return None;
        }
        let args: Vec<Typed> = args.into_iter().collect::<Option<_>>()?;
        let order_by: Vec<Typed> = order_by.into_iter().collect::<Option<_>>()?;
        check_order(call, &args, &order_by).map_err(|mistake| mistakes.push(mistake)).ok()?;
        let signature = signature(call.function, args).map_err(|message| mistakes.push(Mistake::new(call.span, message))).ok()?;
        Some(grouping.call(call, signature, filter, order_by))
    }

    fn argument(&mut self, level: LevelId, arg: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        compile(arg, &mut RowScope { planner: self, level, clause: Clause::Argument }, mistakes)
    }

    /// If the whole expression is one of GROUP BY, its value is a parameter. It is when it means the same, however the
    /// two are written.
    pub(super) fn group_key(&mut self, level: LevelId, expr: &ast::Expr, grouping: &Grouping) -> Option<Typed> {
        if grouping.keys.is_empty() {
            return None;
        }
        let before = self.state.clone();
        let typed = compile(expr, &mut RowScope { planner: self, level, clause: Clause::Argument }, &mut Vec::new());
        self.state = before;
        let typed = typed?;
        let number = grouping.keys.iter().position(|key| key.expr == typed.expr)?;
        Some(Typed { expr: grouping.shown[number].clone(), ty: grouping.keys[number].ty.clone() })
    }
}

/// Whether equal values of the type may look different, as 1.5 and 1.50, 0 and -0, a month and thirty days.
fn has_looks(ty: &Type) -> bool {
    match ty {
        Type::Decimal | Type::Double | Type::Interval => true,
        Type::Array(item) => has_looks(item),
        _ => false,
    }
}

/// What is sorted or told apart must have an order; and of what is the same only one is left to sort by.
fn check_order(call: &AggregateCall<'_>, args: &[Typed], order_by: &[Typed]) -> Result<(), Mistake> {
    let compared = order_by.iter().chain(args.iter().filter(|_| call.distinct));
    if let Some(typed) = compared.into_iter().find(|typed| !typed.ty.is_comparable()) {
        let message = format!("{} values have neither order nor equality", typed.ty);
        return Err(Mistake::new(call.span, message).with_hint("use a part of the value, or its text"));
    }
    if call.distinct && order_by.iter().any(|key| args.iter().all(|arg| arg.expr != key.expr)) {
        let message = "with DISTINCT, an aggregate is ordered by its arguments only";
        return Err(Mistake::new(call.span, message).with_hint("write the same expression after DISTINCT and after ORDER BY"));
    }
    Ok(())
}
