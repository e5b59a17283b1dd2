//! From the moment when nats-server is back after a kill to the first effect of an event that is published then.

use std::time::{Duration, Instant};

use crate::event::{order, overview};
use crate::table::{Table, median};
use crate::world::{Live, World};

pub fn measure(rounds: usize, table: &mut Table) {
    let mut world = World::start("shop", &[]);
    let daemon = world.daemon();
    Live::connect(&world).see(&order(0), &overview(0));
    let times: Vec<f64> = (1..=rounds).map(|round| recover(&mut world, round).as_secs_f64()).collect();
    assert_eq!(daemon.terminate(), Some(0));
    let middle = Duration::from_secs_f64(median(times.into_iter()));
    table.alone("recovery after nats-server was killed", &format!("{middle:.2?}"), "seconds");
}

fn recover(world: &mut World, round: usize) -> Duration {
    world.nats.restart();
    let start = Instant::now();
    Live::connect(world).see(&order(round), &overview(round));
    start.elapsed()
}
