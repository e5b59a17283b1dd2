//! One SELECT level and the names that its FROM brings.

use sqlparser::ast::{Ident, Query};
use sqlparser::tokenizer::Span;

use super::State;
use super::draft::DraftId;
use crate::definition::suggest;
use crate::expr::{Mistake, Typed};
use crate::plan::{Entity, EntityId, Lookup, Subselect};

/// Number of a level.
pub type LevelId = usize;

/// One SELECT level.
#[derive(Clone, Debug)]
pub struct Level {
    /// The block it belongs to.
    pub draft: DraftId,
    /// The level around it.
    pub parent: Option<LevelId>,
    /// The level that carries out its lookups and sub-selects: itself, or for a sub-select that finds at most one row
    /// by its key, the one it was lifted into.
    pub host: LevelId,
    /// The tables of FROM.
    pub relations: Vec<Relation>,
    /// Many-to-one joins.
    pub lookups: Vec<Lookup>,
    /// Sub-selects.
    pub subselects: Vec<Subselect>,
    /// Where the results of the sub-selects start.
    pub first_param: usize,
    /// Sub-selects already planned, so that one written twice is evaluated once.
    pub planned: Vec<(Query, Typed)>,
}

/// A table of FROM.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The alias, or the table's name.
    pub name: String,
    /// The entity.
    pub entity: EntityId,
    /// The slot of its row; `None` until its place among the joins is known.
    pub slot: Option<usize>,
}

/// What a column's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The level.
    pub level: LevelId,
    /// The relation within it.
    pub relation: usize,
    /// The column of its entity.
    pub column: usize,
}

/// A name as PostgreSQL reads it: unquoted ones in lower case.
pub fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// From the first part of the name to the last.
fn span_of(name: &[Ident]) -> Span {
    Span::union_iter(name.iter().map(|ident| ident.span))
}

// === impl State ===

impl State {
    /// What the name stands for at this level: its own relations come first, then those of the levels around it.
    pub fn resolve(&self, entities: &[Entity], level: LevelId, name: &[Ident]) -> Result<Resolved, Mistake> {
        match name {
            [column] => self.resolve_bare(entities, level, column),
            [relation, column] => self.resolve_qualified(entities, level, relation, column),
            _ => Err(Mistake::new(span_of(name), "a column is named `column` or `table.column`")
                .with_hint("parts of a json column are read with `->` and `->>`")),
        }
    }

    fn resolve_bare(&self, entities: &[Entity], level: LevelId, ident: &Ident) -> Result<Resolved, Mistake> {
        let name = folded(ident);
        for level in self.outwards(level) {
            let relations = &self.levels[level].relations;
            let mut found = relations.iter().enumerate().filter_map(|(relation, r)| {
                let column = entities[r.entity].column(&name)?;
                Some(Resolved { level, relation, column })
            });
            if let Some(first) = found.next() {
                return match found.next() {
                    None => Ok(first),
                    Some(second) => {
                        let (a, b) = (&relations[first.relation].name, &relations[second.relation].name);
                        Err(Mistake::new(ident.span, format!("column `{name}` is ambiguous"))
                            .with_hint(format!("write `{a}.{name}` or `{b}.{name}`")))
                    }
                };
            }
        }
        Err(self.unknown_column(entities, level, ident))
    }

    fn unknown_column(&self, entities: &[Entity], level: LevelId, ident: &Ident) -> Mistake {
        let name = folded(ident);
        let visible = self.outwards(level).flat_map(|level| &self.levels[level].relations);
        let candidates = visible.flat_map(|r| entities[r.entity].columns.iter().map(|c| c.name.as_str()));
        Mistake { span: ident.span, hint: suggest(&name, candidates), message: format!("unknown column `{name}`") }
    }

    fn resolve_qualified(
        &self,
        entities: &[Entity],
        level: LevelId,
        qualifier: &Ident,
        column: &Ident,
    ) -> Result<Resolved, Mistake> {
        let (table, name) = (folded(qualifier), folded(column));
        let mut visible = self
            .outwards(level)
            .flat_map(|level| self.levels[level].relations.iter().enumerate().map(move |(relation, r)| (level, relation, r)));
        let Some((level, relation, found)) = visible.find(|(.., r)| r.name == table) else {
            let names = self.outwards(level).flat_map(|level| &self.levels[level].relations).map(|r| r.name.as_str());
            let hint = suggest(&table, names);
            return Err(Mistake { span: qualifier.span, hint, message: format!("unknown table or alias `{table}`") });
        };
        let entity = &entities[found.entity];
        let column_id = entity.column(&name).ok_or_else(|| Mistake {
            span: column.span,
            message: format!("`{}` has no column `{name}`", entity.name),
            hint: suggest(&name, entity.columns.iter().map(|c| c.name.as_str())),
        })?;
        Ok(Resolved { level, relation, column: column_id })
    }

    /// This level and those around it, from the inside out.
    fn outwards(&self, level: LevelId) -> impl Iterator<Item = LevelId> {
        std::iter::successors(Some(level), |level| self.levels[*level].parent)
    }

    /// The relation that a resolved name belongs to.
    pub fn relation(&self, resolved: &Resolved) -> &Relation {
        &self.levels[resolved.level].relations[resolved.relation]
    }
}

// === impl Entity ===

impl Entity {
    /// The number of the column of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
