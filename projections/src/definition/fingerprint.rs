//! The fingerprints of a plan: equal for definitions that keep the same rows and documents, or the same rows, however they are written.

use schemas::{EventType, Registry};
use xxhash_rust::xxh3::xxh3_64;

use crate::plan::Plan;

/// Counts changes of what the engine stores for a plan. A new number makes every projection rebuild.
const FORMAT: u32 = 4;

/// XXH3 of everything that decides rows and documents: the plan, and of each event type it folds the owner, the schemas and the
/// upcasts, for these decide which events are refused. How lists are ordered and filtered does too, for tables have columns for that. The names
/// of things in the files do not, except those that readers see.
///
/// The plan is hashed as it is compiled: where another planner or another expression compiler makes something else of the same
/// files, what is stored may have another form too, and is built anew.
pub fn of(plan: &Plan, registry: &Registry) -> u64 {
    let views: Vec<_> =
        plan.views.iter().map(|view| (&view.name, &view.columns, &view.key, &view.filters, &view.order_by)).collect();
    let decisive = format!(
        "{FORMAT}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
        events(plan, registry),
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

/// XXH3 of everything that decides rows, dead letters and who waits for whom, but nothing of what views make of them: where it is equal, the
/// rows of one are those of the other.
pub fn of_rows(plan: &Plan, registry: &Registry) -> u64 {
    let decisive = format!(
        "{FORMAT}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
        events(plan, registry),
        plan.subjects,
        plan.entities,
        plan.folds,
        plan.dead_letters.policy,
        plan.duplicate_window,
    );
    xxh3_64(decisive.as_bytes())
}

/// What is said of the event types that are folded.
fn events<'r>(plan: &Plan, registry: &'r Registry) -> Vec<Described<'r>> {
    plan.folds.keys().filter_map(|name| registry.event_type(name)).map(|event| described(event)).collect()
}

/// The owner, the schema of each version, and the upcasts.
type Described<'r> = (&'r str, Vec<&'r str>, Vec<&'r str>);

fn described(event: &EventType) -> Described<'_> {
    let schemas = event.versions().iter().map(|version| version.text.as_str()).collect();
    (&event.service, schemas, event.upcasts().collect())
}
