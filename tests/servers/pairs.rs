//! Who reads with the position that its write was answered reads what it wrote, under load, from real servers.
//!
//! `PAIRS=10000 tests/run reads_what_it_wrote` makes so many pairs.

use std::env;
use std::thread;

use projector::demo::Shop;
use serde_json::Value;

use crate::clickhouse;
use crate::daemon::Daemon;
use crate::folder::{Folder, wait_until_folded};
use crate::nats;
use crate::redis;

/// Pairs of a write and a read, where nobody says.
const PAIRS: usize = 400;
/// Who writes and reads at the same time.
const WRITERS: usize = 8;
/// How many of the pairs read from a list, which comes a second later.
const LISTS: usize = 20;

#[test]
fn everybody_reads_what_it_wrote() {
    let (nats, redis, clickhouse) = (nats::start(), redis::start(), clickhouse::start());
    let folder = Folder::on_all([&nats::url(&nats), &redis::url(&redis), &clickhouse::url(&clickhouse)]);
    folder.run(&["log", "create"]);
    let daemon = folder.daemon();
    // There are views once something is live.
    wait_until_folded(&daemon, 0);
    let pairs = env::var("PAIRS").map_or(PAIRS, |text| text.parse().expect("PAIRS is a number"));
    thread::scope(|scope| {
        let (daemon, folder) = (&daemon, &folder);
        // Beside them others write.
        scope.spawn(move || folder.publish(Shop::new(3).take(10 * pairs).map(|event| event.bytes)));
        for writer in 0..WRITERS {
            scope.spawn(move || (0..pairs / WRITERS).for_each(|pair| write_and_read(daemon, writer, pair)));
        }
    });
    assert_eq!(daemon.terminate(), Some(0));
}

/// A customer of its own gets another name each time.
fn write_and_read(daemon: &Daemon, writer: usize, pair: usize) {
    let (id, name) = (format!("pair-{writer}-{}", pair % 7), format!("name {pair}"));
    let event = format!(
        r#"{{"specversion":"1.0","id":"{writer}-{pair}","source":"/shop/customers","type":"CustomerRegistered","data":{{"customer_id":"{id}","name":"{name}","email":"a@b","country":"IT","newsletter":false}}}}"#
    );
    let published = body(&daemon.ask("POST", "/v1/events", &event));
    let position = &published["position"];
    let view = "/v1/views/customer_summary";
    let fresh = format!("min_position={position}&timeout=60s&fields=name");
    let document = body(&daemon.ask("GET", &format!("{view}/{id}?{fresh}"), ""));
    assert_eq!(document["name"], name.as_str(), "{id} at {position}: {document}");
    if pair.is_multiple_of(LISTS) {
        let list = body(&daemon.ask("GET", &format!("{view}?customer_id={id}&{fresh}"), ""));
        assert_eq!(list["documents"][0]["name"], name.as_str(), "{id} at {position}: {list}");
    }
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\n\n").expect("there is an answer");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}
