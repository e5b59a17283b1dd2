//! Sub-selects that are evaluated by reading their rows.

use std::ops::Range;

use schemas::Value;

use crate::aggregate;
use crate::codec::{Key, Row};
use crate::expr::{EvalError, Expr};
use crate::plan::{EntityId, Scan, ScanSource};

use super::super::cache::KnownSet;
use super::super::cells::SetSpace;
use super::{Evaluator, Joined, Param};

/// The rows that the scans of a unit found: several scans that look for the same rows find them once.
#[derive(Default)]
pub struct Scanned<'c> {
    finds: Vec<Find>,
    /// The rows of all of them.
    rows: Vec<&'c Row>,
    /// A list that no scan uses just now, to be used again.
    inputs: Vec<Value<'c>>,
}

/// What was looked for, and which rows were found.
struct Find {
    entity: EntityId,
    source: ScanSource,
    key: Key,
    rows: Range<usize>,
}

// === impl Scanned ===

impl Scanned<'_> {
    /// Another unit begins.
    pub fn clear(&mut self) {
        self.finds.clear();
        self.rows.clear();
    }

    fn find(&self, scan: &Scan, key: &Key) -> Option<Range<usize>> {
        let is_same = |find: &&Find| find.entity == scan.entity && find.source == scan.source && find.key == *key;
        self.finds.iter().find(is_same).map(|find| find.rows.clone())
    }
}

// === impl Evaluator ===

impl<'c> Evaluator<'c> {
    pub(super) fn scan(&mut self, scan: &Scan) -> Param {
        let mut inputs = std::mem::take(&mut self.scanned.inputs);
        let value = self.gather(scan, &mut inputs).and_then(|count| self.aggregate(scan, &inputs, count));
        inputs.clear();
        self.scanned.inputs = inputs;
        value
    }

    /// Computes the inputs of all rows; how many rows there are.
    fn gather(&mut self, scan: &Scan, inputs: &mut Vec<Value<'c>>) -> Result<usize, EvalError> {
        let Some(key) = self.value_key(&scan.key)? else { return Ok(0) };
        let mut count = 0;
        for at in self.scanned_rows(scan, key) {
            count += self.scan_row(scan, self.scanned.rows[at], inputs)?;
        }
        Ok(count)
    }

    /// The rows of a scan in the order of their keys.
    fn scanned_rows(&mut self, scan: &Scan, key: Key) -> Range<usize> {
        if let Some(rows) = self.scanned.find(scan, &key) {
            return rows;
        }
        let start = self.scanned.rows.len();
        self.read_rows(scan, &key);
        let rows = start..self.scanned.rows.len();
        self.scanned.finds.push(Find { entity: scan.entity, source: scan.source, key, rows: rows.clone() });
        rows
    }

    fn read_rows(&mut self, scan: &Scan, key: &Key) {
        let cache = self.cache;
        match scan.source {
            ScanSource::Key => self.read_row(scan.entity, key),
            ScanSource::Index(index) => match cache.indexes[index].get(key) {
                KnownSet::All(members) => {
                    members.into_iter().flat_map(|members| members.iter()).for_each(|member| self.read_row(scan.entity, member));
                }
                KnownSet::UpTo(last, _) => self.miss_set(SetSpace::Index(index), key.clone(), last.cloned()),
            },
        }
    }

    fn read_row(&mut self, entity: EntityId, key: &Key) {
        let row = self.row(entity, key);
        self.scanned.rows.extend(row);
    }

    /// Computes the inputs of one row; how many rows this adds: one or none.
    fn scan_row(&mut self, scan: &Scan, row: &'c Row, inputs: &mut Vec<Value<'c>>) -> Result<usize, EvalError> {
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

    fn scan_inputs(&mut self, scan: &Scan, inputs: &mut Vec<Value<'c>>) -> Result<usize, EvalError> {
        if !self.passes(scan.filter.as_ref())? {
            return Ok(0);
        }
        for input in &scan.inputs {
            inputs.push(match input {
                // Borrowed from the row, which stays where it is; what is computed has to be kept.
                Expr::Column { slot, column } => {
                    self.rows.get(*slot).copied().flatten().map_or(Value::Null, |row| row.get(*column))
                }
                input => self.eval(input)?.into_owned(),
            });
        }
        Ok(1)
    }

    /// The value of the scan over the inputs of `count` rows.
    fn aggregate(&mut self, scan: &Scan, inputs: &[Value<'_>], count: usize) -> Param {
        if self.incomplete {
            return Ok(Value::Null);
        }
        let width = scan.inputs.len();
        let outer = self.open(scan);
        for aggregate in &scan.aggregates {
            let tuples = (0..count).map(|at| &inputs[at * width..(at + 1) * width]);
            self.params.push(aggregate::compute(aggregate, tuples));
        }
        let value = self.eval(&scan.value).map(Value::into_owned);
        self.close(scan, outer);
        value
    }
}
