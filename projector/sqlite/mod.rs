//! The one SQLite file behind the embedded log, state and tables.
//!
//! In WAL mode readers never wait, and one writer works at a time. A process therefore has one writing
//! connection, which its threads take in turn: SQLite's own way of waiting, which is to sleep and try again,
//! is left for other processes. Each reader has a connection to itself.
//!
//! A commit survives the death of the process, whatever kills it. [`Durability::Power`] makes it survive the
//! death of the machine too, at the price of waiting for the disk each time; without it the last commits
//! before a power cut may be missing, all of them from one point on, and the file stays consistent.

pub mod catalogue;

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::fault::{Fault, chain};

/// How long a writer waits for another process's transaction. Ours take a fraction of a second.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pages the write-ahead log may grow to before a commit moves them into the file: 64 MB, so that a page
/// which changes often is moved rarely.
const CHECKPOINT_PAGES: u32 = 16_384;
/// Page cache of the writing connection, in KiB.
const WRITER_CACHE: i64 = 128 * 1024;
/// Page cache of a reading connection, in KiB; most pages come from the memory map.
const READER_CACHE: i64 = 16 * 1024;
/// How much of the file is read through a memory map.
const MAPPED_BYTES: i64 = 8 << 30;
/// Distinct statements a connection keeps prepared.
const STATEMENTS: usize = 128;

/// What a commit outlives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The process.
    #[default]
    Process,
    /// The power supply.
    Power,
}

/// An open file.
pub struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    idle_readers: Mutex<Vec<Connection>>,
    written: Mutex<u64>,
    wrote: Condvar,
}

/// A reading connection, given back when dropped.
pub struct Reader<'d> {
    database: &'d Database,
    connection: Option<Connection>,
}

// === impl Database ===

impl Database {
    /// Opens the file, creating it and its folder where there is none.
    pub fn open(path: &Path, durability: Durability) -> Result<Database, Fault> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|error| unavailable("creating the folder", path, error))?;
        }
        let mut writer = open_writer(path, durability).map_err(|error| fault("opening", path, error))?;
        catalogue::prepare(&mut writer).map_err(|problem| match problem {
            catalogue::Problem::Sqlite(error) => fault("setting up", path, error),
            catalogue::Problem::Foreign(reason) => Fault::Damaged { place: path.display().to_string(), reason },
        })?;
        Ok(Database {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            idle_readers: Mutex::default(),
            written: Mutex::default(),
            wrote: Condvar::new(),
        })
    }

    /// Runs `work` in a transaction that writes; rolled back where it fails.
    pub fn write<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let mut writer = lock(&self.writer);
        let run = || {
            let transaction = Transaction::new(&mut writer, TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        let value = run().map_err(|error| self.fault(operation, error))?;
        drop(writer);
        self.announce();
        Ok(value)
    }

    /// Runs `work` over one consistent state of the file.
    pub fn read<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let mut reader = self.reader()?;
        Transaction::new(&mut reader, TransactionBehavior::Deferred)
            .and_then(|transaction| work(&transaction))
            .map_err(|error| self.fault(operation, error))
    }

    /// A connection for a thread that reads often.
    pub fn reader(&self) -> Result<Reader<'_>, Fault> {
        let idle = lock(&self.idle_readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path).map_err(|error| self.fault("opening", error))?,
        };
        Ok(Reader { database: self, connection: Some(connection) })
    }

    /// How many transactions this process has written so far; for [`Database::wait_for_write`].
    pub fn writes(&self) -> u64 {
        *lock(&self.written)
    }

    /// Waits until this process has written more than `seen` transactions, or the time is up.
    pub fn wait_for_write(&self, seen: u64, timeout: Duration) {
        let guard = lock(&self.written);
        // Woken, timed out or poisoned: the caller looks at the file again in any case.
        let _ = self.wrote.wait_timeout_while(guard, timeout, |written| *written <= seen);
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SQLite's error as one of this file.
    pub fn fault(&self, operation: &'static str, error: rusqlite::Error) -> Fault {
        fault(operation, &self.path, error)
    }

    /// Something stored that cannot be read.
    pub fn damaged(&self, reason: impl Into<String>) -> Fault {
        Fault::Damaged { place: self.path.display().to_string(), reason: reason.into() }
    }

    fn announce(&self) {
        *lock(&self.written) += 1;
        self.wrote.notify_all();
    }
}

// === impl Reader ===

impl Deref for Reader<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        // Taken only by `drop`.
        self.connection.as_ref().unwrap_or_else(|| unreachable!("a reader without a connection"))
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().unwrap_or_else(|| unreachable!("a reader without a connection"))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        lock(&self.database.idle_readers).extend(self.connection.take());
    }
}

/// The value, even where a thread died holding it: what these locks guard is valid at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_writer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(
        None,
        "synchronous",
        match durability {
            Durability::Process => "NORMAL",
            Durability::Power => "FULL",
        },
    )?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    tune(&connection, WRITER_CACHE)?;
    Ok(connection)
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    // Not SQLITE_OPEN_READ_ONLY: the last reader of a file that nobody writes must be able to recover its write-ahead log.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    tune(&connection, READER_CACHE)?;
    Ok(connection)
}

fn tune(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn fault(operation: &'static str, path: &Path, error: rusqlite::Error) -> Fault {
    if may_pass(&error) {
        unavailable(operation, path, error)
    } else {
        Fault::Damaged { place: path.display().to_string(), reason: format!("{operation} failed: {}", chain(&error)) }
    }
}

/// Whether it may go better later: others are in the way, or the disk is full, slow, or not there for a moment.
fn may_pass(error: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, OperationInterrupted, OutOfMemory,
        PermissionDenied, ReadOnly, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            DatabaseBusy
                | DatabaseLocked
                | FileLockingProtocolFailed
                | OperationInterrupted
                | OutOfMemory
                | DiskFull
                | SystemIoFailure
                | CannotOpen
                | PermissionDenied
                | ReadOnly
        )
    )
}

fn unavailable(operation: &'static str, path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Unavailable { operation, place: path.display().to_string(), source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Database {
        Database::open(path, Durability::Process).unwrap()
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder.path().join("p.db"));
        let fault = |sql: &str| database.write("x", |file| file.execute_batch(sql)).unwrap_err();
        assert!(matches!(fault("SELECT * FROM nothing"), Fault::Damaged { .. }));
        assert!(matches!(fault("INSERT INTO meta VALUES ('a', 'b'), ('a', 'b')"), Fault::Damaged { .. }));
        let other = Connection::open(database.path()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        database.writer.lock().unwrap().busy_timeout(Duration::ZERO).unwrap();
        assert!(matches!(fault("SELECT 1"), Fault::Unavailable { .. }), "somebody else writes");
        std::fs::write(folder.path().join("no.db"), [7; 4096]).unwrap();
        let no_database = Database::open(&folder.path().join("no.db"), Durability::Process);
        assert!(matches!(no_database.err(), Some(Fault::Damaged { .. })));
        let missing = Database::open(folder.path(), Durability::Process);
        assert!(matches!(missing.err(), Some(Fault::Unavailable { .. })), "a folder");
    }
}
