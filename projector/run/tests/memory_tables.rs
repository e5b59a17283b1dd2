//! Tables in memory, which fail where a test says so.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use projections::codec::Key;
use projections::plan::ViewId;
use schemas::Value;

use crate::fault::Fault;
use crate::tables::{RowVersion, Survey, Suspects, TableBuild, TableRow, TableWriter};

/// What goes wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// A write panics, once.
    WritePanics,
    /// A write is done, and the answer gets lost, once.
    WriteUnanswered,
    /// Tables are made, and the answer gets lost, once: as good as a crash right after.
    MadeUnanswered,
    /// The tables are gone, once.
    Vanish,
    /// They are of other types, for ever.
    Unfit,
    /// There is no room for a row, until somebody makes some.
    Full,
}

/// Tables in memory.
#[derive(Default)]
pub struct MemoryTables {
    /// Whether they do not answer.
    pub is_down: AtomicBool,
    /// How often they were written.
    pub writes: AtomicUsize,
    /// How many rows were written.
    pub rows: AtomicUsize,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    mishap: Option<Mishap>,
    builds: BTreeMap<u64, Made>,
    /// How many were made, or might have been.
    made: u64,
    shown: Option<u64>,
}

/// The tables of a build.
#[derive(Clone)]
struct Made {
    identity: String,
    made: String,
    rows: Rows,
}

/// Rows by view and key.
type Rows = BTreeMap<(ViewId, Key), TableRow>;

// === impl MemoryTables ===

impl MemoryTables {
    /// Lets this go wrong from now on.
    pub fn script(&self, mishap: Mishap) {
        self.lock().mishap = Some(mishap);
    }

    /// Mends whatever has gone wrong.
    pub fn mend(&self) {
        self.lock().mishap = None;
    }

    /// All documents of a generation, by key.
    pub fn documents(&self, number: u64) -> Vec<String> {
        let tables = self.lock();
        let rows = tables.builds.get(&number).map(|found| found.rows.values());
        rows.into_iter().flatten().filter_map(|row| row.document.clone()).collect()
    }

    /// The generations there are, and the one that is shown.
    pub fn generations(&self) -> (Vec<u64>, Option<u64>) {
        let tables = self.lock();
        (tables.builds.keys().copied().collect(), tables.shown)
    }

    /// Makes the tables of generation 1 anew, with none but these rows.
    pub fn make_anew(&self, kept: &[&str]) {
        let mut tables = self.lock();
        tables.made += 1;
        let made = tables.made.to_string();
        let found = tables.builds.get_mut(&1).unwrap();
        found.made = made;
        found.rows.retain(|(_, key), _| kept.iter().any(|id| *key == Key::of(&[Value::Text((*id).into())])));
    }

    /// Puts rows into the tables of generation 1 that an earlier writer might have left there.
    pub fn insert(&self, ids: &[&str]) {
        let version = RowVersion::new(1, 1).unwrap();
        for id in ids {
            let key = Key::of(&[Value::Text((*id).into())]);
            let row = TableRow { key: key.clone(), document: Some("{}".into()), position: 1, version };
            self.lock().builds.get_mut(&1).unwrap().rows.insert((0, key), row);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }

    /// The tables, if they answer; those of this build, if they are there.
    fn of(&self, build: &TableBuild) -> Result<MutexGuard<'_, Tables>, Fault> {
        let tables = self.answering()?;
        if tables.builds.contains_key(&build.number) { Ok(tables) } else { Err(lost()) }
    }

    fn answering(&self) -> Result<MutexGuard<'_, Tables>, Fault> {
        let tables = self.lock();
        match tables.mishap {
            _ if self.is_down.load(Ordering::SeqCst) => Err(unavailable()),
            Some(Mishap::Unfit) => Err(Fault::Unfit { place: "memory".into(), reason: "other types".into() }),
            _ => Ok(tables),
        }
    }
}

impl Tables {
    fn happens(&mut self, mishap: Mishap) -> bool {
        self.mishap.take_if(|found| *found == mishap).is_some()
    }
}

impl TableWriter for MemoryTables {
    fn survey(&self, build: &TableBuild) -> Result<Survey, Fault> {
        let tables = self.answering()?;
        let found = tables.builds.get(&build.number).filter(|found| found.identity == build.identity);
        let newest = found.and_then(|found| found.rows.values().map(|row| row.version).max());
        Ok(Survey { tables: found.map(|found| found.made.clone()), newest: newest.unwrap_or_default() })
    }

    fn ensure(&self, build: &TableBuild) -> Result<String, Fault> {
        let mut tables = self.answering()?;
        tables.made += 1;
        let new = Made { identity: build.identity.clone(), made: tables.made.to_string(), rows: Rows::new() };
        let found = tables.builds.entry(build.number).or_insert_with(|| new.clone());
        if found.identity != build.identity {
            *found = new;
        }
        let made = found.made.clone();
        if tables.happens(Mishap::MadeUnanswered) { Err(unavailable()) } else { Ok(made) }
    }

    fn write(&self, build: &TableBuild, view: ViewId, rows: &[TableRow]) -> Result<(), Fault> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.rows.fetch_add(rows.len(), Ordering::SeqCst);
        let mut tables = self.of(build)?;
        if tables.mishap == Some(Mishap::Full) {
            return Err(unavailable());
        }
        let panics = tables.happens(Mishap::WritePanics);
        let vanish = tables.happens(Mishap::Vanish);
        let unanswered = tables.happens(Mishap::WriteUnanswered);
        if vanish {
            tables.builds.clear();
            return Err(lost());
        }
        let stored = tables.builds.get_mut(&build.number).unwrap();
        for row in rows {
            let kept = stored.rows.entry((view, row.key.clone())).or_insert_with(|| row.clone());
            assert!(kept.version != row.version || kept == row, "a row is a function of key and version");
            if kept.version <= row.version {
                *kept = row.clone();
            }
        }
        drop(tables);
        assert!(!panics, "a mistake in write");
        if unanswered { Err(unavailable()) } else { Ok(()) }
    }

    fn suspects(&self, build: &TableBuild, &Suspects { view, lost, after, limit }: &Suspects<'_>) -> Result<Vec<Key>, Fault> {
        let tables = self.of(build)?;
        let is_wanted = |row: &TableRow| row.version.commits() > lost.commits && row.version.epoch() < lost.epoch;
        let rows = tables.builds[&build.number].rows.iter();
        let found = rows.filter(|((of, key), row)| *of == view && Some(key) > after && is_wanted(row));
        Ok(found.take(limit).map(|((_, key), _)| key.clone()).collect())
    }

    fn show(&self, build: &TableBuild) -> Result<(), Fault> {
        self.of(build)?.shown = Some(build.number);
        Ok(())
    }

    fn generations(&self, _: &str) -> Result<Vec<u64>, Fault> {
        Ok(self.answering()?.builds.keys().copied().collect())
    }

    fn drop_generation(&self, _: &str, number: u64) -> Result<(), Fault> {
        self.answering()?.builds.remove(&number);
        Ok(())
    }
}

fn lost() -> Fault {
    Fault::Lost { place: "memory".into(), what: "its tables".into() }
}

fn unavailable() -> Fault {
    Fault::Unavailable { operation: "writing", place: "memory".into(), source: "no answer".into() }
}
