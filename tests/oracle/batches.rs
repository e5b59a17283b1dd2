//! The same log in other batches: everything that is stored must be the same, byte for byte.

use projections::engine::{Limits, LogEvent};
use projector::demo::{Auction, Random, Shop};

use crate::definitions::Projection;
use crate::memory::{Build, log};

const EVENTS: usize = 20_000;
/// One by one, in between, and as many as a batch ever has.
const SIZES: [usize; 5] = [1, 7, 100, 1000, 10_000];

#[test]
fn the_shop_is_the_same_however_the_log_is_split() {
    check(&Projection::embedded("shop"), &log(Shop::new(2).take(EVENTS).map(|event| event.bytes)));
}

#[test]
fn the_auction_is_the_same_however_the_log_is_split() {
    check(&Projection::embedded("auction"), &log(Auction::new(0).take(EVENTS).map(|event| event.bytes)));
}

#[test]
fn views_are_materialized_once_and_of_the_position_up_to_which_rows_were_folded() {
    let projection = Projection::embedded("shop");
    let events = log(Shop::new(2).take(EVENTS).map(|event| event.bytes));
    let expected = projection.built([&events[..]]).kept();
    let limits = Limits { fan_out: 100, ..Limits::default() };
    let mut build = Build::new(projection.plan.clone(), projection.registry.clone(), limits);
    build.seed(&events, 1000, &mut Random::new(1));
    while build.work_off() {}
    assert!(build.kept() == expected, "something else is stored when views are materialized");
    assert_eq!((build.written, build.versions().find(|version| *version != EVENTS as u64)), (expected.documents.len(), None));
}

fn check(projection: &Projection, events: &[LogEvent]) {
    let expected = projection.built([events]).kept();
    assert!(expected.documents.len() > EVENTS / 20, "{} documents show little", expected.documents.len());
    for size in SIZES {
        let kept = projection.built(events.chunks(size)).kept();
        assert!(kept == expected, "something else is stored in batches of {size}");
    }
    for seed in 1..=3 {
        let mut random = Random::new(seed);
        // From single events to some thousands.
        let percent_of_percent = 10u64.pow(random.below(4) as u32);
        let split = events.chunk_by(|_, _| random.below(10_000) as u64 >= percent_of_percent);
        let kept = projection.built(split).kept();
        assert!(kept == expected, "something else is stored in the random batches of seed {seed}");
    }
}
