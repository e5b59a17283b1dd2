//! The outbox in the SQLite file.

use std::sync::Arc;

use projections::codec::Key;
use projections::engine::Space;
use projections::plan::ViewId;
use rusqlite::{OptionalExtension, Transaction, params};

use super::layout::Layout;
use super::{Checkpoint, EmbeddedState, documents, fetch, look};
use crate::fault::Fault;
use crate::sqlite::Database;
use crate::sqlite::catalogue::BuildTables;
use crate::state::outbox::{Denied, Entry, Left, Note, Place, Taken, Term};
use crate::state::{Backlog, Entering, Outbox, token};
use crate::tables::Flushed;

/// How many documents are entered at once: a commit waits for it.
const PAGE: usize = 5000;

/// The outbox of one build, for one flusher.
pub struct EmbeddedOutbox {
    database: Arc<Database>,
    projection: String,
    number: u64,
    layout: Layout,
    flusher: String,
}

// === impl EmbeddedOutbox ===

impl EmbeddedOutbox {
    /// For a flusher that nobody knows yet.
    pub fn new(database: Arc<Database>, projection: &str, number: u64, layout: Layout) -> EmbeddedOutbox {
        EmbeddedOutbox { database, projection: projection.to_owned(), number, layout, flusher: token::unique() }
    }

    /// Does `work`, unless the term is over.
    fn in_term<T>(
        &self,
        operation: &'static str,
        epoch: u64,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Denied> {
        let sql = "SELECT count(*) FROM flushing WHERE projection = ?1 AND generation = ?2 AND epoch = ?3 AND flusher = ?4";
        let done = self.database.write(operation, |file| {
            let terms: u64 = file
                .prepare_cached(sql)?
                .query_row(params![self.projection, self.number, epoch, self.flusher], |row| row.get(0))?;
            if terms == 0 { Ok(None) } else { work(file).map(Some) }
        })?;
        done.ok_or(Denied::Superseded)
    }

    fn commits(&self, file: &Transaction<'_>) -> rusqlite::Result<u64> {
        Ok(look(file, &self.projection, self.number)?.map_or(0, |claim| claim.checkpoint.commits))
    }

    fn is_gone(&self) -> Fault {
        let what = format!("generation {} of {}", self.number, self.projection);
        Fault::Gone { place: self.database.path().display().to_string(), what }
    }

    /// The oldest entries.
    fn entries(&self, file: &Transaction<'_>, skip: usize, limit: usize) -> rusqlite::Result<Vec<Entry>> {
        let sql = format!("SELECT view, key FROM {} ORDER BY commits LIMIT ?1 OFFSET ?2", self.layout.outbox);
        file.prepare_cached(&sql)?
            .query_map(params![limit, skip], |row| {
                Ok(Entry { view: row.get(0)?, key: Key::from_bytes(row.get_ref(1)?.as_blob()?) })
            })?
            .collect()
    }

    fn left(&self, file: &Transaction<'_>) -> rusqlite::Result<Left> {
        let sql = format!("SELECT count(*), min(commits) FROM {}", self.layout.outbox);
        file.prepare_cached(&sql)?.query_row([], |row| Ok(Left { entries: row.get(0)?, oldest: row.get(1)? }))
    }

    /// Enters what is not there already.
    fn add(&self, file: &Transaction<'_>, entries: impl Iterator<Item = Entry>) -> rusqlite::Result<()> {
        let commits = self.commits(file)?;
        let sql = format!("INSERT INTO {} VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", self.layout.outbox);
        let mut add = file.prepare_cached(&sql)?;
        for entry in entries {
            add.execute(params![entry.view, &entry.key[..], commits])?;
        }
        Ok(())
    }

    fn keys_after(&self, file: &Transaction<'_>, view: ViewId, after: &[u8]) -> rusqlite::Result<Vec<Key>> {
        let sql = format!("SELECT key FROM {} WHERE key > ?1 ORDER BY key LIMIT {PAGE}", self.layout.view(view).table);
        file.prepare_cached(&sql)?.query_map([after], |row| Ok(Key::from_bytes(row.get_ref(0)?.as_blob()?)))?.collect()
    }
}

impl Outbox for EmbeddedOutbox {
    fn begin(&self, newest: u64) -> Result<Term, Denied> {
        let sql = "UPDATE flushing SET epoch = max(epoch, ?3) + 1, flusher = ?4, audit_from = iif(epoch < ?3, 0, audit_from)
                   WHERE projection = ?1 AND generation = ?2 AND entering RETURNING epoch, filled, audit_from";
        let begun = self.database.write("beginning to flush", |file| {
            file.query_row(sql, params![self.projection, self.number, newest, self.flusher], |row| {
                Ok(Term { epoch: row.get(0)?, is_filled: row.get(1)?, audit_from: row.get(2)? })
            })
            .optional()
        })?;
        begun.ok_or(Denied::Superseded)
    }

    fn take(&self, skip: usize, limit: usize) -> Result<Taken, Denied> {
        let taken = self.database.read("reading the outbox", |file| {
            let Some(claim) = look(file, &self.projection, self.number)? else { return Ok(None) };
            let mut taken = Vec::new();
            for entry in self.entries(file, skip, limit)? {
                let mut get = file.prepare_cached(&self.layout.view(entry.view).get)?;
                let document = get.query_row([&entry.key[..]], documents::document).optional()?;
                taken.push((entry, document));
            }
            let cells = BuildTables::new(&self.projection, self.number).cells();
            let pending_jobs = fetch::count_cells(file, &cells, Space::Job)?;
            let entries = self.left(file)?.entries;
            Ok(Some(Taken { documents: taken, checkpoint: claim.checkpoint, pending_jobs, entries }))
        })?;
        Ok(taken.ok_or_else(|| self.is_gone())?)
    }

    fn settle(&self, epoch: u64, entries: &[Entry], read_at: u64) -> Result<Left, Denied> {
        self.in_term("settling the outbox", epoch, |file| {
            let sql = format!("DELETE FROM {} WHERE view = ?1 AND key = ?2 AND commits <= ?3", self.layout.outbox);
            let mut remove = file.prepare_cached(&sql)?;
            for entry in entries {
                remove.execute(params![entry.view, &entry.key[..], read_at])?;
            }
            self.left(file)
        })
    }

    fn enter(&self, epoch: u64, entries: &[Entry]) -> Result<(), Denied> {
        self.in_term("entering documents", epoch, |file| self.add(file, entries.iter().cloned()))
    }

    fn enter_page(&self, epoch: u64, from: Option<&Place>) -> Result<Option<Place>, Denied> {
        let (view, after) = from.and_then(parse_place).unwrap_or((0, &[]));
        self.in_term("entering documents", epoch, |file| {
            if view >= self.layout.views.len() {
                return Ok(None);
            }
            let keys = self.keys_after(file, view, after)?;
            let next = match keys.last() {
                Some(last) if keys.len() == PAGE => place(view, last),
                _ => place(view + 1, &[]),
            };
            self.add(file, keys.into_iter().map(|key| Entry { view, key }))?;
            Ok(Some(next))
        })
    }

    fn note(&self, epoch: u64, note: Note) -> Result<(), Denied> {
        let (change, value) = match note {
            Note::Empty => ("filled = 0, flushed = ?3", 0),
            Note::Filled => ("filled = ?3", 1),
            Note::Audited => ("audit_from = nullif(?3, 0)", 0),
            Note::Flushed(position) => ("flushed = ?3", position),
        };
        let sql = format!("UPDATE flushing SET {change} WHERE projection = ?1 AND generation = ?2");
        self.in_term("noting how far the tables are", epoch, |file| {
            file.prepare_cached(&sql)?.execute(params![self.projection, self.number, value]).map(drop)
        })
    }
}

impl Flushed for EmbeddedState {
    fn flushed(&self, projection: &str, generation: u64) -> Result<u64, Fault> {
        let flushed = self.database.read("reading how far the tables are", |file| flushed(file, projection, generation))?;
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
        let sql = "UPDATE flushing SET entering = 0, flusher = NULL, audit_from = NULL, filled = 0, flushed = 0
                   WHERE projection = ?1 AND generation = ?2";
        file.execute(sql, params![projection, number])?;
        return file.execute(&format!("DELETE FROM {}", layout.outbox), []).map(drop);
    }
    let sql = "INSERT INTO flushing VALUES (?1, ?2, 1, 0, NULL, 0, 0, 0) ON CONFLICT DO UPDATE SET
               entering = 1, flusher = NULL, audit_from = iif(filled, min(coalesce(audit_from, ?3), ?3), 0), flushed = min(flushed, ?4)";
    file.execute(sql, params![projection, number, checkpoint.commits, checkpoint.position]).map(drop)
}

/// Enters documents as of this commit.
pub fn enter<'k>(
    file: &Transaction<'_>,
    layout: &Layout,
    documents: impl Iterator<Item = (ViewId, &'k Key)>,
    commits: u64,
) -> rusqlite::Result<()> {
    let mut put = file.prepare_cached(&layout.put_entry)?;
    for (view, key) in documents {
        put.execute(params![view, &key[..], commits])?;
    }
    Ok(())
}

/// How the outbox of a build stands; `None` where its tables are not elsewhere.
pub fn backlog(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Option<Backlog>> {
    let Some(flushed) = flushed(file, projection, number)? else { return Ok(None) };
    let sql = format!("SELECT count(*) FROM {}", BuildTables::new(projection, number).outbox());
    Ok(Some(Backlog { entries: file.query_row(&sql, [], |row| row.get(0))?, flushed }))
}

fn flushed(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT flushed FROM flushing WHERE projection = ?1 AND generation = ?2 AND entering";
    file.prepare_cached(sql)?.query_row(params![projection, number], |row| row.get(0)).optional()
}

fn place(view: ViewId, after: &[u8]) -> Place {
    let mut bytes = (view as u64).to_be_bytes().to_vec();
    bytes.extend_from_slice(after);
    Place(bytes)
}

fn parse_place(Place(bytes): &Place) -> Option<(ViewId, &[u8])> {
    let (view, after) = bytes.split_first_chunk()?;
    Some((usize::try_from(u64::from_be_bytes(*view)).ok()?, after))
}
