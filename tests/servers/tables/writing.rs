//! Rows that replace each other.

use projections::codec::Key;
use projector::fault::Fault;
use projector::tables::{ClickHouse, Lost, RowVersion, Suspects, TableBuild, TableRow, TableWriter};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use schemas::Type;

use super::{build, row, text_key, view};
use crate::clickhouse;

fn people() -> TableBuild {
    build(vec![view("people", &[("id", Type::Text), ("age", Type::Int8)])])
}

fn person(id: &str, age: u64, version: (u64, u64)) -> TableRow {
    row(id, Some(&format!(r#"{{"id":"{id}","age":{age}}}"#)), version)
}

fn gone(id: &str, version: (u64, u64)) -> TableRow {
    row(id, None, version)
}

#[test]
fn the_highest_version_counts_in_any_order() {
    let server = clickhouse::start();
    let (tables, build) = (clickhouse::tables(&server), people());
    tables.ensure(&build).unwrap();
    tables.show(&build).unwrap();
    let rows = vec![
        person("a", 1, (1, 5)),
        person("a", 2, (1, 9)),
        gone("a", (1, 7)),
        person("b", 3, (1, 9)),
        gone("b", (2, 1)),
        gone("c", (1, 1)),
        person("c", 4, (1, 2)),
        person("d", 5, (1, 99)),
        person("d", 6, (2, 3)),
    ];
    let some_twice = proptest::collection::vec(0..rows.len(), 0..6);
    let orders = (Just((0..rows.len()).collect::<Vec<_>>()).prop_shuffle(), some_twice, 1..rows.len());
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&orders, |(order, again, batch)| {
        clickhouse::ask(&server, "TRUNCATE TABLE people__g1");
        let sent: Vec<TableRow> = order.iter().chain(&again).map(|&at| rows[at].clone()).collect();
        for batch in sent.chunks(batch) {
            tables.write(&build, 0, batch).unwrap();
        }
        let shown = clickhouse::ask(&server, "SELECT * FROM people ORDER BY id FORMAT CSV");
        prop_assert_eq!(shown, "\"a\",2\n\"c\",4\n\"d\",6\n");
        clickhouse::ask(&server, "OPTIMIZE TABLE people__g1 FINAL");
        prop_assert_eq!(clickhouse::ask(&server, "SELECT count() FROM people"), "3\n");
        Ok(())
    });
    outcome.unwrap();
}

/// All keys of rows that may be of a lost state, in pages of two.
fn lost(tables: &ClickHouse, build: &TableBuild, lost: Lost) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    loop {
        let page = tables.suspects(build, &Suspects { view: 0, lost, after: keys.last(), limit: 2 }).unwrap();
        if page.is_empty() {
            return keys;
        }
        keys.extend(page);
    }
}

#[test]
fn rows_of_a_lost_state_are_found() {
    let server = clickhouse::start();
    let (tables, build) = (clickhouse::tables(&server), people());
    tables.ensure(&build).unwrap();
    assert_eq!(tables.survey(&build).unwrap().newest, RowVersion::ZERO);
    let rows =
        [person("a", 1, (1, 5)), person("b", 1, (1, 6)), gone("c", (1, 7)), person("c", 1, (1, 2)), person("d", 1, (2, 6))];
    for row in &rows {
        tables.write(&build, 0, std::slice::from_ref(row)).unwrap();
    }
    assert_eq!(tables.survey(&build).unwrap().newest, RowVersion::new(2, 6).unwrap());
    let found = |commits, epoch| lost(&tables, &build, Lost { commits, epoch });
    assert_eq!(found(5, 2), [text_key("b"), text_key("c")]);
    assert_eq!(found(4, 3), ["a", "b", "c", "d"].map(text_key));
    assert_eq!(found(7, 3), []);
}

#[test]
fn a_server_that_is_gone_is_told_from_one_that_refuses() {
    let mut server = clickhouse::start();
    let (tables, build) = (clickhouse::tables(&server), people());
    tables.ensure(&build).unwrap();
    server.kill();
    let write = || tables.write(&build, 0, &[person("a", 1, (1, 1))]);
    let written = write();
    assert!(matches!(written, Err(Fault::Unavailable { .. })), "{written:?}");
    server.restart();
    write().unwrap();
    assert_eq!(clickhouse::ask(&server, "SELECT age FROM people__g1"), "1\n");

    let mut place = clickhouse::place(&server);
    place.user = Some("nobody".into());
    let refused = ClickHouse::new(&place).unwrap().ensure(&build);
    assert!(matches!(&refused, Err(Fault::Unfit { reason, .. }) if reason.contains("nobody")), "{refused:?}");
}
