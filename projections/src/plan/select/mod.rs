//! From a SELECT to blocks, roll-ups, indexes and triggers.
//!
//! `query` takes the syntax apart, `from` arranges the joins, `block` resolves names over the rows of a block,
//! `subselect` chooses how a sub-select is kept, `grouped` plans GROUP BY.

mod aggregating;
mod block;
mod from;
mod grouped;
mod query;
mod subselect;

use std::collections::BTreeSet;

use sqlparser::ast::{self, Spanned};

use crate::expr::{Expr, Mistake, Typed, compile, settled};
use crate::plan::{
    Block, BlockId, Column, Entity, EntityId, Index, IndexId, Output, Rollup, RollupId, RollupReader, TriggerSource, ViewId,
};

use block::BlockBuilder;
use query::{Parts, Place, folded, take_apart};

/// Plans the views of a projection, one after the other; they share indexes.
pub struct ViewPlanner<'e> {
    entities: &'e [Entity],
    planned: Planned,
    /// Sub-selects of the present block that must be scanned, because the same rows are scanned anyway.
    scanned: BTreeSet<(EntityId, Vec<usize>)>,
}

/// What all views together need.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Reverse indexes.
    pub indexes: Vec<Index>,
    /// Blocks, inner before outer.
    pub blocks: Vec<Block>,
    /// Roll-ups.
    pub rollups: Vec<Rollup>,
}

/// What a view's SELECT yields.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The columns, in SELECT order.
    pub columns: Vec<Column>,
    /// The columns that are the key.
    pub key: Vec<usize>,
    /// The entities that feed the view, each once, in the order of their numbers.
    pub lineage: Vec<EntityId>,
}

/// A column of the SELECT list.
struct Item {
    name: String,
    typed: Typed,
}

impl<'e> ViewPlanner<'e> {
    /// A planner over these entities.
    pub fn new(entities: &'e [Entity]) -> Self {
        ViewPlanner { entities, planned: Planned::default(), scanned: BTreeSet::new() }
    }

    /// Plans the SELECT of view number `view`; `None` where there are mistakes, all of which are appended.
    pub fn view(&mut self, view: ViewId, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        let parts = take_apart(query, Place::View, mistakes)?;
        self.scanned.clear();
        let before = self.planned.clone();
        loop {
            let known = self.scanned.len();
            let mut found = Vec::new();
            let selected = self.select(view, &parts, &mut found);
            if self.scanned.len() == known || !found.is_empty() {
                mistakes.append(&mut found);
                return selected;
            }
            // A sub-select was to be kept as a group, but another one scans the same rows: with that known, once more.
            self.planned = before.clone();
        }
    }

    /// What all views together need.
    pub fn finish(self) -> Planned {
        self.planned
    }

    fn select(&mut self, view: ViewId, parts: &Parts<'_>, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        if parts.group_by.is_empty() { self.plain(view, parts, mistakes) } else { self.grouped(view, parts, mistakes) }
    }

    /// A view without GROUP BY: a document for each row of the root.
    fn plain(&mut self, view: ViewId, parts: &Parts<'_>, mistakes: &mut Vec<Mistake>) -> Option<Selected> {
        let mut block = BlockBuilder::new(self);
        let from = block.from(parts.from, mistakes)?;
        let filter = block.filter(&from, parts.filter, mistakes);
        let items = items(&parts.projection, mistakes, &mut |expr, mistakes| compile(expr, &mut block, mistakes));
        let (items, filter) = (items?, filter?);
        let root = block.root();
        let key = (0..block.entity(0).key_len).map(|column| {
            let wanted = Expr::Column { slot: 0, column };
            let name = block.column_name(0, column);
            key_column(&items, &wanted, &name, parts, mistakes)
        });
        let key = key.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
        let lineage = block.lineage();
        let columns = items.iter().map(|item| item.typed.expr.clone()).collect();
        let output = Output::Document { view, columns };
        block.finish(root, filter, output);
        Some(Selected { columns: columns_of(items), key, lineage })
    }

    fn index(&mut self, entity: EntityId, columns: Vec<usize>) -> IndexId {
        let index = Index { entity, columns };
        self.planned.indexes.iter().position(|known| *known == index).unwrap_or_else(|| {
            self.planned.indexes.push(index);
            self.planned.indexes.len() - 1
        })
    }

    /// A number for a roll-up whose block is being planned.
    fn reserve_rollup(&mut self) -> RollupId {
        self.planned.rollups.push(Rollup {
            block: 0,
            group_len: 0,
            group_types: Vec::new(),
            aggregates: Vec::new(),
            reader: RollupReader::Blocks,
        });
        self.planned.rollups.len() - 1
    }

    /// The entities that feed a roll-up.
    fn entities_behind(&self, rollup: RollupId) -> BTreeSet<EntityId> {
        let block = &self.planned.blocks[self.planned.rollups[rollup].block];
        let behind = block.triggers.iter().map(|trigger| match trigger.on {
            TriggerSource::Row { entity, .. } => BTreeSet::from([entity]),
            TriggerSource::Group { rollup } => self.entities_behind(rollup),
        });
        behind.flatten().collect()
    }

    fn add_block(&mut self, block: Block) -> BlockId {
        self.planned.blocks.push(block);
        self.planned.blocks.len() - 1
    }
}

/// The place of a key's value in the SELECT list.
fn key_column(items: &[Item], wanted: &Expr, name: &str, parts: &Parts<'_>, mistakes: &mut Vec<Mistake>) -> Option<usize> {
    let found = items.iter().position(|item| item.typed.expr == *wanted);
    if found.is_none() {
        let mistake = Mistake::new(parts.span, format!("the SELECT list lacks {name}, which is part of the document's key"));
        mistakes.push(mistake.with_hint(format!("select {name} too")));
    }
    found
}

/// Compiles the SELECT list; every column has a name of its own.
fn items(
    projection: &[(&ast::Expr, Option<&ast::Ident>)],
    mistakes: &mut Vec<Mistake>,
    compile: &mut dyn FnMut(&ast::Expr, &mut Vec<Mistake>) -> Option<Typed>,
) -> Option<Vec<Item>> {
    let mut items: Vec<Item> = Vec::new();
    let mut is_whole = true;
    for (expr, alias) in projection {
        let typed = compile(expr, mistakes);
        let name = match alias.map(folded).or_else(|| derived_name(expr)) {
            Some(name) => name,
            None => {
                mistakes.push(Mistake::new(expr.span(), "this column has no name").with_hint("write … AS name"));
                is_whole = false;
                continue;
            }
        };
        if items.iter().any(|item| item.name == name) {
            let span = alias.map_or_else(|| expr.span(), |alias| alias.span);
            mistakes.push(Mistake::new(span, format!("two columns are named \"{name}\"")).with_hint("write … AS another_name"));
            is_whole = false;
        }
        match typed {
            Some(typed) => items.push(Item { name, typed: settled(typed) }),
            None => is_whole = false,
        }
    }
    is_whole.then_some(items)
}

/// The name that PostgreSQL gives a column that has none, where it is a name.
fn derived_name(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Identifier(name) => Some(folded(name)),
        ast::Expr::CompoundIdentifier(names) => names.last().map(folded),
        ast::Expr::Function(function) => function.name.0.last().and_then(|part| part.as_ident()).map(folded),
        ast::Expr::Cast { expr, .. } | ast::Expr::Nested(expr) => derived_name(expr),
        ast::Expr::Case { else_result, .. } => {
            let of_else = else_result
                .as_ref()
                .filter(|expr| matches!(***expr, ast::Expr::Identifier(_) | ast::Expr::CompoundIdentifier(_)));
            of_else.and_then(|expr| derived_name(expr)).or_else(|| Some("case".to_owned()))
        }
        ast::Expr::Exists { negated: false, .. } => Some("exists".to_owned()),
        ast::Expr::Subquery(query) => match take_apart(query, Place::SubSelect, &mut Vec::new())?.projection[..] {
            [(_, Some(alias))] => Some(folded(alias)),
            [(expr, None)] => derived_name(expr),
            _ => None,
        },
        _ => None,
    }
}

fn columns_of(items: Vec<Item>) -> Vec<Column> {
    items.into_iter().map(|item| Column { name: item.name, ty: item.typed.ty }).collect()
}
