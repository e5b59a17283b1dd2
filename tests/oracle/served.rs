//! What real servers serve, judged by PostgreSQL: events go through JetStream into Redis and ClickHouse, and every document read from the
//! one, and every row read through the other's stable names, must be what it says.
//!
//! `SERVED_EVENTS=1000000 tests/run served` serves so many.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;

use projections::codec::Key;
use projector::config;
use projector::demo::{Auction, Shop};
use projector::state::{DocumentBody, LiveView, Views};
use projector::stores::Stores;
use tempfile::TempDir;

use crate::definitions::Projection;
use crate::memory::log;
use crate::postgres::fresh_database;
use crate::process::Server;
use crate::{binary, clickhouse, folded, judge, nats, redis};

/// How many events, where nobody says.
const EVENTS: usize = 20_000;

#[test]
fn postgresql_says_the_same_of_the_shop_that_servers_serve() {
    let events = Shop::new(9).take(count()).map(|event| event.bytes).collect();
    assert_served("shop", events, include_str!("shop_fold.sql"));
}

#[test]
fn postgresql_says_the_same_of_the_auctions_that_servers_serve() {
    let events = Auction::new(9).take(count()).map(|event| event.bytes).collect();
    assert_served("auction", events, include_str!("auction_fold.sql"));
}

fn count() -> usize {
    env::var("SERVED_EVENTS").map_or(EVENTS, |text| text.parse().expect("SERVED_EVENTS is a number"))
}

/// That the documents are what PostgreSQL says, which folds the same events by a script.
fn assert_served(projection: &str, events: Vec<Vec<u8>>, script: &str) {
    let (nats, redis, clickhouse) = (nats::start(), redis::start(), clickhouse::start());
    let folder = folder(projection, [&nats::url(&nats), &redis::url(&redis), &clickhouse::url(&clickhouse)]);
    run(folder.path(), &["log", "create"]);
    fs::write(folder.path().join("events.ndjson"), events.join(&b'\n')).expect("files can be written");
    run(folder.path(), &["publish", "events.ndjson"]);
    run(folder.path(), &["apply", "--yes"]);
    let mut served = documents(folder.path());

    let plan = Projection::embedded(projection).plan;
    let mut client = fresh_database();
    folded::fold(&mut client, &plan, &log(events), script);
    for view in &plan.views {
        let documents = served.remove(&view.name).unwrap_or_default();
        let differences = judge::served_differences(&mut client, view, documents.into_iter());
        assert!(differences.is_empty(), "documents: {}", differences.join("\n"));
        let rows = rows(&clickhouse, &view.name);
        let differences = judge::table_differences(&mut client, view, rows.lines());
        assert!(differences.is_empty(), "rows: {}", differences.join("\n"));
    }
}

/// All rows of a view, each as JSON.
fn rows(clickhouse: &Server, view: &str) -> String {
    clickhouse::ask(
        clickhouse,
        &format!(
            "SELECT * FROM {view} FORMAT JSONEachRow SETTINGS date_time_output_format = 'iso', \
             output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 0"
        ),
    )
}

/// A folder with this projection alone, with log, state and tables at these URLs.
fn folder(projection: &str, [log, state, tables]: [&str; 3]) -> TempDir {
    let (folder, sources) = (tempfile::tempdir().expect("a folder can be made"), env!("CARGO_MANIFEST_DIR"));
    let stream = nats::STREAM;
    let config = format!(
        "projections = \"projections\"\nschemas = \"{sources}/schemas\"\n\
         [log]\nurl = \"{log}\"\nstream = \"{stream}\"\nsubject = \"{projection}.{{service}}.{{type}}\"\n\
         [state]\nurl = \"{state}\"\n[tables]\nurl = \"{tables}\"\n[http]\nlisten = \"none\"\n"
    );
    fs::write(folder.path().join("projector.toml"), config).expect("files can be written");
    let definitions = folder.path().join("projections");
    fs::create_dir(&definitions).expect("folders can be made");
    let link = std::os::unix::fs::symlink(format!("{sources}/projections/{projection}"), definitions.join(projection));
    link.expect("links can be made");
    folder
}

fn run(folder: &Path, arguments: &[&str]) {
    let output = binary::command(folder, arguments.iter().copied()).output().expect("the binary runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// All documents, by the name of their view.
fn documents(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let config = config::load(folder, None, std::iter::empty()).expect("the configuration is right");
    let stores = Stores::open(&config).expect("the stores can be opened");
    let views = stores.views.views().expect("Redis answers");
    let of_view = |view: projector::state::LiveView| {
        let keys = keys(&*stores.views, &view);
        let found = stores.views.documents(&view, &keys).expect("Redis answers").value.into_iter().flatten();
        (view.spec.name, found.map(|document| text(document.body)).collect())
    };
    views.into_iter().map(of_view).collect()
}

/// All keys of a view, in order.
fn keys(views: &dyn Views, view: &LiveView) -> Vec<Key> {
    let (mut keys, mut place) = (BTreeSet::new(), None);
    loop {
        let page = views.keys(view, place.as_ref()).expect("Redis answers");
        keys.extend(page.keys);
        place = page.next;
        if place.is_none() {
            return keys.into_iter().collect();
        }
    }
}

fn text(body: DocumentBody) -> String {
    match body {
        DocumentBody::Json(text) => text,
        DocumentBody::Broken(reason) => panic!("{reason}"),
    }
}
