//! The shop, its log on JetStream.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use projector::demo::Shop;

use crate::daemon::{Daemon, answer, head};
use crate::folder::{Folder, complaint, wait_until_folded};
use crate::nats::{self, Operator, STREAM};

const EVENTS: usize = 5000;
/// More than there are threads that answer.
const REQUESTS: usize = 8;
/// Far below what a request to a log that stands still takes.
const AT_ONCE: Duration = Duration::from_secs(1);
const VIEWS: [&str; 4] = ["order_overview", "customer_summary", "daily_revenue", "product_sales"];

#[test]
fn the_shop_is_the_same_wherever_its_log_is() {
    let mut server = nats::start();
    let (folder, embedded) = (Folder::on_jetstream(&server), Folder::embedded());
    let created = folder.run(&["log", "create"]);
    assert_eq!(created, format!("stream {STREAM} of {} takes shop.*.*\n", nats::url(&server)));
    let events = || Shop::new(3).take(EVENTS).map(|event| event.bytes);
    folder.publish(events());
    embedded.publish(events());
    embedded.run(&["run", "--until-caught-up"]);

    let running = folder.start(&["run", "--until-caught-up"]);
    Operator::connect(&server).wait_for_consumers(1);
    for _ in 0..3 {
        server.restart();
    }
    let output = running.wait_with_output().expect("the binary ends");
    assert!(output.status.success(), "{}", complaint(&output));
    folder.run(&["verify", "shop"]);
    for view in VIEWS {
        let arguments = ["query", view, "--all"];
        assert!(folder.run(&arguments) == embedded.run(&arguments), "{view} differs");
    }
}

/// However many requests wait for the log, those that read views do not.
#[test]
fn views_are_read_while_the_log_stands_still() {
    let server = nats::start();
    let folder = Folder::on_jetstream(&server);
    folder.run(&["log", "create"]);
    let events: Vec<_> = Shop::new(2).take(REQUESTS).map(|event| event.bytes).collect();
    folder.publish(events.clone());
    let daemon = folder.daemon();
    wait_until_folded(&daemon, events.len());
    server.pause();
    let waiting: Vec<TcpStream> = events.iter().map(|event| start_post(&daemon, event)).collect();
    let start = Instant::now();
    let read = daemon.ask("GET", "/v1/views/order_overview/nothing", "");
    assert!(read.contains("no_document") && start.elapsed() < AT_ONCE, "after {:?}: {read}", start.elapsed());
    server.resume();
    for mut post in waiting {
        assert!(answer(&mut post).starts_with("HTTP/1.1 "));
    }
}

fn start_post(daemon: &Daemon, event: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&daemon.address).expect("the daemon takes connections");
    stream.write_all(head("POST", "/v1/events", "", event.len()).as_bytes()).expect("the daemon reads");
    stream.write_all(event).expect("the daemon reads");
    stream
}
