//! What the commands print when all is well, and when a question has the answer no.

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, person};

/// Four persons of different ages; dora's luck is a division by zero.
fn four_persons() -> Sandbox {
    let sandbox = Sandbox::new();
    let events = [person("a", "Ann", 20), person("b", "Bob", 40), person("c", "Cid", 20), person("d", "Dora", 7)];
    sandbox.apply(&events.iter().map(String::as_str).collect::<Vec<_>>());
    sandbox
}

#[test]
fn check() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run("check"));
    assert!(sandbox.ok("check --json").contains(r#""name":"persons_by_age""#));
    assert!(!sandbox.path().join("data").exists(), "nothing is touched");
}

#[test]
fn tests_beside_definitions() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "projections/people/tests/persons.toml",
        r#"[[test]]
name = "a person is seen"
given = [{ type = "PersonSeen", data = { person_id = "a", name = "Ann", age = 20 } }]
expect = [{ view = "persons_by_age", key = ["a"], document = { name = "Ann" } }]

[[test]]
name = "somebody else is expected"
given = [{ type = "PersonSeen", data = { person_id = "a", name = "Ann", age = 20 } }]
expect = [{ view = "persons_by_age", key = ["a"], document = { name = "Eve", age = 21 } }]
"#,
    );
    assert_snapshot!(sandbox.run("test"));
    assert_snapshot!("test_filter", sandbox.run("test seen"));
}

#[test]
fn publish_prints_the_last_position() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run_with("publish -", &format!("{}\n\n{}", person("a", "Ann", 1), person("b", "Bob", 1))));
    assert_snapshot!("publish_json", sandbox.run_with("publish - --json", &person("a", "Ann", 2)));
}

#[test]
fn get() {
    let sandbox = four_persons();
    assert_snapshot!(sandbox.run("get people.persons_by_age a b"));
    assert_snapshot!("get_missing", sandbox.run("get persons_by_age a nobody"));
    assert_snapshot!("get_broken", sandbox.run("get persons_by_age d"));
    assert_snapshot!("get_unknown_view", sandbox.run("get persons a"));
}

#[test]
fn query() {
    let sandbox = four_persons();
    assert_snapshot!(sandbox.run("query persons_by_age"));
    assert_snapshot!("query_where", sandbox.run("query persons_by_age --where age>=20 --where age<30 --order -person_id"));
    assert_snapshot!("query_limit", sandbox.run("query persons_by_age --order=-age --limit 1"));
    assert_snapshot!("query_undeclared", sandbox.run("query persons_by_age --where name=Ann"));
    assert_snapshot!("query_no_value", sandbox.run("query persons_by_age --where age=old"));
}

#[test]
fn status() {
    let sandbox = four_persons();
    assert_snapshot!(sandbox.run("status"));
}

#[test]
fn nothing_is_there_yet() {
    let sandbox = Sandbox::new();
    for command in ["status", "get persons_by_age a", "query persons_by_age", "verify people"] {
        let shown = sandbox.run(command);
        assert_eq!(
            shown,
            "exit 2\n--- stderr\nerror: there is no database at data/projector.db: publish events or run the daemon first\n",
            "{command}"
        );
    }
}

#[test]
fn verify_finds_what_was_changed_behind_its_back() {
    let sandbox = four_persons();
    assert_snapshot!(sandbox.run("verify people"));
    let database = rusqlite::Connection::open(sandbox.path().join("data/projector.db")).unwrap();
    database
        .execute_batch(
            r#"UPDATE "people.g1.view.persons_by_age" SET document = replace(document, 'Ann', 'Eve') WHERE document LIKE '%Ann%';
               DELETE FROM "people.g1.view.persons_by_age" WHERE document LIKE '%Bob%';"#,
        )
        .unwrap();
    assert_snapshot!("verify_differs", sandbox.run("verify people"));
}

#[test]
fn schemas_are_compared_and_guessed() {
    let sandbox = Sandbox::new();
    let older = crate::sandbox::SCHEMA.replace("\"integer\"", "\"string\"");
    sandbox.write("older/people/PersonSeen.v1.json", older);
    assert_snapshot!(sandbox.run("schema check --against older"));
    assert_snapshot!("schema_infer", sandbox.run_with("schema infer -", &person("a", "Ann", 1)));
}

#[test]
fn configuration_mistakes_are_all_told() {
    let sandbox = Sandbox::new();
    sandbox.write("projector.toml", "projektions = \"x\"\n[http]\nlisten = \"8080\"\n[log]\nurl = \"kafka://x\"\n");
    assert_snapshot!(sandbox.run("status"));
}
