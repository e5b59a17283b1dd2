//! A block under construction: its slots, the levels of names over them, and how each slot leads back to the unit.

use std::collections::BTreeSet;

use sqlparser::ast::{self, Ident, Spanned, TableWithJoins};

use schemas::Type;

use crate::expr::{AggregateCall, Expr, Mistake, Scope, Typed, coerce, compile, compile_condition, nearest};
use crate::plan::{
    Block, BlockId, Entity, EntityId, Hop, HopFrom, HopTo, Lookup, Output, RollupId, Subselect, Trigger, TriggerSource,
};

use super::ViewPlanner;
use super::from::{Arrangement, KeySource, Placed, Relation, arrange, column_of, relations};
use super::query::folded;

/// A block under construction.
pub struct BlockBuilder<'p, 'e> {
    pub planner: &'p mut ViewPlanner<'e>,
    slots: Vec<Slot>,
    /// The block's own level, and those of the sub-selects that are being planned, inner last.
    pub levels: Vec<Level>,
    group_triggers: Vec<Trigger>,
    root: EntityId,
}

/// A place for a row.
struct Slot {
    entity: EntityId,
    /// From a row here to the units.
    hops: Vec<Hop>,
    reads: BTreeSet<usize>,
}

/// One SELECT level.
pub struct Level {
    pub names: Vec<(String, usize)>,
    pub lookups: Vec<Lookup>,
    pub subselects: Vec<Subselect>,
    /// The parameter that is the level's first sub-select.
    pub first_param: usize,
}

/// FROM, planned.
pub struct From {
    /// Conditions of INNER joins that are not part of a key.
    pub conditions: Vec<ast::Expr>,
}

/// A column of a row that is equated with a column of a slot.
#[derive(Clone, Debug)]
pub struct Pair {
    pub inner: usize,
    pub slot: usize,
    pub outer: usize,
}

impl<'p, 'e> BlockBuilder<'p, 'e> {
    pub fn new(planner: &'p mut ViewPlanner<'e>) -> Self {
        BlockBuilder { planner, slots: Vec::new(), levels: Vec::new(), group_triggers: Vec::new(), root: 0 }
    }

    pub fn root(&self) -> EntityId {
        self.root
    }

    pub fn entity(&self, slot: usize) -> &'e Entity {
        &self.planner.entities[self.slots[slot].entity]
    }

    /// `alias.column`, as a person would write it.
    pub fn column_name(&self, slot: usize, column: usize) -> String {
        let alias = self.levels.iter().flat_map(|level| &level.names).find(|(_, of)| *of == slot);
        let column = &self.entity(slot).columns[column].name;
        alias.map_or_else(|| column.clone(), |(alias, _)| format!("{alias}.{column}"))
    }

    /// The entities that the block reads, and those behind the roll-ups that it reads.
    pub fn lineage(&self) -> Vec<EntityId> {
        let mut entities: BTreeSet<EntityId> = self.slots.iter().map(|slot| slot.entity).collect();
        for trigger in &self.group_triggers {
            if let TriggerSource::Group { rollup } = trigger.on {
                entities.extend(self.planner.entities_behind(rollup));
            }
        }
        entities.into_iter().collect()
    }

    // === FROM ===

    /// Plans FROM of the block itself.
    pub fn from(&mut self, from: &TableWithJoins, mistakes: &mut Vec<Mistake>) -> Option<From> {
        let relations = relations(from, self.planner.entities, mistakes)?;
        let arrangement = arrange(&relations, self.planner.entities, mistakes)?;
        self.root = relations[arrangement.placed[0].relation].entity;
        self.levels.push(Level { names: Vec::new(), lookups: Vec::new(), subselects: Vec::new(), first_param: 0 });
        self.add_slot(&relations[arrangement.placed[0].relation], Vec::new());
        self.join(&relations, arrangement, mistakes)
    }

    /// Opens the level of a scan, whose root leads back over `hops`.
    pub fn open(
        &mut self,
        relations: &[Relation],
        arrangement: Arrangement,
        hops: Vec<Hop>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<From> {
        let first_param = self.levels.last().map_or(0, |level| level.first_param + level.subselects.len());
        self.levels.push(Level { names: Vec::new(), lookups: Vec::new(), subselects: Vec::new(), first_param });
        self.add_slot(&relations[arrangement.placed[0].relation], hops);
        self.join(relations, arrangement, mistakes)
    }

    /// The slot that the next row goes into.
    pub fn next_slot(&self) -> usize {
        self.slots.len()
    }

    fn add_slot(&mut self, relation: &Relation, hops: Vec<Hop>) -> usize {
        let slot = self.slots.len();
        self.slots.push(Slot { entity: relation.entity, hops, reads: BTreeSet::new() });
        if let Some(level) = self.levels.last_mut() {
            level.names.push((relation.alias.clone(), slot));
        }
        slot
    }

    /// Adds the lookups of an arrangement whose root has its slot.
    fn join(&mut self, relations: &[Relation], arrangement: Arrangement, mistakes: &mut Vec<Mistake>) -> Option<From> {
        let mut slots = vec![None; relations.len()];
        let mut placed = arrangement.placed.into_iter();
        if let Some(root) = placed.next() {
            slots[root.relation] = Some(self.slots.len() - 1);
        }
        let mut is_whole = true;
        for placed in placed {
            let number = placed.relation;
            match self.look_up(&relations[number], placed, &slots, mistakes) {
                Some(slot) => slots[number] = Some(slot),
                None => is_whole = false,
            }
        }
        is_whole.then_some(From { conditions: arrangement.filter })
    }

    fn look_up(
        &mut self,
        relation: &Relation,
        placed: Placed,
        slots: &[Option<usize>],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<usize> {
        let (mut key, mut pairs) = (Vec::new(), Vec::new());
        for (column, source) in placed.key.iter().enumerate() {
            key.push(self.key_part(relation, column, source, slots, &mut pairs, mistakes)?);
        }
        let hops = self.hops_back(relation.entity, &pairs);
        let slot = self.add_slot(relation, hops);
        let condition = self.all_of(&placed.condition, "JOIN/ON", mistakes)?;
        let lookup = Lookup { slot, entity: relation.entity, key, condition, kind: relation.kind };
        self.levels.last_mut()?.lookups.push(lookup);
        Some(slot)
    }

    /// The expression for a column of a lookup's key.
    fn key_part(
        &mut self,
        relation: &Relation,
        column: usize,
        source: &KeySource,
        slots: &[Option<usize>],
        pairs: &mut Vec<Pair>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Expr> {
        let wanted = &self.planner.entities[relation.entity].columns[column];
        match source {
            KeySource::Column { relation: of, column: outer } => {
                let slot = slots[*of]?;
                let found = &self.entity(slot).columns[*outer];
                if !are_equatable(&wanted.ty, &found.ty) {
                    mistakes.push(not_equatable(relation.span, &wanted.name, &wanted.ty, &found.name, &found.ty));
                    return None;
                }
                pairs.push(Pair { inner: column, slot, outer: *outer });
                Some(self.read(slot, *outer))
            }
            KeySource::Constant(constant) => {
                let typed = compile(constant, self, mistakes)?;
                let coerced = coerce(typed, &wanted.ty).map_err(|reason| mistakes.push(Mistake::new(constant.span(), reason)));
                coerced.ok().map(|typed| typed.expr)
            }
        }
    }

    /// From a row of `entity`, whose columns are equated with slots' columns, to the rows in the first of these slots, and
    /// on to the units. Where several slots are involved it leads to more units than needed, never to fewer.
    pub fn hops_back(&mut self, entity: EntityId, pairs: &[Pair]) -> Vec<Hop> {
        let Some(first) = pairs.first() else { return Vec::new() };
        let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.slot == first.slot).collect();
        let inner: Vec<usize> = pairs.iter().map(|pair| pair.inner).collect();
        let key_len = self.planner.entities[entity].key_len;
        let from = if inner.iter().copied().eq(0..key_len) { HopFrom::Key } else { HopFrom::Columns(inner) };
        let outer: Vec<usize> = pairs.iter().map(|pair| pair.outer).collect();
        self.hops_to(first.slot, from, outer)
    }

    /// A hop to the rows in `slot` that have these columns, and on to the units.
    pub fn hops_to(&mut self, slot: usize, from: HopFrom, columns: Vec<usize>) -> Vec<Hop> {
        let entity = self.slots[slot].entity;
        let is_key = columns.iter().copied().eq(0..self.planner.entities[entity].key_len);
        let to = if is_key { HopTo::Key(entity) } else { HopTo::Index(self.planner.index(entity, columns)) };
        let mut hops = vec![Hop { from, to }];
        hops.extend(self.slots[slot].hops.iter().cloned());
        hops
    }

    // === conditions ===

    /// WHERE and what is left of ON, together. The outer `None`: there are mistakes.
    pub fn filter(&mut self, from: &From, filter: Option<&ast::Expr>, mistakes: &mut Vec<Mistake>) -> Option<Option<Expr>> {
        let conditions: Vec<ast::Expr> = from.conditions.iter().chain(filter).cloned().collect();
        self.all_of(&conditions, "WHERE", mistakes)
    }

    /// All these conditions in one.
    pub fn all_of(&mut self, conditions: &[ast::Expr], what: &str, mistakes: &mut Vec<Mistake>) -> Option<Option<Expr>> {
        let compiled: Vec<Option<Expr>> =
            conditions.iter().map(|condition| compile_condition(condition, what, self, mistakes)).collect();
        let mut compiled = compiled.into_iter().collect::<Option<Vec<_>>>()?;
        Some(match compiled.len() {
            0 => None,
            1 => compiled.pop(),
            _ => Some(Expr::And(compiled.into())),
        })
    }

    // === names ===

    /// The slot and column that a name means, searched from the innermost level outwards.
    pub fn resolve(&self, name: &[Ident]) -> Result<(usize, usize), Mistake> {
        let span = ast::Expr::CompoundIdentifier(name.to_vec()).span();
        let (alias, column) = match name {
            [column] => (None, folded(column)),
            [alias, column] => (Some(folded(alias)), folded(column)),
            _ => return Err(Mistake::new(span, "a name is column or table.column")),
        };
        for level in self.levels.iter().rev() {
            let fits = |(name, _): &&(String, usize)| alias.as_ref().is_none_or(|alias| alias == name);
            let found: Vec<(usize, usize)> = level
                .names
                .iter()
                .filter(fits)
                .filter_map(|(_, slot)| Some((*slot, column_of(self.entity(*slot), &column)?)))
                .collect();
            match found[..] {
                [] => {}
                [only] => return Ok(only),
                _ => return Err(Mistake::new(span, format!("\"{column}\" is in several tables")).with_hint("write table.column")),
            }
        }
        Err(self.unknown(span, alias.as_deref(), &column))
    }

    fn unknown(&self, span: sqlparser::tokenizer::Span, alias: Option<&str>, column: &str) -> Mistake {
        let names = || self.levels.iter().flat_map(|level| &level.names);
        if let Some(alias) = alias
            && names().all(|(name, _)| name != alias)
        {
            let mistake = Mistake::new(span, format!("there is no table \"{alias}\" here"));
            return match nearest(alias, names().map(|(name, _)| name.as_str())) {
                Some(name) => mistake.with_hint(format!("did you mean \"{name}\"?")),
                None => mistake,
            };
        }
        let within = names().filter(|(name, _)| alias.is_none_or(|alias| alias == name));
        let columns: Vec<&str> =
            within.flat_map(|(_, slot)| &self.entity(*slot).columns).map(|column| column.name.as_str()).collect();
        let mistake = Mistake::new(span, format!("there is no column \"{column}\" here"));
        match nearest(column, columns.iter().copied()) {
            Some(name) => mistake.with_hint(format!("did you mean \"{name}\"?")),
            None => mistake.with_hint(format!("there are: {}", columns.join(", "))),
        }
    }

    /// The column as an expression; noted as read.
    pub fn read(&mut self, slot: usize, column: usize) -> Expr {
        self.slots[slot].reads.insert(column);
        Expr::Column { slot, column }
    }

    // === the end ===

    /// Adds a sub-select to the innermost level; the parameter that it is.
    pub fn add_subselect(&mut self, subselect: Subselect) -> Expr {
        let Some(level) = self.levels.last_mut() else { return Expr::Param(0) };
        level.subselects.push(subselect);
        Expr::Param(level.first_param + level.subselects.len() - 1)
    }

    /// Notes that the units behind `hops` read the groups of a roll-up.
    pub fn add_group_trigger(&mut self, rollup: RollupId, hops: Vec<Hop>) {
        self.group_triggers.push(Trigger { on: TriggerSource::Group { rollup }, hops });
    }

    /// The block, added to the plan.
    pub fn finish(mut self, root: EntityId, filter: Option<Expr>, output: Output) -> BlockId {
        let level = self.levels.pop();
        let (lookups, subselects) = level.map(|level| (level.lookups, level.subselects)).unwrap_or_default();
        let mut triggers: Vec<Trigger> = Vec::new();
        let slots = self.slots.len();
        for slot in self.slots {
            merge(&mut triggers, slot.entity, slot.reads, slot.hops);
        }
        triggers.extend(self.group_triggers);
        self.planner.add_block(Block { root, slots, lookups, subselects, filter, output, triggers })
    }
}

/// Adds a trigger on rows, together with another that goes the same way.
fn merge(triggers: &mut Vec<Trigger>, entity: EntityId, reads: BTreeSet<usize>, hops: Vec<Hop>) {
    let same = triggers.iter_mut().find_map(|trigger| match &mut trigger.on {
        TriggerSource::Row { entity: of, reads } if *of == entity && trigger.hops == hops => Some(reads),
        _ => None,
    });
    match same {
        Some(known) => {
            let all: BTreeSet<usize> = known.iter().copied().chain(reads).collect();
            *known = all.into_iter().collect();
        }
        None => {
            let reads = reads.into_iter().collect();
            triggers.push(Trigger { on: TriggerSource::Row { entity, reads }, hops });
        }
    }
}

/// Whether values of both types have the same bytes where they are equal.
pub fn are_equatable(a: &Type, b: &Type) -> bool {
    a.is_comparable() && (a.is_same(b) || a.is_integer() && b.is_integer())
}

pub fn not_equatable(span: sqlparser::tokenizer::Span, a: &str, a_type: &Type, b: &str, b_type: &Type) -> Mistake {
    Mistake::new(span, format!("{a} is {a_type} and {b} is {b_type}: they cannot be joined"))
        .with_hint("give both the same type in the event schemas, or cast one of them in the fold")
}

impl Scope for BlockBuilder<'_, '_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let (slot, column) = self.resolve(name)?;
        let ty = self.entity(slot).columns[column].ty.clone();
        Ok(Typed { expr: self.read(slot, column), ty })
    }

    fn subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.plan_subselect(query, mistakes)
    }

    fn exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        self.plan_exists(query, mistakes)
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let mistake = Mistake::new(call.span, "an aggregate is not allowed here");
        mistakes.push(mistake.with_hint("write a sub-select, (SELECT sum(…) FROM … WHERE …), or GROUP BY"));
        None
    }
}
