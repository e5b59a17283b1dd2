//! Going on from another stream in the place of the old one.

use projector::demo::Shop;

use crate::folder::{Folder, complaint};
use crate::nats::{self, Operator};
use crate::process::Server;

const COPY: &str = "COPY";
const SEED: u64 = 21;
/// The exit code of what was refused.
const REFUSED: i32 = 2;
/// The exit code of a daemon whose projections halted.
const HALTED: i32 = 4;

/// A server with a stream that was promoted in the place of the one that events were applied from.
struct World {
    server: Server,
    folder: Folder,
}

// === impl World ===

impl World {
    fn new() -> World {
        let server = nats::start();
        let folder = Folder::on_jetstream(&server);
        folder.run(&["log", "create"]);
        folder.publish(events(SEED, 0, 100));
        folder.run(&["run", "--until-caught-up"]);
        Operator::connect(&server).fail_over(COPY);
        folder.reconfigure(&format!("stream = \"{}\"", nats::STREAM), &format!("stream = \"{COPY}\""));
        World { server, folder }
    }

    fn fails(&self, arguments: &[&str], code: i32, reason: &str) {
        let output = self.folder.start(arguments).wait_with_output().expect("the binary ends");
        let said = complaint(&output);
        assert!(output.status.code() == Some(code) && said.contains(reason), "{reason}: {said}");
    }
}

fn events(seed: u64, from: usize, to: usize) -> impl Iterator<Item = Vec<u8>> {
    Shop::new(seed).map(|event| event.bytes).take(to).skip(from)
}

#[test]
fn a_promoted_mirror_is_followed_when_somebody_says_so() {
    let world = World::new();
    world.fails(&["run"], HALTED, "log replaced: ");
    let folder = &world.folder;
    let accepted = folder.run(&["log", "accept", "shop", "auction"]);
    assert!(accepted.contains("shop: generation 1 goes on after position 100 of COPY of "), "{accepted}");
    assert!(folder.run(&["log", "accept", "shop"]).contains("shop is folded from this log already"));
    folder.publish(events(SEED, 100, 150));
    folder.run(&["run", "--until-caught-up"]);
    folder.run(&["verify", "shop"]);
    assert!(folder.run(&["status"]).contains("position 150"));
}

#[test]
fn another_history_is_not_followed() {
    let world = World::new();
    let operator = Operator::connect(&world.server);
    world.fails(&["log", "accept", "nothing"], REFUSED, "there is no projection nothing");
    operator.delete_other(COPY);
    let (name, subjects) = (COPY.to_owned(), vec!["shop.>".to_owned()]);
    operator.make(async_nats::jetstream::stream::Config { name, subjects, ..Default::default() });
    let accept = ["log", "accept", "shop"];
    world.fails(&accept, REFUSED, "history lost: the state holds events up to position 100, but the log ends at 0");
    world.folder.publish(events(SEED + 1, 0, 120));
    world.fails(&accept, REFUSED, "history rewritten: the event at position 100 is not the one that was folded");
    operator.purge_other_below(COPY, 101);
    world.fails(&accept, REFUSED, "nothing shows that its history is the same");
    world.fails(&["run"], HALTED, "log replaced: ");
}
