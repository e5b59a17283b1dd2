//! Sub-selects: a lookup, a scan of the rows at each evaluation, or a group whose aggregates are kept.
//!
//! A sub-select is kept as a group where nothing but its correlation reaches outside it, all its aggregates can be taken
//! back from what is kept, and no other sub-select of the block scans the same rows anyway. Otherwise it is scanned through an
//! index on the correlated columns of its root.

use sqlparser::ast::{self, Spanned};

use schemas::{Type, Value};

use crate::aggregate::invertible;
use crate::expr::{Expr, Mistake, Typed, call, compile, settled};
use crate::plan::{Hop, HopFrom, JoinKind, Lookup, Output, Rollup, RollupId, RollupReader, Scan, ScanSource, Subselect};

use super::ViewPlanner;
use super::aggregating::Aggregating;
use super::block::{BlockBuilder, Pair, are_equatable, not_equatable};
use super::from::{Relation, arrange, relations, resolve};
use super::query::{Parts, Place, any_row, conjuncts, has_aggregate, plain_name, sides, take_apart};

/// A sub-select whose correlation is told from the rest of its WHERE.
struct Correlated<'q> {
    parts: Parts<'q>,
    relations: Vec<Relation>,
    /// `inner = outer`; `inner` is a relation and column of the sub-select's own.
    links: Vec<Link>,
    rest: Vec<ast::Expr>,
}

struct Link {
    relation: usize,
    column: usize,
    slot: usize,
    outer: usize,
}

impl BlockBuilder<'_, '_> {
    pub fn plan_subselect(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let parts = take_apart(query, Place::SubSelect, mistakes)?;
        let [(value, _)] = parts.projection[..] else {
            mistakes.push(Mistake::new(parts.span, "subquery must return only one column"));
            return None;
        };
        let correlated = self.correlate(parts, mistakes)?;
        if has_aggregate(value) {
            self.aggregated(&correlated, value, mistakes)
        } else {
            self.scalar(&correlated, value, mistakes)
        }
    }

    /// `EXISTS (SELECT … FROM …)` is `(SELECT count(*) > 0 FROM …)`.
    pub fn plan_exists(&mut self, query: &ast::Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let parts = take_apart(query, Place::SubSelect, mistakes)?;
        let correlated = self.correlate(parts, mistakes)?;
        self.aggregated(&correlated, &any_row()?, mistakes)
    }

    fn correlate<'q>(&mut self, parts: Parts<'q>, mistakes: &mut Vec<Mistake>) -> Option<Correlated<'q>> {
        let relations = relations(parts.from, self.planner.entities, mistakes)?;
        let mut conditions = Vec::new();
        if let Some(filter) = parts.filter {
            conjuncts(filter, &mut conditions);
        }
        let (mut links, mut rest) = (Vec::new(), Vec::new());
        for condition in conditions {
            match self.link(condition, &relations) {
                Some(link) => links.push(link),
                None => rest.push(condition.clone()),
            }
        }
        for link in &links {
            self.check_link(link, &relations, parts.span, mistakes)?;
        }
        if links.is_empty() {
            let mistake = Mistake::new(
                parts.span,
                "the sub-select is not correlated: no column of it is equated with one of the outer row",
            );
            mistakes.push(mistake.with_hint("write WHERE inner.column = outer.column"));
            return None;
        }
        links.sort_by_key(|link| (link.relation, link.column));
        Some(Correlated { parts, relations, links, rest })
    }

    /// The equality of an own column and an outer one, if the condition is that.
    fn link(&self, condition: &ast::Expr, relations: &[Relation]) -> Option<Link> {
        let (left, right) = sides(condition)?;
        let entities = self.planner.entities;
        let one = |inner: &ast::Expr, outer: &ast::Expr| {
            let (relation, column) = resolve(inner, relations, entities)?;
            if resolve(outer, relations, entities).is_some() {
                return None;
            }
            let (slot, outer) = self.resolve(plain_name(outer)?).ok()?;
            Some(Link { relation, column, slot, outer })
        };
        one(left, right).or_else(|| one(right, left))
    }

    fn check_link(
        &self,
        link: &Link,
        relations: &[Relation],
        span: sqlparser::tokenizer::Span,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<()> {
        let inner = &self.planner.entities[relations[link.relation].entity].columns[link.column];
        let outer = &self.entity(link.slot).columns[link.outer];
        if !are_equatable(&inner.ty, &outer.ty) {
            mistakes.push(not_equatable(span, &inner.name, &inner.ty, &outer.name, &outer.ty));
            return None;
        }
        Some(())
    }

    // === without an aggregate ===

    /// A value of the one row that has this key: a lookup like those of LEFT JOIN.
    fn scalar(&mut self, correlated: &Correlated<'_>, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let [relation] = &correlated.relations[..] else {
            let mistake = Mistake::new(correlated.parts.span, "a sub-select without an aggregate has no joins");
            mistakes.push(mistake.with_hint("join the tables in the outer FROM, or aggregate: (SELECT max(…) …)"));
            return None;
        };
        let entity = &self.planner.entities[relation.entity];
        let columns: Vec<usize> = correlated.links.iter().map(|link| link.column).collect();
        if !columns.iter().copied().eq(0..entity.key_len) {
            let mistake = Mistake::new(correlated.parts.span, format!("this sub-select may find many rows of {}", entity.name));
            mistakes.push(
                mistake.with_hint("aggregate them: (SELECT json_agg(…) …), or (array_agg(x ORDER BY y))[1] for one of them"),
            );
            return None;
        }
        let pairs = pairs(&correlated.links);
        let key = pairs.iter().map(|pair| self.read(pair.slot, pair.outer)).collect();
        let hops = self.hops_back(relation.entity, &pairs);
        let arrangement = arrange(&correlated.relations, self.planner.entities, mistakes)?;
        let slot = self.next_slot();
        self.open(&correlated.relations, arrangement, hops, mistakes)?;
        let condition = self.all_of(&correlated.rest, "WHERE", mistakes);
        let typed = compile(value, self, mistakes).map(settled);
        let nested = self.levels.pop()?;
        let (condition, typed) = (condition?, typed?);
        if !nested.subselects.is_empty() {
            let mistake = Mistake::new(value.span(), "a sub-select without an aggregate has no sub-select inside");
            mistakes.push(mistake.with_hint("write it in the outer SELECT"));
            return None;
        }
        let lookup = Lookup { slot, entity: relation.entity, key, condition, kind: JoinKind::Left };
        self.levels.last_mut()?.lookups.push(lookup);
        let found = call("is not null", [self.read(slot, 0)])?;
        let arms = Box::new([(found, typed.expr)]);
        Some(Typed { expr: Expr::Case { arms, otherwise: Box::new(Expr::Literal(Value::Null)) }, ty: typed.ty })
    }

    // === with aggregates ===

    fn aggregated(&mut self, correlated: &Correlated<'_>, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        if let Some(found) = self.as_group(correlated, value) {
            return Some(found);
        }
        let scan = self.as_scan(correlated, value, mistakes)?;
        Some(Typed { ty: scan.1, expr: self.add_subselect(Subselect::Scan(Box::new(scan.0))) })
    }

    /// The sub-select as a group, where it can be one.
    fn as_group(&mut self, correlated: &Correlated<'_>, value: &ast::Expr) -> Option<Typed> {
        let first = correlated.links.first()?;
        if correlated.links.iter().any(|link| link.slot != first.slot) || self.is_scanned(correlated) {
            return None;
        }
        let before = self.planner.planned.clone();
        let Some((rollup, typed)) = self.planner.group(correlated, value) else {
            self.planner.planned = before;
            return None;
        };
        let key = correlated.links.iter().map(|link| self.read(link.slot, link.outer)).collect();
        let outer = correlated.links.iter().map(|link| link.outer).collect();
        let hops: Vec<Hop> = self.hops_to(first.slot, HopFrom::Key, outer);
        self.add_group_trigger(rollup, hops);
        let expr = self.add_subselect(Subselect::Group { rollup, key, value: typed.expr });
        Some(Typed { expr, ty: typed.ty })
    }

    /// Whether the same rows are scanned by another sub-select.
    fn is_scanned(&self, correlated: &Correlated<'_>) -> bool {
        let columns = correlated.links.iter().map(|link| link.column).collect();
        let is_own = correlated.links.iter().all(|link| link.relation == 0);
        is_own && self.planner.scanned.contains(&(correlated.relations[0].entity, columns))
    }

    fn as_scan(&mut self, correlated: &Correlated<'_>, value: &ast::Expr, mistakes: &mut Vec<Mistake>) -> Option<(Scan, Type)> {
        let arrangement = arrange(&correlated.relations, self.planner.entities, mistakes)?;
        let root = arrangement.placed[0].relation;
        let own: Vec<&Link> = correlated.links.iter().filter(|link| link.relation == root).collect();
        if own.is_empty() {
            let alias = &correlated.relations[root].alias;
            let mistake =
                Mistake::new(correlated.parts.span, format!("no column of {alias} itself is equated with one of the outer row"));
            mistakes
                .push(mistake.with_hint(format!("fold the outer key into {alias}'s rows and write WHERE {alias}.… = outer.…")));
            return None;
        }
        let pairs: Vec<Pair> = own.iter().map(|link| Pair { inner: link.column, slot: link.slot, outer: link.outer }).collect();
        let columns: Vec<usize> = pairs.iter().map(|pair| pair.inner).collect();
        let entity = correlated.relations[root].entity;
        self.planner.scanned.insert((entity, columns.clone()));
        let key = pairs.iter().map(|pair| self.read(pair.slot, pair.outer)).collect();
        let source = self.scan_source(entity, columns);
        let hops = self.hops_back(entity, &pairs);
        let outer_slots = self.next_slot();
        let from = self.open(&correlated.relations, arrangement, hops, mistakes)?;
        let planned = self.scan_inside(correlated, from.conditions, root, value, outer_slots, mistakes);
        let level = self.levels.pop()?;
        let (filter, inputs, aggregates, value) = planned?;
        let first_param = level.first_param;
        let (lookups, subselects) = (level.lookups, level.subselects);
        let (slot, ty) = (outer_slots, value.ty);
        let value = value.expr;
        Some((Scan { entity, slot, source, key, lookups, subselects, first_param, filter, inputs, aggregates, value }, ty))
    }

    fn scan_source(&mut self, entity: usize, columns: Vec<usize>) -> ScanSource {
        if columns.iter().copied().eq(0..self.planner.entities[entity].key_len) {
            ScanSource::Key
        } else {
            ScanSource::Index(self.planner.index(entity, columns))
        }
    }

    /// Filter, inputs, aggregates and value of a scan whose level is open.
    #[expect(clippy::type_complexity, reason = "four parts of one scan, taken apart at once")]
    fn scan_inside(
        &mut self,
        correlated: &Correlated<'_>,
        mut conditions: Vec<ast::Expr>,
        root: usize,
        value: &ast::Expr,
        outer_slots: usize,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<(Option<Expr>, Vec<Expr>, Vec<crate::plan::Aggregate>, Typed)> {
        conditions.extend(correlated.rest.iter().cloned());
        let mut filter: Vec<Expr> = self.all_of(&conditions, "WHERE", mistakes)?.into_iter().collect();
        for link in correlated.links.iter().filter(|link| link.relation != root) {
            let alias = &correlated.relations[link.relation].alias;
            let slot = self.levels.last()?.names.iter().find(|(name, _)| name == alias)?.1;
            let (inner, outer) = (self.read(slot, link.column), self.read(link.slot, link.outer));
            filter.push(call("=", [inner, outer])?);
        }
        let first_param = self.levels.last()?.first_param;
        let mut scope =
            Aggregating { rows: self, group: Vec::new(), inputs: Vec::new(), aggregates: Vec::new(), first_param, outer_slots };
        let value = settled(compile(value, &mut scope, mistakes)?);
        let Aggregating { inputs, aggregates, .. } = scope;
        let filter = match filter.len() {
            0 | 1 => filter.pop(),
            _ => Some(Expr::And(filter.into())),
        };
        Some((filter, inputs, aggregates, value))
    }
}

impl ViewPlanner<'_> {
    /// A roll-up for the sub-select, and its value over the groups' parameters; `None` where it cannot be one.
    fn group(&mut self, correlated: &Correlated<'_>, value: &ast::Expr) -> Option<(RollupId, Typed)> {
        let mut mistakes = Vec::new();
        let rollup = self.reserve_rollup();
        let mut block = BlockBuilder::new(self);
        let from = block.from(correlated.parts.from, &mut mistakes)?;
        let conditions: Vec<ast::Expr> = from.conditions.into_iter().chain(correlated.rest.iter().cloned()).collect();
        let filter = block.all_of(&conditions, "WHERE", &mut mistakes)?;
        let mut group = Vec::new();
        for link in &correlated.links {
            let alias = &correlated.relations[link.relation].alias;
            let slot = block.levels.last()?.names.iter().find(|(name, _)| name == alias)?.1;
            let ty = block.entity(slot).columns[link.column].ty.clone();
            group.push(Typed { expr: block.read(slot, link.column), ty });
        }
        let group_len = group.len();
        let mut scope = Aggregating {
            rows: &mut block,
            group: Vec::new(),
            inputs: Vec::new(),
            aggregates: Vec::new(),
            first_param: group_len,
            outer_slots: 0,
        };
        let typed = settled(compile(value, &mut scope, &mut mistakes)?);
        let Aggregating { inputs, aggregates, .. } = scope;
        if !aggregates.iter().all(invertible) {
            return None;
        }
        let group_types = group.iter().map(|group| group.ty.clone()).collect();
        let group = group.into_iter().map(|group| group.expr).collect();
        let root = block.root();
        let block = block.finish(root, filter, Output::Contribution { rollup, group, inputs });
        self.planned.rollups[rollup] = Rollup { block, group_len, group_types, aggregates, reader: RollupReader::Blocks };
        Some((rollup, typed))
    }
}

fn pairs(links: &[Link]) -> Vec<Pair> {
    links.iter().map(|link| Pair { inner: link.column, slot: link.slot, outer: link.outer }).collect()
}
