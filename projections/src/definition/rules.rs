//! Rules, compiled with the types of the columns known.

use std::collections::BTreeMap;

use super::column_type::agree;
use super::entities::{ColumnDraft, EntityDraft, Parsed, RuleDraft};
use super::fold_scope::{EventReads, SelfColumn};
use super::report::Report;
use super::sql::SqlText;
use crate::expr::{Expr, Mistake, Typed, coerce, compile, compile_condition};
use crate::plan::{Action, Column, Entity, EntityId, Rule};

/// A rule, compiled, but for the numbers of its parameters.
pub struct CompiledRule {
    /// The event type.
    pub event: String,
    /// The rule.
    pub rule: Rule,
}

// === impl CompiledRule ===

impl CompiledRule {
    /// Gives the parameters their final numbers, when all that the event type's rules read is known.
    pub fn number(&mut self, reads: &EventReads) {
        let Rule { guard, when, key, action, .. } = &mut self.rule;
        let sets = match action {
            Action::Set(sets) => sets.as_mut_slice(),
            Action::Delete => &mut [],
        };
        let all = guard.iter_mut().chain(when).chain(key).chain(sets.iter_mut().map(|(_, expr)| expr));
        all.for_each(|expr| reads.number(expr));
    }
}

/// Reports the mistakes of an expression where they are in the file.
pub fn report_at(sql: &SqlText<'_>, mistakes: Vec<Mistake>, report: &mut Report<'_>) {
    for mistake in mistakes {
        report.add_with_hint(sql.place(mistake.span), mistake.message, mistake.hint);
    }
}

// === impl EntityDraft ===

impl EntityDraft<'_> {
    /// Compiles the rules, with `reads` of each event type collected by `reads_of`.
    pub fn compile(
        &self,
        number: EntityId,
        entity: &Entity,
        reads_of: &mut BTreeMap<String, EventReads>,
        report: &mut Report<'_>,
    ) -> Vec<CompiledRule> {
        let columns: Vec<SelfColumn> =
            entity.columns.iter().map(|column| SelfColumn { name: column.name.clone(), ty: Some(column.ty.clone()) }).collect();
        let mut rules = Vec::new();
        for rule in &self.rules {
            let reads = reads_of.entry(rule.event.name.clone()).or_default();
            let compiled = RuleCompiler { rule, entity, drafts: &self.columns, columns: &columns, reads, report }.compile(number);
            rules.extend(compiled.map(|compiled| CompiledRule { event: rule.event.name.clone(), rule: compiled }));
        }
        rules
    }
}

/// Whether the expression reads columns of the row so far.
fn reads_row(expr: &Expr) -> bool {
    let mut reads = false;
    expr.walk(&mut |expr| reads |= matches!(expr, Expr::Column { .. }));
    reads
}

/// Compiles one rule.
struct RuleCompiler<'c, 'f, 'r> {
    rule: &'c RuleDraft<'f>,
    entity: &'c Entity,
    drafts: &'c [ColumnDraft],
    columns: &'c [SelfColumn],
    reads: &'c mut EventReads,
    report: &'c mut Report<'r>,
}

impl RuleCompiler<'_, '_, '_> {
    fn compile(mut self, entity: EntityId) -> Option<Rule> {
        let key: Vec<Option<Expr>> = (0..self.rule.key.len()).map(|column| self.key(column)).collect();
        let when = self.rule.when.as_ref().map(|when| self.condition(when));
        let action = match &self.rule.set {
            None => Some(Action::Delete),
            Some(set) => {
                let sets: Vec<_> = set.iter().map(|(column, parsed)| Some((*column, self.value(*column, parsed)?))).collect();
                sets.into_iter().collect::<Option<_>>().map(Action::Set)
            }
        };
        let for_each = self.rule.element.as_ref().map(|(path, _)| self.reads.add_loop(path.clone()));
        let when = match when {
            Some(when) => Some(when?),
            None => None,
        };
        let (when, guard) = if when.as_ref().is_some_and(reads_row) { (when, None) } else { (None, when) };
        Some(Rule { entity, for_each, guard, when, key: key.into_iter().collect::<Option<_>>()?, action: action? })
    }

    fn key(&mut self, column: usize) -> Option<Expr> {
        if let Some(parsed) = &self.rule.key[column] {
            let typed = self.typed(parsed, None)?;
            return self.coerced(column, typed, parsed);
        }
        let Column { name, ty } = &self.entity.columns[column];
        let typed = self.rule.scope(self.reads, None).default_key(name);
        match typed.map(|typed| coerce(typed, ty)) {
            Some(Ok(typed)) => Some(typed.expr),
            _ => {
                let event = &self.rule.def.event;
                let message = format!("event {} has no field `{name}`, which is part of the key", event.value);
                let hint = Some(format!("say where it comes from: `key = {{ {name} = \"…\" }}`"));
                self.report.add_with_hint(event.span.clone(), message, hint);
                None
            }
        }
    }

    fn value(&mut self, column: usize, parsed: &Parsed<'_>) -> Option<Expr> {
        let typed = self.typed(parsed, Some(self.columns))?;
        self.coerced(column, typed, parsed)
    }

    fn typed(&mut self, parsed: &Parsed<'_>, columns: Option<&[SelfColumn]>) -> Option<Typed> {
        let mut mistakes = Vec::new();
        let typed = compile(&parsed.expr, &mut self.rule.scope(self.reads, columns), &mut mistakes);
        report_at(&parsed.text.sql, mistakes, self.report);
        typed
    }

    fn condition(&mut self, parsed: &Parsed<'_>) -> Option<Expr> {
        let mut mistakes = Vec::new();
        let mut scope = self.rule.scope(self.reads, Some(self.columns));
        let condition = compile_condition(&parsed.expr, "when", &mut scope, &mut mistakes);
        report_at(&parsed.text.sql, mistakes, self.report);
        condition
    }

    /// The value as the column takes it. Where rules do not agree on the column's type, that was reported already.
    fn coerced(&mut self, column: usize, typed: Typed, parsed: &Parsed<'_>) -> Option<Expr> {
        let Column { name, ty } = &self.entity.columns[column];
        if agree(&typed.ty, ty).is_none() && !self.drafts[column].given {
            return Some(typed.expr);
        }
        let coerced = coerce(typed, ty);
        coerced.map_err(|message| self.report.add(parsed.text.span.clone(), format!("`{name}`: {message}"))).ok().map(|t| t.expr)
    }
}
