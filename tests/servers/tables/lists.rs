//! Lists: every store of lists selects the same documents in the same order.

use std::sync::Arc;

use projections::codec::{Key, Row, print_key};
use projections::engine::{Changes, Content, DocumentChange};
use projector::document;
use projector::fault::Fault;
use projector::log::LogIdentity;
use projector::sqlite::{Database, Durability};
use projector::state::{Builds, Carried, Checkpoint, Commit, EmbeddedState, LiveView, NewBuild, Outcome};
use projector::tables::{
    ClickHouseTables, EmbeddedTables, Flushed, Request, RowVersion, TableBuild, TableRow, TableStore, TableWriter,
};
use projector::view::{Catalogue, ViewSpec};
use schemas::{Type, Value};

use super::{build, view};
use crate::clickhouse;

/// The position of all documents here.
const POSITION: u64 = 9;

/// Tables of which this position is known.
struct At(u64);

impl Flushed for At {
    fn flushed(&self, _: &str, _: u64) -> Result<u64, Fault> {
        Ok(self.0)
    }
}

fn people() -> ViewSpec {
    let columns = [
        ("id", Type::Text),
        ("age", Type::Int8),
        ("city", Type::Text),
        ("score", Type::Double),
        ("paid", Type::Decimal),
        ("since", Type::Timestamp),
        ("tags", Type::Array(Box::new(Type::Text))),
    ];
    view("people", &columns)
}

/// Documents a to f, with what is hard to sort in each column.
fn documents() -> Vec<Vec<Value<'static>>> {
    let text = |text: &'static str| Value::Text(text.into());
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    let tags = |tags: &[&'static str]| Value::Array(tags.iter().map(|tag| text(tag)).collect());
    vec![
        vec![text("a"), Value::Int(30), text("x"), Value::Double(f64::NAN), decimal("1.0"), Value::Timestamp(0), tags(&["b"])],
        vec![text("b"), Value::Int(20), text("y"), Value::Double(0.0), decimal("1.00"), Value::Timestamp(-1), tags(&[])],
        vec![
            text("c"),
            Value::Int(30),
            text("X"),
            Value::Double(-0.0),
            decimal("-2"),
            Value::Timestamp(i64::MIN / 100),
            tags(&["a", "b"]),
        ],
        vec![text("d"), Value::Int(-1), text("é"), Value::Double(-1e300), decimal("10"), Value::Null, Value::Null],
        vec![
            text("e"),
            Value::Int(20),
            text(""),
            Value::Double(f64::INFINITY),
            decimal("9.99"),
            Value::Timestamp(i64::MAX / 100),
            tags(&["a"]),
        ],
        vec![text("f"), Value::Null, Value::Null, Value::Null, Value::Null, Value::Timestamp(1), tags(&["a", "a"])],
    ]
}

/// All ids of a list, read in pages of `limit`.
fn ids(tables: &dyn TableStore, view: &LiveView, conditions: &[&str], order: &[&str], limit: usize) -> String {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let mut request = Request { conditions: owned(conditions), order: owned(order), limit, ..Request::default() };
    let mut ids = String::new();
    loop {
        let reading = tables.select(view, &request.resolve(&view.spec).unwrap()).unwrap();
        assert_eq!(reading.position, POSITION);
        for document in reading.value.documents {
            ids.push_str(&print_key(&document.key).unwrap());
        }
        let Some(next) = reading.value.next else { return ids };
        request.cursor = Some(next.to_string());
    }
}

/// Every store of lists passes this.
fn selects_and_sorts(tables: &dyn TableStore) {
    let view = LiveView { projection: "shop".into(), generation: 1, spec: people() };
    let cases: [(&[&str], &[&str], &str); 31] = [
        (&[], &[], "abcdef"),
        (&[], &["-id"], "fedcba"),
        (&[], &["age"], "dbeacf"),
        (&[], &["-age"], "facbed"),
        (&[], &["city", "-age"], "ecabdf"),
        (&[], &["-age", "-id"], "fcaebd"),
        (&[], &["-age", "age", "-id", "city"], "fcaebd"),
        (&[], &["score"], "dbceaf"),
        (&[], &["paid"], "cabedf"),
        (&[], &["-since"], "defabc"),
        (&[], &["tags"], "befcad"),
        (&["age=20"], &[], "be"),
        (&["age!=20"], &[], "acdf"),
        (&["age>=20", "city=x"], &["-age"], "a"),
        (&["age<30"], &["age", "id"], "dbe"),
        (&["age=\\N"], &[], "f"),
        (&["age!=\\N"], &["-id"], "edcba"),
        (&["id>b", "id<=d"], &[], "cd"),
        (&["city>X"], &["city"], "abd"),
        (&["score>=0"], &["score"], "bcea"),
        (&["score=NaN"], &[], "a"),
        (&["paid=1"], &["-id"], "ba"),
        (&["since<1970-01-01"], &["since"], "cb"),
        (&["tags={a,b}"], &[], "c"),
        (&["age[gte]=20", "age[lt]=30"], &[], "be"),
        (&["city[in]=x,é"], &["-id"], "da"),
        (&["age[in]=20,\\N"], &["age"], "bef"),
        (&["paid[in]=1.000,10"], &["id"], "abd"),
        (&["age[in]=20", "city[in]=y"], &[], "b"),
        (&["city[prefix]=x"], &[], "a"),
        (&["city[prefix]="], &["city"], "ecabd"),
    ];
    for (conditions, order, expected) in cases {
        for limit in [1, 4, 100] {
            assert_eq!(ids(tables, &view, conditions, order, limit), expected, "{conditions:?} {order:?} {limit}");
        }
    }
    for (conditions, limit, expected) in
        [(vec![], 2, 6), (vec!["age[gte]=20".to_owned()], 1, 4), (vec!["age=99".to_owned()], 9, 0)]
    {
        let mut request = Request { conditions, limit, is_counted: true, ..Request::default() };
        let page = tables.select(&view, &request.resolve(&view.spec).unwrap()).unwrap().value;
        assert_eq!(page.count, Some(expected));
        // What comes after a cursor is counted with all that comes before it.
        request.cursor = page.next.map(|next| next.to_string());
        let page = tables.select(&view, &request.resolve(&view.spec).unwrap()).unwrap().value;
        assert_eq!(page.count, Some(expected));
    }
    let all = Request { limit: 9, ..Request::default() };
    let page = tables.select(&view, &all.resolve(&view.spec).unwrap()).unwrap().value;
    let expected: Vec<String> = documents().iter().map(|values| document::to_json(&view.spec, &Row::of(values))).collect();
    let found = page.documents.iter().map(|document| match &document.body {
        projector::state::DocumentBody::Json(json) => json.clone(),
        broken => panic!("{broken:?}"),
    });
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(page.documents.iter().all(|document| document.version == POSITION));
}

#[test]
fn embedded_lists() {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Database::open(&folder.path().join("p.db"), Durability::Process).unwrap());
    let state = EmbeddedState::new(database.clone());
    let catalogue = Catalogue { entities: vec![], views: vec![people()] };
    let log = LogIdentity("l".into());
    let build = NewBuild { projection: "shop".into(), number: 1, fingerprint: 1, catalogue, log, definitions: String::new() };
    state.create(&build).unwrap();
    let store = state.open("shop", 1, &build.catalogue).unwrap();
    let fence = store.claim().unwrap().fence;
    let change = |values: Vec<Value<'_>>| {
        let content = Content::Present(Row::of(&values));
        DocumentChange { view: 0, key: Key::of(&values[..1]), version: POSITION, content }
    };
    let changes = Changes { documents: documents().into_iter().map(change).collect(), ..Changes::default() };
    let checkpoint = Checkpoint { position: POSITION, commits: 1, event: None };
    let outcome = store
        .commit(&Commit { fence, follows: 0, checkpoint: &checkpoint, changes: &changes, carried: &Carried::default() })
        .unwrap();
    assert_eq!(outcome, Outcome::Committed);
    selects_and_sorts(&EmbeddedTables::new(database));
}

#[test]
fn clickhouse_lists() {
    let server = clickhouse::start();
    let writer = Arc::new(clickhouse::tables(&server));
    let build: TableBuild = build(vec![people()]);
    writer.ensure(&build).unwrap();
    let row = |values: Vec<Value<'_>>| TableRow {
        key: Key::of(&values[..1]),
        document: Some(document::to_json(&build.catalogue.views[0], &Row::of(&values))),
        position: POSITION,
        version: RowVersion::new(1, 1).unwrap(),
    };
    let mut rows: Vec<TableRow> = documents().into_iter().map(row).collect();
    // Broken documents and deleted ones have no content.
    rows.push(super::row("g", None, (1, 1)));
    writer.write(&build, 0, &rows).unwrap();
    selects_and_sorts(&ClickHouseTables::new(writer.clone(), Arc::new(At(POSITION))));

    let view = LiveView { projection: "shop".into(), generation: 1, spec: people() };
    let list = Request { limit: 1, ..Request::default() }.resolve(&view.spec).unwrap();
    let filling = ClickHouseTables::new(writer.clone(), Arc::new(At(0))).select(&view, &list).unwrap();
    assert_eq!((filling.position, filling.value.documents), (0, Vec::new()));
    writer.drop_generation("shop", 1).unwrap();
    let dropped = ClickHouseTables::new(writer, Arc::new(At(POSITION))).select(&view, &list);
    assert!(matches!(dropped, Err(Fault::Unavailable { .. })), "{dropped:?}");
}
