//! A backlog from JetStream into Redis, against a bare loop that reads the same stream and only sets documents of the same keys and
//! sizes, in commits of the same events.

use std::time::{Duration, Instant};

use projector::demo::{Auction, Shop};

use crate::table::Table;
use crate::world::{Mix, World};
use crate::{bare, recorded};

const MIXES: [Mix; 2] = [
    Mix { projection: "shop", events: |count| Shop::new(1).take(count).map(|event| event.bytes).collect() },
    Mix { projection: "auction", events: |count| Auction::new(1).take(count).map(|event| event.bytes).collect() },
];

pub fn measure(events: usize, rounds: usize, table: &mut Table) {
    for mix in MIXES {
        let world = World::start(mix.projection, &[]);
        let published = (mix.events)(events);
        world.publish(&published);
        let commits = recorded::record(&world.definitions(), &published);
        drop(published);
        let round = |_| {
            let floor = bare::apply(&world, &commits, events);
            world.forget();
            let figure = apply(&world);
            world.forget();
            (figure, floor)
        };
        let rounds: Vec<(Duration, Duration)> = (0..rounds).map(round).collect();
        table.rates(&format!("backlog of {events}, {}, into Redis", mix.projection), &rounds, events, ">= 0.6");
    }
}

/// From the daemon's start to its end.
fn apply(world: &World) -> Duration {
    let start = Instant::now();
    let status = world.start_catching_up().wait().expect("the process is ours");
    assert!(status.success(), "{status}");
    start.elapsed()
}
