//! What `doctor` finds on real servers.

use async_nats::jetstream::stream::Config as StreamConfig;
use projector::demo::Shop;
use serde_json::Value;

use crate::cluster::{self, Replicas};
use crate::folder::{Folder, wait_until_folded};
use crate::nats::{self, Operator, STREAM};
use crate::{clickhouse, redis};

/// Exit code, and the findings that are not fine, as `LEVEL SUBJECT MESSAGE`.
fn examined(folder: &Folder) -> (Option<i32>, Vec<String>) {
    let output = folder.start(&["doctor", "--json"]).wait_with_output().expect("the binary ends");
    let report: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let findings = report["findings"].as_array().expect("there are findings").iter();
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("it is a text").to_owned();
    let told = findings.filter(|finding| finding["level"] != "ok");
    let lines = told.map(|finding| ["level", "subject", "message"].map(|name| text(finding, name)).join(" ")).collect();
    (output.status.code(), lines)
}

/// That these findings start so, in turn.
fn assert_starts(found: &[String], expected: &[&str]) {
    let fits = found.iter().zip(expected).all(|(found, start)| found.starts_with(start));
    assert!(fits && found.len() == expected.len(), "{found:#?}");
}

#[test]
fn sound_servers_and_what_runs_on_them() {
    let (nats, redis) = (nats::start(), redis::start_with(&["--maxmemory", "1gb"]));
    let folder = Folder::on_servers(&nats, &redis);
    folder.run(&["log", "create"]);
    let one_copy = "warn log it is on one server only";
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(0), "{found:#?}");
    assert_starts(&found, &[one_copy, "warn projections auction is not deployed", "warn projections shop is not deployed"]);

    folder.publish(Shop::new(5).take(50).map(|event| event.bytes));
    let daemon = folder.daemon();
    wait_until_folded(&daemon, 50);
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(0), "{found:#?}");
    assert_starts(&found, &[one_copy]);
    let left: Vec<String> = ::redis::cmd("KEYS").arg("*doctor*").query(&mut redis::client(&redis)).expect("it answers");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn servers_that_lose_things_or_refuse_them() {
    let (nats, redis) = (nats::start(), redis::start_with(&["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"]));
    let operator = Operator::connect(&nats);
    operator.make(StreamConfig {
        name: STREAM.to_owned(),
        subjects: vec!["other.>".to_owned()],
        max_messages_per_subject: 1,
        storage: async_nats::jetstream::stream::StorageType::Memory,
        ..StreamConfig::default()
    });
    let folder = Folder::on_servers(&nats, &redis);
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(1), "{found:#?}");
    assert_starts(
        &found,
        &[
            "fail log it keeps only 1 messages of a subject",
            "warn log its messages can be deleted",
            "fail log it is kept in memory",
            "warn log it is on one server only",
            "warn log it takes other.>, but log.subject makes shop.*.*",
            "fail state its maxmemory-policy is allkeys-lru",
            "warn state maxmemory is not set",
            "warn state appendonly is off",
            "fail projections it is not known what is deployed",
        ],
    );
}

#[test]
fn what_does_not_answer_or_is_forbidden() {
    let (mut nats, redis) = (nats::start(), redis::start_with(&["--maxmemory", "1gb", "--rename-command", "EVAL", ""]));
    let folder = Folder::on_servers(&nats, &redis);
    nats.kill();
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(1), "{found:#?}");
    assert_starts(
        &found,
        &[
            "fail log connecting failed on stream EVENTS",
            "fail state it refuses EVAL",
            "fail projections it is not known what is deployed",
        ],
    );
}

#[test]
fn tables_that_are_there_and_not() {
    let mut server = clickhouse::start();
    let folder = Folder::embedded();
    let url = clickhouse::url(&server);
    let examined = || {
        let mut command = folder.command(&["doctor"]);
        let output = command.env("PROJECTOR_TABLES_URL", &url).output().expect("the binary ends");
        (output.status.code(), String::from_utf8(output.stdout).expect("it prints text"))
    };
    let (code, told) = examined();
    assert!(code == Some(0) && told.contains("/shop answers: ClickHouse 2"), "{told}");
    assert!(!told.contains("  tables         the user may not"), "{told}");
    server.kill();
    let (code, told) = examined();
    assert!(code == Some(1) && told.contains("fail  tables         looking at the database failed on "), "{told}");
}

#[test]
fn a_cluster_that_is_there_and_one_without_a_master() {
    let mut cluster = cluster::start(Replicas::None);
    let folder = Folder::with_state(&cluster.url());
    folder.publish(Shop::new(5).take(50).map(|event| event.bytes));
    let daemon = folder.daemon();
    wait_until_folded(&daemon, 50);
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(0), "{found:#?}");
    assert!(found.len() == 1 && found[0].contains(": there is no replica"), "{found:#?}");
    let told = folder.run(&["doctor"]);
    assert!(told.contains("Redis 7.") && told.contains("3 masters and 0 replicas share the slots"), "{told}");

    cluster.kill_master("{projector:doctor:0}:string");
    let (code, found) = examined(&folder);
    assert_eq!(code, Some(1), "{found:#?}");
    let says = |words: &str| found.iter().any(|finding| finding.starts_with("fail state ") && finding.contains(words));
    assert!(says(": it does not answer: connecting failed: ") && says("it is not known what we may do there"), "{found:#?}");
}
