//! Evaluates one unit of a block from the rows as they now are: its lookups, its sub-selects, its filter, its output.
//!
//! What is not in the cache is noted as missing, and evaluation goes on as if it were absent, so that one pass finds as
//! much of what is missing as it can; its outcome then does not count.

mod scan;

use schemas::Value;

use crate::codec::{Key, KeyBuilder, Row, RowBuilder};
use crate::expr::{EvalError, Expr, Frame, eval};
use crate::plan::{Block, EntityId, JoinKind, Lookup, RollupId, Subselect};

use super::cache::{Cache, Known};
use super::cells::{CellKey, Content, MembersWanted, Missing, SetKey, SetSpace, Space};
use super::group::{self, Contribution};
use scan::Scanned;

/// Evaluates units over a cache.
pub struct Evaluator<'c> {
    cache: &'c Cache,
    missing: &'c mut Missing,
    page: usize,
    /// Whether something was missing since the unit began.
    incomplete: bool,
    rows: Vec<Option<&'c Row>>,
    params: Vec<Param>,
    scanned: Scanned<'c>,
    /// Groups that sub-selects of the unit read, with their parameters.
    groups: Vec<Read>,
    keys: KeyBuilder,
    builder: RowBuilder,
}

/// A group that was read; without a key, or where it is empty, with the parameters of a group without a unit.
struct Read {
    rollup: RollupId,
    key: Option<Key>,
    params: Result<Vec<Param>, EvalError>,
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
            scanned: Scanned::default(),
            groups: Vec::new(),
            keys: KeyBuilder::default(),
            builder: RowBuilder::default(),
        }
    }

    /// The document of the unit under `key`; `None` where something is missing.
    pub fn document(&mut self, block: &Block, columns: &[Expr], key: &Key) -> Option<Content> {
        let selected = self.unit(block, key)?;
        let built = selected.and_then(|selected| if selected { self.build(columns).map(Some) } else { Ok(None) });
        Some(match built {
            Ok(None) => Content::Absent,
            Ok(Some(())) => Content::Present(self.builder.finish()),
            Err(error) => Content::Broken(error.to_string()),
        })
    }

    /// What the unit under `key` contributes to the roll-up, if anything; `None` where something is missing.
    pub fn contribution(
        &mut self,
        block: &Block,
        (rollup, group, inputs): (RollupId, &[Expr], &[Expr]),
        key: &Key,
    ) -> Option<Option<Contribution>> {
        Some(match self.unit(block, key)? {
            Ok(false) => None,
            Ok(true) => self.contribute(rollup, group, inputs).unwrap_or_else(|error| self.broken(rollup, group, &error)),
            Err(error) => self.broken(rollup, group, &error),
        })
    }

    /// Evaluates the unit as far as its output; whether it is selected, and `None` where something is missing.
    fn unit(&mut self, block: &Block, key: &Key) -> Option<Result<bool, EvalError>> {
        self.incomplete = false;
        self.rows.clear();
        self.params.clear();
        self.scanned.clear();
        self.groups.clear();
        let selected = match self.row(block.root, key) {
            None => Ok(false),
            Some(row) => {
                self.place(0, Some(row));
                self.select(block)
            }
        };
        (!self.incomplete).then_some(selected)
    }

    /// Joins, sub-selects and filter; whether the unit is selected.
    fn select(&mut self, block: &Block) -> Result<bool, EvalError> {
        if let Joined::Dropped = self.join(&block.lookups)? {
            return Ok(false);
        }
        self.subselects(&block.subselects);
        self.passes(block.filter.as_ref())
    }

    // === outputs ===

    fn contribute(&mut self, rollup: RollupId, group: &[Expr], inputs: &[Expr]) -> Result<Option<Contribution>, EvalError> {
        self.builder.abandon();
        self.builder.push(&Value::Null);
        let frame = Frame { rows: &self.rows, params: &self.params };
        let keeps_nulls = group::keeps_nulls(self.cache.plan(), rollup);
        let mut keys = KeyBuilder::default();
        let mut belongs = true;
        for expr in group {
            let value = eval(expr, &frame)?;
            belongs &= keeps_nulls || !value.is_null();
            self.builder.push(&value);
            keys.push(&value);
        }
        if !belongs {
            return Ok(None);
        }
        self.extend(inputs)?;
        Ok(Some(Contribution { group: keys.finish(), row: self.builder.finish() }))
    }

    /// The contribution of a unit that cannot be evaluated: to its group, if at least that can be told.
    fn broken(&self, rollup: RollupId, group: &[Expr], error: &EvalError) -> Option<Contribution> {
        let values: Result<Vec<_>, _> = group.iter().map(|expr| self.eval(expr)).collect();
        let row = group::broken(values.unwrap_or_else(|_| group::unknown(group.len())), error);
        Some(Contribution { group: group::key_of(&self.cache.plan().rollups[rollup], &row), row })
    }

    /// Makes the row under construction of these values.
    fn build(&mut self, columns: &[Expr]) -> Result<(), EvalError> {
        self.builder.abandon();
        self.extend(columns)
    }

    /// Appends the values to the row under construction.
    fn extend(&mut self, columns: &[Expr]) -> Result<(), EvalError> {
        let frame = Frame { rows: &self.rows, params: &self.params };
        for column in columns {
            match column {
                // As it lies in its row: what need not be understood is copied.
                Expr::Column { slot, column } => self.builder.push_encoded(frame.row(*slot).and_then(|row| row.encoded(*column))),
                column => self.builder.push(&eval(column, &frame)?),
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

    /// A value over the parameters of a group; several sub-selects of a unit that look for the same group find it once.
    fn group(&mut self, rollup: RollupId, key: &[Expr], value: &Expr) -> Param {
        let key = self.value_key(key)?;
        let known = self.groups.iter().position(|read| (read.rollup, &read.key) == (rollup, &key));
        let at = known.unwrap_or_else(|| {
            let params = self.group_params(rollup, key.as_ref());
            self.groups.push(Read { rollup, key, params });
            self.groups.len() - 1
        });
        let params = self.groups[at].params.as_ref().map_err(EvalError::clone)?;
        eval(value, &Frame { rows: &self.rows, params }).map(Value::into_owned)
    }

    fn group_params(&mut self, rollup: RollupId, key: Option<&Key>) -> Result<Vec<Param>, EvalError> {
        let group = key.and_then(|key| match self.cache.groups[rollup].get(key) {
            Known::Here(group) => group.map(|group| (key, &**group)),
            Known::Unknown => {
                self.miss(Space::Group(rollup), key);
                None
            }
        });
        group::params(&self.cache.plan().rollups[rollup], group)
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
        self.keys.abandon();
        let frame = Frame { rows: &self.rows, params: &self.params };
        for expr in exprs {
            if let Expr::Column { slot, column } = expr {
                if !frame.row(*slot).is_some_and(|row| row.push_part(*column, &mut self.keys)) {
                    return Ok(None);
                }
                continue;
            }
            let value = eval(expr, &frame)?;
            if value.is_null() {
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
