//! What a build has folded, read in one transaction: that is of one moment, whatever is committed meanwhile.

use std::ops::ControlFlow;

use projections::engine::Space;
use rusqlite::{Transaction, params};

use super::address::{self, Stored};
use super::{EmbeddedBuild, fetch, look, orders, records};
use crate::fault::Fault;
use crate::state::{CopiedRows, Folded, TakeRows};

/// How many rows are handed out at once.
const PAGE: usize = 1000;

impl EmbeddedBuild {
    /// As [`Builds::copy`](crate::state::Builds::copy).
    pub(super) fn copy(&self, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
        let found = self.database.read("copying rows", |file| {
            let Some(there) = look(file, &self.projection, self.number)? else { return Ok(None) };
            if self.hand_out(file, to)?.is_break() {
                return Ok(Some(None));
            }
            Ok(Some(Some(Folded {
                checkpoint: there.checkpoint,
                parked: fetch::cells(file, &self.layout, Space::Parked)?,
                dead_letters: records::letters(file, &self.projection, self.number, &self.catalogue)?,
                settled: orders::settled(file, &self.projection, self.number)?,
            })))
        })?;
        found.ok_or_else(|| self.is_gone())
    }

    fn hand_out(&self, file: &Transaction<'_>, to: &mut TakeRows<'_>) -> rusqlite::Result<ControlFlow<()>> {
        let prefix = address::all_rows();
        let mut select = file.prepare_cached(&self.layout.range_of_cells)?;
        let mut found = select.query(params![prefix, address::after_all(&prefix)])?;
        let mut page = CopiedRows::new();
        while let Some(row) = found.next()? {
            if let Some(Stored::Cell(cell)) = address::parse_cell(row.get_ref(0)?.as_blob()?) {
                page.push((cell, Some(row.get_ref(1)?.as_blob()?.into())));
            }
            if page.len() >= PAGE && to(std::mem::take(&mut page)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(if page.is_empty() { ControlFlow::Continue(()) } else { to(page) })
    }

    /// How many rows there are.
    pub(super) fn count_rows(&self) -> Result<u64, Fault> {
        let prefix = address::all_rows();
        self.database.read("counting rows", |file| {
            let sql = format!("SELECT count(*) FROM ({})", self.layout.range_of_cells);
            file.query_row(&sql, params![prefix, address::after_all(&prefix)], |row| row.get(0))
        })
    }
}
