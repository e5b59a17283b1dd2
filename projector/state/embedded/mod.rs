//! State in the SQLite file.
//!
//! Cells and sets of a build are two tables whose keys are bytes: family, number, key (and member). Each view's
//! documents are a table of their own, whose filter columns are stored as [`Key`](projections::codec::Key) bytes, so that
//! SQLite, which compares bytes, sorts as PostgreSQL does.

mod address;
mod builds;
mod commit;
mod copies;
mod documents;
mod fetch;
mod flushing;
mod known;
mod layout;
mod orders;
mod outbox;
mod presence;
mod records;
mod staged;
mod staging;
mod views;

use std::sync::Arc;

use projections::engine::{Answers, Missing, Space};
use rusqlite::{OptionalExtension, Row, Transaction, params};

pub use self::documents::document;
use self::layout::Layout;
pub use self::layout::ViewLayout;
pub use self::staging::{Page, PageLimit, Place, Staging};
pub use self::views::{layout as view_layout, position};
use super::catalogues::Catalogues;
use super::views::StoredDeadLetter;
use super::{Asked, Checkpoint, Claim, Commit, Entering, EventMark, Order, Outcome, StateStore, StoredCells};
use crate::fault::Fault;
use crate::sqlite::Database;
use crate::view::Catalogue;

/// All state in the SQLite file.
#[derive(Clone)]
pub struct EmbeddedState {
    database: Arc<Database>,
    catalogues: Arc<Catalogues>,
    entering: Entering,
}

/// One build in the SQLite file.
struct EmbeddedBuild {
    database: Arc<Database>,
    projection: String,
    number: u64,
    catalogue: Catalogue,
    layout: Layout,
    entering: Entering,
}

// === impl EmbeddedState ===

impl EmbeddedState {
    /// The state in this file.
    pub fn new(database: Arc<Database>) -> EmbeddedState {
        EmbeddedState { database, catalogues: Arc::default(), entering: Entering::default() }
    }

    /// The same, whose commits enter what they change into the outbox: for tables elsewhere.
    #[must_use]
    pub fn with_outbox(self) -> EmbeddedState {
        EmbeddedState { entering: Entering::Changes, ..self }
    }
}

// === impl EmbeddedBuild ===

impl StateStore for EmbeddedBuild {
    fn claim(&self) -> Result<Claim, Fault> {
        let sql = "UPDATE generations SET fence = fence + 1 WHERE projection = ?1 AND number = ?2
                   RETURNING commits, position, event_hash, event_time, fence";
        let claimed = self.database.write("claiming the projection", |file| {
            let claimed = file.query_row(sql, params![self.projection, self.number], claim).optional()?;
            if let Some(Claim { checkpoint, .. }) = &claimed {
                flushing::claimed(file, &self.layout, (&self.projection, self.number), checkpoint, self.entering)?;
            }
            Ok(claimed)
        })?;
        claimed.ok_or_else(|| self.is_gone())
    }

    fn look(&self) -> Result<Claim, Fault> {
        let found = self.database.read("reading the checkpoint", |file| look(file, &self.projection, self.number))?;
        found.ok_or_else(|| self.is_gone())
    }

    fn fetch(&self, missing: Missing) -> Result<Answers, Fault> {
        self.database.read("reading state", |file| fetch::fetch(file, &self.layout, missing))
    }

    fn cells(&self, space: Space) -> Result<StoredCells, Fault> {
        self.database.read("reading state", |file| fetch::cells(file, &self.layout, space))
    }

    fn dead_letters(&self) -> Result<u64, Fault> {
        self.database.read("counting dead letters", |file| {
            file.prepare_cached("SELECT count(*) FROM dead_letters WHERE projection = ?1 AND generation = ?2")?
                .query_row(params![self.projection, self.number], |row| row.get(0))
        })
    }

    fn letters(&self, positions: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault> {
        self.database.read("reading dead letters", |file| {
            records::letters_at(file, &self.projection, self.number, &self.catalogue, positions)
        })
    }

    fn asked(&self, limit: usize) -> Result<Asked, Fault> {
        self.database.read("reading orders", |file| orders::asked(file, &self.projection, self.number, limit))
    }

    fn settled(&self) -> Result<Vec<Order>, Fault> {
        self.database.read("reading orders", |file| orders::settled(file, &self.projection, self.number))
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, Fault> {
        // What can be done before the file is locked is done before.
        self.write(commit, &commit::Writes::prepare(&self.layout, commit, self.entering))
    }
}

impl EmbeddedBuild {
    fn write(&self, commit: &Commit<'_>, writes: &commit::Writes<'_>) -> Result<Outcome, Fault> {
        let outcome = self.database.write("committing", |file| {
            let outcome = commit::advance(file, &self.projection, self.number, commit)?;
            if outcome == Some(Outcome::Committed) {
                writes.write(file, &self.layout, &self.projection, self.number)?;
                orders::carry(file, &self.projection, self.number, commit.carried)?;
            }
            Ok(outcome)
        })?;
        outcome.ok_or_else(|| self.is_gone())
    }

    fn is_gone(&self) -> Fault {
        let what = format!("generation {} of {}", self.number, self.projection);
        Fault::Gone { place: self.database.path().display().to_string(), what }
    }
}

/// The fence and the checkpoint of a build, if it is there.
fn look(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Option<Claim>> {
    let sql = "SELECT commits, position, event_hash, event_time, fence FROM generations WHERE projection = ?1 AND number = ?2";
    file.prepare_cached(sql)?.query_row(params![projection, number], claim).optional()
}

/// From the columns of a checkpoint, and `fence`.
fn claim(row: &Row<'_>) -> rusqlite::Result<Claim> {
    Ok(Claim { checkpoint: checkpoint(row)?, fence: row.get(4)? })
}

/// From the columns `commits, position, event_hash, event_time`.
fn checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    let hash: Option<[u8; 8]> = row.get(2)?;
    let time: Option<i64> = row.get(3)?;
    let event = hash.zip(time).map(|(hash, time)| EventMark { hash: u64::from_be_bytes(hash), time });
    Ok(Checkpoint { commits: row.get(0)?, position: row.get(1)?, event })
}
