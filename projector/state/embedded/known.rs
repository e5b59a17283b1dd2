//! What is known of the builds of a projection, read from their rows and counted.

use projections::engine::Space;
use rusqlite::{Row, Transaction, params};

use super::builds::parse_catalogue;
use super::{checkpoint, fetch, flushing, orders};
use crate::log::LogIdentity;
use crate::sqlite::catalogue::BuildTables;
use crate::state::{Build, Standing};
use crate::view::Catalogue;

/// The builds of a projection, by number.
pub fn builds(file: &Transaction<'_>, projection: &str) -> rusqlite::Result<Vec<Build>> {
    let mut select = file.prepare_cached(
        "SELECT commits, position, event_hash, event_time, number, fingerprint, views, log, creation, went_live
         FROM generations WHERE projection = ?1 ORDER BY number",
    )?;
    select.query_and_then([projection], |row| build(file, projection, row))?.collect()
}

fn build(file: &Transaction<'_>, projection: &str, row: &Row<'_>) -> rusqlite::Result<Build> {
    let (number, catalogue) = (row.get(4)?, parse_catalogue(row, 6)?);
    let cells = BuildTables::new(projection, number).cells();
    Ok(Build {
        number,
        fingerprint: u64::from_be_bytes(row.get(5)?),
        log: LogIdentity(row.get(7)?),
        creation: row.get(8)?,
        went_live: row.get(9)?,
        checkpoint: checkpoint(row)?,
        dead_letters: dead_letters(file, projection, number)?,
        broken_documents: broken(file, projection, number, &catalogue)?,
        pending_jobs: fetch::count_cells(file, &cells, Space::Job)?,
        parked_keys: fetch::count_parked_keys(file, &cells)?,
        open_orders: orders::count(file, projection, number)?,
        backlog: flushing::backlog(file, projection, number)?,
        catalogue,
    })
}

fn dead_letters(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Vec<(String, u64)>> {
    file.prepare_cached("SELECT kind, count(*) FROM dead_letters WHERE projection = ?1 AND generation = ?2 GROUP BY kind")?
        .query_map(params![projection, number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn broken(file: &Transaction<'_>, projection: &str, number: u64, catalogue: &Catalogue) -> rusqlite::Result<u64> {
    let tables = BuildTables::new(projection, number);
    let count = |view: &str| -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {} WHERE reason IS NOT NULL", tables.documents(view));
        file.query_row(&sql, [], |row| row.get(0))
    };
    catalogue.views.iter().map(|view| count(&view.name)).sum()
}

/// From the columns 2 and 3, `state` and `reason`.
pub fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let state: String = row.get(2)?;
    Ok(match state.as_str() {
        "running" => Standing::Running,
        "stopped" => Standing::Stopped,
        _ => Standing::Halted(row.get::<_, Option<String>>(3)?.unwrap_or_default()),
    })
}
