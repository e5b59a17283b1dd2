//! The fingerprint of a plan: equal for definitions that keep the same rows and documents, however they are written.

use schemas::Registry;
use xxhash_rust::xxh3::xxh3_64;

use crate::plan::Plan;

/// Counts changes of what the engine stores for a plan. A new number makes every projection rebuild.
const FORMAT: u32 = 1;

/// XXH3 of everything in the plan that decides rows and documents. How lists are ordered and filtered does not,
/// nor do the names of things in the files, except those that readers see.
pub fn of(plan: &Plan, registry: &Registry) -> u64 {
    let upcasts: Vec<&str> =
        plan.folds.keys().filter_map(|event| registry.event_type(event)).flat_map(|event| event.upcasts()).collect();
    let views: Vec<_> = plan.views.iter().map(|view| (&view.name, &view.columns, &view.key)).collect();
    let decisive = format!(
        "{FORMAT}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
        upcasts,
        plan.subjects,
        plan.entities,
        plan.indexes,
        plan.folds,
        plan.blocks,
        plan.rollups,
        views,
        plan.dead_letters.policy,
        plan.duplicate_window,
    );
    xxh3_64(decisive.as_bytes())
}
