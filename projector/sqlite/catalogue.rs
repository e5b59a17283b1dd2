//! Every table of the file: what is in it, who writes it, and when it may change.
//!
//! | table | a row is | changes |
//! |---|---|---|
//! | `log` | an event, by position | appended to by `publish`; never changed |
//! | `meta` | a fact of the file: the log's identity | written once |
//! | `projections` | a projection: its live generation, its state and its pause | at start, stop, pause and cut-over |
//! | `generations` | one build of a projection: definitions, fingerprint, views, checkpoint, fence | with every commit |
//! | `deeds` | something that was done to a projection, in order | appended to by deployments |
//! | `flushing` | how far the tables of one build are, where those are in another store | with claims, and by flushers |
//! | `dead_letters` | an event that one build could not apply | with commits |
//! | `orders` | what an operator asks of the owner of a build, by name | given by commands, removed with commits |
//! | `settled` | an order by which a build differs from its log, by position | with commits |
//! | `NAME.gN.cells` | a cell of the engine, by family, number and key | with commits |
//! | `NAME.gN.links` | a member of a set of the engine, by family, number, value and member | with commits |
//! | `NAME.gN.outbox` | a document that its table does not have yet, and the commit that changed it | with commits, and by flushers |
//! | `NAME.gN.view.VIEW` | a document, by key, with its filter columns as ordered bytes | with commits |

use rusqlite::{Connection, TransactionBehavior};

/// "Proj": how SQLite's `application_id` names our files.
const APPLICATION: i32 = 0x5072_6f6a;
/// The version of the tables below.
const FORMAT: i32 = 5;

const SHARED: &str = "
CREATE TABLE log (position INTEGER PRIMARY KEY, time INTEGER NOT NULL, subject TEXT, data BLOB NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE projections (
    name TEXT PRIMARY KEY, live INTEGER, state TEXT NOT NULL, reason TEXT, since INTEGER NOT NULL, pause TEXT,
    switches INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE generations (
    projection TEXT NOT NULL, number INTEGER NOT NULL, fingerprint BLOB NOT NULL, views TEXT NOT NULL,
    log TEXT NOT NULL, fence INTEGER NOT NULL, commits INTEGER NOT NULL,
    position INTEGER NOT NULL, event_hash BLOB, event_time INTEGER, creation TEXT NOT NULL,
    went_live INTEGER NOT NULL, definitions TEXT NOT NULL,
    PRIMARY KEY (projection, number)
) WITHOUT ROWID;
CREATE TABLE deeds (number INTEGER PRIMARY KEY, projection TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE flushing (
    projection TEXT NOT NULL, generation INTEGER NOT NULL, entering INTEGER NOT NULL, epoch INTEGER NOT NULL,
    flusher TEXT, audits TEXT, tables TEXT, view INTEGER, after BLOB, entered INTEGER NOT NULL,
    flushed INTEGER NOT NULL, settled INTEGER NOT NULL, since INTEGER,
    PRIMARY KEY (projection, generation)
) WITHOUT ROWID;
CREATE TABLE dead_letters (
    projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL, time INTEGER NOT NULL,
    kind TEXT NOT NULL, reason TEXT NOT NULL, keys TEXT NOT NULL, event BLOB NOT NULL,
    PRIMARY KEY (projection, generation, position)
);
CREATE TABLE orders (
    projection TEXT NOT NULL, generation INTEGER NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (projection, generation, name)
) WITHOUT ROWID;
CREATE TABLE settled (
    projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (projection, generation, position)
) WITHOUT ROWID;
";

/// Why a file cannot be used.
#[derive(Debug)]
pub enum Problem {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// The file is not ours, or of another version.
    Foreign(String),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        Problem::Sqlite(error)
    }
}

/// Creates the shared tables in an empty file, and checks that another one is ours.
pub fn prepare(connection: &mut Connection) -> Result<(), Problem> {
    // Looked at without a lock first: most files are set up, and a command that reads should not wait for a writer.
    if is_ours(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_ours(&transaction)? {
        transaction.execute_batch(SHARED)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Whether the tables are there; `false` is an empty file.
fn is_ours(connection: &Connection) -> Result<bool, Problem> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let format: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match (tables, application, format) {
        (0, ..) => Ok(false),
        (_, APPLICATION, FORMAT) => Ok(true),
        (_, APPLICATION, _) => Err(Problem::Foreign(format!("its format is {format}, this program writes format {FORMAT}"))),
        _ => Err(Problem::Foreign("it is a database of another program".to_owned())),
    }
}

/// The tables of one build of a projection, as quoted names.
#[derive(Clone, Debug)]
pub struct BuildTables {
    prefix: String,
}

// === impl BuildTables ===

impl BuildTables {
    /// The tables of generation `number` of `projection`.
    pub fn new(projection: &str, number: u64) -> BuildTables {
        BuildTables { prefix: format!("{projection}.g{number}.") }
    }

    /// The engine's cells.
    pub fn cells(&self) -> String {
        self.quoted("cells")
    }

    /// The engine's sets.
    pub fn links(&self) -> String {
        self.quoted("links")
    }

    /// The documents that wait to be written to tables elsewhere.
    pub fn outbox(&self) -> String {
        self.quoted("outbox")
    }

    /// The index over them, by commit.
    pub fn outbox_order(&self) -> String {
        self.quoted("outbox.order")
    }

    /// The documents of a view.
    pub fn documents(&self, view: &str) -> String {
        self.quoted(&format!("view.{view}"))
    }

    /// An index over the documents of a view.
    pub fn index(&self, view: &str, name: &str) -> String {
        self.quoted(&format!("view.{view}.{name}"))
    }

    /// How the name of each table starts.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn quoted(&self, name: &str) -> String {
        quote(&format!("{}{name}", self.prefix))
    }
}

/// A name as SQL writes it.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_set_up_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection).unwrap();
        prepare(&mut connection).unwrap();
    }

    #[test]
    fn other_files_are_refused() {
        for (setup, reason) in [
            ("CREATE TABLE t (a)", "it is a database of another program"),
            (
                "CREATE TABLE t (a); PRAGMA application_id = 1349676906; PRAGMA user_version = 9",
                "its format is 9, this program writes format 5",
            ),
        ] {
            let mut connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(setup).unwrap();
            let Err(Problem::Foreign(found)) = prepare(&mut connection) else { panic!("{setup}") };
            assert_eq!(found, reason);
        }
    }
}
