//! What operators do over HTTP: pause, rebuild, roll back, settle dead letters; and what they are shown.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, person};

/// What a daemon has not done by then it will not do.
const PATIENCE: Duration = Duration::from_secs(60);
/// The projection.
const PEOPLE: &str = "/v1/projections/people";

/// The status and the body of an answer.
fn ask(daemon: &Daemon, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = daemon.ask(method, path, &body);
    let (head, body) = answer.split_once("\n\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {answer}")))
}

fn post(daemon: &Daemon, path: &str, body: Value) -> (u16, Value) {
    ask(daemon, "POST", &format!("{PEOPLE}/{path}"), body)
}

fn get(daemon: &Daemon, path: &str) -> Value {
    let (status, body) = ask(daemon, "GET", path, Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Asks for this path until what it says is as wanted.
fn wait_for(daemon: &Daemon, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = get(daemon, path);
        if is_so(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: {found}");
    }
}

fn wait_for_operation(daemon: &Daemon, state: &str) -> Value {
    wait_for(daemon, PEOPLE, state, |people| people["operation"]["state"] == state)
}

fn publish(daemon: &Daemon, events: &[String]) {
    let last = ask(daemon, "POST", "/v1/events", serde_json::from_str(&format!("[{}]", events.join(","))).unwrap()).1;
    let seen = format!("/v1/views/persons_by_age/nobody?min_position={}&timeout=60s", last["position"]);
    assert_eq!(ask(daemon, "GET", &seen, Value::Null).1["code"], "no_document");
}

/// The kinds of the last deeds, and the generations these were done to.
fn history(daemon: &Daemon) -> Vec<String> {
    let history = get(daemon, &format!("{PEOPLE}/history"))["history"].take();
    let line =
        |deed: &Value| format!("{} {} {}", deed["what"].as_str().unwrap(), deed["generation"], deed["by"].as_str().unwrap());
    history.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_projection_pauses_and_goes_on() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    assert_eq!(post(&daemon, "pause", json!({ "by": "ops", "reason": "moving" })).1["paused"], true);
    let paused = wait_for(&daemon, PEOPLE, "a pause", |people| people["daemon"]["state"] == "paused");
    assert_eq!((&paused["paused"]["by"], &paused["paused"]["reason"]), (&json!("ops"), &json!("moving")));
    let late = ask(&daemon, "POST", "/v1/events", serde_json::from_str(&person("ann", "Ann", 5)).unwrap()).0;
    assert_eq!(late, 200);
    let refused = daemon.ask("GET", "/v1/views/persons_by_age/ann?min_position=1&timeout=10ms", "");
    assert!(refused.starts_with("HTTP/1.1 504"), "{refused}");
    assert_eq!(post(&daemon, "resume", Value::Null), (200, json!({ "projection": "people", "paused": false })));
    let ann = daemon.ask("GET", "/v1/views/persons_by_age/ann?min_position=1&timeout=60s", "");
    assert!(ann.contains("Ann"), "{ann}");
}

#[test]
fn a_rebuild_goes_live_beside_what_runs_and_is_gone_back_from() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    publish(&daemon, &[person("ann", "Ann", 5), person("bob", "Bob", 20)]);
    let (status, begun) = post(&daemon, "rebuild", json!({ "by": "ops" }));
    assert_eq!((status, &begun["operation"]["what"], &begun["operation"]["by"]), (202, &json!("rebuild"), &json!("ops")));
    let live = wait_for_operation(&daemon, "live");
    assert_eq!((&live["generation"], &live["operation"]["generation"]), (&json!(2), &json!(2)));
    publish(&daemon, &[person("cid", "Cid", 30)]);
    assert_eq!(post(&daemon, "rollback", json!({ "by": "ann" })).0, 202);
    wait_for(&daemon, PEOPLE, "the generation before", |people| {
        people["generation"] == 1 && people["operation"]["state"] == "live"
    });
    assert!(daemon.ask("GET", "/v1/views/persons_by_age/cid?min_position=3", "").contains("Cid"), "it was brought up to date");
    assert_eq!(history(&daemon)[1..], ["cut_over 2 ops", "rolled_back 1 ann"]);
    assert_eq!(post(&daemon, "rollback", Value::Null).1["code"], "none_before");
    assert_eq!(post(&daemon, "gc", json!({ "keep": 0 })).1["dropped"], json!([2]));
    assert_eq!(daemon.terminate(), Some(0));
    sandbox.ok("verify people");
}

#[test]
fn what_is_held_back_is_cancelled_and_readers_saw_nothing_of_it() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    publish(&daemon, &[person("ann", "Ann", 5)]);
    post(&daemon, "rebuild", json!({ "go_live": "hold" }));
    let held = wait_for_operation(&daemon, "held");
    assert_eq!((&held["generation"], held["generations"].as_array().unwrap().len()), (&json!(1), 2));
    assert_eq!(post(&daemon, "rebuild/cancel", Value::Null).1["dropped"], json!([2]));
    let after = get(&daemon, PEOPLE);
    assert_eq!((&after["operation"], after["generations"].as_array().unwrap().len()), (&Value::Null, 1));
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn dead_letters_are_settled() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    publish(&daemon, &[person("ann", "Ann", 0), person("ann", "Anna", 5), person("bob", "Bob", 0)]);
    let (status, again) = post(&daemon, "dead-letters/retry", json!({ "positions": [1] }));
    assert_eq!((status, &again["gone"], &again["stay"]), (200, &json!(0), &json!({ "expression_failed": 1 })));
    let repaired: Value = serde_json::from_str(&person("ann", "Ann", 10).replace("ann-10", "ann-0")).unwrap();
    let repairs = json!({ "repairs": [{ "position": 1, "event": repaired }], "by": "ops" });
    assert_eq!(post(&daemon, "dead-letters/retry", repairs).1["gone"], 1);
    let ann = daemon.ask("GET", "/v1/views/persons_by_age/ann", "");
    assert!(ann.contains(r#""name":"Anna""#), "what waited behind it is applied after it: {ann}");
    let discarded = post(&daemon, "dead-letters/discard", json!({ "kinds": ["expression_failed"], "reason": "nonsense" })).1;
    assert_eq!((&discarded["gone"], &discarded["left"]), (&json!(1), &json!(0)));
    for (path, body, status, code) in [
        ("dead-letters/discard", json!({}), 400, "bad_request"),
        ("dead-letters/discard", json!({ "positions": [9] }), 404, "no_dead_letter"),
        ("dead-letters/retry", json!({ "positions": [1], "colour": "red" }), 400, "bad_request"),
        ("dead-letters/retry", json!({ "repairs": [{ "position": 1 }] }), 400, "bad_repair"),
        ("dead-letters/discard", json!({ "repairs": [{ "position": 1, "event": {} }] }), 400, "bad_request"),
    ] {
        let (found, problem) = post(&daemon, path, body.clone());
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{path} {body}: {problem}");
    }
    assert_eq!(daemon.terminate(), Some(0));
    sandbox.ok("verify people");
}

#[test]
fn orders_wait_for_the_end_of_a_pause() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    publish(&daemon, &[person("ann", "Ann", 0)]);
    post(&daemon, "pause", Value::Null);
    wait_for(&daemon, PEOPLE, "a pause", |people| people["daemon"]["state"] == "paused");
    let (status, waiting) = post(&daemon, "dead-letters/discard", json!({ "all": true }));
    assert_eq!((status, &waiting["waits_for"], &waiting["carried_out"]), (202, &json!("resume"), &json!(false)));
    post(&daemon, "resume", Value::Null);
    wait_for(&daemon, PEOPLE, "the order is carried out", |people| people["dead_letters"] == json!({}));
}

#[test]
fn where_a_view_comes_from() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let lineage = get(&daemon, &format!("{PEOPLE}/lineage"));
    assert_eq!(lineage["services"], json!([{ "name": "people", "events": ["PersonSeen"] }]));
    assert_eq!(lineage["events"], json!([{ "name": "PersonSeen", "entities": ["persons"] }]));
    assert_eq!(lineage["entities"], json!([{ "name": "persons", "key": ["person_id"] }]));
    let view = &lineage["views"][0];
    assert_eq!((&view["name"], &view["entities"]), (&json!("persons_by_age"), &json!(["persons"])));
}

#[test]
fn the_overview_shows_what_is_done_second_by_second() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    publish(&daemon, &[person("ann", "Ann", 5), person("bob", "Bob", 20)]);
    let samples = |overview: &Value| overview["projections"][0]["trail"]["samples"].as_array().unwrap().clone();
    let events = |overview: &Value| samples(overview).iter().map(|sample| sample[5].as_u64().unwrap()).sum::<u64>();
    let seen = wait_for(&daemon, "/v1/overview", "two events", |overview| events(overview) == 2);
    let last = samples(&seen).last().unwrap()[0].as_u64().unwrap();
    let newer = wait_for(&daemon, &format!("/v1/overview?since={last}"), "more", |overview| !samples(overview).is_empty());
    assert!(samples(&newer).iter().all(|sample| sample[0].as_u64().unwrap() > last), "{newer}");
    assert_eq!(newer["projections"][0]["daemon"]["stage"], "live");
}

#[test]
fn what_is_not_there_is_not_operated() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let nobody = "/v1/projections/nobody";
    let commands = ["pause", "resume", "rebuild", "rebuild/cancel", "rollback", "gc"].map(|what| ("POST", what));
    for (method, what) in commands.into_iter().chain([("GET", "history"), ("GET", "lineage")]) {
        let (status, problem) = ask(&daemon, method, &format!("{nobody}/{what}"), Value::Null);
        assert_eq!((status, &problem["code"]), (404, &json!("no_projection")), "{what}: {problem}");
    }
    assert_eq!(post(&daemon, "rebuild", json!({ "go_live": "now" })).0, 400);
}
