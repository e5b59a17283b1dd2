//! Rows of the shared tables: dead letters and builds.

use projections::engine::{DeadLetter, Tried};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::state::letter_keys;
use crate::state::views::StoredDeadLetter;
use crate::view::Catalogue;

/// Writes a dead letter.
pub fn put_dead_letter(file: &Connection, projection: &str, number: u64, letter: &DeadLetter) -> rusqlite::Result<()> {
    file.prepare_cached("INSERT OR REPLACE INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(params![
        projection,
        number,
        letter.position,
        letter.time,
        &*letter.kind,
        letter.reason,
        letter_keys::print(letter),
        &letter.event[..]
    ])?;
    Ok(())
}

/// Writes what became of a dead letter that was tried again.
pub fn put_tried(file: &Connection, projection: &str, number: u64, tried: &Tried) -> rusqlite::Result<()> {
    let place = params![projection, number, tried.position];
    match &tried.stays {
        None => file
            .prepare_cached("DELETE FROM dead_letters WHERE projection = ?1 AND generation = ?2 AND position = ?3")?
            .execute(place)?,
        Some((kind, reason)) => file
            .prepare_cached(
                "UPDATE dead_letters SET kind = ?4, reason = ?5 WHERE projection = ?1 AND generation = ?2 AND position = ?3",
            )?
            .execute(params![projection, number, tried.position, kind, reason])?,
    };
    Ok(())
}

/// The dead letters of a build at these positions.
pub fn letters_at(
    file: &Transaction<'_>,
    projection: &str,
    number: u64,
    catalogue: &Catalogue,
    positions: &[u64],
) -> rusqlite::Result<Vec<StoredDeadLetter>> {
    let mut get = file.prepare_cached(
        "SELECT position, time, kind, reason, keys, event FROM dead_letters
         WHERE projection = ?1 AND generation = ?2 AND position = ?3",
    )?;
    let mut read = |position| get.query_row(params![projection, number, position], |row| dead_letter(row, catalogue)).optional();
    positions.iter().filter_map(|position| read(position).transpose()).collect()
}

/// All dead letters of a build, by position.
pub fn letters(
    file: &Transaction<'_>,
    projection: &str,
    number: u64,
    catalogue: &Catalogue,
) -> rusqlite::Result<Vec<StoredDeadLetter>> {
    file.prepare_cached(
        "SELECT position, time, kind, reason, keys, event FROM dead_letters
         WHERE projection = ?1 AND generation = ?2 ORDER BY position",
    )?
    .query_map(params![projection, number], |row| dead_letter(row, catalogue))?
    .collect()
}

/// From the columns `position, time, kind, reason, keys, event`.
pub fn dead_letter(row: &Row<'_>, catalogue: &Catalogue) -> rusqlite::Result<StoredDeadLetter> {
    let keys: String = row.get(4)?;
    Ok(StoredDeadLetter {
        position: row.get(0)?,
        time: row.get(1)?,
        kind: row.get(2)?,
        reason: row.get(3)?,
        keys: letter_keys::parse(&keys, catalogue),
        event: row.get(5)?,
    })
}
