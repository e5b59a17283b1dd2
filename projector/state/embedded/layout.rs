//! The tables of one build and the statements over them, spelled out once.

use projections::plan::ViewId;
use rusqlite::Transaction;

use crate::sqlite::catalogue::{BuildTables, quote};
use crate::view::{Catalogue, ViewSpec};

/// The statements of one build.
#[derive(Clone, Debug)]
pub struct Layout {
    tables: BuildTables,
    /// Reads a cell: key.
    pub get_cell: String,
    /// Writes a cell: key, value.
    pub put_cell: String,
    /// Removes a cell: key.
    pub remove_cell: String,
    /// Reads cells: from, below.
    pub range_of_cells: String,
    /// Reads all cells: above, below.
    pub cells_after: String,
    /// Reads all members, each with an empty value: above.
    pub links_after: String,
    /// Reads keys of cells: above, below, limit.
    pub page_of_cells: String,
    /// Reads members: above, below, limit.
    pub page_of_links: String,
    /// Writes a member: key.
    pub put_link: String,
    /// Removes a member: key.
    pub remove_link: String,
    /// Enters a document into the outbox: view, key, commits.
    pub put_entry: String,
    /// The outbox, as SQL names it.
    pub outbox: String,
    /// The views, by number.
    pub views: Vec<ViewLayout>,
}

/// The statements over one view's documents.
#[derive(Clone, Debug)]
pub struct ViewLayout {
    /// The view.
    pub spec: ViewSpec,
    /// The table, as SQL names it.
    pub table: String,
    /// Reads a mark: key.
    pub get_mark: String,
    /// Reads a document: key.
    pub get: String,
    /// Writes a document: key, version, hash, document, reason, then the stored list columns.
    pub put: String,
    /// Removes a document: key.
    pub remove: String,
    /// Columns that the table holds as ordered bytes, beside the key.
    pub stored: Vec<usize>,
}

// === impl Layout ===

impl Layout {
    /// The statements of generation `number` of `projection`.
    pub fn new(projection: &str, number: u64, catalogue: &Catalogue) -> Layout {
        let tables = BuildTables::new(projection, number);
        let (cells, links, outbox) = (tables.cells(), tables.links(), tables.outbox());
        Layout {
            get_cell: format!("SELECT value FROM {cells} WHERE key = ?1"),
            put_cell: format!("INSERT INTO {cells} VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value"),
            remove_cell: format!("DELETE FROM {cells} WHERE key = ?1"),
            range_of_cells: format!("SELECT key, value FROM {cells} WHERE key >= ?1 AND key < ?2 ORDER BY key"),
            cells_after: format!("SELECT key, value FROM {cells} WHERE key > ?1 AND key < ?2 ORDER BY key"),
            links_after: format!("SELECT key, x'' FROM {links} WHERE key > ?1 AND ?2 IS NOT NULL ORDER BY key"),
            page_of_cells: format!("SELECT key FROM {cells} WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3"),
            page_of_links: format!("SELECT key FROM {links} WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3"),
            put_link: format!("INSERT INTO {links} VALUES (?1) ON CONFLICT DO NOTHING"),
            remove_link: format!("DELETE FROM {links} WHERE key = ?1"),
            put_entry: format!("INSERT INTO {outbox} VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET commits = excluded.commits"),
            outbox,
            views: catalogue.views.iter().map(|spec| ViewLayout::new(&tables, spec.clone())).collect(),
            tables,
        }
    }

    /// The statements over a view's documents.
    pub fn view(&self, view: ViewId) -> &ViewLayout {
        &self.views[view]
    }

    /// Creates the tables.
    pub fn create(&self, file: &Transaction<'_>) -> rusqlite::Result<()> {
        let (cells, links, outbox) = (self.tables.cells(), self.tables.links(), &self.outbox);
        let order = self.tables.outbox_order();
        file.execute_batch(&format!(
            "CREATE TABLE {cells} (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
             CREATE TABLE {links} (key BLOB PRIMARY KEY) WITHOUT ROWID;
             CREATE TABLE {outbox} (view INTEGER, key BLOB, commits INTEGER NOT NULL, PRIMARY KEY (view, key)) WITHOUT ROWID;
             CREATE INDEX {order} ON {outbox} (commits);"
        ))?;
        for view in &self.views {
            view.create(file, &self.tables)?;
        }
        Ok(())
    }
}

/// Drops all tables of a build, whatever its views were.
pub fn drop_tables(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<()> {
    let prefix = BuildTables::new(projection, number).prefix().to_owned();
    let mut select = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, length(?1)) = ?1")?;
    let names: Vec<String> = select.query_map([&prefix], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for name in names {
        file.execute_batch(&format!("DROP TABLE {}", quote(&name)))?;
    }
    Ok(())
}

// === impl ViewLayout ===

impl ViewLayout {
    fn new(tables: &BuildTables, spec: ViewSpec) -> ViewLayout {
        let table = tables.documents(&spec.name);
        let stored: Vec<usize> = spec.listed.iter().copied().filter(|&column| spec.key != [column]).collect();
        let columns: String = stored.iter().map(|column| format!(", c{column}")).collect();
        let values: String = (0..stored.len()).map(|at| format!(", ?{}", at + 6)).collect();
        let updates: String = stored.iter().map(|column| format!(", c{column} = excluded.c{column}")).collect();
        ViewLayout {
            get_mark: format!("SELECT hash, version FROM {table} WHERE key = ?1"),
            get: format!("SELECT key, version, document, reason FROM {table} WHERE key = ?1"),
            put: format!(
                "INSERT INTO {table} (key, version, hash, document, reason{columns}) VALUES (?1, ?2, ?3, ?4, ?5{values})
                 ON CONFLICT DO UPDATE SET version = excluded.version, hash = excluded.hash,
                 document = excluded.document, reason = excluded.reason{updates}"
            ),
            remove: format!("DELETE FROM {table} WHERE key = ?1"),
            spec,
            table,
            stored,
        }
    }

    /// What SQL calls the ordered bytes of a listed column.
    pub fn sql_column(&self, column: usize) -> String {
        if self.spec.key == [column] { "key".to_owned() } else { format!("c{column}") }
    }

    fn create(&self, file: &Transaction<'_>, tables: &BuildTables) -> rusqlite::Result<()> {
        let table = &self.table;
        let columns: String = self.stored.iter().map(|column| format!(", c{column} BLOB")).collect();
        file.execute_batch(&format!(
            "CREATE TABLE {table} (key BLOB PRIMARY KEY, version INTEGER NOT NULL, hash BLOB NOT NULL,
             document TEXT, reason TEXT{columns}) WITHOUT ROWID"
        ))?;
        let broken = tables.index(&self.spec.name, "broken");
        file.execute_batch(&format!("CREATE INDEX {broken} ON {table} (key) WHERE reason IS NOT NULL"))?;
        for columns in self.indexes() {
            let name = tables.index(&self.spec.name, &columns.join("_"));
            file.execute_batch(&format!("CREATE INDEX {name} ON {table} ({})", columns.join(", ")))?;
        }
        Ok(())
    }

    /// Column lists to index: the default order, and each listed column that leads no other index. The table itself
    /// is in the order of the key.
    fn indexes(&self) -> Vec<Vec<String>> {
        let order: Vec<usize> = self.spec.order_by.iter().copied().filter(|column| !self.spec.key.contains(column)).collect();
        let led = order.first().copied();
        let singles = self.stored.iter().copied().filter(|&column| Some(column) != led && self.spec.key.first() != Some(&column));
        let lists = std::iter::once(order.clone()).chain(singles.map(|column| vec![column]));
        lists.filter(|list| !list.is_empty()).map(|list| list.iter().map(|&c| self.sql_column(c)).collect()).collect()
    }
}
