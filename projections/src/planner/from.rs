//! FROM: which relations there are, and in which order they are found.

use sqlparser::ast::{
    self, BinaryOperator, Join, JoinConstraint, JoinOperator, ObjectNamePart, Select, Spanned as _, TableFactor,
};
use sqlparser::tokenizer::Span;

use super::Planner;
use super::level::{LevelId, Relation, folded};
use crate::definition::suggest;
use crate::expr::Mistake;
use crate::plan::JoinKind;

/// A relation of FROM and how it is joined; the first has no condition.
pub struct Joined<'q> {
    /// LEFT or INNER.
    pub kind: JoinKind,
    /// ON, split at its ANDs.
    pub on: Vec<&'q ast::Expr>,
    /// The table's name.
    pub span: Span,
}

/// The parts of a condition that must all be true.
pub fn conjuncts(condition: &ast::Expr) -> Vec<&ast::Expr> {
    match condition {
        ast::Expr::Nested(inner) => conjuncts(inner),
        ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        other => vec![other],
    }
}

// === impl Planner ===

impl Planner<'_> {
    /// Reads FROM into the level's relations.
    pub(super) fn relations<'q>(
        &mut self,
        level: LevelId,
        select: &'q Select,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Vec<Joined<'q>>> {
        let before = mistakes.len();
        let [from] = select.from.as_slice() else {
            mistakes.push(not_one_table(select));
            return None;
        };
        let mut joined = Vec::new();
        if let Some(span) = self.relation(level, &from.relation, mistakes) {
            joined.push(Joined { kind: JoinKind::Inner, on: Vec::new(), span });
        }
        for join in &from.joins {
            let span = self.relation(level, &join.relation, mistakes);
            match (join_kind(join), span) {
                (Ok((kind, on)), Some(span)) => joined.push(Joined { kind, on: conjuncts(on), span }),
                (Err(mistake), _) => mistakes.push(mistake),
                (Ok(_), None) => {}
            }
        }
        if mistakes.len() == before {
            mistakes.extend(joined.iter().enumerate().filter_map(|(relation, join)| self.names_later(level, relation, join)));
        }
        (mistakes.len() == before).then_some(joined)
    }

    fn relation(&mut self, level: LevelId, factor: &TableFactor, mistakes: &mut Vec<Mistake>) -> Option<Span> {
        match self.read_relation(level, factor) {
            Ok((relation, span)) => {
                self.state.levels[level].relations.push(relation);
                Some(span)
            }
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    }

    fn read_relation(&self, level: LevelId, factor: &TableFactor) -> Result<(Relation, Span), Mistake> {
        let TableFactor::Table { name, alias, args: None, sample: None, with_ordinality: false, version: None, .. } = factor
        else {
            return Err(not_a_table(factor));
        };
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            return Err(Mistake::new(name.span(), "a table is named by its entity alone").with_hint("write no schema in front"));
        };
        let table = folded(ident);
        let entity = self.entities.iter().position(|e| e.name == table).ok_or_else(|| Mistake {
            span: ident.span,
            message: format!("unknown entity `{table}`"),
            hint: suggest(&table, self.entities.iter().map(|e| e.name.as_str())),
        })?;
        if let Some(alias) = alias.as_ref().filter(|alias| !alias.columns.is_empty()) {
            return Err(Mistake::new(alias.name.span, "an alias cannot rename columns here")
                .with_hint("rename columns in the SELECT list with AS"));
        }
        let name = alias.as_ref().map_or(table, |alias| folded(&alias.name));
        if self.state.levels[level].relations.iter().any(|other| other.name == name) {
            let span = alias.as_ref().map_or(ident.span, |alias| alias.name.span);
            return Err(Mistake::new(span, format!("`{name}` is twice in FROM")).with_hint("give each an alias of its own"));
        }
        Ok((Relation { name, entity, slot: None }, ident.span))
    }
}

fn not_one_table(select: &Select) -> Mistake {
    match select.from.get(1) {
        None => Mistake::new(select.select_token.0.span, "the SELECT has no FROM").with_hint("name the entity that it reads"),
        Some(second) => Mistake::new(second.relation.span(), "tables in FROM are separated by commas")
            .with_hint("write JOIN … ON …, with the key of the joined entity in ON"),
    }
}

fn not_a_table(factor: &TableFactor) -> Mistake {
    let (message, hint) = match factor {
        TableFactor::Derived { .. } => (
            "a sub-select in FROM is not supported",
            "join the entities themselves, or aggregate in a sub-select in the SELECT list",
        ),
        TableFactor::Function { .. } | TableFactor::Table { args: Some(_), .. } | TableFactor::UNNEST { .. } => (
            "a function in FROM is not supported",
            "fold the elements of an array into an entity of their own with `for_each`, and join that",
        ),
        _ => ("only entities can be in FROM", "write FROM entity JOIN entity ON …"),
    };
    Mistake::new(factor.span(), message).with_hint(hint)
}

/// LEFT or INNER and the condition; everything else is refused.
fn join_kind(join: &Join) -> Result<(JoinKind, &ast::Expr), Mistake> {
    let span = join.relation.span();
    let (kind, constraint) = match &join.join_operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (JoinKind::Inner, constraint),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::Left, constraint),
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) => {
            return Err(Mistake::new(span, "RIGHT JOIN is not supported").with_hint("swap the two sides and write LEFT JOIN"));
        }
        JoinOperator::FullOuter(_) => {
            return Err(Mistake::new(span, "FULL JOIN is not supported")
                .with_hint("fold an entity that has a row for each key of either side, and LEFT JOIN both to it"));
        }
        JoinOperator::CrossJoin(_) => {
            return Err(Mistake::new(span, "CROSS JOIN is not supported").with_hint("join on the key of the joined entity"));
        }
        _ => {
            return Err(
                Mistake::new(span, "this kind of join is not supported").with_hint("write JOIN … ON … or LEFT JOIN … ON …")
            );
        }
    };
    match constraint {
        JoinConstraint::On(condition) => Ok((kind, condition)),
        JoinConstraint::Using(_) => Err(Mistake::new(span, "USING is not supported").with_hint("write ON a.column = b.column")),
        JoinConstraint::Natural => {
            Err(Mistake::new(span, "NATURAL JOIN is not supported").with_hint("write ON a.column = b.column"))
        }
        JoinConstraint::None => Err(Mistake::new(span, "the join has no ON").with_hint("join on the key of the joined entity")),
    }
}
