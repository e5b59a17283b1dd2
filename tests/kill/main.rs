//! `kill -9` of the daemon at random moments while events are published. Afterwards every view must be what a build that
//! nobody disturbed makes of the same events: nothing lost, nothing applied twice.

mod folder;

use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use projector::demo::{Random, Shop};

use folder::Folder;

const KILLS: usize = 100;
/// How many events are published around each kill.
const EVENTS_A_KILL: usize = 60;
/// Within so many microseconds after its start the daemon dies: as it recovers, as it waits, as it commits.
const LONGEST_LIFE: usize = 250_000;
const VIEWS: [&str; 4] = ["order_overview", "customer_summary", "daily_revenue", "product_sales"];
/// An event that becomes a dead letter, now and then.
const BAD: &str = r#"{"specversion":"1.0","id":"bad-ID","source":"/shop/orders","type":"OrderPlaced","data":{}}"#;

#[test]
fn a_daemon_that_is_killed_a_hundred_times_loses_and_doubles_nothing() {
    let seed = 7;
    let (mut random, mut shop) = (Random::new(seed), Shop::new(seed));
    let (killed, mut published) = (Folder::new(), Vec::new());
    for kill in 0..KILLS {
        let events = next_events(&mut shop, kill);
        let daemon = killed.start(&["run"]);
        let publisher = killed.start_publish(&events);
        kill_at_random(daemon, &mut random);
        folder::succeed(publisher);
        published.extend(events);
    }
    assert!(killed.status()["projections"][0]["position"].as_u64() > Some(0), "nothing was applied between the kills");
    killed.run(&["run", "--until-caught-up"]);
    killed.run(&["verify", "shop"]);

    let undisturbed = Folder::new();
    folder::succeed(undisturbed.start_publish(&published));
    undisturbed.run(&["run", "--until-caught-up"]);
    assert_same(&killed, &undisturbed, published.len() as u64);
}

fn next_events(shop: &mut Shop, kill: usize) -> Vec<String> {
    let events = shop.take(EVENTS_A_KILL).map(|event| String::from_utf8(event.bytes).expect("events are UTF-8"));
    events.chain((kill.is_multiple_of(10)).then(|| BAD.replace("ID", &kill.to_string()))).collect()
}

/// Kills the daemon some time after its start. Nothing is waited for: the moment is the point.
fn kill_at_random(mut daemon: Child, random: &mut Random) {
    let (_never_said, word): (_, Receiver<()>) = channel();
    let _ = word.recv_timeout(Duration::from_micros(random.below(LONGEST_LIFE) as u64));
    daemon.kill().expect("the daemon can be killed");
    daemon.wait().expect("the daemon is ours");
}

fn assert_same(killed: &Folder, undisturbed: &Folder, published: u64) {
    let (status, expected) = (killed.status(), undisturbed.status());
    assert_eq!(status["head"], published, "the log");
    assert_eq!(status["projections"][0]["position"], published, "the checkpoint");
    assert_eq!(status["projections"][0]["dead_letters"], expected["projections"][0]["dead_letters"]);
    assert_eq!(
        killed.run(&["dead-letters", "list", "shop", "--json"]),
        undisturbed.run(&["dead-letters", "list", "shop", "--json"])
    );
    for view in VIEWS {
        assert!(killed.run(&["query", view, "--all"]) == undisturbed.run(&["query", view, "--all"]), "{view} differs");
    }
}
