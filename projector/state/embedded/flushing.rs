//! How far the tables of a build are: its row in `flushing`, as its owner and those who watch see it.

use projections::codec::Key;
use projections::plan::ViewId;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::layout::Layout;
use super::{Checkpoint, EmbeddedState};
use crate::clock;
use crate::fault::Fault;
use crate::sqlite::catalogue::BuildTables;
use crate::state::outbox::{Entered, Filling};
use crate::state::{Backlog, Entering, audits};
use crate::tables::Flushed;

/// The columns of a [`Filling`].
pub const FILLING: &str = "tables, entered, view IS NULL";

impl Flushed for EmbeddedState {
    fn flushed(&self, projection: &str, generation: u64) -> Result<u64, Fault> {
        let sql = "SELECT flushed FROM flushing WHERE projection = ?1 AND generation = ?2 AND entering";
        let flushed = self.database.read("reading how far the tables are", |file| {
            file.prepare_cached(sql)?.query_row(params![projection, generation], |row| row.get(0)).optional()
        })?;
        Ok(flushed.unwrap_or(0))
    }
}

/// A build has a new owner: what flushers knew may be of commits that are lost.
pub fn claimed(
    file: &Transaction<'_>,
    layout: &Layout,
    (projection, number): (&str, u64),
    checkpoint: &Checkpoint,
    entering: Entering,
) -> rusqlite::Result<()> {
    if entering == Entering::Nothing {
        let sql = "UPDATE flushing SET entering = 0, flusher = NULL, audits = NULL, tables = NULL, view = NULL, after = NULL,
                   entered = 0, flushed = 0, settled = 0, since = NULL WHERE projection = ?1 AND generation = ?2";
        file.execute(sql, params![projection, number])?;
        return file.execute(&format!("DELETE FROM {}", layout.outbox), []).map(drop);
    }
    let sql = "SELECT audits, epoch FROM flushing WHERE projection = ?1 AND generation = ?2";
    let known = file.prepare_cached(sql)?.query_row(params![projection, number], |row| Ok((row.get(0)?, row.get(1)?)));
    let (known, epoch): (Option<String>, u64) = known.optional()?.unwrap_or_default();
    let audits = audits::with_claim(known.as_deref(), checkpoint.commits, epoch);
    let sql = "INSERT INTO flushing (projection, generation, entering, epoch, audits, entered, flushed, settled)
               VALUES (?1, ?2, 1, 0, ?3, 0, 0, 0) ON CONFLICT DO UPDATE SET entering = 1, flusher = NULL, audits = ?3,
               flushed = min(flushed, ?4), settled = min(settled, ?4)";
    file.execute(sql, params![projection, number, audits, checkpoint.position]).map(drop)
}

/// Enters documents as of this commit.
pub fn enter<'k>(
    file: &Transaction<'_>,
    layout: &Layout,
    (projection, number): (&str, u64),
    documents: impl Iterator<Item = (ViewId, &'k Key)>,
    commits: u64,
) -> rusqlite::Result<()> {
    let (mut put, mut entered) = (file.prepare_cached(&layout.put_entry)?, 0);
    for (view, key) in documents {
        entered += put.execute(params![view, &key[..], commits])?;
    }
    if entered == 0 { Ok(()) } else { waiting(file, projection, number) }
}

/// Something waits from now on, if nothing has before.
pub fn waiting(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE flushing SET since = ?3 WHERE projection = ?1 AND generation = ?2 AND since IS NULL";
    file.prepare_cached(sql)?.execute(params![projection, number, clock::now_micros()]).map(drop)
}

/// How the outbox of a build stands; `None` where its tables are not elsewhere.
pub fn backlog(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Option<Backlog>> {
    let (outbox, columns) = (BuildTables::new(projection, number).outbox(), FILLING);
    let sql = format!(
        "SELECT {columns}, (SELECT count(*) FROM {outbox}), since, flushed, settled FROM flushing
         WHERE projection = ?1 AND generation = ?2 AND entering"
    );
    let read = |row: &Row<'_>| {
        let under_way = filling(row)?.filter(|filling| !filling.entered.is_all);
        Ok(Backlog {
            entries: row.get(3)?,
            since: row.get(4)?,
            flushed: row.get(5)?,
            settled: row.get(6)?,
            filling: under_way.map(|filling| filling.entered.documents),
        })
    };
    file.prepare(&sql)?.query_row(params![projection, number], read).optional()
}

/// From the columns of [`FILLING`], which come first.
pub fn filling(row: &Row<'_>) -> rusqlite::Result<Option<Filling>> {
    let entered = Entered { documents: row.get(1)?, is_all: row.get(2)? };
    Ok(row.get::<_, Option<String>>(0)?.map(|tables| Filling { tables, entered }))
}
