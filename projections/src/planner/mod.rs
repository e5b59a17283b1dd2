//! From a SELECT over entities to blocks, roll-ups, indexes and triggers.
//!
//! A SELECT is read level by level. Each level's FROM gives it relations, of which one is the root and the others are found
//! by their keys; sub-selects become scans, groups or further lookups, whichever is cheapest to keep current. Where
//! more than one way is tried, the planner's [`State`] is put back to what it was before.

mod aggregates;
mod draft;
mod finish;
mod from;
mod join;
mod level;
mod lookup;
mod output;
mod refuse;
mod scope;
mod strategy;
mod subselect;
mod view;

use sqlparser::ast::{self, Ident};
use sqlparser::tokenizer::Span;

use crate::expr::{Expr, Mistake, Typed, compile, compile_condition};
use crate::plan::{Entity, EntityId, Index, IndexId};

use aggregates::Grouping;
use draft::{Draft, DraftId, Link, Occurrence};
use level::{Level, LevelId, Resolved};
use scope::{Clause, GroupScope, RowScope};
use strategy::{Group, Tie};

pub use finish::Finished;
pub use output::named_columns;
pub use view::Selected;

/// Plans the views of a projection, one after the other.
pub struct Planner<'e> {
    entities: &'e [Entity],
    state: State,
}

/// What was planned so far.
#[derive(Clone, Default)]
struct State {
    indexes: Vec<Index>,
    levels: Vec<Level>,
    drafts: Vec<Draft>,
    groups: Vec<Group>,
    /// Whether a name led out of the block that is being planned, so that it cannot stand alone.
    escaped: bool,
    touched: Touched,
    /// Ties that are scanned, and ties that are grouped.
    scans: Vec<Tie>,
    grouped: Vec<Tie>,
    /// Ties of which it is known that they will be scanned, so that they are not grouped as well.
    scanned: Vec<Tie>,
}

/// Whose columns an expression read.
#[derive(Clone, Copy, Default)]
struct Touched {
    own: bool,
    outer: bool,
}

// === impl Planner ===

impl<'e> Planner<'e> {
    /// A planner of views over these entities.
    pub fn new(entities: &'e [Entity]) -> Self {
        Planner { entities, state: State::default() }
    }

    fn resolve(&self, level: LevelId, name: &[Ident]) -> Result<Resolved, Mistake> {
        self.state.resolve(self.entities, level, name)
    }

    /// The value of a resolved column, which is read from now on by the block of `level`.
    fn column(&mut self, level: LevelId, resolved: &Resolved, span: Span) -> Result<Typed, Mistake> {
        let relation = self.state.relation(resolved);
        let Some(slot) = relation.slot else {
            let message = format!("`{}` is joined only further on", relation.name);
            return Err(Mistake::new(span, message).with_hint("put its JOIN in front of this one"));
        };
        let ty = self.entities[relation.entity].columns[resolved.column].ty.clone();
        let draft = self.state.levels[level].draft;
        if self.state.levels[resolved.level].draft == draft {
            self.state.drafts[draft].occurrences[slot].reads.insert(resolved.column);
        } else {
            self.state.escaped = true;
        }
        if resolved.level == level {
            self.state.touched.own = true;
        } else {
            self.state.touched.outer = true;
        }
        Ok(Typed { expr: Expr::Column { slot, column: resolved.column }, ty })
    }

    /// The relation's row gets a slot of the block.
    fn place(&mut self, level: LevelId, relation: usize) -> usize {
        let entity = self.state.levels[level].relations[relation].entity;
        let draft = &mut self.state.drafts[self.state.levels[level].draft];
        draft.occurrences.push(Occurrence { entity, reads: Default::default(), link: None });
        let slot = draft.occurrences.len() - 1;
        self.state.levels[level].relations[relation].slot = Some(slot);
        slot
    }

    /// The way from a row tied in these ways, by own column and the column that equals it, back to the root of the block.
    /// A column of another block leads nowhere here: what reads it has escaped, and is planned otherwise.
    fn link<'t>(&self, draft: DraftId, ties: impl IntoIterator<Item = (usize, &'t Resolved)>) -> Link {
        let occurrences = &self.state.drafts[draft].occurrences;
        let within = ties.into_iter().filter(|(_, to)| self.state.levels[to.level].draft == draft);
        let ties: Vec<_> = within.filter_map(|(own, to)| Some((own, self.state.relation(to).slot?, to.column))).collect();
        Link::strongest(&ties, |slot| self.entities[occurrences[slot].entity].key_len)
    }

    fn add_level(&mut self, draft: DraftId, parent: Option<LevelId>) -> LevelId {
        let level = self.state.levels.len();
        self.state.levels.push(Level {
            draft,
            parent,
            host: level,
            relations: Vec::new(),
            lookups: Vec::new(),
            subselects: Vec::new(),
            first_param: 0,
            planned: Vec::new(),
        });
        level
    }

    fn add_draft(&mut self, parent: Option<LevelId>) -> LevelId {
        let level = self.add_level(self.state.drafts.len(), parent);
        self.state.drafts.push(Draft::new(level));
        level
    }

    fn row_expr(&mut self, level: LevelId, clause: Clause, expr: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        compile(expr, &mut RowScope { planner: self, level, clause }, mistakes)
    }

    /// All of the conditions must be true; `None` where there are none, and where there is a mistake.
    fn conditions(
        &mut self,
        level: LevelId,
        clause: Clause,
        conditions: &[ast::Expr],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Expr> {
        let what = if clause == Clause::On { "JOIN/ON" } else { "WHERE" };
        let mut scope = RowScope { planner: self, level, clause };
        let mut compiled: Vec<Expr> =
            conditions.iter().filter_map(|condition| compile_condition(condition, what, &mut scope, mistakes)).collect();
        if compiled.len() > 1 { Some(Expr::And(compiled.into())) } else { compiled.pop() }
    }

    fn group_expr(
        &mut self,
        level: LevelId,
        grouping: &mut Grouping,
        expr: &ast::Expr,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Typed> {
        compile(expr, &mut GroupScope { planner: self, level, grouping }, mistakes)
    }

    /// The index of these columns, which are ascending.
    fn index(&mut self, entity: EntityId, columns: Vec<usize>) -> IndexId {
        let index = Index { entity, columns };
        let indexes = &mut self.state.indexes;
        indexes.iter().position(|known| *known == index).unwrap_or_else(|| {
            indexes.push(index);
            indexes.len() - 1
        })
    }
}
