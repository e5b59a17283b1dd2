//! Readers while generations take each other's place: over HTTP, from Redis and from ClickHouse they find every document, whole, at every moment, and no
//! position goes back.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use projector::demo::Shop;
use projector::log::{EventLog, NewEvent};

use crate::daemon::Daemon;
use crate::folder::{Folder, wait_until_folded};
use crate::process::Server;
use crate::{clickhouse, nats, redis};

/// Events before readers come.
const BEFORE: usize = 400;
/// How many generations are built, beside the first.
const CUT_OVERS: usize = 20;
/// After so many of them somebody goes back.
const A_ROLLBACK: usize = 4;
/// From one read of a reader to the next: with three of them, about 50 reads a second.
const PAUSE: Duration = Duration::from_millis(60);

#[test]
fn readers_see_no_gap() {
    let (nats, redis, clickhouse) = (nats::start(), redis::start(), clickhouse::start());
    let folder = Folder::on_servers(&nats, &redis).with_tables(&clickhouse);
    own_definitions(&folder);
    folder.reconfigure("by-itself", "by-apply");
    folder.run(&["log", "create"]);
    let (log, mut shop) = (folder.stores().log, Shop::new(61));
    publish(&*log, &mut shop, BEFORE);
    folder.run(&["apply", "--yes"]);
    let daemon = folder.daemon();
    wait_until_folded(&daemon, BEFORE);
    wait_for_tables(&daemon);
    let order = an_order(&folder);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _end = RaisedAtEnd(&is_over);
        scope.spawn(|| repeat(&is_over, || publish(&*log, &mut shop, 3)));
        let readers = [
            scope.spawn(|| Reader::default().read(&is_over, || over_http(&daemon, &order))),
            scope.spawn(|| Reader::default().read(&is_over, || a_list(&daemon, &order))),
            scope.spawn(|| Reader::default().read(&is_over, || from_redis(&redis, &order))),
            scope.spawn(|| Reader::default().read(&is_over, || from_clickhouse(&clickhouse, &order))),
        ];
        deploy_again_and_again(&folder);
        // Each page of documents is compared at the position that it was read at.
        folder.run(&["verify", "shop"]);
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            let reads = reader.join().expect("no reader sees a gap");
            assert!(reads > CUT_OVERS, "a reader that reads: {reads}");
        }
    });
    folder.run(&["gc"]);
    folder.run(&["apply", "--yes"]);
    folder.run(&["verify", "shop"]);
}

/// Definitions that may be changed.
fn own_definitions(folder: &Folder) {
    let (sources, own) = (env!("CARGO_MANIFEST_DIR"), folder.path().join("projections/shop"));
    fs::create_dir_all(&own).expect("folders can be made");
    for file in fs::read_dir(format!("{sources}/projections/shop")).expect("it is there") {
        let path = file.expect("it can be read").path();
        if path.is_file() {
            fs::copy(&path, own.join(path.file_name().expect("it has a name"))).expect("files can be copied");
        }
    }
    folder.reconfigure(&format!("{sources}/projections"), &folder.path().join("projections").display().to_string());
}

/// Each time with something else in the view, or with the same again.
fn deploy_again_and_again(folder: &Folder) {
    let file = folder.path().join("projections/shop/order_overview.sql");
    let first = fs::read_to_string(&file).expect("it is there");
    for round in 1..=CUT_OVERS {
        let changed = first.replacen("SELECT o.order_id,", &format!("SELECT o.order_id, {round} AS round,"), 1);
        fs::write(&file, if round % 2 == 0 { &first } else { &changed }).expect("files can be written");
        folder.run(if round % 3 == 0 { &["rebuild", "shop"] } else { &["apply", "--yes"] });
        if round % A_ROLLBACK == 0 {
            folder.run(&["rollback", "shop"]);
        }
    }
}

fn publish(log: &dyn EventLog, shop: &mut Shop, count: usize) {
    let events: Vec<_> = shop.take(count).collect();
    let events: Vec<_> = events.iter().map(|event| NewEvent { subject: None, data: &event.bytes }).collect();
    log.publish(&events).expect("the log takes events");
}

fn repeat(is_over: &AtomicBool, mut work: impl FnMut()) {
    while !is_over.load(Ordering::Relaxed) {
        work();
        // What is read at which moment is the point; nothing is waited for.
        thread::sleep(PAUSE);
    }
}

/// Sees to it that the others end where one fails.
struct RaisedAtEnd<'f>(&'f AtomicBool);

impl Drop for RaisedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Who reads one document again and again.
#[derive(Default)]
struct Reader {
    position: u64,
    reads: usize,
}

impl Reader {
    /// Reads until it is over; how often. `find`: the position that is told with the document.
    fn read(mut self, is_over: &AtomicBool, mut find: impl FnMut() -> u64) -> usize {
        repeat(is_over, || {
            let position = find();
            assert!(position >= self.position, "the position goes back from {} to {position}", self.position);
            (self.position, self.reads) = (position, self.reads + 1);
        });
        self.reads
    }
}

/// One that is there from the beginning.
fn an_order(folder: &Folder) -> String {
    let rows = folder.run(&["query", "order_overview", "--limit", "1"]);
    rows.split("\"order_id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("there are orders").to_owned()
}

fn wait_for_tables(daemon: &Daemon) {
    let list = daemon.ask("GET", &format!("/v1/views/order_overview?limit=1&min_position={BEFORE}&timeout=60s"), "");
    assert!(list.starts_with("HTTP/1.1 200"), "{list}");
}

fn over_http(daemon: &Daemon, order: &str) -> u64 {
    let answer = daemon.ask("GET", &format!("/v1/views/order_overview/{order}"), "");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("\"order_id\":\"{order}\"")), "{answer}");
    position(&answer)
}

fn a_list(daemon: &Daemon, order: &str) -> u64 {
    let answer = daemon.ask("GET", &format!("/v1/views/order_overview?order_id={order}"), "");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("\"order_id\":\"{order}\"")), "{answer}");
    position(&answer)
}

fn position(answer: &str) -> u64 {
    let told = answer.lines().find_map(|line| line.strip_prefix("projector-position: ")).expect("each answer tells it");
    told.trim().parse().expect("it is a number")
}

/// As any client does: the pointer, then the document.
fn from_redis(server: &Server, order: &str) -> u64 {
    let mut client = redis::client(server);
    let mut get = |command: &[&str]| {
        ::redis::cmd(command[0]).arg(&command[1..]).query::<Option<String>>(&mut client).expect("the server answers")
    };
    let live = get(&["HGET", "{projector:shop:0}:projection", "live"]).expect("something is live");
    let document = get(&["GET", &format!("{{projector:shop:0}}:g{live}:v:order_overview:{order}")]).expect("the order is there");
    assert!(document.contains(order) && document.ends_with('}'), "{document}");
    0
}

/// Through the stable name.
fn from_clickhouse(server: &Server, order: &str) -> u64 {
    let found = clickhouse::ask(server, &format!("SELECT order_id FROM order_overview WHERE order_id = '{order}'"));
    assert_eq!(found.trim(), order);
    0
}
