//! Lists from the documents' own rows in the SQLite file.

use std::sync::Arc;

use projections::codec::Key;
use rusqlite::{Row, Transaction, params_from_iter};

use super::clauses::{Clauses, Dialect, clauses, page, total_order};
use super::{List, Page, Sort, TableStore};
use crate::fault::Fault;
use crate::sqlite::Database;
use crate::state::embedded::{ViewLayout, document, position, view_layout};
use crate::state::{Document, LiveView, Reading};

/// Lists in the SQLite file that holds the state.
#[derive(Clone)]
pub struct EmbeddedTables {
    database: Arc<Database>,
}

// === impl EmbeddedTables ===

impl EmbeddedTables {
    /// The lists of this file.
    pub fn new(database: Arc<Database>) -> EmbeddedTables {
        EmbeddedTables { database }
    }
}

impl TableStore for EmbeddedTables {
    fn select(&self, view: &LiveView, list: &List) -> Result<Reading<Page>, Fault> {
        let layout = view_layout(view);
        let order = total_order(&layout.spec, &list.order);
        let clauses = clauses(&layout, list, &order);
        let statement = statement(&layout, list, &order, &clauses);
        self.database.read("selecting documents", |file| {
            let rows = rows(file, &statement, &clauses.values, order.len())?;
            let count = list.is_counted.then(|| count(file, &layout, &clauses)).transpose()?;
            Ok(Reading { value: page(rows, list, count), position: position(file, view)? })
        })
    }
}

impl Dialect for ViewLayout {
    fn column(&self, column: usize) -> String {
        self.sql_column(column)
    }

    fn key(&self) -> String {
        "key".to_owned()
    }

    fn parameter(&self, number: usize) -> String {
        format!("?{}", number + 1)
    }

    fn null(&self) -> &'static str {
        "x'ff'"
    }
}

fn statement(layout: &ViewLayout, list: &List, order: &[Sort], clauses: &Clauses) -> String {
    let columns: String = order.iter().map(|sort| format!(", {}", layout.sql_column(sort.column))).collect();
    format!(
        "SELECT key, version, document, reason{columns} FROM {} WHERE reason IS NULL{}{} ORDER BY {} LIMIT {}",
        layout.table,
        clauses.filters,
        clauses.after,
        clauses.order,
        list.limit.saturating_add(1)
    )
}

fn rows(file: &Transaction<'_>, statement: &str, values: &[Key], sorted: usize) -> rusqlite::Result<Vec<(Document, Vec<Key>)>> {
    let mut select = file.prepare_cached(statement)?;
    let rows = select.query_map(params_from_iter(values.iter().map(|key| &key[..])), |row| read(row, sorted))?;
    rows.collect()
}

fn count(file: &Transaction<'_>, layout: &ViewLayout, clauses: &Clauses) -> rusqlite::Result<u64> {
    let statement = format!("SELECT count(*) FROM {} WHERE reason IS NULL{}", layout.table, clauses.filters);
    let values = clauses.values[..clauses.filtering].iter().map(|key| &key[..]);
    file.prepare_cached(&statement)?.query_row(params_from_iter(values), |row| row.get(0))
}

fn read(row: &Row<'_>, sorted: usize) -> rusqlite::Result<(Document, Vec<Key>)> {
    let columns = (0..sorted).map(|at| Ok(Key::from_bytes(row.get_ref(at + 4)?.as_blob()?)));
    Ok((document(row)?, columns.collect::<rusqlite::Result<_>>()?))
}
