//! Rows of the shared tables: dead letters and builds.

use std::fmt::Write;

use projections::codec::print_key;
use projections::engine::DeadLetter;
use rusqlite::{Connection, Row, params};

use crate::state::views::StoredDeadLetter;
use crate::view::Catalogue;

/// Writes a dead letter; the same one again changes nothing.
pub fn put_dead_letter(file: &Connection, projection: &str, number: u64, letter: &DeadLetter) -> rusqlite::Result<()> {
    file.prepare_cached("INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING")?.execute(
        params![projection, number, letter.position, letter.kind, letter.reason, keys_to_text(letter), &letter.event[..]],
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
        keys: keys.lines().map(|line| named(line, catalogue)).collect(),
        event: row.get(4)?,
    })
}

/// One line a key: the entity's number, a space, the key's canonical text with line breaks escaped as in JSON.
fn keys_to_text(letter: &DeadLetter) -> String {
    let mut out = String::new();
    for (entity, key) in &letter.keys {
        let text = print_key(key).unwrap_or_else(|corrupt| corrupt.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{entity} {}", text.replace('\n', "\\n").replace('\r', "\\r"));
    }
    out
}

fn named(line: &str, catalogue: &Catalogue) -> String {
    let (number, key) = line.split_once(' ').unwrap_or((line, ""));
    let name = number.parse().ok().and_then(|number: usize| catalogue.entities.get(number));
    format!("{} {key}", name.map_or(number, String::as_str))
}
