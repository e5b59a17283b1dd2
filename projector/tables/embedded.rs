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
            Ok(Reading { value: page(rows, list), position: position(file, view)? })
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
        "SELECT key, version, document, reason{columns} FROM {} WHERE reason IS NULL{} ORDER BY {} LIMIT {}",
        layout.table,
        clauses.conditions,
        clauses.order,
        list.limit.saturating_add(1)
    )
}

fn rows(file: &Transaction<'_>, statement: &str, values: &[Key], sorted: usize) -> rusqlite::Result<Vec<(Document, Vec<Key>)>> {
    let mut select = file.prepare_cached(statement)?;
    let rows = select.query_map(params_from_iter(values.iter().map(|key| &key[..])), |row| read(row, sorted))?;
    rows.collect()
}

fn read(row: &Row<'_>, sorted: usize) -> rusqlite::Result<(Document, Vec<Key>)> {
    let columns = (0..sorted).map(|at| Ok(Key::from_bytes(row.get_ref(at + 4)?.as_blob()?)));
    Ok((document(row)?, columns.collect::<rusqlite::Result<_>>()?))
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
