//! The types of an entity's columns: what all rules that set a column agree on.
//!
//! Rules may read the row that they change (`coalesce(self.paid, 0) + amount`), so types are found in rounds: first from
//! the rules that read no column of unknown type, then, where that leads nowhere, with NULL in place of what is unknown,
//! until nothing changes.

use schemas::Type;

use super::column_type::{agree, stored};
use super::entities::{ColumnDraft, EntityDraft};
use super::fold_scope::{EventReads, SelfColumn};
use super::report::Report;
use super::syntax::Text;
use crate::expr::compile;

/// More rounds than types can widen in: integer, decimal, double.
const ROUNDS: usize = 8;

// === impl EntityDraft ===

impl<'f> EntityDraft<'f> {
    /// Finds the types of the columns.
    pub fn infer(&mut self) {
        for patient in [true, false] {
            for _ in 0..ROUNDS {
                if !self.infer_round(patient) {
                    break;
                }
            }
        }
    }

    /// One round; whether a type changed.
    fn infer_round(&mut self, patient: bool) -> bool {
        let mut changed = false;
        for number in 0..self.columns.len() {
            if self.columns[number].given {
                continue;
            }
            let found = self.assigned_types(number, patient).into_iter().map(|(_, ty)| ty);
            let agreed = found.reduce(|a, b| agree(&a, &b).unwrap_or(a)).filter(|ty| *ty != Type::Unknown).map(stored);
            if agreed.is_some() && agreed != self.columns[number].ty {
                self.columns[number].ty = agreed;
                changed = true;
            }
        }
        changed
    }

    /// The types of what the rules assign to a column, with the text that does.
    fn assigned_types(&self, column: usize, patient: bool) -> Vec<(&'f Text<'f>, Type)> {
        let columns = self.self_columns();
        let mut types = Vec::new();
        for rule in &self.rules {
            let mut reads = EventReads::default();
            let mut scope = rule.scope(&mut reads, Some(&columns));
            for (text, expr) in rule.assigned(column) {
                let typed = compile(expr, &mut scope, &mut Vec::new());
                types.extend(typed.filter(|_| !(patient && scope.guessed)).map(|typed| (text, typed.ty)));
            }
            if column < self.def.key.len() && rule.key[column].is_none() {
                let typed = rule.scope(&mut EventReads::default(), None).default_key(self.def.key[column].value);
                types.extend(typed.map(|typed| (&self.def.key[column], typed.ty)));
            }
        }
        types
    }

    fn self_columns(&self) -> Vec<SelfColumn> {
        self.columns.iter().map(|column| SelfColumn { name: column.name.clone(), ty: column.ty.clone() }).collect()
    }

    /// Reports columns whose rules do not agree, or that cannot be stored.
    pub fn check_types(&self, report: &mut Report<'_>) {
        for (number, column) in self.columns.iter().enumerate() {
            let assigned = self.assigned_types(number, false);
            self.check_agreement(column, &assigned, report);
            let Some(ty) = &column.ty else { continue };
            let Some((text, _)) = assigned.first() else { continue };
            if *ty == Type::Interval {
                let hint = Some("store its length, for example `extract(epoch FROM …)`".to_owned());
                report.add_with_hint(
                    text.span.clone(),
                    format!("`{}` is an interval, which cannot be stored", column.name),
                    hint,
                );
            }
            if number < self.def.key.len() && !ty.is_comparable() {
                report.add(self.def.key[number].span.clone(), format!("`{}` is {ty}, and cannot be part of a key", column.name));
            }
        }
    }

    fn check_agreement(&self, column: &ColumnDraft, assigned: &[(&Text<'_>, Type)], report: &mut Report<'_>) {
        if column.given {
            return;
        }
        let mut agreed: Option<(&Text<'_>, Type)> = None;
        for (text, ty) in assigned {
            match &agreed {
                None => agreed = Some((text, ty.clone())),
                Some((first, before)) => match agree(before, ty) {
                    Some(both) => agreed = Some((first, both)),
                    None => {
                        let line = 1 + report.file.text[..first.span.start].matches('\n').count();
                        let message = format!("`{}` is {ty} here, but {before} in line {line}", column.name);
                        let hint = format!("cast one of them, or say `columns = {{ {} = \"{before}\" }}`", column.name);
                        report.add_with_hint(text.span.clone(), message, Some(hint));
                    }
                },
            }
        }
    }
}
