//! How a correlated sub-select is kept current: by a *scan* of its rows at each evaluation, or by a *group* whose aggregates
//! are kept.
//!
//! A scan costs as much as there are rows, but needs no state but the index. A group costs the same however many rows it
//! has. So aggregates that can be kept are, unless the rows are read anyway: for another sub-select over the same ones, or
//! because there is at most one.

use sqlparser::ast::{self, Select, Spanned as _, TableWithJoins};

use super::aggregates::Grouping;
use super::draft::{DraftId, GroupRead};
use super::from::conjuncts;
use super::level::{LevelId, Resolved};
use super::lookup::check_kinds;
use super::scope::Clause;
use super::{Planner, State};
use crate::expr::{Expr, Mistake, Typed};
use crate::plan::{Column, EntityId, RollupId, RollupReader, Scan, ScanSource, Subselect};

/// What ties the rows of a sub-select to the query around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// The level around it.
    host: LevelId,
    /// The sub-select's root.
    entity: EntityId,
    /// The root's columns that equal columns of the query around it, ascending.
    columns: Vec<usize>,
}

/// A roll-up in the making.
#[derive(Clone, Debug)]
pub struct Group {
    /// The block that feeds it.
    pub draft: DraftId,
    /// The group's key, over the rows of the block.
    pub key: Vec<Typed>,
    /// Its aggregates.
    pub grouping: Grouping,
    /// Who reads it.
    pub reader: RollupReader,
    /// What it is a group of, by which another sub-select may find that it needs the same.
    pub source: Option<Source>,
}

/// The rows of a sub-select and what they are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    from: Vec<TableWithJoins>,
    conditions: Vec<ast::Expr>,
    columns: Vec<(usize, usize)>,
}

/// A column of the sub-select and the column of the query around it that it equals.
struct Correlation {
    own: Resolved,
    outer: Resolved,
    span: sqlparser::tokenizer::Span,
}

/// What became of planning a sub-select as a scan.
struct Trial {
    /// Whether there is an aggregate in it.
    called: bool,
    /// The value.
    typed: Option<Typed>,
    /// What the rows are found by, if there is anything.
    tie: Option<Tie>,
    /// Whether they are found by their key.
    source: ScanSource,
    /// Whether its aggregates can be kept.
    invertible: bool,
}

// === impl Planner ===

impl<'e> Planner<'e> {
    /// Plans a sub-select of one value.
    pub(super) fn plan_subselect(
        &mut self,
        level: LevelId,
        select: &Select,
        value: &ast::Expr,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Typed> {
        let before = self.state.clone();
        let mut found = Vec::new();
        let trial = self.scan(level, select, value, &mut found);
        if trial.as_ref().is_some_and(|trial| !trial.called) {
            self.state = before;
            return self.scalar(level, select, value, mistakes);
        }
        let has_mistakes = !found.is_empty();
        mistakes.append(&mut found);
        let trial = trial.filter(|_| !has_mistakes)?;
        if self.must_scan(&trial) {
            self.state.scans.extend(trial.tie);
            return trial.typed;
        }
        let scanned = std::mem::replace(&mut self.state, before);
        self.group_or_scan(level, select, value, trial, scanned, mistakes)
    }

    fn must_scan(&self, trial: &Trial) -> bool {
        let Some(tie) = &trial.tie else { return false };
        !trial.invertible || trial.source == ScanSource::Key || self.state.scanned.contains(tie)
    }

    /// Keeps the aggregates in a group if that can be done, and else comes back to the scan.
    fn group_or_scan(
        &mut self,
        level: LevelId,
        select: &Select,
        value: &ast::Expr,
        trial: Trial,
        scanned: State,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Typed> {
        let (before, mut found) = (self.state.clone(), Vec::new());
        self.state.escaped = false;
        let grouped = self.group(level, select, value, &mut found);
        let escaped = std::mem::replace(&mut self.state.escaped, before.escaped);
        if grouped.is_some() && found.is_empty() && !escaped {
            self.state.grouped.extend(trial.tie);
            return grouped;
        }
        self.state = scanned;
        if trial.tie.is_none() {
            found.retain(|_| !escaped);
            mistakes.push(found.pop().unwrap_or_else(|| untied(select)));
            return None;
        }
        self.state.scans.extend(trial.tie);
        trial.typed
    }

    // === scan ===

    fn scan(&mut self, level: LevelId, select: &Select, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Trial> {
        let host = self.state.levels[level].host;
        let first_param = self.state.levels[host].next_param();
        let draft = self.state.levels[level].draft;
        let sub = self.add_level(draft, Some(level));
        self.state.levels[sub].first_param = first_param;
        let (slot, conditions) = self.place_from(sub, select, mistakes)?;
        let root = self.state.levels[sub].relations.iter().position(|relation| relation.slot == Some(slot))?;
        let (ties, rest) = self.correlations(sub, &conditions, |own| own.relation == root);
        let mut grouping = Grouping { base: first_param, ..Grouping::default() };
        let typed = self.group_expr(sub, &mut grouping, value, mistakes);
        if !grouping.called {
            return Some(Trial { called: false, typed: None, tie: None, source: ScanSource::Key, invertible: false });
        }
        let filter = self.conditions(sub, Clause::Where, &rest, mistakes);
        let (key, columns) = self.scan_key(sub, slot, &ties, mistakes);
        let entity = self.state.levels[sub].relations[root].entity;
        let source = self.scan_source(entity, &columns);
        let tie = (!columns.is_empty()).then_some(Tie { host, entity, columns });
        let invertible = grouping.aggregates.iter().all(crate::aggregate::is_invertible);
        let typed = typed?;
        let scan = Scan {
            entity,
            slot,
            source,
            key,
            lookups: std::mem::take(&mut self.state.levels[sub].lookups),
            subselects: std::mem::take(&mut self.state.levels[sub].subselects),
            first_param,
            filter,
            inputs: grouping.inputs,
            aggregates: grouping.aggregates,
            value: typed.expr,
        };
        let typed = self.state.levels[host].add_subselect(Subselect::Scan(Box::new(scan)), typed.ty);
        Some(Trial { called: true, typed: Some(typed), tie, source, invertible })
    }

    /// The values that find the rows, and the columns that they are compared with, ascending.
    fn scan_key(
        &mut self,
        sub: LevelId,
        slot: usize,
        ties: &[Correlation],
        mistakes: &mut Vec<Mistake>,
    ) -> (Vec<Expr>, Vec<usize>) {
        let (mut found, mut links) = (Vec::new(), Vec::new());
        for tie in ties {
            let Some(outer) = self.correlate(sub, tie, mistakes) else { continue };
            links.push((tie.own.column, &tie.outer));
            found.push((tie.own.column, outer));
        }
        found.sort_by_key(|(column, _)| *column);
        let draft = self.state.levels[sub].draft;
        let link = self.link(draft, links);
        self.state.drafts[draft].occurrences[slot].link = Some(link);
        let columns = found.iter().map(|(column, _)| *column).collect();
        (found.into_iter().map(|(_, expr)| expr).collect(), columns)
    }

    fn scan_source(&mut self, entity: EntityId, columns: &[usize]) -> ScanSource {
        let is_key = columns.iter().copied().eq(0..self.entities[entity].key_len);
        if is_key { ScanSource::Key } else { ScanSource::Index(self.index(entity, columns.to_vec())) }
    }

    // === group ===

    fn group(&mut self, level: LevelId, select: &Select, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let before = self.state.clone();
        let sub = self.add_draft(Some(level));
        let (_, conditions) = self.place_from(sub, select, mistakes)?;
        let (mut ties, rest) = self.correlations(sub, &conditions, |_| true);
        ties.sort_by_key(|tie| (tie.own.relation, tie.own.column));
        let columns = ties.iter().map(|tie| (tie.own.relation, tie.own.column)).collect();
        let source = Source { from: select.from.clone(), conditions: rest, columns };
        let known = self.state.groups.iter().position(|group| group.source.as_ref() == Some(&source));
        let rollup = match known {
            Some(rollup) => {
                self.state = before;
                rollup
            }
            None => self.add_group(sub, source, &ties, mistakes),
        };
        let value = self.group_value(rollup, value, mistakes)?;
        let key = self.group_reader(level, rollup, &ties, mistakes)?;
        let host = self.state.levels[level].host;
        let subselect = Subselect::Group { rollup, key, value: value.expr };
        Some(self.state.levels[host].add_subselect(subselect, value.ty))
    }

    /// The block and the roll-up of a sub-select over rows that no other groups in the same way.
    fn add_group(&mut self, sub: LevelId, source: Source, ties: &[Correlation], mistakes: &mut Vec<Mistake>) -> RollupId {
        let draft = self.state.levels[sub].draft;
        self.state.drafts[draft].filter = self.conditions(sub, Clause::Where, &source.conditions, mistakes);
        let key: Vec<Typed> = ties.iter().filter_map(|tie| self.column(sub, &tie.own, tie.span).ok()).collect();
        self.state.groups.push(Group {
            draft,
            grouping: Grouping { key_len: key.len(), ..Grouping::default() },
            key,
            reader: RollupReader::Blocks,
            source: Some(source),
        });
        self.state.groups.len() - 1
    }

    /// The value over the group's parameters; its aggregates join those that the group has.
    fn group_value(&mut self, rollup: RollupId, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let mut grouping = self.state.groups[rollup].grouping.clone();
        let level = self.state.drafts[self.state.groups[rollup].draft].level;
        let typed = self.group_expr(level, &mut grouping, value, mistakes);
        self.state.groups[rollup].grouping = grouping;
        typed
    }

    /// The key of the group that a row of the query around asks for.
    fn group_reader(
        &mut self,
        level: LevelId,
        rollup: RollupId,
        ties: &[Correlation],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Vec<Expr>> {
        let (mut key, mut links) = (Vec::new(), Vec::new());
        for (place, tie) in ties.iter().enumerate() {
            let outer = self.column(level, &tie.outer, tie.span).ok()?;
            let own = self.group_column(rollup, &tie.own);
            if let Err(mistake) = check_kinds(&own.name, &own.ty, &outer.ty, tie.span) {
                mistakes.push(mistake);
            }
            links.push((place, &tie.outer));
            key.push(outer.expr);
        }
        let draft = self.state.levels[level].draft;
        let link = self.link(draft, links);
        self.state.drafts[draft].groups.push(GroupRead { rollup, link });
        Some(key)
    }

    /// A column of a group's rows. The number of its level may be another one by now, its relation is the same.
    fn group_column(&self, rollup: RollupId, own: &Resolved) -> &'e Column {
        let level = self.state.drafts[self.state.groups[rollup].draft].level;
        &self.entities[self.state.levels[level].relations[own.relation].entity].columns[own.column]
    }

    // === correlation ===

    /// Places the relations of FROM. The slot of the root, and the conditions of WHERE and of INNER joins.
    pub(super) fn place_from(
        &mut self,
        level: LevelId,
        select: &Select,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<(usize, Vec<ast::Expr>)> {
        let joined = self.relations(level, select, mistakes)?;
        let order = self.order(level, &joined).map_err(|mistake| mistakes.push(mistake)).ok()?;
        let slot = self.place(level, order.root);
        for keyed in &order.lookups {
            self.place_lookup(level, keyed, mistakes);
        }
        let conditions = select.selection.iter().flat_map(conjuncts).cloned().chain(order.rest).collect();
        Some((slot, conditions))
    }

    /// Splits the conditions into equalities of a column of the level with one of a level around it, each column once, and
    /// the rest.
    fn correlations(
        &self,
        level: LevelId,
        conditions: &[ast::Expr],
        is_own: impl Fn(&Resolved) -> bool,
    ) -> (Vec<Correlation>, Vec<ast::Expr>) {
        let (mut ties, mut rest): (Vec<Correlation>, Vec<ast::Expr>) = Default::default();
        for condition in conditions {
            let correlation = self.equated_columns(level, condition).and_then(|[(a, a_span), (b, b_span)]| {
                match (a.level == level, b.level == level) {
                    (true, false) if is_own(&a) => Some(Correlation { own: a, outer: b, span: b_span }),
                    (false, true) if is_own(&b) => Some(Correlation { own: b, outer: a, span: a_span }),
                    _ => None,
                }
            });
            match correlation {
                Some(tie) if ties.iter().all(|known| known.own != tie.own) => ties.push(tie),
                _ => rest.push(condition.clone()),
            }
        }
        (ties, rest)
    }

    /// The outer side of a correlation, of a kind with the inner; both sides are read.
    fn correlate(&mut self, level: LevelId, tie: &Correlation, mistakes: &mut Vec<Mistake>) -> Option<Expr> {
        let both = self.column(level, &tie.own, tie.span).and_then(|own| {
            let outer = self.column(level, &tie.outer, tie.span)?;
            let entity = &self.entities[self.state.relation(&tie.own).entity];
            check_kinds(&entity.columns[tie.own.column].name, &own.ty, &outer.ty, tie.span)?;
            Ok(outer.expr)
        });
        both.map_err(|mistake| mistakes.push(mistake)).ok()
    }
}

fn untied(select: &Select) -> Mistake {
    let span = select.from.first().map_or(select.select_token.0.span, |from| from.relation.span());
    Mistake::new(span, "the rows of the sub-select are not found by a column that equals one of the outer query")
        .with_hint("tie them with an equality of two columns: WHERE inner.column = outer.column AND …")
}
