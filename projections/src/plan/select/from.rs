//! FROM: which relation is the root, and in which order the others are looked up.
//!
//! A relation can be looked up where every column of its key is equated with a column of a relation that is there already,
//! or with a constant: then there is at most one row. INNER joins may be taken in any order, and any of them may be the
//! root, so `customers JOIN orders` has a row for each order whichever of the two is named first.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableFactor, TableWithJoins, Value,
};
use sqlparser::tokenizer::Span;

use crate::expr::{Mistake, nearest};
use crate::plan::{Entity, EntityId, JoinKind};

use super::query::{conjuncts, folded, plain_name, sides};

/// A relation that FROM names.
#[derive(Clone, Debug)]
pub struct Relation {
    pub alias: String,
    pub entity: EntityId,
    /// How it is joined; the first counts as INNER.
    pub kind: JoinKind,
    /// Its ON conditions.
    pub on: Vec<Expr>,
    pub span: Span,
}

/// What a column of a looked-up relation's key is equated with.
#[derive(Clone, Debug)]
pub enum KeySource {
    Column { relation: usize, column: usize },
    Constant(Box<Expr>),
}

/// A relation in the order of evaluation.
#[derive(Debug)]
pub struct Placed {
    /// Its number among FROM's relations.
    pub relation: usize,
    /// What its key is made of; empty for the root.
    pub key: Vec<KeySource>,
    /// The conditions of a LEFT join beyond the key.
    pub condition: Vec<Expr>,
}

/// FROM, in order: the root, what is looked up, and what is left of INNER joins' conditions.
#[derive(Debug)]
pub struct Arrangement {
    pub placed: Vec<Placed>,
    pub filter: Vec<Expr>,
}

/// The relations that FROM names. Names of other relations of the same level must differ.
pub fn relations(from: &TableWithJoins, entities: &[Entity], mistakes: &mut Vec<Mistake>) -> Option<Vec<Relation>> {
    let mut relations = Vec::new();
    let first = relation(&from.relation, entities, mistakes);
    let mut is_whole = first.is_some();
    relations.extend(first);
    for join in &from.joins {
        match joined(join, &relations, entities, mistakes) {
            Some(relation) => relations.push(relation),
            None => is_whole = false,
        }
    }
    for (number, relation) in relations.iter().enumerate() {
        if relations[..number].iter().any(|other| other.alias == relation.alias) {
            let message = format!("\"{}\" is joined twice under one name", relation.alias);
            mistakes.push(Mistake::new(relation.span, message).with_hint("give it an alias: JOIN customers AS buyers"));
            is_whole = false;
        }
    }
    is_whole.then_some(relations)
}

fn relation(factor: &TableFactor, entities: &[Entity], mistakes: &mut Vec<Mistake>) -> Option<Relation> {
    let TableFactor::Table { name, alias, args: None, .. } = factor else {
        let mistake = Mistake::new(factor.span(), "only entities can be selected from");
        mistakes.push(
            mistake
                .with_hint("write the entity's name; for a SELECT in FROM, write a view of its own or a sub-select as a value"),
        );
        return None;
    };
    let [written] = &name.0[..] else {
        mistakes.push(Mistake::new(name.span(), "an entity's name has no dots"));
        return None;
    };
    let written = written.as_ident().map(folded).unwrap_or_default();
    let Some(entity) = entities.iter().position(|entity| entity.name == written) else {
        let known = entities.iter().map(|entity| entity.name.as_str());
        let mistake = Mistake::new(name.span(), format!("there is no entity \"{written}\""));
        mistakes.push(match nearest(&written, known) {
            Some(name) => mistake.with_hint(format!("did you mean \"{name}\"?")),
            None => mistake,
        });
        return None;
    };
    let alias = alias.as_ref().map_or(written, |alias| folded(&alias.name));
    Some(Relation { alias, entity, kind: JoinKind::Inner, on: Vec::new(), span: factor.span() })
}

fn joined(join: &Join, earlier: &[Relation], entities: &[Entity], mistakes: &mut Vec<Mistake>) -> Option<Relation> {
    let relation = relation(&join.relation, entities, mistakes);
    let (kind, constraint) = match &join.join_operator {
        JoinOperator::Join(on) | JoinOperator::Inner(on) => (JoinKind::Inner, on),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (JoinKind::Left, on),
        _ => {
            let mistake = Mistake::new(join.relation.span(), "only JOIN and LEFT JOIN are supported");
            mistakes.push(mistake.with_hint("turn the tables round: a RIGHT JOIN b is b LEFT JOIN a"));
            return None;
        }
    };
    let mut relation = relation?;
    relation.kind = kind;
    relation.on = match constraint {
        JoinConstraint::On(on) => {
            let mut parts = Vec::new();
            conjuncts(on, &mut parts);
            parts.into_iter().cloned().collect()
        }
        JoinConstraint::Using(columns) => {
            columns.iter().filter_map(|column| using(column, &relation, earlier, entities, mistakes)).collect()
        }
        JoinConstraint::Natural | JoinConstraint::None => {
            let mistake = Mistake::new(join.relation.span(), "a join needs its condition");
            mistakes.push(mistake.with_hint("write JOIN … ON a.x = b.x"));
            return None;
        }
    };
    Some(relation)
}

/// `USING (x)`: `earlier.x = joined.x`.
fn using(
    column: &ObjectName,
    joined: &Relation,
    earlier: &[Relation],
    entities: &[Entity],
    mistakes: &mut Vec<Mistake>,
) -> Option<Expr> {
    let written = column.0.last().and_then(|part| part.as_ident())?;
    let name = folded(written);
    let holders: Vec<&Relation> = earlier.iter().filter(|other| column_of(&entities[other.entity], &name).is_some()).collect();
    let [holder] = holders[..] else {
        mistakes.push(Mistake::new(column.span(), format!("USING needs \"{name}\" in exactly one of the earlier tables")));
        return None;
    };
    let side =
        |alias: &str| Box::new(Expr::CompoundIdentifier(vec![Ident::with_quote('"', alias), Ident::with_quote('"', &*name)]));
    Some(Expr::BinaryOp { left: side(&holder.alias), op: BinaryOperator::Eq, right: side(&joined.alias) })
}

/// The number of the entity's column of that name.
pub fn column_of(entity: &Entity, name: &str) -> Option<usize> {
    entity.columns.iter().position(|column| column.name == name)
}

/// The relation and column that a plain name means among these relations, if it is one, and only one.
pub fn resolve(expr: &Expr, relations: &[Relation], entities: &[Entity]) -> Option<(usize, usize)> {
    let name = plain_name(expr)?;
    let (alias, column) = match name {
        [column] => (None, folded(column)),
        [alias, column] => (Some(folded(alias)), folded(column)),
        _ => return None,
    };
    let mut found = relations
        .iter()
        .enumerate()
        .filter(|(_, relation)| alias.as_ref().is_none_or(|alias| *alias == relation.alias))
        .filter_map(|(number, relation)| Some((number, column_of(&entities[relation.entity], &column)?)));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

// === the order ===

/// Arranges the relations; a mistake where one of them may have many rows for one of the others.
pub fn arrange(relations: &[Relation], entities: &[Entity], mistakes: &mut Vec<Mistake>) -> Option<Arrangement> {
    let roots = (0..relations.len()).filter(|root| *root == 0 || relations[*root].kind == JoinKind::Inner);
    let attempts: Vec<Result<Arrangement, usize>> = roots.map(|root| Arranger::new(relations, entities, root).run()).collect();
    let blamed = attempts.first().and_then(|first| first.as_ref().err().copied());
    match attempts.into_iter().find_map(Result::ok) {
        Some(arrangement) => Some(arrangement),
        None => {
            mistakes.push(many_rows(&relations[blamed.unwrap_or(0)], entities));
            None
        }
    }
}

fn many_rows(relation: &Relation, entities: &[Entity]) -> Mistake {
    let entity = &entities[relation.entity];
    let key: Vec<&str> = entity.columns[..entity.key_len].iter().map(|column| column.name.as_str()).collect();
    let alias = &relation.alias;
    let message = format!("{alias} may have many rows here: the join does not equate its whole key ({})", key.join(", "));
    let hint = format!(
        "equate each key column with a column of another table; for a collection, write a sub-select: \
                        (SELECT json_agg(…) FROM {} {alias} WHERE {alias}.… = …)",
        entity.name
    );
    Mistake::new(relation.span, message).with_hint(hint)
}

struct Arranger<'r> {
    relations: &'r [Relation],
    entities: &'r [Entity],
    placed: Vec<Placed>,
    /// Conditions of INNER joins that are not used yet.
    pool: Vec<Expr>,
}

impl<'r> Arranger<'r> {
    fn new(relations: &'r [Relation], entities: &'r [Entity], root: usize) -> Self {
        let inner = relations.iter().filter(|relation| relation.kind == JoinKind::Inner);
        let pool = inner.flat_map(|relation| relation.on.iter().cloned()).collect();
        let placed = vec![Placed { relation: root, key: Vec::new(), condition: Vec::new() }];
        Arranger { relations, entities, placed, pool }
    }

    /// Places relation after relation; the error is one that finds no place.
    fn run(mut self) -> Result<Arrangement, usize> {
        loop {
            let unplaced = self.unplaced();
            let Some(first) = unplaced.first().copied() else {
                return Ok(Arrangement { placed: self.placed, filter: self.pool });
            };
            match unplaced.into_iter().find_map(|number| self.lookup(number)) {
                Some(placed) => self.placed.push(placed),
                None => return Err(first),
            }
        }
    }

    fn unplaced(&self) -> Vec<usize> {
        (0..self.relations.len()).filter(|number| self.placed.iter().all(|placed| placed.relation != *number)).collect()
    }

    /// The relation as a lookup, if its whole key is known; its conditions are then used up.
    fn lookup(&mut self, number: usize) -> Option<Placed> {
        let relation = &self.relations[number];
        let is_left = relation.kind == JoinKind::Left;
        let mut conditions = if is_left { relation.on.clone() } else { self.pool.clone() };
        if is_left && !self.is_within_reach(&conditions, number) {
            return None;
        }
        let key = (0..self.entities[relation.entity].key_len)
            .map(|column| self.key_source(number, column, &mut conditions))
            .collect::<Option<Vec<_>>>()?;
        if is_left {
            return Some(Placed { relation: number, key, condition: conditions });
        }
        self.pool = conditions;
        Some(Placed { relation: number, key, condition: Vec::new() })
    }

    /// Whether the plain columns of these conditions are of relations that are placed, or of this one.
    fn is_within_reach(&self, conditions: &[Expr], number: usize) -> bool {
        let of = |expr: &Expr| resolve(expr, self.relations, self.entities).map(|(relation, _)| relation);
        let reaches = |relation: usize| relation == number || self.placed.iter().any(|placed| placed.relation == relation);
        let equated = conditions.iter().filter_map(sides).flat_map(|(left, right)| [of(left), of(right)]);
        equated.flatten().all(reaches)
    }

    /// What the column is equated with; the condition that says so is taken out.
    fn key_source(&self, number: usize, column: usize, conditions: &mut Vec<Expr>) -> Option<KeySource> {
        let source = |condition: &Expr| {
            let (left, right) = sides(condition)?;
            self.side(number, column, left, right).or_else(|| self.side(number, column, right, left))
        };
        let (at, found) = conditions.iter().enumerate().find_map(|(at, condition)| Some((at, source(condition)?)))?;
        conditions.remove(at);
        Some(found)
    }

    fn side(&self, number: usize, column: usize, own: &Expr, other: &Expr) -> Option<KeySource> {
        if resolve(own, self.relations, self.entities) != Some((number, column)) {
            return None;
        }
        match resolve(other, self.relations, self.entities) {
            Some((relation, column)) => {
                let is_placed = self.placed.iter().any(|placed| placed.relation == relation);
                is_placed.then_some(KeySource::Column { relation, column })
            }
            None => is_constant(other).then(|| KeySource::Constant(Box::new(other.clone()))),
        }
    }
}

/// A literal, with its sign or its type.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => !matches!(value.value, Value::Null | Value::Placeholder(_)),
        Expr::TypedString(_) => true,
        Expr::UnaryOp { expr, .. } | Expr::Cast { expr, .. } | Expr::Nested(expr) => is_constant(expr),
        _ => false,
    }
}
