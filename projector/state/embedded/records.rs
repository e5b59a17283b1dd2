//! Rows of the shared tables: dead letters and builds.

use projections::engine::DeadLetter;
use rusqlite::{Connection, Row, params};

use crate::state::letter_keys;
use crate::state::views::StoredDeadLetter;
use crate::view::Catalogue;

/// Writes a dead letter; the same one again changes nothing.
pub fn put_dead_letter(file: &Connection, projection: &str, number: u64, letter: &DeadLetter) -> rusqlite::Result<()> {
    file.prepare_cached("INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING")?.execute(
        params![projection, number, letter.position, letter.kind, letter.reason, letter_keys::print(letter), &letter.event[..]],
    )?;
    Ok(())
}

/// From the columns `position, kind, reason, keys, event`.
pub fn dead_letter(row: &Row<'_>, catalogue: &Catalogue) -> rusqlite::Result<StoredDeadLetter> {
    let keys: String = row.get(3)?;
    Ok(StoredDeadLetter {
        position: row.get(0)?,
        kind: row.get(1)?,
        reason: row.get(2)?,
        keys: letter_keys::parse(&keys, catalogue),
        event: row.get(4)?,
    })
}
