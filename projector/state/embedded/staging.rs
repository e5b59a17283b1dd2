//! A build in a file of its own, which is to be loaded into another store.
//!
//! Documents and dead letters are kept as the engine has them, as cells behind its own: what the other store makes of them it makes itself.
//! Nobody reads such a file but who loads it, or compares it with what is stored; it has no lists, and no other build.

mod documents;

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use projections::engine::{Answers, CellKey, Changes, Content, DocumentMark, Missing, Space};
use projections::plan::Plan;
use rusqlite::{OptionalExtension, Transaction, params};

use super::address;
use super::layout::Layout;
use super::staged::{add_cell, add_link, decode_document, encode_document, encode_letter};
use super::{EmbeddedBuild, EmbeddedState, commit};
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::sqlite::{Database, Durability};
use crate::state::views::StoredDeadLetter;
use crate::state::{Asked, Builds, Claim, Commit, Entering, NewBuild, Order, Outcome, StateStore, StoredCells};
use crate::view::Catalogue;

/// What the only build of the file is called there.
const NAME: &str = "staged";
/// The fact of the file that says which build it is made for.
const MADE_FOR: &str = "made_for";

/// A build in a file of its own.
pub struct Staging {
    build: EmbeddedBuild,
}

/// Where a page starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    table: Table,
    /// The stored key of what was read last.
    after: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Table {
    #[default]
    Cells,
    Links,
}

/// A part of what is to be loaded.
#[derive(Debug, Default)]
pub struct Page {
    /// What it writes.
    pub changes: Changes,
    /// How many things these are.
    pub size: usize,
    /// Where the next one starts; `None` after the last.
    pub next: Option<Place>,
}

/// How much a page has at most; what crosses the limit is the last.
#[derive(Clone, Copy, Debug)]
pub struct PageLimit {
    /// Cells, documents, dead letters and links.
    pub things: usize,
    /// Their bytes.
    pub bytes: usize,
}

// === impl Staging ===

impl Staging {
    /// Opens the file of a build, and begins it anew where it is of another one, or there is none.
    pub fn open(path: &Path, made_for: &str) -> Result<Staging, Fault> {
        let database = Database::open(path, Durability::Process)?;
        if is_made_for(&database, made_for)? {
            return Ok(Staging::of(database));
        }
        drop(database);
        Staging::remove(path)?;
        let database = Arc::new(Database::open(path, Durability::Process)?);
        let log = LogIdentity(String::new());
        let build = NewBuild {
            projection: NAME.to_owned(),
            number: 1,
            fingerprint: 0,
            catalogue: Catalogue::default(),
            log,
            definitions: String::new(),
        };
        EmbeddedState::new(database.clone()).create(&build)?;
        // Last, so that a file that was not finished is begun anew.
        database.write("setting up", |file| {
            file.execute("INSERT INTO meta VALUES (?1, ?2)", params![MADE_FOR, made_for]).map(drop)
        })?;
        Ok(Staging::of(database))
    }

    /// Removes the file of a build, if there is one.
    pub fn remove(path: &Path) -> Result<(), Fault> {
        for suffix in ["-shm", "-wal", ""] {
            let mut file = path.as_os_str().to_owned();
            file.push(suffix);
            match fs::remove_file(PathBuf::from(file)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let place = path.display().to_string();
                    return Err(Fault::Unavailable { operation: "removing the file", place, source: Box::new(error) });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn of(database: impl Into<Arc<Database>>) -> Staging {
        let catalogue = Catalogue::default();
        let layout = Layout::new(NAME, 1, &catalogue);
        let (database, projection, entering) = (database.into(), NAME.to_owned(), Entering::Nothing);
        Staging { build: EmbeddedBuild { database, projection, number: 1, catalogue, layout, entering } }
    }

    // === loading ===

    /// The part that starts at this place. The same place has the same part, as long as nothing is committed.
    pub fn page(&self, from: &Place, limit: PageLimit, plan: &Plan) -> Result<Page, Fault> {
        self.build.database.read("reading what was made", |file| {
            let sql = match from.table {
                Table::Cells => self.build.layout.cells_after.as_str(),
                Table::Links => self.build.layout.links_after.as_str(),
            };
            let mut select = file.prepare_cached(sql)?;
            let mut rows = select.query(params![from.after, &address::starts()[..]])?;
            let (mut page, mut bytes) = (Page::default(), 0);
            while let Some(row) = rows.next()? {
                let (key, value) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
                let added = match from.table {
                    Table::Cells => add_cell(&mut page.changes, key, value),
                    Table::Links => add_link(&mut page.changes, key, plan),
                };
                added.ok_or_else(|| unreadable(key))?;
                page.size += 1;
                bytes += key.len() + value.len();
                if page.size >= limit.things || bytes >= limit.bytes {
                    page.next = Some(Place { table: from.table, after: key.to_vec() });
                    return Ok(page);
                }
            }
            page.next = (from.table == Table::Cells).then(|| Place { table: Table::Links, after: Vec::new() });
            Ok(page)
        })
    }

    /// Where the part of this number starts, as it was noted.
    pub fn start(&self, number: u64) -> Result<Option<Place>, Fault> {
        let read = |file: &Transaction<'_>| {
            let mut get = file.prepare_cached(&self.build.layout.get_cell)?;
            get.query_row([address::of_start(number)], |row| Ok(row.get_ref(0)?.as_blob()?.to_vec())).optional()
        };
        let bytes = self.build.database.read("reading what was made", read)?;
        Ok(bytes.and_then(|bytes| Place::decode(&bytes)))
    }

    /// Notes where the part of this number starts.
    pub fn note_start(&self, number: u64, place: &Place) -> Result<(), Fault> {
        self.build.database.write("noting how far it is", |file| {
            file.prepare_cached(&self.build.layout.put_cell)?
                .execute(params![address::of_start(number), place.encode()])
                .map(drop)
        })
    }
}

fn is_made_for(database: &Database, made_for: &str) -> Result<bool, Fault> {
    database.read("reading what it is", |file| {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        let found: Option<String> = file.query_row(sql, [MADE_FOR], |row| row.get(0)).optional()?;
        Ok(found.as_deref() == Some(made_for))
    })
}

fn unreadable(key: &[u8]) -> rusqlite::Error {
    let reason = format!("what is under {key:02x?} cannot be read");
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, reason.into())
}

impl StateStore for Staging {
    fn claim(&self) -> Result<Claim, Fault> {
        self.build.claim()
    }

    fn look(&self) -> Result<Claim, Fault> {
        self.build.look()
    }

    fn fetch(&self, mut missing: Missing) -> Result<Answers, Fault> {
        let marks: Vec<CellKey> = missing.cells.extract_if(.., |cell| matches!(cell.space, Space::Document(_))).collect();
        let mut answers = self.build.fetch(missing)?;
        self.build.database.read("reading state", |file| {
            for cell in marks {
                let mark = self.mark(file, &cell)?;
                answers.cells.push((cell, mark));
            }
            Ok(())
        })?;
        Ok(answers)
    }

    fn cells(&self, space: Space) -> Result<StoredCells, Fault> {
        self.build.cells(space)
    }

    fn dead_letters(&self) -> Result<u64, Fault> {
        self.build.database.read("counting dead letters", |file| {
            let prefix = address::letters();
            let mut select = file.prepare(&self.build.layout.range_of_cells)?;
            let mut rows = select.query(params![prefix, address::after_all(&prefix)])?;
            let mut count = 0;
            while rows.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        })
    }

    /// None: nobody tries dead letters again before they are loaded.
    fn letters(&self, _: &[u64]) -> Result<Vec<StoredDeadLetter>, Fault> {
        Ok(Vec::new())
    }

    fn asked(&self, limit: usize) -> Result<Asked, Fault> {
        self.build.asked(limit)
    }

    fn settled(&self) -> Result<Vec<Order>, Fault> {
        self.build.settled()
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, Fault> {
        let documents = commit.changes.documents.iter().map(|change| {
            let content = encode_document(change).map(Cow::Owned);
            (address::of_document(change.view, &change.key), content)
        });
        let letters = commit.changes.dead_letters.iter();
        let letters = letters.map(|letter| (address::of_letter(letter.position), Some(Cow::Owned(encode_letter(letter)))));
        self.build.write(commit, &commit::Writes::of_cells(commit.changes, documents.chain(letters).collect()))
    }
}

impl Staging {
    /// The mark of a document.
    fn mark(&self, file: &Transaction<'_>, cell: &CellKey) -> rusqlite::Result<Option<Arc<[u8]>>> {
        let Space::Document(view) = cell.space else { return Ok(None) };
        let mut get = file.prepare_cached(&self.build.layout.get_cell)?;
        let key = address::of_document(view, &cell.key);
        let stored = get.query_row([key], |row| Ok(decode_document(row.get_ref(0)?.as_blob()?))).optional()?;
        let mark = |(version, content): (u64, Content)| DocumentMark { hash: content.hash(), version };
        Ok(stored.flatten().map(|document| Arc::from(mark(document).to_bytes())))
    }
}

// === impl Place ===

impl Place {
    fn encode(&self) -> Vec<u8> {
        let table = match self.table {
            Table::Cells => 0,
            Table::Links => 1,
        };
        [&[table], &self.after[..]].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Place> {
        let (table, after) = bytes.split_first()?;
        let table = if *table == 0 { Table::Cells } else { Table::Links };
        Some(Place { table, after: after.to_vec() })
    }
}
