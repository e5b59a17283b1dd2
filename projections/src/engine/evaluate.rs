//! Evaluates one unit of a block from the rows as they now are: its lookups, its sub-selects, its filter, its output.
//!
//! What is not in the cache is noted as missing, and evaluation goes on as if it were absent, so that one pass finds as
//! much of what is missing as it can; its outcome then does not count.

use std::rc::Rc;

use schemas::Value;

use crate::codec::{Key, KeyBuilder, Row, RowBuilder};
use crate::expr::{EvalError, Expr, Frame, eval};
use crate::plan::{Block, EntityId, JoinKind, Lookup, Output, RollupId, Scan, ScanSource, Subselect};

use super::cache::{Cache, Known, KnownSet};
use super::cells::{CellKey, Content, MembersWanted, Missing, SetKey, SetSpace, Space};
use super::group;

/// What a unit yields.
#[derive(Debug)]
pub enum Yield {
    /// Of a block with a view: the document.
    Document(Content),
    /// Of a block that feeds a roll-up: what it contributes, if anything.
    Contribution(Option<Row>),
}

/// Evaluates units over a cache.
pub struct Evaluator<'c> {
    cache: &'c Cache,
    missing: &'c mut Missing,
    page: usize,
    /// Whether something was missing since the unit began.
    incomplete: bool,
    rows: Vec<Option<&'c Row>>,
    params: Vec<Param>,
    scanned: Vec<Scanned<'c>>,
    keys: KeyBuilder,
    builder: RowBuilder,
}

/// The rows that a scan found.
struct Scanned<'c> {
    entity: EntityId,
    source: ScanSource,
    key: Key,
    rows: Rc<[&'c Row]>,
}

type Param = Result<Value<'static>, EvalError>;

/// What became of a row's joins.
enum Joined {
    Kept,
    Dropped,
}

impl<'c> Evaluator<'c> {
    /// `page`: how many members of a set to ask for at once.
    pub fn new(cache: &'c Cache, missing: &'c mut Missing, page: usize) -> Self {
        Evaluator {
            cache,
            missing,
            page,
            incomplete: false,
            rows: Vec::new(),
            params: Vec::new(),
            scanned: Vec::new(),
            keys: KeyBuilder::default(),
            builder: RowBuilder::default(),
        }
    }

    /// What the unit under `key` yields; `None` where something is missing.
    pub fn unit(&mut self, block: &Block, key: &Key) -> Option<Yield> {
        self.incomplete = false;
        self.rows.clear();
        self.params.clear();
        self.scanned.clear();
        let root = self.row(block.root, key);
        let selected = match root {
            None => Ok(false),
            Some(row) => {
                self.place(0, Some(row));
                self.select(block)
            }
        };
        if self.incomplete {
            return None;
        }
        Some(match &block.output {
            Output::Document { columns, .. } => Yield::Document(self.document(selected, columns)),
            Output::Contribution { rollup, group, inputs } => {
                Yield::Contribution(self.contribution(selected, *rollup, group, inputs))
            }
        })
    }

    /// Joins, sub-selects and filter; whether the unit is selected.
    fn select(&mut self, block: &Block) -> Result<bool, EvalError> {
        if let Joined::Dropped = self.join(&block.lookups)? {
            return Ok(false);
        }
        self.subselects(&block.subselects);
        self.passes(block.filter.as_ref())
    }

    fn document(&mut self, selected: Result<bool, EvalError>, columns: &[Expr]) -> Content {
        match selected {
            Ok(false) => Content::Absent,
            Ok(true) => match self.build(columns) {
                Ok(()) => Content::Present(self.builder.finish()),
                Err(error) => Content::Broken(error.to_string()),
            },
            Err(error) => Content::Broken(error.to_string()),
        }
    }

    fn contribution(
        &mut self,
        selected: Result<bool, EvalError>,
        rollup: RollupId,
        group: &[Expr],
        inputs: &[Expr],
    ) -> Option<Row> {
        match selected {
            Ok(false) => None,
            Ok(true) => self.contribute(rollup, group, inputs),
            Err(error) => Some(group::broken(self.group_key(group).unwrap_or_else(|_| group::unknown(group.len())), &error)),
        }
    }

    fn contribute(&mut self, rollup: RollupId, group: &[Expr], inputs: &[Expr]) -> Option<Row> {
        let key = match self.group_key(group) {
            Ok(key) => key,
            Err(error) => return Some(group::broken(group::unknown(group.len()), &error)),
        };
        if key.iter().any(Value::is_null) && !group::keeps_nulls(self.cache.plan(), rollup) {
            return None;
        }
        self.builder.push(&Value::Null);
        for value in &key {
            self.builder.push(value);
        }
        Some(match self.build(inputs) {
            Ok(()) => self.builder.finish(),
            Err(error) => group::broken(key, &error),
        })
    }

    fn group_key(&self, group: &[Expr]) -> Result<Vec<Value<'static>>, EvalError> {
        group.iter().map(|expr| Ok(self.eval(expr)?.into_owned())).collect()
    }

    /// Appends the values to the row under construction; on an error nothing is left of it.
    fn build(&mut self, columns: &[Expr]) -> Result<(), EvalError> {
        for column in columns {
            let frame = Frame { rows: &self.rows, params: &self.params };
            match eval(column, &frame) {
                Ok(value) => self.builder.push(&value),
                Err(error) => {
                    self.builder.abandon();
                    return Err(error);
                }
            };
        }
        Ok(())
    }

    // === joins ===

    fn join(&mut self, lookups: &[Lookup]) -> Result<Joined, EvalError> {
        for lookup in lookups {
            let found = self.look_up(lookup)?;
            if !found && lookup.kind == JoinKind::Inner && !self.incomplete {
                return Ok(Joined::Dropped);
            }
        }
        Ok(Joined::Kept)
    }

    /// Puts the row that the lookup finds into its slot; whether there is one.
    fn look_up(&mut self, lookup: &Lookup) -> Result<bool, EvalError> {
        let row = match self.value_key(&lookup.key)? {
            Some(key) => self.row(lookup.entity, &key),
            None => None,
        };
        let found = row.is_some();
        self.place(lookup.slot, row);
        if found && !self.passes(lookup.condition.as_ref())? {
            self.place(lookup.slot, None);
            return Ok(false);
        }
        Ok(found)
    }

    fn place(&mut self, slot: usize, row: Option<&'c Row>) {
        if self.rows.len() <= slot {
            self.rows.resize(slot + 1, None);
        }
        self.rows[slot] = row;
    }

    /// The row under this key, if there is one, or none is known to be.
    fn row(&mut self, entity: EntityId, key: &Key) -> Option<&'c Row> {
        match self.cache.rows[entity].get(key) {
            Known::Here(row) => row,
            Known::Unknown => {
                self.miss(Space::Row(entity), key);
                None
            }
        }
    }

    // === sub-selects ===

    fn subselects(&mut self, subselects: &[Subselect]) {
        for subselect in subselects {
            let value = match subselect {
                Subselect::Scan(scan) => self.scan(scan),
                Subselect::Group { rollup, key, value } => self.group(*rollup, key, value),
            };
            self.params.push(value);
        }
    }

    fn scan(&mut self, scan: &Scan) -> Param {
        let (mut inputs, mut count) = (Vec::new(), 0);
        if let Some(key) = self.value_key(&scan.key)? {
            for row in self.scanned_rows(scan, key).iter() {
                count += self.scan_row(scan, row, &mut inputs)?;
            }
        }
        self.aggregate(scan, &inputs, count)
    }

    /// The rows of a scan in the order of their keys; several scans of a unit that look for the same rows find them once.
    fn scanned_rows(&mut self, scan: &Scan, key: Key) -> Rc<[&'c Row]> {
        let is_same = |known: &&Scanned<'_>| known.entity == scan.entity && known.source == scan.source && known.key == key;
        if let Some(known) = self.scanned.iter().find(is_same) {
            return known.rows.clone();
        }
        let cache = self.cache;
        let rows: Rc<[&Row]> = match scan.source {
            ScanSource::Key => self.row(scan.entity, &key).into_iter().collect(),
            ScanSource::Index(index) => match cache.indexes[index].get(&key) {
                KnownSet::All(None) => Rc::default(),
                KnownSet::All(Some(members)) => members.iter().filter_map(|member| self.row(scan.entity, member)).collect(),
                KnownSet::UpTo(last, _) => {
                    self.miss_set(SetSpace::Index(index), key.clone(), last.cloned());
                    Rc::default()
                }
            },
        };
        self.scanned.push(Scanned { entity: scan.entity, source: scan.source, key, rows: rows.clone() });
        rows
    }

    /// Computes the inputs of one row; how many rows this adds: one or none.
    fn scan_row(&mut self, scan: &Scan, row: &'c Row, inputs: &mut Vec<Value<'static>>) -> Result<usize, EvalError> {
        self.place(scan.slot, Some(row));
        if let Joined::Dropped = self.join(&scan.lookups)? {
            return Ok(0);
        }
        if scan.subselects.is_empty() {
            return self.scan_inputs(scan, inputs);
        }
        let outer = self.open(scan);
        self.subselects(&scan.subselects);
        let added = self.scan_inputs(scan, inputs);
        self.close(scan, outer);
        added
    }

    /// Makes room for the parameters of a scan's own level; those of the outer level that are in the way.
    fn open(&mut self, scan: &Scan) -> Vec<Param> {
        let outer = self.params.split_off(scan.first_param.min(self.params.len()));
        self.params.resize(scan.first_param, Ok(Value::Null));
        outer
    }

    fn close(&mut self, scan: &Scan, outer: Vec<Param>) {
        self.params.truncate(scan.first_param);
        self.params.extend(outer);
    }

    fn scan_inputs(&mut self, scan: &Scan, inputs: &mut Vec<Value<'static>>) -> Result<usize, EvalError> {
        if !self.passes(scan.filter.as_ref())? {
            return Ok(0);
        }
        for input in &scan.inputs {
            inputs.push(self.eval(input)?.into_owned());
        }
        Ok(1)
    }

    /// The value of the scan over the inputs of `count` rows.
    fn aggregate(&mut self, scan: &Scan, inputs: &[Value<'static>], count: usize) -> Param {
        if self.incomplete {
            return Ok(Value::Null);
        }
        let width = scan.inputs.len();
        let outer = self.open(scan);
        for aggregate in &scan.aggregates {
            let tuples = (0..count).map(|at| &inputs[at * width..(at + 1) * width]);
            self.params.push(crate::aggregate::compute(aggregate, tuples));
        }
        let value = self.eval(&scan.value).map(Value::into_owned);
        self.close(scan, outer);
        value
    }

    fn group(&mut self, rollup: RollupId, key: &[Expr], value: &Expr) -> Param {
        let group = match self.value_key(key)? {
            None => None,
            Some(key) => match self.cache.groups[rollup].get(&key) {
                Known::Here(group) => group.map(|group| (key, group)),
                Known::Unknown => {
                    self.miss(Space::Group(rollup), &key);
                    return Ok(Value::Null);
                }
            },
        };
        let params = group::params(&self.cache.plan().rollups[rollup], group)?;
        eval(value, &Frame { rows: &self.rows, params: &params }).map(Value::into_owned)
    }

    // === the small change ===

    fn eval<'f>(&'f self, expr: &'f Expr) -> Result<Value<'f>, EvalError> {
        eval(expr, &Frame { rows: &self.rows, params: &self.params })
    }

    /// Whether a condition, if there is one, is true.
    fn passes(&self, condition: Option<&Expr>) -> Result<bool, EvalError> {
        match condition {
            None => Ok(true),
            Some(expr) => Ok(self.eval(expr)? == Value::Bool(true)),
        }
    }

    /// The key that the expressions make; `None` where one of them is NULL.
    fn value_key(&mut self, exprs: &[Expr]) -> Result<Option<Key>, EvalError> {
        let frame = Frame { rows: &self.rows, params: &self.params };
        for expr in exprs {
            let value = eval(expr, &frame)?;
            if value.is_null() {
                self.keys.abandon();
                return Ok(None);
            }
            self.keys.push(&value);
        }
        Ok(Some(self.keys.finish()))
    }

    fn miss(&mut self, space: Space, key: &Key) {
        self.incomplete = true;
        self.missing.cells.push(CellKey { space, key: key.clone() });
    }

    fn miss_set(&mut self, space: SetSpace, value: Key, after: Option<Key>) {
        self.incomplete = true;
        self.missing.sets.push(MembersWanted { set: SetKey { space, value }, after, limit: self.page });
    }
}
