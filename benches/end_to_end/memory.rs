//! The memory of the daemon that folds millions of entities, with the cache that is the default.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use crate::event::customer;
use crate::table::Table;
use crate::world::World;

/// Between two looks at the daemon.
const PERIOD: Duration = Duration::from_millis(50);
/// Events that are made at once.
const AT_ONCE: usize = 100_000;

pub fn measure(entities: usize, table: &mut Table) {
    // The file would be larger than all that is measured here.
    let world = World::start("shop", &["--appendonly", "no"]);
    for first in (0..entities).step_by(AT_ONCE) {
        world.publish(&(first..entities.min(first + AT_ONCE)).map(customer).collect::<Vec<_>>());
    }
    let peak = peak(world.start_catching_up());
    table.alone(&format!("resident memory, {entities} entities"), &format!("{} MB", peak >> 10), "< 300 MB");
}

/// The most that a process had while it ran, in kB.
fn peak(mut process: Child) -> u64 {
    let mut peak = 0;
    loop {
        if let Some(status) = process.try_wait().expect("the process is ours") {
            assert!(status.success(), "{status}");
            return peak;
        }
        peak = resident(&process).map_or(peak, |now| now.max(peak));
        thread::sleep(PERIOD);
    }
}

/// `None` when it is about to end.
fn resident(process: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
