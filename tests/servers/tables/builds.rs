//! Tables of builds: made, recognized, shown and dropped.

use projector::config::ClickHousePlace;
use projector::fault::Fault;
use projector::tables::{ClickHouse, RowVersion, Survey, TableBuild, TableWriter};
use schemas::Type;

use super::{build, row, view};
use crate::clickhouse;
use crate::process::Server;

fn people() -> TableBuild {
    build(vec![view("people", &[("id", Type::Text), ("age", Type::Int8)])])
}

fn unfit<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Unfit { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn names(server: &Server) -> String {
    let found = clickhouse::ask(server, "SELECT name FROM system.tables WHERE database = 'shop' ORDER BY name");
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_build_finds_its_tables_again_and_no_others() {
    let mut server = clickhouse::start();
    let (tables, build) = (clickhouse::tables(&server), people());
    let surveyed = |build: &TableBuild| tables.survey(build).unwrap();
    assert_eq!(surveyed(&build), Survey { tables: None, newest: RowVersion::ZERO });
    let first = tables.ensure(&build).unwrap();
    tables.write(&build, 0, &[row("a", Some(r#"{"id":"a","age":1}"#), (1, 1))]).unwrap();
    server.restart();
    assert_eq!(surveyed(&build), Survey { tables: Some(first.clone()), newest: RowVersion::new(1, 1).unwrap() });
    assert_eq!(tables.ensure(&build).unwrap(), first);
    let count = || clickhouse::ask(&server, "SELECT count() FROM people__g1 FINAL");
    assert_eq!(count(), "1\n");

    // Another build of the same number: what is left of this one is dropped.
    let other = TableBuild { identity: "second".into(), ..build.clone() };
    assert_eq!(surveyed(&other), Survey { tables: None, newest: RowVersion::ZERO });
    let second = tables.ensure(&other).unwrap();
    assert_ne!(second, first);
    assert_eq!(count(), "0\n");

    // A table that is gone is noticed by who writes.
    clickhouse::ask(&server, "DROP TABLE people__g1 SYNC");
    let written = tables.write(&other, 0, &[row("a", None, (1, 1))]);
    assert!(matches!(written, Err(Fault::Lost { .. })), "{written:?}");
    assert_eq!(surveyed(&other).tables, None);
    assert_ne!(tables.ensure(&other).unwrap(), second, "they are other tables than those that were filled");

    // One that was changed is named.
    clickhouse::ask(&server, "ALTER TABLE people__g1 MODIFY COLUMN age Nullable(Int32)");
    let said = unfit(tables.ensure(&other));
    assert!(said.starts_with("in table people__g1 column age is Nullable(Int32), and not Nullable(Int64); "), "{said}");
}

#[test]
fn one_table_that_is_missing_makes_others_of_all() {
    let server = clickhouse::start();
    let columns = [("id", Type::Text)];
    let (tables, build) = (clickhouse::tables(&server), build(vec![view("people", &columns), view("orders", &columns)]));
    let first = tables.ensure(&build).unwrap();
    tables.write(&build, 0, &[row("a", Some(r#"{"id":"a"}"#), (1, 7))]).unwrap();
    clickhouse::ask(&server, "DROP TABLE orders__g1 SYNC");
    let newest = RowVersion::new(1, 7).unwrap();
    assert_eq!(tables.survey(&build).unwrap(), Survey { tables: None, newest });
    let second = tables.ensure(&build).unwrap();
    assert_ne!(second, first);
    assert_eq!(tables.survey(&build).unwrap(), Survey { tables: Some(second), newest });
}

#[test]
fn what_others_have_is_left_alone() {
    let server = clickhouse::start();
    let (tables, build) = (clickhouse::tables(&server), people());
    tables.ensure(&build).unwrap();
    tables.show(&build).unwrap();
    let bank = TableBuild { projection: "bank".into(), ..build.clone() };
    let said = unfit(tables.ensure(&bank));
    assert!(said.contains("people__g1: it belongs to view people of projection shop; name view people otherwise"), "{said}");
    let said = unfit(tables.show(&bank));
    assert!(said.contains("something named people: it belongs to view people of projection shop"), "{said}");

    clickhouse::ask(&server, "CREATE TABLE orders__g1 (a Int8) ENGINE = Memory");
    clickhouse::ask(&server, "CREATE TABLE orders (a Int8) ENGINE = Memory");
    let orders = super::build(vec![view("orders", &[("id", Type::Text)])]);
    assert!(unfit(tables.ensure(&orders)).contains("there is a table orders__g1: it is not Projector's"));
    assert!(unfit(tables.show(&orders)).contains("there is something named orders: it is not Projector's"));
}

#[test]
fn two_projectors_leave_each_others_tables_alone() {
    let server = clickhouse::start();
    let (ours, build) = (clickhouse::tables(&server), people());
    let owner = "projector in redis://other:6379/0".to_owned();
    let theirs = ClickHouse::new(&ClickHousePlace { owner, ..clickhouse::place(&server) }).unwrap();
    let made = ours.ensure(&build).unwrap();
    ours.show(&build).unwrap();
    ours.write(&build, 0, &[row("a", Some(r#"{"id":"a","age":1}"#), (1, 1))]).unwrap();

    let other = TableBuild { identity: "second".into(), ..build.clone() };
    assert_eq!(theirs.survey(&other).unwrap(), Survey { tables: None, newest: RowVersion::ZERO });
    let said = unfit(theirs.ensure(&other));
    assert!(said.contains("people__g1: it belongs to another Projector, 'embedded:/"), "{said}");
    assert!(said.contains("and this one is 'projector in redis://other:6379/0'"), "{said}");
    assert!(unfit(theirs.show(&other)).contains("people: it belongs to another Projector"));
    theirs.show(&super::build(vec![])).unwrap();
    assert_eq!(theirs.generations("shop").unwrap(), [0; 0]);
    theirs.drop_generation("shop", 1).unwrap();
    assert_eq!(ours.survey(&build).unwrap().tables, Some(made));
    assert_eq!(clickhouse::ask(&server, "SELECT id FROM people"), "a\n");
}

#[test]
fn names_that_cannot_be_are_refused() {
    let server = clickhouse::start();
    let tables = clickhouse::tables(&server);
    let array = || Type::Array(Box::new(Type::Text));
    for (columns, said) in [
        (vec![("id", Type::Text), ("_version", Type::Int8)], "view x has a column _version, a name that"),
        (vec![("id", Type::Text), ("n.a", array()), ("m.a", array()), ("n.b", array())], "view x has several arrays n.…,"),
    ] {
        let refused = unfit(tables.ensure(&build(vec![view("x", &columns)])));
        assert!(refused.starts_with(said), "{refused}");
    }
}

#[test]
fn a_stable_name_shows_the_live_generation() {
    let server = clickhouse::start();
    let (tables, first) = (clickhouse::tables(&server), people());
    let columns = [("id", Type::Text), ("age", Type::Int8), ("name", Type::Text)];
    let mut second = build(vec![view("people", &columns)]);
    (second.number, second.identity) = (2, "second".into());
    for build in [&first, &second] {
        tables.ensure(build).unwrap();
    }
    tables.write(&first, 0, &[row("a", Some(r#"{"id":"a","age":1}"#), (1, 1))]).unwrap();
    tables.write(&second, 0, &[row("a", Some(r#"{"id":"a","age":1,"name":"Ada"}"#), (1, 1))]).unwrap();
    let shown = || clickhouse::ask(&server, "SELECT * FROM people FORMAT CSV");
    tables.show(&first).unwrap();
    tables.show(&first).unwrap();
    assert_eq!(shown(), "\"a\",1\n");
    tables.show(&second).unwrap();
    assert_eq!(shown(), "\"a\",1,\"Ada\"\n");
    assert_eq!(tables.generations("shop").unwrap(), [1, 2]);
    tables.drop_generation("shop", 1).unwrap();
    tables.drop_generation("bank", 2).unwrap();
    assert_eq!(tables.generations("shop").unwrap(), [2]);
    assert_eq!(names(&server), "people people__g2");

    // A view that the next generation does not have loses its stable name.
    let third = TableBuild { number: 3, ..build(vec![view("others", &columns)]) };
    tables.ensure(&third).unwrap();
    tables.show(&third).unwrap();
    assert_eq!(names(&server), "others others__g3 people__g2");
}

#[test]
fn names_are_whatever_they_are() {
    let server = clickhouse::start();
    let tables = clickhouse::tables(&server);
    let hostile = "a`b'c\"d\\e {p0:String} ?; DROP TABLE x --é.";
    let columns = [
        ("id`", Type::Text),
        (hostile, Type::Int8),
        ("key", Type::Text),
        ("x.a", Type::Array(Type::Text.into())),
        ("y.a", Type::Array(Type::Text.into())),
    ];
    let build = TableBuild { projection: hostile.into(), identity: hostile.into(), ..build(vec![view(hostile, &columns)]) };
    tables.ensure(&build).unwrap();
    tables.ensure(&build).unwrap();
    let document = r#"{"id`":"a","h":7,"key":"k","x.a":["1"],"y.a":[]}"#;
    tables.write(&build, 0, &[row("a", Some(document), (1, 1))]).unwrap();
    tables.show(&build).unwrap();
    let view = hostile.replace('\\', "\\\\").replace('`', "\\`");
    assert_eq!(clickhouse::ask(&server, &format!("SELECT * FROM `{view}` FORMAT CSV")), "\"a\",7,\"k\",\"['1']\",\"[]\"\n");
    tables.drop_generation(hostile, 1).unwrap();
    assert_eq!(tables.generations(hostile).unwrap(), [0; 0]);
}
