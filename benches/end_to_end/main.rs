//! What the daemon costs on real servers, against bare loops on the same servers in the same run: `cargo bench --bench end_to_end`.
//!
//! Starts its own servers, which `tests/servers/install` puts in place. `-- --test` runs everything small, once, to see that it works.

mod backlog;
mod bare;
mod event;
mod latency;
mod memory;
mod rebuild;
mod recorded;
mod recovery;
mod table;
mod world;

#[path = "../../tests/binary/command.rs"]
mod binary;
#[path = "../../tests/binary/daemon.rs"]
#[expect(dead_code, reason = "tests ask a daemon for more")]
mod daemon;
#[path = "../../tests/servers/nats.rs"]
#[expect(dead_code, reason = "tests do more to a stream")]
mod nats;
#[path = "../../tests/servers/process.rs"]
#[expect(dead_code, reason = "tests do more to a server")]
mod process;
#[path = "../../tests/servers/redis.rs"]
#[expect(dead_code, reason = "tests start servers of one kind only")]
mod redis;

use clap::Parser;

use table::Table;

/// How much is measured.
#[derive(Debug, Parser)]
struct Options {
    /// Measure only this: backlog, rebuild, latency, recovery or memory
    only: Option<String>,
    /// Events of a backlog
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Rounds of each figure; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Events whose latency is measured
    #[arg(long, default_value_t = 1000)]
    samples: usize,
    /// Entities that fill the memory
    #[arg(long, default_value_t = 5_000_000)]
    entities: usize,
    /// Everything small, once
    #[arg(long)]
    test: bool,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let mut options = Options::parse();
    if options.test {
        (options.events, options.rounds, options.samples, options.entities) = (2000, 1, 20, 2000);
    }
    let is_wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    let mut table = Table::default();
    if is_wanted("backlog") {
        backlog::measure(options.events, options.rounds, &mut table);
    }
    if is_wanted("rebuild") {
        rebuild::measure(options.events, options.rounds, &mut table);
    }
    if is_wanted("latency") {
        latency::measure(options.samples, &mut table);
    }
    if is_wanted("recovery") {
        recovery::measure(options.rounds, &mut table);
    }
    if is_wanted("memory") {
        memory::measure(options.entities, &mut table);
    }
    table.print();
}
