//! Decode, validate, fold, evaluate and compare the shop's events, all rows being cached, against parsing the same bytes
//! into `serde_json::Value`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use projections::engine::{Engine, Limits, LogEvent, Step};
use projections::plan::Plan;
use projector::demo::Shop;
use schemas::Registry;

use crate::Scale;
use crate::definitions::{events, shop};
use crate::table::Table;

/// Events of a batch, as the daemon takes them from a backlog.
const BATCH: usize = 8_192;

pub fn measure(scale: Scale, table: &mut Table) {
    let (plan, registry) = shop();
    let mut generator = Shop::new(1);
    let mut engine = warm_engine(&plan, &registry);
    apply(&mut engine, &events(&mut generator, 0, scale.warm));
    let mut position = scale.warm as u64;
    let mut rounds = Vec::new();
    for _ in 0..scale.rounds {
        let events = events(&mut generator, position, scale.events);
        position += scale.events as u64;
        let floor = parse(&events);
        rounds.push((apply(&mut engine, &events), floor));
    }
    table.add("engine, shop / serde_json::Value", &rounds, scale.events, "<= 2");
    table.add("  of that, decoding and validation", &decoding(scale, &plan, &registry), scale.events, "");
}

fn decoding(scale: Scale, plan: &Arc<Plan>, registry: &Arc<Registry>) -> Vec<(Duration, Duration)> {
    let (mut generator, mut engine) = (Shop::new(1), warm_engine(plan, registry));
    let mut rounds = Vec::new();
    for round in 0..scale.rounds {
        let events = events(&mut generator, (round * scale.events) as u64, scale.events);
        let floor = parse(&events);
        let start = Instant::now();
        for events in events.chunks(BATCH) {
            black_box(engine.begin(events));
        }
        rounds.push((start.elapsed(), floor));
    }
    rounds
}

pub fn warm_engine(plan: &Arc<Plan>, registry: &Arc<Registry>) -> Engine {
    let limits = Limits { cache_bytes: usize::MAX, ..Limits::default() };
    let mut engine = Engine::new(plan.clone(), registry.clone(), limits);
    engine.assume_empty();
    engine
}

fn parse(events: &[LogEvent]) -> Duration {
    let start = Instant::now();
    for event in events {
        black_box(serde_json::from_slice::<serde_json::Value>(&event.data).expect("the shop's events are JSON"));
    }
    start.elapsed()
}

pub fn apply(engine: &mut Engine, events: &[LogEvent]) -> Duration {
    let start = Instant::now();
    for events in events.chunks(BATCH) {
        let mut batch = engine.begin(events);
        match engine.step(&mut batch).expect("nothing is stored that could be damaged") {
            Step::Done(changes) => assert!(black_box(changes).dead_letters.is_empty(), "the shop's events are good"),
            Step::Missing(missing) => panic!("all rows are cached, but {missing:?} is missing"),
        }
        engine.committed(batch.number());
    }
    start.elapsed()
}
