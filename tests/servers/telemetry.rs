//! What the daemon says of its work, and what it never says.

use std::fs;
use std::thread;

use projector::demo::Shop;
use serde_json::Value;

use crate::folder::{Folder, wait_until_folded};
use crate::process::Server;
use crate::{nats, redis};

const SECRET: &str = "swordfish";

/// With passwords for both.
fn guarded(nats: &Server, redis: &Server) -> Folder {
    let folder = Folder::on_servers(nats, redis);
    let file = folder.path().join("projector.toml");
    let settings = fs::read_to_string(&file).expect("it is there");
    let settings = settings.replace("[log]\n", &format!("[log]\nuser = \"us\"\npassword = \"{SECRET}\"\n"));
    fs::write(file, settings.replace("redis://", &format!("redis://:{SECRET}@"))).expect("it can be written");
    folder
}

/// At the finest level, with servers that come and go.
#[test]
fn batches_are_told_and_secrets_are_not() {
    let mut nats = nats::start_with(&["--user", "us", "--pass", SECRET]);
    let mut redis = redis::start_with(&["--requirepass", SECRET]);
    let folder = guarded(&nats, &redis);
    folder.run(&["log", "create"]);
    let (daemon, said) = folder.daemon_heard(&[("PROJECTOR_TELEMETRY_FILTER", "trace"), ("PROJECTOR_TELEMETRY_FORMAT", "json")]);
    let listening = thread::spawn(move || said.collect::<Vec<String>>());
    folder.publish(Shop::new(7).take(100).map(|event| event.bytes));
    wait_until_folded(&daemon, 100);
    redis.restart();
    nats.restart();
    folder.publish(Shop::new(7).skip(100).take(50).map(|event| event.bytes));
    wait_until_folded(&daemon, 150);
    let mut told = vec![folder.run(&["status"]), folder.run(&["doctor"]), daemon.ask("GET", "/readyz", "")];
    assert_eq!(daemon.terminate(), Some(0));
    let lines = listening.join().expect("it is read to the end");
    assert_batches(&lines);
    told.extend(lines);
    let leak = told.iter().find(|text| text.contains(SECRET));
    assert!(leak.is_none(), "{leak:?}");
}

/// That a span of the shop was told with all that it should have.
fn assert_batches(lines: &[String]) {
    let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut closed = events.filter(|event| event["fields"]["message"] == "close").map(|event| event["span"].clone());
    let batch = closed.find(|span| span["name"] == "batch" && span["projection"] == "shop").expect("batches are told");
    for field in ["first", "position", "commit", "events", "documents"] {
        assert!(batch[field].is_u64(), "{field}: {batch}");
    }
    assert!(batch["commit_ms"].is_f64(), "{batch}");
}
