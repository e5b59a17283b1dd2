//! Dead letters that are settled, with and without a daemon, and projections that pause.

use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::sandbox::{PROJECTION, Sandbox, event, person};

/// What a daemon has not done by then it will not do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ann's first event divides by zero, and her second waits behind it; Bob is well; and a line is no JSON.
fn poisoned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("ann", "Ann", 0), &person("ann", "Anna", 5), &person("bob", "Bob", 20), "{"]);
    sandbox
}

/// The kinds of all dead letters.
fn kinds(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.ok("dead-letters list people");
    listed.lines().skip(1).map(|line| line.split("  ").take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_fails_again_stays_and_what_waits_goes_on_waiting() {
    let sandbox = poisoned();
    let said = sandbox.ok("dead-letters retry people --all");
    assert_eq!(
        said,
        "exit 0\npeople: 0 of 3 dead letters retried; these stay: 1 broken_json, 1 expression_failed, 1 parked; 3 left\n"
    );
    assert_eq!(kinds(&sandbox), ["1 expression_failed", "2 parked", "4 broken_json"]);
    sandbox.ok("verify people");
}

#[test]
fn what_was_discarded_stays_away_and_what_waited_for_it_is_applied() {
    let sandbox = poisoned();
    let said = sandbox.ok("dead-letters discard people 1 --by ops --reason nonsense");
    assert_eq!(said, "exit 0\npeople: 1 dead letter discarded; 1 left\n");
    assert!(sandbox.ok("get persons_by_age ann").contains(r#""name":"Anna""#));
    assert_eq!(kinds(&sandbox), ["4 broken_json"]);
    let settled = sandbox.ok("dead-letters settled people");
    assert!(settled.contains("1  discard  ") && settled.contains(" by ops: nonsense"), "{settled}");
    sandbox.ok("verify people");
    // Definitions that could apply the event do not bring it back.
    sandbox.write("projections/people/projection.toml", PROJECTION.replace("100 / age", "100 / nullif(age, 0)"));
    sandbox.ok("run --until-caught-up");
    assert!(sandbox.ok("status").contains("generation 2"));
    assert!(sandbox.ok("dead-letters settled people").contains("by ops: nonsense"));
    assert!(sandbox.ok("get persons_by_age ann").contains(r#""share":20"#));
    sandbox.ok("verify people");
}

#[test]
fn a_repaired_event_is_applied_at_its_place_and_in_later_generations_too() {
    let sandbox = poisoned();
    let repaired = person("ann", "Ann", 10).replace("ann-10", "ann-0");
    sandbox.write("repairs.ndjson", format!("{{\"position\": 1, \"event\": {repaired}}}\n"));
    let said = sandbox.ok("dead-letters retry people --with repairs.ndjson");
    assert_eq!(said, "exit 0\npeople: 1 dead letter retried; 1 left\n");
    assert!(sandbox.ok("get persons_by_age ann").contains(r#""name":"Anna","age":5"#), "the later event comes later");
    sandbox.ok("verify people");
    sandbox.write("projections/people/projection.toml", PROJECTION.replace("\"age\", share", "\"age + 0\", share"));
    sandbox.ok("run --until-caught-up");
    assert!(sandbox.ok("status").contains("generation 2"));
    assert_eq!(kinds(&sandbox), ["4 broken_json"]);
    sandbox.ok("verify people");
    for (line, complaint) in [
        (format!("{{\"position\": 4, \"event\": {repaired}}}"), "these stay: 1 out_of_order"),
        ("{\"position\": 9, \"event\": {}}".to_owned(), "there is no dead letter at position 9"),
        ("{\"position\": 4, \"event\": {}}".to_owned(), "is no CloudEvent"),
        ("{\"position\": 4}".to_owned(), "line 1: missing field `event`"),
    ] {
        sandbox.write("repairs.ndjson", &line);
        let said = sandbox.run("dead-letters retry people --with repairs.ndjson");
        assert!(said.contains(complaint), "{line}: {said}");
    }
    assert_eq!(sandbox.ok("dead-letters settled people").lines().count(), 2, "what did not help is no repair");
    sandbox.ok("verify people");
}

#[test]
fn dead_letters_are_found_by_what_is_known_of_them() {
    let sandbox = poisoned();
    for (filter, positions) in [
        ("", "1 2 4"),
        ("--kind parked --kind broken_json", "2 4"),
        ("--matching division", "1"),
        ("--key persons=ann", "1 2"),
        ("--key persons=bob", ""),
        ("--from 2 --to 3", "2"),
        ("--since 2020-01-01T00:00:00Z", "1 2 4"),
        ("--until 2020-01-01T00:00:00Z", ""),
    ] {
        let listed = sandbox.ok(&format!("dead-letters list people --json {filter}"));
        let position = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["position"].to_string();
        let found: Vec<String> = listed.lines().skip(1).map(position).collect();
        assert_eq!(found.join(" "), positions, "{filter}");
    }
    for (arguments, code, complaint) in [
        ("dead-letters discard people", 2, "name positions"),
        ("dead-letters discard people 3", 1, "there is no dead letter at position 3"),
        ("dead-letters retry nobody --all", 2, "there is no projection nobody"),
        ("dead-letters list people --since yesterday", 2, "write 2026-03-01T10:00:00Z"),
        ("pause nobody", 2, "there is no projection nobody"),
    ] {
        let said = sandbox.run(arguments);
        assert!(said.starts_with(&format!("exit {code}\n")) && said.contains(complaint), "{arguments}: {said}");
    }
    let said = sandbox.ok("dead-letters discard people --key persons=ann --json");
    assert!(said.contains(r#"{"asked":2,"carried_out":true,"gone":2,"left":1,"projection":"people","stay":{}}"#), "{said}");
    assert!(sandbox.run("get persons_by_age ann").starts_with("exit 1"));
}

#[test]
fn a_flood_is_settled_before_anything_else_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.write("projections/people/projection.toml", format!("dead_letters = {{ limit = 3 }}\n{PROJECTION}"));
    let bad: Vec<String> = (0..5).map(|number| person(&format!("p{number}"), "Bad", 0)).collect();
    sandbox.write("events.ndjson", format!("{}\n{}\n", bad.join("\n"), person("ann", "Ann", 5)));
    sandbox.ok("publish events.ndjson");
    let said = sandbox.run("run --until-caught-up");
    assert!(said.starts_with("exit 4") && said.contains("`dead-letters discard`"), "{said}");
    let said = sandbox.run("dead-letters retry people 1");
    assert!(said.starts_with("exit 4"), "there are still too many: {said}");
    assert_eq!(kinds(&sandbox).len(), 5);
    assert!(sandbox.ok("dead-letters discard people --all").contains("5 dead letters discarded; 0 left"));
    sandbox.ok("run --until-caught-up");
    assert!(sandbox.ok("get persons_by_age ann").contains("Ann"));
    sandbox.ok("verify people");
}

#[test]
fn skipped_events_keep_nobody_waiting_and_are_not_applied_late() {
    let sandbox = Sandbox::new();
    sandbox.write("projections/people/projection.toml", format!("dead_letters = {{ policy = \"skip\" }}\n{PROJECTION}"));
    sandbox.apply(&[&person("ann", "Ann", 0), &person("ann", "Anna", 5)]);
    assert!(sandbox.ok("get persons_by_age ann").contains("Anna"));
    let repaired = person("ann", "Ann", 10).replace("ann-10", "ann-0");
    sandbox.write("repairs.ndjson", format!("{{\"position\": 1, \"event\": {repaired}}}\n"));
    assert!(sandbox.ok("dead-letters retry people --with repairs.ndjson").contains("1 out_of_order"));
    assert!(sandbox.ok("get persons_by_age ann").contains("Anna"));
    assert!(sandbox.ok("dead-letters discard people --all").contains("1 dead letter discarded; 0 left"));
    sandbox.ok("verify people");
}

#[test]
fn a_daemon_carries_orders_out_and_tells_over_http_what_is_left() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    for body in [person("ann", "Ann", 0), person("ann", "Anna", 5), person("bob", "Bob", 20)] {
        daemon.ask("POST", "/v1/events", &body);
    }
    wait_until_applied(&daemon, 3);
    let listed = daemon.ask("GET", "/v1/projections/people/dead-letters?kind=parked", "");
    assert!(listed.contains(r#""position":2"#) && !listed.contains(r#""position":1,"#), "{listed}");
    let shown = daemon.ask("GET", "/v1/projections/people/dead-letters/1", "");
    assert!(shown.contains("division by zero") && shown.contains(r#""keys":["persons ann"]"#), "{shown}");
    for (path, status) in [
        ("/v1/projections/people/dead-letters/3", "404"),
        ("/v1/projections/nobody/dead-letters", "404"),
        ("/v1/projections/people/dead-letters?color=red", "400"),
        ("/v1/projections/people/dead-letters?from=x", "400"),
    ] {
        let answer = daemon.ask("GET", path, "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    assert!(sandbox.ok("dead-letters retry people 1").contains("0 of 1 dead letter retried; these stay: 1 expression_failed"));
    assert!(sandbox.ok("dead-letters discard people 1").contains("1 dead letter discarded; 0 left"));
    assert!(daemon.ask("GET", "/v1/views/persons_by_age/ann", "").contains("Anna"));
    assert_eq!(daemon.terminate(), Some(0));
    sandbox.ok("verify people");
}

#[test]
fn a_paused_projection_applies_nothing_until_it_is_resumed_also_after_a_restart() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    daemon.ask("POST", "/v1/events", &person("ann", "Ann", 5));
    wait_until_applied(&daemon, 1);
    assert_eq!(sandbox.ok("pause people --by ops --reason moving"), "exit 0\npeople: paused\n");
    wait_until_paused(&daemon);
    daemon.ask("POST", "/v1/events", &person("bob", "Bob", 0));
    let late = daemon.ask("GET", "/v1/views/persons_by_age/bob?min_position=2&timeout=2s", "");
    assert!(late.starts_with("HTTP/1.1 504"), "{late}");
    assert!(daemon.ask("GET", "/v1/views/persons_by_age/ann", "").contains("Ann"), "reads go on");
    assert!(daemon.ask("GET", "/readyz", "").starts_with("HTTP/1.1 200"));
    assert_eq!(daemon.terminate(), Some(0));
    assert!(sandbox.ok("status").contains(" by ops (moving)"));
    let refused = sandbox.run("run --until-caught-up");
    assert!(refused.starts_with("exit 4") && refused.contains("`projector resume`"), "{refused}");

    let daemon = sandbox.daemon();
    wait_until_paused(&daemon);
    assert!(daemon.ask("GET", "/v1/projections/people", "").contains(r#""by":"ops""#));
    assert_eq!(sandbox.ok("resume people"), "exit 0\npeople: goes on\n");
    wait_until_applied(&daemon, 2);
    assert_eq!(sandbox.ok("pause people"), "exit 0\npeople: paused\n");
    wait_until_paused(&daemon);
    assert!(
        sandbox.ok("dead-letters discard people --all").contains("1 dead letter to be discarded when `projector resume` ends")
    );
    assert_eq!(kinds(&sandbox).len(), 1);
    sandbox.ok("resume people");
    let deadline = Instant::now() + PATIENCE;
    while !kinds(&sandbox).is_empty() {
        assert!(Instant::now() < deadline, "the order is not carried out");
    }
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn an_unknown_type_that_is_registered_later_passes_by() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&event("1", "/pets", "PetSeen", "{}"), &person("ann", "Ann", 5)]);
    assert_eq!(kinds(&sandbox), ["1 unknown_type"]);
    sandbox.write("schemas/pets/PetSeen.v1.json", r#"{"type": "object"}"#);
    assert_eq!(sandbox.ok("dead-letters retry people --all"), "exit 0\npeople: 1 dead letter retried; 0 left\n");
    sandbox.ok("verify people");
}

fn wait_until_applied(daemon: &Daemon, position: u64) {
    let seen = daemon.ask("GET", &format!("/v1/views/persons_by_age/nobody?min_position={position}&timeout=60s"), "");
    assert!(seen.contains("no_document"), "{seen}");
}

fn wait_until_paused(daemon: &Daemon) {
    let deadline = Instant::now() + PATIENCE;
    while !daemon.ask("GET", "/metrics", "").contains("projector_health{projection=\"people\",health=\"paused\"} 1") {
        assert!(Instant::now() < deadline, "the daemon does not pause");
    }
}
