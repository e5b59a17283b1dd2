//! The embedded log: a table of the SQLite file. Positions have no gaps.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{EventLog, Head, LogEvent, LogIdentity, LogState, NewEvent, ReadLimit};
use crate::clock;
use crate::fault::Fault;
use crate::sqlite::Database;

/// How often a waiting reader looks for events of other processes; those of its own wake it at once.
const POLL: Duration = Duration::from_millis(25);

/// The log in the SQLite file.
#[derive(Clone)]
pub struct EmbeddedLog {
    database: Arc<Database>,
}

// === impl EmbeddedLog ===

impl EmbeddedLog {
    /// The log of this file.
    pub fn new(database: Arc<Database>) -> EmbeddedLog {
        EmbeddedLog { database }
    }

    fn last_position(&self) -> Result<u64, Fault> {
        Ok(self.head()?.map_or(0, |head| head.position))
    }
}

impl EventLog for EmbeddedLog {
    fn read(&self, from: u64, limit: ReadLimit) -> Result<Vec<LogEvent>, Fault> {
        let reader = self.database.reader()?;
        read(&reader, from, limit).map_err(|error| self.database.fault("reading the log", error))
    }

    fn wait(&self, position: u64, timeout: Duration) -> Result<bool, Fault> {
        let deadline = Instant::now() + timeout;
        loop {
            let seen = self.database.writes();
            let left = deadline.saturating_duration_since(Instant::now());
            let is_there = self.last_position()? > position;
            if is_there || left.is_zero() {
                return Ok(is_there);
            }
            self.database.wait_for_write(seen, left.min(POLL));
        }
    }

    fn state(&self) -> Result<LogState, Fault> {
        let first = self.database.read("reading the log's start", |file| {
            let first: Option<u64> = file.query_row("SELECT min(position) FROM log", [], |row| row.get(0))?;
            Ok(first.unwrap_or(1))
        })?;
        Ok(LogState { identity: self.identity()?, first, head: self.head()? })
    }

    fn head(&self) -> Result<Option<Head>, Fault> {
        self.database.read("reading the log's head", |file| {
            file.prepare_cached("SELECT position, time FROM log ORDER BY position DESC LIMIT 1")?
                .query_row([], |row| Ok(Head { position: row.get(0)?, time: row.get(1)? }))
                .optional()
        })
    }

    fn identity(&self) -> Result<LogIdentity, Fault> {
        if let Some(known) = self.database.read("reading the log's identity", |file| identity(file))? {
            return Ok(known);
        }
        self.database.write("naming the log", |file| {
            // Another process may have named it meanwhile: that name stays.
            let sql = "INSERT INTO meta VALUES ('log', lower(hex(randomblob(16))))
                       ON CONFLICT DO UPDATE SET value = value RETURNING value";
            file.query_row(sql, [], |row| row.get(0).map(LogIdentity))
        })
    }

    fn fetch(&self, position: u64) -> Result<Option<LogEvent>, Fault> {
        self.database.read("reading an event", |file| {
            file.prepare_cached("SELECT position, time, subject, data FROM log WHERE position = ?1")?
                .query_row([position], event)
                .optional()
        })
    }

    fn publish(&self, events: &[NewEvent<'_>]) -> Result<RangeInclusive<u64>, Fault> {
        let now = clock::now_micros();
        self.database.write("publishing", |file| append(file, now, events))
    }
}

fn read(reader: &Connection, from: u64, limit: ReadLimit) -> rusqlite::Result<Vec<LogEvent>> {
    let mut select =
        reader.prepare_cached("SELECT position, time, subject, data FROM log WHERE position >= ?1 ORDER BY position LIMIT ?2")?;
    let mut rows = select.query(params![from, limit.events])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = event(row)?;
        bytes += event.data.len();
        events.push(event);
        if bytes >= limit.bytes {
            break;
        }
    }
    Ok(events)
}

fn event(row: &Row<'_>) -> rusqlite::Result<LogEvent> {
    Ok(LogEvent {
        position: row.get(0)?,
        time: row.get(1)?,
        subject: row.get_ref(2)?.as_str_or_null()?.map(Arc::from),
        data: row.get_ref(3)?.as_blob()?.into(),
        flaw: None,
    })
}

fn identity(file: &Connection) -> rusqlite::Result<Option<LogIdentity>> {
    file.query_row("SELECT value FROM meta WHERE name = 'log'", [], |row| row.get(0).map(LogIdentity)).optional()
}

fn append(file: &Transaction<'_>, now: i64, events: &[NewEvent<'_>]) -> rusqlite::Result<RangeInclusive<u64>> {
    let last: u64 = file.query_row("SELECT coalesce(max(position), 0) FROM log", [], |row| row.get(0))?;
    let mut insert = file.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4)")?;
    let mut position = last;
    for event in events {
        position += 1;
        insert.execute(params![position, now, event.subject, event.data])?;
    }
    Ok(last + 1..=position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::Durability;

    fn log() -> (tempfile::TempDir, EmbeddedLog) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("deep/p.db"), Durability::Process).unwrap();
        (folder, EmbeddedLog::new(Arc::new(database)))
    }

    fn publish(log: &EmbeddedLog, texts: &[&str]) -> RangeInclusive<u64> {
        let events: Vec<_> = texts.iter().map(|text| NewEvent { subject: None, data: text.as_bytes() }).collect();
        log.publish(&events).unwrap()
    }

    const ALL: ReadLimit = ReadLimit { events: 100, bytes: 1000 };

    #[test]
    fn events_come_back_in_order() {
        let (_folder, log) = log();
        assert_eq!(log.head().unwrap(), None);
        assert_eq!(publish(&log, &["a", "bb"]), 1..=2);
        assert_eq!(publish(&log, &["c"]), 3..=3);
        let read = |from, limit| -> Vec<(u64, Vec<u8>)> {
            log.read(from, limit).unwrap().into_iter().map(|event| (event.position, event.data.to_vec())).collect()
        };
        let (a, b, c) = ((1, b"a".to_vec()), (2, b"bb".to_vec()), (3, b"c".to_vec()));
        assert_eq!(read(1, ALL), [a.clone(), b.clone(), c.clone()]);
        assert_eq!(read(3, ALL), [c]);
        assert_eq!(read(4, ALL), []);
        assert_eq!(read(1, ReadLimit { events: 1, ..ALL }), vec![a.clone()]);
        assert_eq!(read(1, ReadLimit { bytes: 2, ..ALL }), [a.clone(), b]);
        assert_eq!(read(1, ReadLimit { bytes: 0, ..ALL }), [a]);
        assert_eq!(log.head().unwrap().unwrap().position, 3);
        assert_eq!(log.fetch(2).unwrap().unwrap().data[..], b"bb"[..]);
        assert!(log.fetch(9).unwrap().is_none());
    }

    #[test]
    fn the_identity_stays() {
        let (_folder, log) = log();
        let first = log.identity().unwrap();
        assert_eq!(first.0.len(), 32);
        assert_eq!(log.identity().unwrap(), first);
    }

    #[test]
    fn a_waiting_reader_wakes_for_both_kinds_of_publishers() {
        let (folder, log) = log();
        let other = Database::open(&folder.path().join("deep/p.db"), Durability::Process).unwrap();
        let longest = Duration::from_secs(60);
        for publisher in [log.clone(), EmbeddedLog::new(Arc::new(other))] {
            let (before, start) = (log.last_position().unwrap(), Instant::now());
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| log.wait(before, longest));
                publish(&publisher, &["x"]);
                assert!(waiting.join().unwrap().unwrap());
            });
            assert!(start.elapsed() < longest, "it was not woken");
            assert_eq!(log.last_position().unwrap(), before + 1);
        }
    }
}
