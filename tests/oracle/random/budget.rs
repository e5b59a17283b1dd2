//! Which seeds are tried, and for how long.

use std::time::{Duration, Instant, SystemTime};

/// How often the time may pass until every construct was reached: a slow machine tries fewer seeds.
const PATIENCE: u32 = 5;
const SECONDS: u64 = 60;

/// The seeds of a run.
pub struct Budget {
    /// The only seed to try.
    given: Option<u64>,
    first: u64,
    start: Instant,
    time: Duration,
}

// === impl Budget ===

impl Budget {
    /// As the environment says; of the time this share: 2 is a half.
    pub fn new(share: u32) -> Budget {
        let given = environment("PROJECTOR_RANDOM_SEED");
        let first = given.unwrap_or_else(first_seed);
        println!("seeds from {first}");
        let time = Duration::from_secs(environment("PROJECTOR_RANDOM_SECONDS").unwrap_or(SECONDS)) / share;
        Budget { given, first, start: Instant::now(), time }
    }

    /// The first seed; the others follow it.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Whether this seed was the last one. With the time gone it is, unless something was never reached.
    pub fn ends_with(&self, seed: u64, is_all_reached: impl FnOnce() -> bool) -> bool {
        let elapsed = self.start.elapsed();
        let ends = self.given.is_some() || elapsed > self.time * PATIENCE || elapsed > self.time && is_all_reached();
        if ends {
            println!("{} seeds tried", seed - self.first + 1);
        }
        ends
    }

    /// Whether only one seed is tried, which cannot reach everything.
    pub fn is_one_seed(&self) -> bool {
        self.given.is_some()
    }
}

/// Other seeds each time.
fn first_seed() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs()) * 1_000_000
}

fn environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}
