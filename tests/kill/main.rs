//! `kill -9` of the daemon at random moments while events are published. Afterwards every view must be what a build that
//! nobody disturbed makes of the same events: nothing lost, nothing applied twice.

#[path = "../binary/command.rs"]
mod binary;
mod folder;

use std::process::Child;
use std::thread;
use std::time::Duration;

use projector::demo::{Random, Shop};
use serde_json::Value;

use folder::Folder;

const KILLS: usize = 100;
/// How many events are published around each kill.
const EVENTS_A_KILL: usize = 200;
/// How long the first daemon lives at most; how long the others do depends on how far that went.
const FIRST_LIFE: Duration = Duration::from_millis(200);
/// At least so many of the daemons must have died with some of their events applied and some not.
const AMID_WORK: usize = KILLS / 5;
const VIEWS: [&str; 4] = ["order_overview", "customer_summary", "daily_revenue", "product_sales"];
/// An event that becomes a dead letter, now and then.
const BAD: &str = r#"{"specversion":"1.0","id":"bad-ID","source":"/shop/orders","type":"OrderPlaced","data":{}}"#;

#[test]
fn a_daemon_that_is_killed_a_hundred_times_loses_and_doubles_nothing() {
    let seed = 7;
    let (mut random, mut shop) = (Random::new(seed), Shop::new(seed));
    let (killed, mut published) = (Folder::new(), Vec::new());
    let (mut longest, mut position, mut lives) = (FIRST_LIFE, 0, Lives::default());
    for kill in 0..KILLS {
        let events = next_events(&mut shop, kill);
        let daemon = killed.start(&["run"]);
        let publisher = killed.start_publish(&events);
        kill_at_random(daemon, longest, &mut random);
        folder::succeed(publisher);
        published.extend(events);
        let reached = killed.position();
        longest = lives.count(position, reached, published.len() as u64, longest);
        position = reached;
    }
    println!("{lives:?}, at last within {longest:?}");
    assert!(lives.amid >= AMID_WORK, "too few daemons died at work: {lives:?}");
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

/// How far the daemons came before they died.
#[derive(Debug, Default)]
struct Lives {
    /// Had applied nothing: as they started and recovered.
    early: usize,
    /// Had applied some of the events.
    amid: usize,
    /// Had applied all of the events, and waited.
    late: usize,
}

impl Lives {
    /// Counts a life by where the checkpoint was before and after it. The next one may last longer where this one came to
    /// nothing, and not so long where nothing was left to do: so many die at work, however fast the machine is.
    fn count(&mut self, before: u64, after: u64, published: u64, longest: Duration) -> Duration {
        if after == before {
            self.early += 1;
            longest.mul_f64(1.2)
        } else if after < published {
            self.amid += 1;
            longest
        } else {
            self.late += 1;
            longest.mul_f64(0.8)
        }
    }
}

/// Kills the daemon some time after its start. The sleep waits for nothing: the moment is the point.
fn kill_at_random(mut daemon: Child, longest: Duration, random: &mut Random) {
    thread::sleep(Duration::from_micros(random.below(longest.as_micros() as usize) as u64));
    daemon.kill().expect("the daemon can be killed");
    daemon.wait().expect("the daemon is ours");
}

/// All dead letters, without the times at which the log took their events: the two logs took them at different ones.
fn letters(folder: &Folder) -> Vec<Value> {
    let listed = folder.run(&["dead-letters", "list", "shop", "--json"]);
    let without_time = |line: &str| {
        let mut letter: Value = serde_json::from_str(line).expect("each line is JSON");
        letter.as_object_mut().expect("a letter is an object").remove("time").expect("it has a time");
        letter
    };
    listed.lines().map(without_time).collect()
}

fn assert_same(killed: &Folder, undisturbed: &Folder, published: u64) {
    let (status, expected) = (killed.status(), undisturbed.status());
    assert_eq!(status["head"], published, "the log");
    assert_eq!(status["projections"][0]["position"], published, "the checkpoint");
    assert_eq!(status["projections"][0]["dead_letters"], expected["projections"][0]["dead_letters"]);
    assert_eq!(letters(killed), letters(undisturbed));
    for view in VIEWS {
        assert!(killed.run(&["query", view, "--all"]) == undisturbed.run(&["query", view, "--all"]), "{view} differs");
    }
}
