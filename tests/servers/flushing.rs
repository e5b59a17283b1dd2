//! The shop with its lists in ClickHouse, which is not there, dies, or knows more than Redis does: in the end its rows are those of the embedded store.

use std::thread;
use std::time::{Duration, Instant};

use projector::config::{self, TablesPlace};
use projector::demo::{Generated, Shop};
use projector::tables::{ClickHouse, TableBuild, TableWriter};

use crate::folder::{Folder, complaint, succeed, wait_until_folded};
use crate::process::Server;
use crate::{clickhouse, nats, redis};

const VIEWS: [&str; 4] = ["order_overview", "customer_summary", "daily_revenue", "product_sales"];
/// What has not come by then never will.
const PATIENCE: Duration = Duration::from_secs(60);
const EVENTS: usize = 600;

#[test]
fn tables_that_are_not_there_at_the_start_and_die_amid_work_have_everything_in_the_end() {
    let (nats, redis, mut clickhouse) = (nats::start(), redis::start(), clickhouse::start());
    let folder = Folder::on_servers(&nats, &redis).with_tables(&clickhouse);
    folder.run(&["log", "create"]);
    clickhouse.kill();
    let (mut shop, mut published) = (Shop::new(31), Vec::new());
    let daemon = folder.daemon();
    for _ in 0..3 {
        let events = take(&mut shop);
        let publisher = folder.start_publish(events.clone());
        published.extend(events);
        // It comes back while there is something to write, and is killed after it was written or before.
        clickhouse.restart();
        succeed(publisher);
        wait_until_folded(&daemon, published.len());
        clickhouse.kill();
    }
    clickhouse.restart();
    assert_eq!(daemon.terminate(), Some(0));
    folder.run(&["run", "--until-caught-up"]);
    assert_as_embedded(&folder, &clickhouse, published);
}

#[test]
fn embedded_state_can_have_its_tables_elsewhere() {
    let clickhouse = clickhouse::start();
    let folder = Folder::embedded().with_tables(&clickhouse);
    let mut shop = Shop::new(32);
    let (first, second) = (take(&mut shop), take(&mut shop));
    for events in [&first, &second] {
        folder.publish(events.clone());
        folder.run(&["run", "--until-caught-up"]);
    }
    assert_as_embedded(&folder, &clickhouse, [first, second].concat());
}

#[test]
fn a_table_that_was_made_by_a_start_that_crashed_is_filled() {
    let clickhouse = clickhouse::start();
    let folder = Folder::embedded().with_tables(&clickhouse);
    let events = take(&mut Shop::new(33));
    folder.publish(events.clone());
    folder.run(&["run", "--until-caught-up"]);
    clickhouse::ask(&clickhouse, "DROP TABLE order_overview__g1 SYNC");
    // What a start does, up to the moment at which it has made what is missing.
    let projections = folder.stores().builds.projections().expect("the state answers");
    let shop = projections.iter().find(|projection| projection.name == "shop").expect("it has run");
    let live = shop.live_build().expect("it has run").clone();
    let build = TableBuild {
        projection: "shop".into(),
        number: live.number,
        identity: TableBuild::identity(live.fingerprint, &live.creation),
        catalogue: live.catalogue,
    };
    let config = config::load(folder.path(), None, std::iter::empty()).expect("the configuration is right");
    let TablesPlace::ClickHouse(place) = config.tables else { panic!("they are in ClickHouse") };
    ClickHouse::new(&place).and_then(|tables| tables.ensure(&build)).expect("the table can be made");
    assert_eq!(clickhouse::ask(&clickhouse, "SELECT count() FROM order_overview__g1"), "0\n");
    folder.run(&["run", "--until-caught-up"]);
    assert_as_embedded(&folder, &clickhouse, events);
}

#[test]
fn a_second_projector_with_projections_of_the_same_names_is_refused() {
    let clickhouse = clickhouse::start();
    let (first, second) = (Folder::embedded().with_tables(&clickhouse), Folder::embedded().with_tables(&clickhouse));
    let mut shop = Shop::new(34);
    let events = [take(&mut shop), take(&mut shop)];
    first.publish(events[0].clone());
    first.run(&["run", "--until-caught-up"]);
    second.publish(events[1].clone());
    let refused = second.start(&["run", "--until-caught-up"]).wait_with_output().expect("the binary ends");
    let said = complaint(&refused);
    assert!(!refused.status.success() && said.contains("it belongs to another Projector"), "{said}");
    assert_as_embedded(&first, &clickhouse, events[0].clone());
}

#[test]
fn what_redis_forgets_is_taken_back_from_the_tables() {
    let (mut redis, clickhouse) = (redis::start_with(&["--appendonly", "no"]), clickhouse::start());
    let folder = Folder::on_redis(&redis).with_tables(&clickhouse);
    let (early, lost) = ([customer("Ada")], [renamed(1, "Bob")]);
    let daemon = folder.daemon();
    folder.publish(early.clone());
    wait_until_named(&clickhouse, "Ada");
    ::redis::cmd("SAVE").exec(&mut redis::client(&redis)).expect("the server saves");
    folder.publish(lost.clone());
    wait_until_named(&clickhouse, "Bob");
    redis.kill();
    // Folded together, the two events change nothing.
    let back = [renamed(2, "Ada")];
    folder.publish(back.clone());
    redis.restart();
    wait_until_named(&clickhouse, "Ada");
    assert_eq!(daemon.terminate(), Some(0));
    assert_as_embedded(&folder, &clickhouse, [early, lost, back].concat());
}

fn customer(name: &str) -> Vec<u8> {
    let data = format!(r#"{{"customer_id":"c-1","name":"{name}","email":"a@example.com","country":"GB","newsletter":true}}"#);
    event(0, "CustomerRegistered", &data)
}

fn renamed(number: usize, name: &str) -> Vec<u8> {
    event(number, "CustomerRenamed", &format!(r#"{{"customer_id":"c-1","name":"{name}"}}"#))
}

fn event(number: usize, ty: &str, data: &str) -> Vec<u8> {
    let text = format!(
        r#"{{"specversion":"1.0","id":"{number}","source":"/shop/customers","type":"{ty}","time":"2026-01-01T10:00:00Z","data":{data}}}"#
    );
    text.into_bytes()
}

/// Waits until people who query ClickHouse see this customer under this name.
fn wait_until_named(clickhouse: &Server, name: &str) {
    let deadline = Instant::now() + PATIENCE;
    let is_named = || {
        // Before the first flush there is no such view.
        clickhouse::ask(clickhouse, "SHOW TABLES").lines().any(|table| table == "customer_summary")
            && clickhouse::ask(clickhouse, "SELECT name FROM customer_summary") == format!("{name}\n")
    };
    while !is_named() {
        assert!(Instant::now() < deadline, "nobody is called {name}");
        thread::yield_now();
    }
}

fn take(shop: &mut Shop) -> Vec<Vec<u8>> {
    shop.take(EVENTS).map(|Generated { bytes, .. }| bytes).collect()
}

/// That the lists are those of the embedded store after the same events, and that the stable names stand for them.
fn assert_as_embedded(folder: &Folder, clickhouse: &Server, events: Vec<Vec<u8>>) {
    let embedded = Folder::embedded();
    embedded.publish(events);
    embedded.run(&["run", "--until-caught-up"]);
    for view in VIEWS {
        let rows =
            |folder: &Folder| -> Vec<String> { folder.run(&["query", view, "--all"]).lines().map(str::to_owned).collect() };
        let (found, expected) = (rows(folder), rows(&embedded));
        assert_eq!(found.len(), expected.len(), "{view}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{view}");
        }
        let shown = clickhouse::ask(clickhouse, &format!("SELECT count() FROM {view}"));
        assert_eq!(shown, format!("{}\n", expected.len()), "{view}");
    }
}
