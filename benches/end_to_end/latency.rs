//! From an event's publication to the moment when its effect can be read from Redis, events coming one by one; against a bare
//! consumer that sets each message.

use std::thread;
use std::time::Duration;

use crate::bare;
use crate::event::{CUSTOMERS, customer, order, overview};
use crate::table::Table;
use crate::world::{Live, World};

/// Between two events.
const PAUSE: Duration = Duration::from_millis(5);
pub fn measure(samples: usize, table: &mut Table) {
    let world = World::start("shop", &[]);
    world.publish(&(0..CUSTOMERS).map(customer).collect::<Vec<_>>());
    let mut live = Live::connect(&world);
    let mut floor = bare_latencies(&world, &mut live, samples);
    let mut figure = latencies(&world, &mut live, samples);
    for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
        table.times(&format!("latency, {name} of {samples}"), quantile(&mut figure, share), quantile(&mut floor, share), "<= 2");
    }
}

/// Orders come one by one, each with two lines, and what is read is its overview.
fn latencies(world: &World, live: &mut Live, samples: usize) -> Vec<Duration> {
    let daemon = world.daemon();
    // Until it has come to the end of the stream.
    live.see(&order(samples), &overview(samples));
    let latencies = (0..samples).map(|number| sample(live, &order(number), &overview(number)));
    let latencies = latencies.collect();
    assert_eq!(daemon.terminate(), Some(0));
    latencies
}

fn bare_latencies(world: &World, live: &mut Live, samples: usize) -> Vec<Duration> {
    let consumer = bare::follow(world, samples);
    let latencies = (1..=samples).map(|number| sample(live, &customer(number % CUSTOMERS), &format!("bare:{number}"))).collect();
    consumer.join().expect("it reads to its end");
    latencies
}

fn sample(live: &mut Live, event: &[u8], key: &str) -> Duration {
    // Nothing is waited for: the pause is the load.
    thread::sleep(PAUSE);
    live.see(event, key)
}

fn quantile(latencies: &mut [Duration], share: f64) -> Duration {
    latencies.sort();
    let last = latencies.len() - 1;
    latencies[((last as f64) * share).round() as usize]
}
