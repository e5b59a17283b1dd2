//! ClickHouse is away while events are published: the documents in Redis stay as current as they were, memory is bounded, it can be seen what waits,
//! and the tables are complete soon after its return.
//!
//! `ISOLATION_EVENTS=500000 tests/run isolation` publishes so many meanwhile.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use projector::demo::Shop;
use projector::log::{EventLog, NewEvent};
use projector::state::DocumentBody;
use projector::stores::Stores;
use serde_json::Value;

use crate::daemon::Daemon;
use crate::folder::Folder;
use crate::process::Server;
use crate::{clickhouse, nats, redis, stored_views};

/// How many events are published while ClickHouse is away, where nobody says.
const EVENTS: usize = 20_000;
/// How many are published at once.
const CHUNK: usize = 500;
/// What a slow machine may add to the time in which a chunk gets into the documents.
const NOISE: Duration = Duration::from_millis(100);
/// What the daemon may need beyond what it needed before: its cache may fill meanwhile, as configured.
const MORE_BYTES: u64 = 256 << 20;
/// In this time the tables have everything after ClickHouse is back.
const RETURN: Duration = Duration::from_secs(60);

#[test]
fn clickhouse_being_away_delays_nothing_but_its_tables() {
    let (nats, redis, mut clickhouse) = (nats::start(), redis::start(), clickhouse::start());
    let folder = Folder::on_all([&nats::url(&nats), &redis::url(&redis), &clickhouse::url(&clickhouse)]);
    folder.reconfigure("commit_events = 20", "commit_events = 1000");
    folder.run(&["log", "create"]);
    let daemon = folder.daemon();
    let mut feed = Feed { log: folder.stores().log, shop: Shop::new(41), published: 0, daemon: &daemon };
    let events = env::var("ISOLATION_EVENTS").map_or(EVENTS, |text| text.parse().expect("ISOLATION_EVENTS is a number"));

    let before = feed.publish(events / 3);
    assert!(feed.list("30s").starts_with("HTTP/1.1 200"));
    clickhouse.kill();
    let (away, left) = (feed.publish(events), feed.published);
    assert!(away.delay <= before.delay * 2 + NOISE, "{before:?}, and without ClickHouse {away:?}");
    assert!(away.bytes <= before.bytes + MORE_BYTES, "{before:?}, and without ClickHouse {away:?}");
    let waiting = assert_it_is_seen(&feed);

    clickhouse.restart();
    let start = Instant::now();
    let list = feed.list("60s");
    let took = start.elapsed();
    assert!(list.starts_with("HTTP/1.1 200"), "{list}");
    assert!(took <= RETURN, "{took:?}");
    let documents = documents(&folder.stores());
    let count = documents.values().map(Vec::len).sum::<usize>();
    assert!(waiting as usize <= count, "{waiting} entries for {count} documents");
    for (view, expected) in documents {
        assert_eq!(rows(&clickhouse, &view), expected, "{view}");
    }
    println!(
        "{left} events, with ClickHouse {before:?}, without {away:?}; {waiting} documents waited, and were written in {took:?}"
    );
}

/// What publishes, and waits for what it has published.
struct Feed<'d> {
    log: Arc<dyn EventLog>,
    shop: Shop,
    published: u64,
    daemon: &'d Daemon,
}

/// What was measured meanwhile.
#[derive(Debug)]
struct Measured {
    /// From when a chunk was published to when readers see it: in the middle of all.
    delay: Duration,
    /// What the daemon had in memory, at most.
    bytes: u64,
}

// === impl Feed ===

impl Feed<'_> {
    fn publish(&mut self, events: usize) -> Measured {
        let (mut delays, mut bytes) = (Vec::new(), 0);
        for _ in 0..events.div_ceil(CHUNK) {
            let chunk: Vec<Vec<u8>> = self.shop.by_ref().take(CHUNK).map(|event| event.bytes).collect();
            let events: Vec<NewEvent<'_>> = chunk.iter().map(|data| NewEvent { subject: None, data }).collect();
            self.published = *self.log.publish(&events).expect("the log takes events").end();
            let start = Instant::now();
            let seen = self.ask("order_overview/nothing", "60s");
            assert!(seen.contains("no_document"), "{seen}");
            delays.push(start.elapsed());
            bytes = bytes.max(resident(self.daemon.process.id()));
        }
        delays.sort_unstable();
        Measured { delay: delays[delays.len() / 2], bytes }
    }

    /// A list, once it has everything that was published.
    fn list(&self, timeout: &str) -> String {
        self.ask("order_overview?limit=1", timeout)
    }

    fn ask(&self, path: &str, timeout: &str) -> String {
        let and = if path.contains('?') { '&' } else { '?' };
        self.daemon.ask("GET", &format!("/v1/views/{path}{and}min_position={}&timeout={timeout}", self.published), "")
    }

    /// What the daemon says of the shop.
    fn shop(&self) -> Value {
        let answer = self.daemon.ask("GET", "/v1/projections/shop", "");
        let (_, body) = answer.split_once("\n\n").expect("there is a body");
        serde_json::from_str(body).expect("it is JSON")
    }
}

/// That who asks is told that the tables wait, how many documents, since when and why. How many documents.
fn assert_it_is_seen(feed: &Feed<'_>) -> u64 {
    let late = feed.list("100ms");
    assert!(late.starts_with("HTTP/1.1 504") && late.contains("the tables of shop have reached position"), "{late}");
    let shop = feed.shop();
    assert_eq!(shop["position"], feed.published);
    let waiting = shop["tables"]["waiting"].as_u64().expect("it is a number");
    let oldest = shop["tables"]["oldest_seconds"].as_f64().expect("it is a number");
    assert!(waiting > 0 && oldest > 0.0, "{shop}");
    let retrying = &shop["daemon"]["retrying"][0];
    assert_eq!(retrying["port"], "tables", "{shop}");
    for field in ["since", "error"] {
        assert!(retrying[field].as_str().is_some_and(|text| !text.is_empty()), "{shop}");
    }
    let deadline = Instant::now() + RETURN;
    let figure = |name: &str| -> f64 {
        let metrics = feed.daemon.ask("GET", "/metrics", "");
        let series = format!("{name}{{projection=\"shop\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&series)).map_or(0.0, |value| value.parse().expect("it is a number"))
    };
    while figure("projector_outbox_documents") < waiting as f64 || figure("projector_outbox_oldest_seconds") < oldest {
        assert!(Instant::now() < deadline, "the metrics do not tell");
        thread::yield_now();
    }
    waiting
}

fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") << 10
}

/// All documents of the shop, by the name of their view.
fn documents(stores: &Stores) -> BTreeMap<String, Vec<String>> {
    let views = stores.views.views().expect("Redis answers").into_iter().filter(|view| view.projection == "shop");
    let of_view = |view: projector::state::LiveView| {
        let found = stored_views::documents(&*stores.views, &view).into_iter();
        let mut texts: Vec<String> = found.filter_map(|document| text(document.body)).collect();
        texts.sort_unstable();
        (view.spec.name, texts)
    };
    views.map(of_view).collect()
}

fn text(body: DocumentBody) -> Option<String> {
    match body {
        DocumentBody::Json(text) => Some(text),
        DocumentBody::Broken(_) => None,
    }
}

/// The documents that the table of the first generation has.
fn rows(clickhouse: &Server, view: &str) -> Vec<String> {
    let statement =
        format!("SELECT _document FROM {view}__g1 FINAL WHERE _deleted = 0 ORDER BY _document FORMAT JSONCompactEachRow");
    let found = clickhouse::ask(clickhouse, &statement);
    let text = |line: &str| serde_json::from_str::<[String; 1]>(line).expect("it is a text")[0].clone();
    found.lines().map(text).collect()
}
