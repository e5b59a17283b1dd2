//! Input that is wrong, in every way that we could think of: a clear message each, and the rest goes on.

use std::process::Command;
use std::{fs, thread};

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, event, person};

/// The dead letters of these events, which are applied with a good one after them.
fn dead_letters(events: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let good = person("good", "Gil", 50);
    sandbox.apply(&[events, &[&good]].concat());
    assert!(sandbox.ok("get persons_by_age good").contains("Gil"), "the good event is applied");
    sandbox.ok("dead-letters list people")
}

/// What is shown, without the line that says when: it is another time each time.
fn timeless(shown: &str) -> String {
    let (timed, others): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.starts_with("time  "));
    assert_eq!(timed.len(), 1, "{shown}");
    others.join("\n")
}

#[test]
fn nothing_to_run() {
    let sandbox = Sandbox::empty();
    sandbox.write("schemas/.keep", "");
    sandbox.write("projections/shop/order_overview.sql", "SELECT 1");
    assert_snapshot!(sandbox.run("check"));
}

#[test]
fn events_that_cannot_be_applied() {
    let wrong_owner = event("1", "/payments", "PersonSeen", r#"{"person_id":"a"}"#);
    let unknown_type = event("2", "/people", "PersonSen", "{}");
    let unknown_version = event("3", "/people", "PersonSeen.v9", "{}");
    let violation = event("4", "/people", "PersonSeen", r#"{"person_id":7,"nickname":"x"}"#);
    let division = person("a", "Ann", 0);
    assert_snapshot!(dead_letters(&[
        "{\"specversion\":",
        "[1, 2]",
        "{\"specversion\":\"1.0\"}",
        &wrong_owner,
        &unknown_type,
        &unknown_version,
        &violation,
        &division,
    ]));
}

#[test]
fn later_events_of_a_parked_key_wait() {
    let sandbox = Sandbox::new();
    let (bad, later) = (person("a", "Ann", 0), person("a", "Ann", 5));
    sandbox.apply(&[&bad, &later]);
    assert_snapshot!(sandbox.run("dead-letters list people"));
    assert_snapshot!("dead_letter_show", timeless(&sandbox.run("dead-letters show people 1")));
    assert_snapshot!("dead_letter_none", sandbox.run("dead-letters show people 9"));
}

#[test]
fn publish_warns_and_strict_refuses() {
    let sandbox = Sandbox::new();
    sandbox.write("events.ndjson", format!("{}\n{{\n", person("a", "Ann", 1)));
    assert_snapshot!(sandbox.run("publish --strict events.ndjson"));
    assert!(!sandbox.path().join("data").exists(), "nothing was published");
    assert_snapshot!("publish_warns", sandbox.run("publish events.ndjson"));
}

#[test]
fn an_event_of_10_megabytes() {
    let sandbox = Sandbox::new();
    let name = "x".repeat(10 << 20);
    sandbox.apply(&[&person("a", &name, 1)]);
    assert!(sandbox.ok("get persons_by_age a").contains(&name));
}

#[test]
fn bytes_that_are_no_text_become_a_dead_letter() {
    let sandbox = Sandbox::new();
    sandbox.write("events.ndjson", b"{\"name\":\"\xff\"}\n");
    assert_snapshot!(sandbox.run("publish events.ndjson"));
    sandbox.ok("run --until-caught-up");
    assert_snapshot!("not_text_dead_letter", timeless(&sandbox.run("dead-letters show people 1")));
}

#[test]
fn a_definition_that_is_no_text() {
    let sandbox = Sandbox::new();
    sandbox.write("projections/people/persons_by_age.sql", b"SELECT '\xff'");
    sandbox.write("schemas/people/PersonGone.v1.json", b"\xfe");
    assert_snapshot!(sandbox.run("check"));
}

#[test]
fn definitions_that_cannot_be_parsed() {
    let sandbox = Sandbox::new();
    sandbox.write("projections/people/projection.toml", "name = \"people\"\n[entities.persons\nkey = [\"person_id\"]\n");
    assert_snapshot!(sandbox.run("check"));
    sandbox.write("schemas/people/PersonSeen.v1.json", "{\n  \"type\": \"object\",\n  \"properties\": {,}\n}\n");
    assert_snapshot!("schema_no_json", sandbox.run("check"));
}

#[test]
fn files_that_are_not_there() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run("publish nothing.ndjson"));
    assert_snapshot!("no_config", sandbox.run("--config none.toml status"));
    std::fs::remove_dir_all(sandbox.path().join("schemas")).unwrap();
    assert_snapshot!("no_schemas", sandbox.run("check"));
    assert_snapshot!("no_schemas_run", sandbox.run("run --until-caught-up"));
}

#[test]
fn a_definition_with_ten_mistakes() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "projections/people/projection.toml",
        r#"name = "people"
subject = ["people.>"]

[entities.persons]
key = ["person_id"]
on.PersonSeen.set = { name = "nam", age = "age + 'x'", share = "100 / (age", since = "now()", person_id = "person_id" }
on.PersonSen.delete = true

[entities.visits]
key = []
on.PersonSeen.set = { name = "lower(age)" }

[views.persons_by_age]
query = "persons_by_age.sql"
table = { filters = ["years"] }

[views.gone]
query = "gone.sql"
"#,
    );
    sandbox.write("projections/people/persons_by_age.sql", "SELECT p.person_id, p.nme, q.x, sum(p.age) OVER () FROM persons p\n");
    assert_snapshot!(sandbox.run("check"));
}

#[test]
fn the_policy_halt_and_its_exit_code() {
    let sandbox = Sandbox::new();
    let projection = format!("dead_letters = {{ policy = \"halt\" }}\n{}", crate::sandbox::PROJECTION);
    sandbox.write("projections/people/projection.toml", projection);
    sandbox.write("events.ndjson", format!("{}\n{{\n{}\n", person("a", "Ann", 1), person("b", "Bob", 1)));
    sandbox.ok("publish events.ndjson");
    assert_snapshot!(sandbox.run("run --until-caught-up"));
    // How long the event has waited is another time each time.
    let status = sandbox.run("status");
    assert_snapshot!("halted_status", status.split("  lag ").next().unwrap());
    assert!(sandbox.ok("get persons_by_age a").contains("Ann"), "what came before is applied");
    // What the message advises.
    sandbox.write("projections/people/projection.toml", crate::sandbox::PROJECTION);
    sandbox.ok("run --until-caught-up");
    assert!(sandbox.ok("get persons_by_age b").contains("Bob"), "it goes on");
    assert!(sandbox.ok("dead-letters list people").contains("broken_json"), "and keeps what it left out");
}

/// A pipe can be read only once, also by a name of its own.
#[test]
fn a_named_pipe_is_published_strictly() {
    let sandbox = Sandbox::new();
    assert!(Command::new("mkfifo").arg(sandbox.path().join("pipe")).status().unwrap().success());
    let path = sandbox.path().join("pipe");
    let writer = thread::spawn(move || fs::write(path, person("a", "Ann", 20)));
    assert_eq!(sandbox.ok("publish --strict pipe"), "exit 0\n1\n");
    writer.join().unwrap().unwrap();
}

/// What stands in an event, written out or not, cannot move the cursor of who reads about it.
#[test]
fn a_terminal_obeys_no_event() {
    let sandbox = Sandbox::new();
    let plain = event("\u{1b}[2J", "/people", "PersonSeen", "{}");
    let escaped = event("y", "/people", "PersonSeen", r#"{"person_id":"y","age":"\u001b[2J"}"#);
    sandbox.apply(&[&plain, &escaped]);
    for (command, what) in [
        ("publish events.ndjson", "will be refused"),
        ("dead-letters list people", r"\u{1b}[2J"),
        ("dead-letters show people 1", r"\u{1b}[2J"),
        ("dead-letters show people 2", "data"),
    ] {
        let shown = sandbox.ok(command);
        assert!(!shown.contains('\u{1b}') && shown.contains(what), "{command}: {shown}");
    }
}
