//! Orders and pauses as rows with JSON in them.

use rusqlite::types::{Type as Stored, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::state::{Asked, Carried, Order, Pause};

/// Gives orders to the owner of a build; whether there is such a build.
pub fn give(file: &Transaction<'_>, projection: &str, number: u64, orders: &[Order]) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM generations WHERE projection = ?1 AND number = ?2";
    let exists: bool = file.query_row(sql, params![projection, number], |row| row.get(0))?;
    if exists {
        let mut put = file.prepare_cached("INSERT OR REPLACE INTO orders VALUES (?1, ?2, ?3, ?4)")?;
        for order in orders {
            put.execute(params![projection, number, order.name(), json!(order).to_string()])?;
        }
    }
    Ok(exists)
}

/// What is asked for.
pub fn asked(file: &Transaction<'_>, projection: &str, number: u64, limit: usize) -> rusqlite::Result<Asked> {
    let (live, pause) = file
        .prepare_cached("SELECT live, pause FROM projections WHERE name = ?1")?
        .query_row([projection], |row| Ok((row.get(0)?, pause(row, 1)?)))
        .optional()?
        .unwrap_or_default();
    let sql = "SELECT content FROM orders WHERE projection = ?1 AND generation = ?2 ORDER BY name LIMIT ?3";
    let mut select = file.prepare_cached(sql)?;
    let orders = select.query_map(params![projection, number, limit], |row| from_text(row, 0))?;
    Ok(Asked { live, pause, orders: orders.collect::<rusqlite::Result<_>>()? })
}

/// The orders by which a build differs from its log.
pub fn settled(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Vec<Order>> {
    let sql = "SELECT content FROM settled WHERE projection = ?1 AND generation = ?2 ORDER BY position";
    file.prepare_cached(sql)?.query_map(params![projection, number], |row| from_text(row, 0))?.collect()
}

/// Notes what a commit carries out.
pub fn carry(file: &Transaction<'_>, projection: &str, number: u64, carried: &Carried) -> rusqlite::Result<()> {
    for name in &carried.done {
        file.prepare_cached("DELETE FROM orders WHERE projection = ?1 AND generation = ?2 AND name = ?3")?
            .execute(params![projection, number, name])?;
    }
    for order in &carried.settled {
        file.prepare_cached("INSERT OR REPLACE INTO settled VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            projection,
            number,
            order.position,
            json!(order).to_string()
        ])?;
    }
    Ok(())
}

/// How many orders are open.
pub fn count(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<u64> {
    file.prepare_cached("SELECT count(*) FROM orders WHERE projection = ?1 AND generation = ?2")?
        .query_row(params![projection, number], |row| row.get(0))
}

/// From the JSON in column `index`, if there is any.
pub fn pause(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Pause>> {
    if row.get_ref(index)? == ValueRef::Null { Ok(None) } else { from_text(row, index).map(Some) }
}

/// From the JSON in column `index`.
pub fn from_text<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(index)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Stored::Text, Box::new(error)))
}
