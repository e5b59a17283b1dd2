//! Reading what the engine misses.

use std::sync::Arc;

use projections::codec::Key;
use projections::engine::{Answers, DocumentMark, MembersWanted, Missing, SetSpace, Space};
use projections::plan::ViewId;
use rusqlite::{OptionalExtension, Transaction, params};

use super::address;
use super::layout::Layout;
use crate::state::StoredCells;

/// Answers everything, cells in the order of their keys: neighbours share pages.
pub fn fetch(file: &Transaction<'_>, layout: &Layout, mut missing: Missing) -> rusqlite::Result<Answers> {
    missing.cells.sort_unstable();
    let mut answers = Answers::default();
    let mut get = file.prepare_cached(&layout.get_cell)?;
    for cell in missing.cells {
        let bytes = match (cell.space, address::of_cell(&cell)) {
            (Space::Document(view), _) => mark(file, layout, view, &cell.key)?,
            (_, Some(key)) => get.query_row([key], |row| Ok(row.get_ref(0)?.as_blob()?.into())).optional()?,
            (_, None) => None,
        };
        answers.cells.push((cell, bytes));
    }
    for wanted in missing.sets {
        let members = members(file, layout, &wanted)?;
        answers.sets.push((wanted, members));
    }
    Ok(answers)
}

/// All cells of a family.
pub fn cells(file: &Transaction<'_>, layout: &Layout, space: Space) -> rusqlite::Result<StoredCells> {
    let Some(prefix) = address::of_space(space) else { return Ok(Vec::new()) };
    let end = address::after_all(&prefix);
    let mut select = file.prepare_cached(&layout.range_of_cells)?;
    select
        .query_map(params![prefix, end], |row| {
            let key = Key::from_bytes(&row.get_ref(0)?.as_blob()?[prefix.len()..]);
            Ok((key, row.get_ref(1)?.as_blob()?.into()))
        })?
        .collect()
}

/// How many cells a family has.
pub fn count_cells(file: &Transaction<'_>, table: &str, space: Space) -> rusqlite::Result<u64> {
    let prefix = address::of_space(space);
    let end = prefix.as_ref().and_then(|prefix| address::after_all(prefix));
    file.query_row(&format!("SELECT count(*) FROM {table} WHERE key >= ?1 AND key < ?2"), params![prefix, end], |row| row.get(0))
}

/// How many entity keys events wait at. The last eight bytes of such a cell's key are the event's position.
pub fn count_parked_keys(file: &Transaction<'_>, table: &str) -> rusqlite::Result<u64> {
    let prefix = address::of_space(Space::Parked);
    let end = prefix.as_ref().and_then(|prefix| address::after_all(prefix));
    let sql = format!("SELECT count(DISTINCT substr(key, 1, length(key) - 8)) FROM {table} WHERE key >= ?1 AND key < ?2");
    file.query_row(&sql, params![prefix, end], |row| row.get(0))
}

fn mark(file: &Transaction<'_>, layout: &Layout, view: ViewId, key: &Key) -> rusqlite::Result<Option<Arc<[u8]>>> {
    let mut get = file.prepare_cached(&layout.view(view).get_mark)?;
    let mark = get.query_row([&key[..]], |row| Ok(DocumentMark { hash: u128::from_be_bytes(row.get(0)?), version: row.get(1)? }));
    Ok(mark.optional()?.map(|mark| mark.to_bytes().into()))
}

fn members(file: &Transaction<'_>, layout: &Layout, wanted: &MembersWanted) -> rusqlite::Result<Vec<Key>> {
    let (prefix, page) = match wanted.set.space {
        SetSpace::Cells(space) => (address::of_space(space).map(Vec::from), &layout.page_of_cells),
        _ => (address::of_set(&wanted.set), &layout.page_of_links),
    };
    let Some(prefix) = prefix else { return Ok(Vec::new()) };
    let after = [&prefix[..], wanted.after.as_ref().map_or(&[], |member| member)].concat();
    let mut select = file.prepare_cached(page)?;
    select
        .query_map(params![after, address::after_all(&prefix), wanted.limit], |row| {
            Ok(Key::from_bytes(&row.get_ref(0)?.as_blob()?[prefix.len()..]))
        })?
        .collect()
}
