//! Lists from the documents' own rows in the SQLite file.

use std::fmt::Write;
use std::sync::Arc;

use projections::codec::Key;
use rusqlite::{Row, Transaction, params_from_iter};

use super::{Comparison, Condition, Cursor, Direction, List, Page, Sort, TableStore};
use crate::fault::Fault;
use crate::sqlite::Database;
use crate::state::embedded::{ViewLayout, document, position, view_layout};
use crate::state::{Document, LiveView, Reading};

/// Lists in the SQLite file that holds the state.
#[derive(Clone)]
pub struct EmbeddedTables {
    database: Arc<Database>,
}

/// A statement under construction: its text and what is bound to it.
struct Sql {
    text: String,
    values: Vec<Key>,
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
        let order = total_order(&layout, &list.order);
        let sql = Sql::select(&layout, list, &order);
        self.database.read("selecting documents", |file| {
            Ok(Reading { value: page(file, &sql, list, order.len())?, position: position(file, view)? })
        })
    }
}

/// The order without what decides nothing: whatever follows the whole key, and columns that came before.
fn total_order(layout: &ViewLayout, order: &[Sort]) -> Vec<Sort> {
    let mut total: Vec<Sort> = Vec::new();
    for sort in order {
        if layout.spec.key.iter().all(|key| total.iter().any(|before| before.column == *key)) {
            break;
        }
        if total.iter().all(|before| before.column != sort.column) {
            total.push(*sort);
        }
    }
    total
}

/// One more row than asked for tells whether there is a next page.
fn page(file: &Transaction<'_>, sql: &Sql, list: &List, sorted: usize) -> rusqlite::Result<Page> {
    let mut select = file.prepare_cached(&sql.text)?;
    let rows = select.query_map(params_from_iter(sql.values.iter().map(|key| &key[..])), |row| read(row, sorted))?;
    let mut rows: Vec<(Document, Vec<Key>)> = rows.collect::<rusqlite::Result<_>>()?;
    let has_more = rows.len() > list.limit;
    rows.truncate(list.limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|(document, columns)| Cursor::new(&list.order, padded(columns, list), document.key.clone()));
    Ok(Page { documents: rows.into_iter().map(|(document, _)| document).collect(), next })
}

/// A cursor has one column for each of the list's order, those that decide nothing included.
fn padded(columns: &[Key], list: &List) -> Vec<Key> {
    let nothing = Key::from_bytes(&[]);
    (0..list.order.len()).map(|at| columns.get(at).unwrap_or(&nothing).clone()).collect()
}

fn read(row: &Row<'_>, sorted: usize) -> rusqlite::Result<(Document, Vec<Key>)> {
    let columns = (0..sorted).map(|at| Ok(Key::from_bytes(row.get_ref(at + 4)?.as_blob()?)));
    Ok((document(row)?, columns.collect::<rusqlite::Result<_>>()?))
}

// === impl Sql ===

impl Sql {
    fn select(layout: &ViewLayout, list: &List, order: &[Sort]) -> Sql {
        let mut sql = Sql { text: "SELECT key, version, document, reason".to_owned(), values: Vec::new() };
        for sort in order {
            sql.push(&format!(", {}", layout.sql_column(sort.column)));
        }
        sql.push(&format!(" FROM {} WHERE reason IS NULL", layout.table));
        for condition in &list.conditions {
            sql.condition(layout, condition);
        }
        if let Some(after) = &list.after {
            sql.after(layout, order, after);
        }
        sql.push(" ORDER BY ");
        for sort in order {
            let descending = if sort.direction == Direction::Descending { " DESC" } else { "" };
            sql.push(&format!("{}{descending}, ", layout.sql_column(sort.column)));
        }
        sql.push(&format!("key LIMIT {}", list.limit.saturating_add(1)));
        sql
    }

    fn condition(&mut self, layout: &ViewLayout, condition: &Condition) {
        let column = layout.sql_column(condition.column);
        let sign = match condition.comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        self.push(&format!(" AND {column} {sign} "));
        self.bind(&condition.value);
        if matches!(condition.comparison, Comparison::Greater | Comparison::GreaterOrEqual) {
            // NULLs sort after everything, but are not greater than anything.
            self.push(&format!(" AND {column} < x'ff'"));
        }
    }

    /// `a > ? OR (a = ? AND (b > ? OR (b = ? AND key > ?)))`, and for the sake of an index also `a >= ?`.
    fn after(&mut self, layout: &ViewLayout, order: &[Sort], after: &Cursor) {
        if let (Some(first), Some(value)) = (order.first(), after.columns.first()) {
            let sign = if first.direction == Direction::Descending { "<=" } else { ">=" };
            self.push(&format!(" AND {} {sign} ", layout.sql_column(first.column)));
            self.bind(value);
        }
        self.push(" AND ");
        for (sort, value) in order.iter().zip(&after.columns) {
            let column = layout.sql_column(sort.column);
            let sign = if sort.direction == Direction::Descending { "<" } else { ">" };
            self.push(&format!("({column} {sign} "));
            self.bind(value);
            self.push(&format!(" OR ({column} = "));
            self.bind(value);
            self.push(" AND ");
        }
        self.push("key > ");
        self.bind(&after.key);
        self.push(&"))".repeat(order.len()));
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, value: &Key) {
        self.values.push(value.clone());
        // Writing to a string cannot fail.
        let _ = write!(self.text, "?{}", self.values.len());
    }
}

#[cfg(test)]
mod tests {
    use projections::codec::Row as Columns;
    use projections::engine::{Changes, Content, DocumentChange};
    use schemas::{Type, Value};

    use super::*;
    use crate::log::LogIdentity;
    use crate::sqlite::Durability;
    use crate::state::{Builds, Checkpoint, Commit, EmbeddedState, NewBuild, Outcome, Views};
    use crate::tables::Request;
    use crate::view::{Catalogue, ColumnSpec, ViewSpec};

    /// Documents a to f with an age each; f's is NULL.
    fn people(folder: &std::path::Path) -> (EmbeddedTables, LiveView) {
        let database = Arc::new(Database::open(&folder.join("p.db"), Durability::Process).unwrap());
        let state = EmbeddedState::new(database.clone());
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("age", Type::Int8), column("city", Type::Text)];
        let spec = ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1, 2], order_by: vec![0] };
        let catalogue = Catalogue { entities: vec![], views: vec![spec] };
        let log = LogIdentity("l".into());
        let build = NewBuild { projection: "shop".into(), number: 1, fingerprint: 1, catalogue, log };
        state.create(&build).unwrap();
        let store = state.open("shop", 1, &build.catalogue).unwrap();
        let fence = store.claim().unwrap().fence;
        let ages = [
            ("a", Some(30), "x"),
            ("b", Some(20), "y"),
            ("c", Some(30), "x"),
            ("d", Some(-1), "y"),
            ("e", Some(20), "x"),
            ("f", None, "x"),
        ];
        let document = |(id, age, city): (&str, Option<i64>, &str)| {
            let id = Value::Text(id.to_owned().into());
            let row = Columns::of(&[id.clone(), age.map_or(Value::Null, Value::Int), Value::Text(city.to_owned().into())]);
            DocumentChange { view: 0, key: Key::of(&[id]), version: 1, content: Content::Present(row) }
        };
        let changes = Changes { documents: ages.map(document).into(), ..Changes::default() };
        let checkpoint = Checkpoint { position: 9, commits: 1, event: None };
        let outcome = store.commit(&Commit { fence, follows: 0, checkpoint: &checkpoint, changes: &changes }).unwrap();
        assert_eq!(outcome, Outcome::Committed);
        (EmbeddedTables::new(database), state.views().unwrap().swap_remove(0))
    }

    /// All ids of a list, read in pages of `limit`.
    fn ids(tables: &EmbeddedTables, view: &LiveView, conditions: &[&str], order: &[&str], limit: usize) -> String {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let mut request = Request { conditions: owned(conditions), order: owned(order), cursor: None, limit };
        let mut ids = String::new();
        loop {
            let page = tables.select(view, &request.resolve(&view.spec).unwrap()).unwrap().value;
            for document in page.documents {
                ids.push_str(&projections::codec::print_key(&document.key).unwrap());
            }
            let Some(next) = page.next else { return ids };
            request.cursor = Some(next.to_string());
        }
    }

    #[test]
    fn lists_in_pages_of_any_size() {
        let folder = tempfile::tempdir().unwrap();
        let (tables, view) = people(folder.path());
        let cases: [(&[&str], &[&str], &str); 11] = [
            (&[], &[], "abcdef"),
            (&[], &["-id"], "fedcba"),
            (&[], &["age"], "dbeacf"),
            (&[], &["-age"], "facbed"),
            (&[], &["city", "-age"], "facebd"),
            (&[], &["-age", "-id"], "fcaebd"),
            (&["age=20"], &[], "be"),
            (&["age>=20", "city=x"], &["-age"], "ace"),
            (&["age<30"], &["age", "id"], "dbe"),
            (&["age=\\N"], &[], "f"),
            (&["id>b", "id<=d"], &[], "cd"),
        ];
        for (conditions, order, expected) in cases {
            for limit in [1, 2, 5, 100] {
                assert_eq!(ids(&tables, &view, conditions, order, limit), expected, "{conditions:?} {order:?} {limit}");
            }
        }
    }
}
