//! Folds events into rows, in the order of the log: all of an event's rules, or none.

use schemas::Value;

use crate::codec::{Key, Row, RowBuilder};
use crate::expr::{EvalError, Expr, Frame, eval};
use crate::plan::{Action, Entity, Index, IndexId, Plan, Rule};

use super::cache::{Cache, Known};
use super::cells::{CellKey, Link, Missing, SetKey, SetSpace, Space};
use super::decode::{Effect, Param, Target};
use super::walk::columns_key;

/// Notes the rows that the effect needs and the cache does not know.
pub fn require(cache: &Cache, effect: &Effect<'_>, missing: &mut Missing) {
    for target in &effect.targets {
        if !cache.rows[target.entity].is_known(&target.key) {
            missing.cells.push(CellKey { space: Space::Row(target.entity), key: target.key.clone() });
        }
    }
}

/// Folds the events of a batch; its buffers serve all of them.
pub struct Folder<'p> {
    plan: &'p Plan,
    builder: RowBuilder,
    /// What the present event's rules wrote so far, each target with the row before.
    undo: Vec<(usize, Option<Row>)>,
}

impl<'p> Folder<'p> {
    pub fn new(plan: &'p Plan) -> Folder<'p> {
        Folder { plan, builder: RowBuilder::default(), undo: Vec::new() }
    }

    /// Applies an effect whose rows are all known. On an error, which says where, nothing is changed.
    pub fn apply(&mut self, cache: &mut Cache, effect: &mut Effect<'_>, position: u64) -> Result<(), String> {
        self.undo.clear();
        let result = self.run_all(cache, effect, position);
        if result.is_err() {
            for (number, row) in self.undo.drain(..).rev() {
                let target = &effect.targets[number];
                cache.rows[target.entity].put(&target.key, row, position);
            }
        }
        result
    }

    fn run_all(&mut self, cache: &mut Cache, effect: &mut Effect<'_>, position: u64) -> Result<(), String> {
        let fold = effect.fold.clone();
        for number in 0..effect.targets.len() {
            let (target, params) = effect.run(number);
            let row = current(cache, target);
            let rule = &fold.rules[target.rule];
            if let Outcome::Row(new) = run(self.plan, rule, row.as_ref(), params, &mut self.builder)? {
                cache.rows[target.entity].put(&target.key, new, position);
                self.undo.push((number, row));
            }
        }
        Ok(())
    }
}

/// What a rule makes of a row.
enum Outcome {
    Unchanged,
    Row(Option<Row>),
}

fn current(cache: &Cache, target: &Target) -> Option<Row> {
    match cache.rows[target.entity].get(&target.key) {
        Known::Here(row) => row.cloned(),
        Known::Unknown => None,
    }
}

fn run(plan: &Plan, rule: &Rule, row: Option<&Row>, params: &[Param<'_>], builder: &mut RowBuilder) -> Result<Outcome, String> {
    let entity = &plan.entities[rule.entity];
    let rows = [row];
    let frame = Frame { rows: &rows, params };
    if let Some(when) = &rule.when {
        let is_met = eval(when, &frame).map_err(|error| format!("when of {}: {error}", entity.name))?;
        if is_met != Value::Bool(true) {
            return Ok(Outcome::Unchanged);
        }
    }
    match &rule.action {
        Action::Delete if row.is_none() => Ok(Outcome::Unchanged),
        Action::Delete => Ok(Outcome::Row(None)),
        Action::Set(columns) => {
            let new = set(entity, rule, columns, row, &frame, builder).map_err(|(column, error)| {
                let column = entity.columns.get(column).map_or("", |column| &column.name);
                format!("{}.{column}: {error}", entity.name)
            })?;
            Ok(if row == Some(&new) { Outcome::Unchanged } else { Outcome::Row(Some(new)) })
        }
    }
}

/// The row with these columns set; the error says in which column it arose.
fn set<'f>(
    entity: &Entity,
    rule: &'f Rule,
    columns: &'f [(usize, Expr)],
    row: Option<&Row>,
    frame: &Frame<'f>,
    builder: &mut RowBuilder,
) -> Result<Row, (usize, EvalError)> {
    builder.abandon();
    for column in 0..entity.columns.len() {
        let new = match columns.iter().find(|(set, _)| *set == column) {
            Some((_, expr)) => Some(expr),
            None if row.is_none() && column < entity.key_len => rule.key.get(column),
            None => None,
        };
        match new {
            Some(expr) => builder.push(&eval(expr, frame).map_err(|error| (column, error))?),
            None => builder.push_encoded(row.and_then(|row| row.encoded(column))),
        };
    }
    Ok(builder.finish())
}

/// The index entries that the batch's changed rows leave and join.
pub fn index_links(plan: &Plan, cache: &Cache) -> Vec<Link> {
    let mut links = Vec::new();
    for (number, index) in plan.indexes.iter().enumerate() {
        for row in cache.rows[index.entity].changed() {
            links.extend(links_of((number, index), &row.key, row.old.as_ref(), row.new.as_ref()));
        }
    }
    links
}

/// What becomes of the entries in an index when one row takes the place of the other: it leaves one and joins one at most.
pub fn links_of(
    (number, index): (IndexId, &Index),
    key: &Key,
    old: Option<&Row>,
    new: Option<&Row>,
) -> impl Iterator<Item = Link> + use<> {
    let [old, new] = [old, new].map(|row| row.and_then(|row| columns_key(row, &index.columns)));
    let is_same = old == new;
    let (member, space) = (key.clone(), SetSpace::Index(number));
    let link = move |(value, present)| Link { set: SetKey { space, value }, member: member.clone(), present };
    let changes = old.map(|value| (value, false)).into_iter().chain(new.map(|value| (value, true)));
    changes.filter(move |_| !is_same).map(link)
}
