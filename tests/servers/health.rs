//! Nothing says that it is well while nothing moves.

use std::collections::BTreeSet;

use projector::demo::Shop;

use crate::daemon::Daemon;
use crate::folder::{Folder, wait_until_folded};
use crate::{nats, redis};

const SETTINGS: [(&str, &str); 2] = [("PROJECTOR_RUN_STALL_AFTER", "2s"), ("PROJECTOR_TELEMETRY_FILTER", "info")];

fn readiness(daemon: &Daemon) -> String {
    daemon.ask("GET", "/readyz", "")
}

/// Waits until each projection has been told to be so; the last line.
fn hear(said: &mut impl Iterator<Item = String>, words: &str) -> String {
    let mut silent = BTreeSet::from(["auction", "shop"]);
    loop {
        let line = said.find(|line| line.contains(words)).unwrap_or_else(|| panic!("it ends without saying '{words}'"));
        silent.retain(|name| !line.contains(name));
        if silent.is_empty() {
            return line;
        }
    }
}

#[test]
fn a_daemon_whose_log_stands_still_is_not_ready() {
    let server = nats::start();
    let folder = Folder::on_jetstream(&server);
    folder.run(&["log", "create"]);
    folder.publish(Shop::new(5).take(50).map(|event| event.bytes));
    let (daemon, mut said) = folder.daemon_heard(&SETTINGS);
    wait_until_folded(&daemon, 50);
    assert!(readiness(&daemon).starts_with("HTTP/1.1 200"));

    server.pause();
    let warning = hear(&mut said, " stalled: ");
    assert!(warning.contains("the log does not answer"), "{warning}");
    let stalled = readiness(&daemon);
    assert!(stalled.starts_with("HTTP/1.1 503"), "{stalled}");
    for words in [r#""state":"stalled""#, r#""projection":"shop""#, "the log does not answer", r#""port":"log""#] {
        assert!(stalled.contains(words), "{words}: {stalled}");
    }
    assert!(daemon.ask("GET", "/healthz", "").starts_with("HTTP/1.1 200"), "to start it again would not help");
    let status = folder.start_against(&daemon, &["status"]).wait_with_output().expect("the binary ends");
    let shown = String::from_utf8_lossy(&status.stdout);
    assert!(shown.contains("daemon: stalled") && shown.contains("waits for the log, "), "{shown}");

    server.resume();
    hear(&mut said, " no longer stalled");
    assert!(readiness(&daemon).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_daemon_without_its_state_is_not_ready() {
    let mut server = redis::start();
    let folder = Folder::on_redis(&server);
    folder.publish(Shop::new(6).take(50).map(|event| event.bytes));
    let (daemon, mut said) = folder.daemon_heard(&SETTINGS);
    wait_until_folded(&daemon, 50);
    server.kill();
    hear(&mut said, " stalled: ");
    let stalled = readiness(&daemon);
    assert!(stalled.starts_with("HTTP/1.1 503") && stalled.contains("the state does not answer"), "{stalled}");
    let shop = r#"{projection="shop","#;
    let metrics = daemon.ask("GET", "/metrics", "");
    for sample in
        [format!("projector_health{shop}health=\"stalled\"}} 1.0"), format!("projector_health{shop}health=\"well\"}} 0.0")]
    {
        assert!(metrics.contains(&sample), "{sample}: {metrics}");
    }
    let figure = |metrics: &str, name: &str| -> f64 {
        let series = format!("{name}{shop}port=\"state\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&series)).expect("it is exposed").parse().expect("it is a number")
    };
    assert!(
        figure(&metrics, "projector_retries_total") > 0.0 && figure(&metrics, "projector_waiting_seconds") > 0.0,
        "{metrics}"
    );
    server.restart();
    hear(&mut said, " no longer stalled");
    assert!(readiness(&daemon).starts_with("HTTP/1.1 200"));
    assert_eq!(figure(&daemon.ask("GET", "/metrics", ""), "projector_waiting_seconds"), 0.0);
}
