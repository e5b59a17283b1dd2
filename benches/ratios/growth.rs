//! What an event costs with many rows stored, against the same with few.

use projector::demo::Shop;

use crate::Scale;
use crate::definitions::{events, shop};
use crate::engine::{apply, warm_engine};
use crate::table::Table;

/// How many entity rows an event of the shop leaves behind, about.
const EVENTS_PER_ROW: usize = 1;

pub fn measure(scale: Scale, table: &mut Table) {
    let (plan, registry) = shop();
    let start = |rows: usize| {
        let (mut generator, mut engine) = (Shop::new(1), warm_engine(&plan, &registry));
        let mut position = 0;
        while position < rows * EVENTS_PER_ROW {
            apply(&mut engine, &events(&mut generator, position as u64, 50_000.min(rows)));
            position += 50_000.min(rows);
        }
        (generator, engine, position as u64)
    };
    let (mut few, mut many) = (start(scale.rows.0), start(scale.rows.1));
    let mut rounds = Vec::new();
    for _ in 0..scale.rounds {
        let round = |state: &mut (Shop, projections::engine::Engine, u64)| {
            let events = events(&mut state.0, state.2, scale.events);
            state.2 += scale.events as u64;
            apply(&mut state.1, &events)
        };
        let floor = round(&mut few);
        rounds.push((round(&mut many), floor));
    }
    table.add("engine, 5M rows / 50k rows", &rounds, scale.events, "<= 1.3");
}
