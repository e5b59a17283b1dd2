//! Poisoned events, one in a hundred, over ten thousand keys: all other keys stay current, and once the events are repaired every
//! document is what it would be had nothing ever been wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use projections::codec::Key;
use projector::state::DocumentBody;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::redis;
use crate::reference::documents;

const KEYS: usize = 10_000;
/// Each key has two events.
const EVENTS: usize = 2 * KEYS;
/// One in so many is poisoned.
const ONE_IN: usize = 100;

const SCHEMA: &str = r#"{"type": "object", "required": ["person_id"], "properties": {
    "person_id": {"type": "string"}, "name": {"type": "string"}, "age": {"type": "integer", "maximum": 120}}}"#;
/// Visits tell the order of events, and how often each was applied.
const PROJECTION: &str = r#"name = "people"

[entities.persons]
key = ["person_id"]
on.PersonSeen.set = { name = "name", age = "age", share = "1000 / age", visits = "coalesce(self.visits, 0) * 10 + age" }

[views.persons]
query = "persons.sql"

[views.names]
query = "names.sql"
"#;
const PERSONS: &str = "SELECT p.person_id, p.name, p.age, p.share, p.visits FROM persons p";
const NAMES: &str = "SELECT p.name, count(*) AS persons, sum(p.visits) AS visits FROM persons p GROUP BY p.name";

type Documents = BTreeMap<(String, Key), DocumentBody>;

#[test]
fn poison_with_everything_in_one_file() {
    let folder = Folder::embedded();
    prepare(&folder, "");
    poison(&folder);
}

#[test]
fn poison_with_state_in_redis() {
    let server = redis::start();
    let folder = Folder::embedded();
    prepare(&folder, &format!("[state]\nurl = \"{}\"\n", redis::url(&server)));
    poison(&folder);
}

fn poison(folder: &Folder) {
    let clean = Folder::embedded();
    prepare(&clean, "");
    clean.publish((0..EVENTS).map(good));
    clean.run(&["run", "--until-caught-up"]);
    let expected = bodies(&clean);
    assert!(expected.len() > KEYS);

    folder.publish((0..EVENTS).map(|number| if is_poisoned(number) { bad(number) } else { good(number) }));
    folder.run(&["run", "--until-caught-up"]);
    let letters: Vec<Value> = folder
        .run(&["dead-letters", "list", "people", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"))
        .collect();
    let waiting = letters.iter().filter(|letter| letter["kind"] == "parked").count();
    assert_eq!((letters.len() - waiting, waiting), (EVENTS / ONE_IN, KEYS / ONE_IN));
    assert_others_are_current(&letters, &bodies(folder), &expected);

    let repair = |letter: &Value| {
        let position = letter["position"].as_u64().expect("it has a position");
        json!({ "position": position, "event": String::from_utf8(good(position as usize - 1)).expect("it is text") }).to_string()
    };
    let repairs: Vec<String> = letters.iter().filter(|letter| letter["kind"] != "parked").map(repair).collect();
    fs::write(folder.path().join("repairs.ndjson"), repairs.join("\n")).expect("files can be written");
    let said = folder.run(&["dead-letters", "retry", "people", "--with", "repairs.ndjson"]);
    assert_eq!(said, format!("people: {} dead letters retried; 0 left\n", repairs.len()));
    assert!(bodies(folder) == expected, "a document differs");
    folder.run(&["verify", "people"]);
}

/// Every person of whom nothing waits is as in a log without poison.
fn assert_others_are_current(letters: &[Value], found: &Documents, expected: &Documents) {
    let key_of = |letter: &Value| Some(letter["keys"][0].as_str()?.split_once(' ')?.1.to_owned());
    let waiting: BTreeSet<String> = letters.iter().filter_map(key_of).collect();
    let persons = expected.iter().filter(|((view, _), _)| view == "persons");
    let others = persons.filter(|((_, key), _)| {
        let name = projections::codec::print_key(key).expect("it is a key");
        !waiting.contains(&name)
    });
    let mut count = 0;
    for (place, body) in others {
        assert_eq!(found.get(place), Some(body), "{place:?}");
        count += 1;
    }
    assert_eq!(count, KEYS - EVENTS / ONE_IN);
}

/// Small definitions of our own in the place of the reference projections.
fn prepare(folder: &Folder, sections: &str) {
    for (path, text) in [
        ("schemas/people/PersonSeen.v1.json", SCHEMA),
        ("projections/people/projection.toml", PROJECTION),
        ("projections/people/persons.sql", PERSONS),
        ("projections/people/names.sql", NAMES),
        ("projector.toml", &format!("{sections}[deploy]\nmode = \"by-itself\"\n[telemetry]\nfilter = \"warn\"\n")),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
}

/// In the first half and in the second other persons are poisoned.
fn is_poisoned(number: usize) -> bool {
    number % ONE_IN == if number < KEYS { 37 } else { 41 }
}

fn good(number: usize) -> Vec<u8> {
    event(number, (number % 89 + 1).to_string())
}

/// Some divide by zero, others violate the schema.
fn bad(number: usize) -> Vec<u8> {
    event(number, if number.is_multiple_of(3) { "0".to_owned() } else { "\"old\"".to_owned() })
}

fn event(number: usize, age: String) -> Vec<u8> {
    let (person, name) = (number % KEYS, number % 17);
    let data = format!(r#"{{"person_id":"p{person:05}","name":"n{name}","age":{age}}}"#);
    format!(r#"{{"specversion":"1.0","id":"{number}","source":"/people","type":"PersonSeen","data":{data}}}"#).into_bytes()
}

/// What is in all documents. Their versions tell when they were changed, and that differs.
fn bodies(folder: &Folder) -> Documents {
    documents(folder).into_iter().map(|(place, (_, body))| (place, body)).collect()
}
