//! What Projector costs, as ratios against floors that are measured in the same run, in turn with it: `cargo bench`.
//!
//! `cargo bench -- --test` runs everything small, once, to see that it works.

mod definitions;
mod embedded;
mod engine;
mod growth;
mod table;

use table::Table;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Rounds of each figure; the median counts.
    pub rounds: usize,
    /// Events that fill the state before anything is measured.
    pub warm: usize,
    /// Events of a round.
    pub events: usize,
    /// Rows of the small and of the large state.
    pub rows: (usize, usize),
}

const FULL: Scale = Scale { rounds: 9, warm: 300_000, events: 50_000, rows: (50_000, 5_000_000) };
const SMOKE: Scale = Scale { rounds: 1, warm: 2_000, events: 1_000, rows: (1_000, 4_000) };

fn main() {
    let is_smoke = std::env::args().any(|argument| argument == "--test");
    let scale = if is_smoke { SMOKE } else { FULL };
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    let mut table = Table::default();
    if is_wanted("engine") {
        engine::measure(scale, &mut table);
    }
    if is_wanted("embedded") {
        embedded::measure(scale, &mut table);
    }
    if is_wanted("growth") {
        growth::measure(scale, &mut table);
    }
    table.print();
}
