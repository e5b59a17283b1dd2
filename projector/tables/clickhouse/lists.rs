//! Lists from the tables of the live generation.

use std::sync::Arc;

use clickhouse::Row;
use projections::codec::Key;
use serde::Deserialize;

use super::ClickHouse;
use super::layout::{DELETED, DOCUMENT, KEY, Layout, POSITION};
use super::names::{identifier, table_name};
use super::server::Question;
use crate::fault::Fault;
use crate::state::{Document, DocumentBody, LiveView, Reading};
use crate::tables::clauses::{Dialect, clauses, page, total_order};
use crate::tables::{Flushed, List, Page, Sort, TableStore};

/// Lists in ClickHouse.
pub struct ClickHouseTables {
    clickhouse: Arc<ClickHouse>,
    flushed: Arc<dyn Flushed>,
}

/// A row of a list.
#[derive(Row, Deserialize)]
struct Listed {
    /// Hexadecimal, as all bytes here: the client takes texts only.
    key: String,
    position: u64,
    document: String,
    /// Those that it is sorted by.
    columns: Vec<String>,
}

/// How many rows a list has.
#[derive(Row, Deserialize)]
struct Counted {
    count: u64,
}

// === impl ClickHouseTables ===

impl ClickHouseTables {
    /// The lists of this database; `flushed` knows how far they have come.
    pub fn new(clickhouse: Arc<ClickHouse>, flushed: Arc<dyn Flushed>) -> ClickHouseTables {
        ClickHouseTables { clickhouse, flushed }
    }

    fn rows(&self, view: &LiveView, list: &List) -> Result<Vec<(Document, Vec<Key>)>, Fault> {
        let layout = Layout::new(&view.spec);
        let order = total_order(&view.spec, &list.order);
        let table = self.clickhouse.statements().qualified(&table_name(&view.spec.name, view.generation));
        let question = question(&layout, &table, list, &order);
        let rows: Vec<Listed> = self.clickhouse.server().ask("selecting documents", &question)?;
        let damaged = || self.clickhouse.server().damaged("the keys of its rows are no keys");
        rows.into_iter().map(|row| row.read().ok_or_else(damaged)).collect()
    }

    /// How many there are, where that is asked for.
    fn count(&self, view: &LiveView, list: &List) -> Result<Option<u64>, Fault> {
        if !list.is_counted {
            return Ok(None);
        }
        let layout = Layout::new(&view.spec);
        let clauses = clauses(&layout, list, &[]);
        let table = self.clickhouse.statements().qualified(&table_name(&view.spec.name, view.generation));
        let text = format!("SELECT count() AS count FROM {table} FINAL WHERE {} = 0{}", identifier(DELETED), clauses.filters);
        let parameters = clauses.values[..clauses.filtering].iter().map(|value| to_hex(value)).collect();
        let counted: Vec<Counted> = self.clickhouse.server().ask("counting documents", &Question { text, parameters })?;
        Ok(counted.first().map(|counted| counted.count))
    }
}

impl TableStore for ClickHouseTables {
    fn select(&self, view: &LiveView, list: &List) -> Result<Reading<Page>, Fault> {
        let operation = "selecting documents";
        let position = self.flushed.flushed(&view.projection, view.generation)?;
        let server = self.clickhouse.server();
        if position == 0 {
            // Whatever is in the tables by now: no view has a document before the first event.
            let count = list.is_counted.then_some(0);
            return Ok(Reading { position, value: Page { documents: Vec::new(), next: None, count } });
        }
        let found = self.rows(view, list).and_then(|rows| Ok((rows, self.count(view, list)?)));
        let (rows, count) = found.map_err(|fault| match fault {
            Fault::Lost { .. } => server.unavailable(operation, "its tables are not there; who runs the projection makes them"),
            other => other,
        })?;
        Ok(Reading { position, value: page(rows, list, count) })
    }
}

impl Dialect for Layout {
    fn column(&self, column: usize) -> String {
        identifier(&self.ordered_name(column))
    }

    fn key(&self) -> String {
        identifier(KEY)
    }

    fn parameter(&self, number: usize) -> String {
        format!("unhex({{p{number}:String}})")
    }

    fn null(&self) -> &'static str {
        "unhex('ff')"
    }
}

fn question(layout: &Layout, table: &str, list: &List, order: &[Sort]) -> Question {
    let clauses = clauses(layout, list, order);
    let sorted: Vec<String> = order.iter().map(|sort| format!("hex({})", layout.column(sort.column))).collect();
    let sorted = if sorted.is_empty() { "emptyArrayString()".to_owned() } else { format!("[{}]", sorted.join(", ")) };
    let (key, position, document) = (layout.key(), identifier(POSITION), identifier(DOCUMENT));
    let text = format!(
        "SELECT hex({key}) AS key, {position} AS position, {document} AS document, {sorted} AS columns \
         FROM {table} FINAL WHERE {} = 0{}{} ORDER BY {} LIMIT {}",
        identifier(DELETED),
        clauses.filters,
        clauses.after,
        clauses.order,
        list.limit.saturating_add(1)
    );
    Question { text, parameters: clauses.values.iter().map(|value| to_hex(value)).collect() }
}

/// Bytes as text.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// === impl Listed ===

impl Listed {
    fn read(self) -> Option<(Document, Vec<Key>)> {
        let columns = self.columns.iter().map(|column| key_of_hex(column)).collect::<Option<_>>()?;
        let document = Document { key: key_of_hex(&self.key)?, version: self.position, body: DocumentBody::Json(self.document) };
        Some((document, columns))
    }
}

/// The key that a text stands for.
pub fn key_of_hex(text: &str) -> Option<Key> {
    crate::tables::cursor::from_hex(text).map(|bytes| Key::from_bytes(&bytes))
}
