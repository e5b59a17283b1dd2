//! The outbox in the SQLite file.

use std::sync::Arc;

use projections::codec::Key;
use projections::engine::Space;
use projections::plan::ViewId;
use rusqlite::{OptionalExtension, ToSql, Transaction, params, params_from_iter};

use super::flushing::{self, FILLING};
use super::layout::Layout;
use super::{documents, fetch, look};
use crate::fault::Fault;
use crate::sqlite::Database;
use crate::sqlite::catalogue::BuildTables;
use crate::state::outbox::{Denied, Entered, Entry, Filling, Left, Note, Swept, Taken, Term};
use crate::state::{Outbox, audits};
use crate::token;

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

    /// Enters what is not there already; how much that is.
    fn add(&self, file: &Transaction<'_>, entries: impl Iterator<Item = Entry>) -> rusqlite::Result<usize> {
        let commits = self.commits(file)?;
        let sql = format!("INSERT INTO {} VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", self.layout.outbox);
        let (mut add, mut added) = (file.prepare_cached(&sql)?, 0);
        for entry in entries {
            added += add.execute(params![entry.view, &entry.key[..], commits])?;
        }
        if added > 0 {
            flushing::waiting(file, &self.projection, self.number)?;
        }
        Ok(added)
    }

    /// Changes the flusher's record; its first two parameters are taken.
    fn update(&self, file: &Transaction<'_>, change: &str, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let sql = format!("UPDATE flushing SET {change} WHERE projection = ?1 AND generation = ?2");
        let build: [&dyn ToSql; 2] = [&self.projection, &self.number];
        file.prepare_cached(&sql)?.execute(params_from_iter(build.iter().chain(values))).map(drop)
    }

    /// How far all documents are entered; `None` where nobody has asked for it.
    fn filling(&self, file: &Transaction<'_>) -> rusqlite::Result<Option<Filling>> {
        let sql = format!("SELECT {FILLING} FROM flushing WHERE projection = ?1 AND generation = ?2");
        file.prepare_cached(&sql)?.query_row(params![self.projection, self.number], flushing::filling)
    }

    /// Enters the page that the record says, and notes where the next one starts.
    fn add_page(&self, file: &Transaction<'_>) -> rusqlite::Result<()> {
        let sql = "SELECT view, after FROM flushing WHERE projection = ?1 AND generation = ?2 AND view IS NOT NULL";
        let place = file.prepare_cached(sql)?.query_row(params![self.projection, self.number], |row| {
            Ok((row.get::<_, ViewId>(0)?, row.get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default()))
        });
        let Some((view, after)) = place.optional()? else { return Ok(()) };
        let keys = self.keys_after(file, view, &after)?;
        let (entered, last) = (keys.len(), keys.last().filter(|_| keys.len() == PAGE).map(|key| key.to_vec()));
        let next = if last.is_some() { Some(view) } else { self.view_at(view + 1) };
        self.add(file, keys.into_iter().map(|key| Entry { view, key }))?;
        self.update(file, "view = ?3, after = ?4, entered = entered + ?5", &[&next, &last, &entered])
    }

    /// The view of this number, if there is one.
    fn view_at(&self, view: ViewId) -> Option<ViewId> {
        Some(view).filter(|&view| view < self.layout.views.len())
    }

    fn keys_after(&self, file: &Transaction<'_>, view: ViewId, after: &[u8]) -> rusqlite::Result<Vec<Key>> {
        let sql = format!("SELECT key FROM {} WHERE key > ?1 ORDER BY key LIMIT {PAGE}", self.layout.view(view).table);
        file.prepare_cached(&sql)?.query_map([after], |row| Ok(Key::from_bytes(row.get_ref(0)?.as_blob()?)))?.collect()
    }
}

impl Outbox for EmbeddedOutbox {
    fn begin(&self, newest: u64) -> Result<Term, Denied> {
        let sql = "UPDATE flushing SET epoch = max(epoch, ?3) + 1, flusher = ?4, audits = iif(epoch < ?3, '0:' || ?3, audits)
                   WHERE projection = ?1 AND generation = ?2 AND entering RETURNING ";
        let sql = format!("{sql} {FILLING}, epoch, audits");
        let begun = self.database.write("beginning to flush", |file| {
            file.query_row(&sql, params![self.projection, self.number, newest, self.flusher], |row| {
                let audits: Option<String> = row.get(4)?;
                let audits = audits.as_deref().map(audits::parse).unwrap_or_default();
                Ok(Term { filling: flushing::filling(row)?, epoch: row.get(3)?, audits })
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
            let left = self.left(file)?;
            if left.entries == 0 {
                self.update(file, "since = NULL", &[])?;
            }
            Ok(left)
        })
    }

    fn enter(&self, epoch: u64, entries: &[Entry]) -> Result<(), Denied> {
        self.in_term("entering documents", epoch, |file| self.add(file, entries.iter().cloned()).map(drop))
    }

    fn fill(&self, epoch: u64, tables: &str) -> Result<(), Denied> {
        self.in_term("beginning to fill tables", epoch, |file| {
            self.update(
                file,
                "tables = ?3, view = ?4, after = NULL, entered = 0, flushed = 0, settled = 0",
                &[&tables, &self.view_at(0)],
            )
        })
    }

    fn enter_page(&self, epoch: u64) -> Result<Entered, Denied> {
        self.in_term("entering documents", epoch, |file| {
            self.add_page(file)?;
            Ok(self.filling(file)?.map(|filling| filling.entered).unwrap_or_default())
        })
    }

    fn note(&self, epoch: u64, note: Note) -> Result<(), Denied> {
        let forget = "tables = NULL, view = NULL, after = NULL, entered = 0, flushed = 0, settled = 0";
        self.in_term("noting how far the tables are", epoch, |file| match note {
            Note::Empty => self.update(file, forget, &[]),
            Note::Unknown => self.update(file, &format!("{forget}, audits = ?3"), &[&audits::all_before(epoch)]),
            Note::Audited => self.update(file, "audits = NULL", &[]),
            Note::Swept(Swept { position, is_settled, began }) => {
                let change = "flushed = ?3, settled = iif(?4, ?3, settled), since = max(since, ?5)";
                self.update(file, change, &[&position, &is_settled, &began])
            }
        })
    }
}
