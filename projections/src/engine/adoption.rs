//! Rows that another build has folded by the same rules: what has to be stored beside them for a build of other views.

use std::sync::Arc;

use super::cells::{CellKey, Changes, Space};
use super::fold;
use super::jobs::Jobs;
use crate::codec::{Corrupt, Row};
use crate::plan::Plan;

/// A row's cell, what is stored there so far, and what takes its place; `None`: nothing.
pub type Adopted = (CellKey, Option<Arc<[u8]>>, Option<Arc<[u8]>>);

/// What is written where rows take the place of others: they, and the entries in the indexes of this plan. Each row comes once.
pub fn adopt(plan: &Plan, rows: Vec<Adopted>) -> Result<Changes, Corrupt> {
    let mut changes = Changes::default();
    for (cell, old, new) in rows {
        let Space::Row(entity) = cell.space else { return Err(Corrupt("no row where rows are")) };
        let [old, row] = [&old, &new].map(|bytes| bytes.as_deref().map(Row::from_bytes).transpose());
        let (old, row) = (old?, row?);
        for index in plan.indexes.iter().enumerate().filter(|(_, index)| index.entity == entity) {
            changes.links.extend(fold::links_of(index, &cell.key, old.as_ref(), row.as_ref()));
        }
        changes.cells.push((cell, new));
    }
    Ok(changes)
}

/// What is stored when all rows are there: the job that materializes all views.
pub fn adopted() -> (CellKey, Option<Arc<[u8]>>) {
    Jobs::default().materialize()
}
