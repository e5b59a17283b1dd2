//! Random definitions, random logs, random batches and crashes, judged by PostgreSQL.
//!
//! Seeds are tried for `PROJECTOR_RANDOM_SECONDS` (60), starting at a random one, and on until every construct has
//! occurred. A failure names its seed; `PROJECTOR_RANDOM_SEED=… tests/run random_definitions` runs that one again.

mod budget;
mod case;
mod data;
mod expressions;
mod folds;
mod kind;
mod model;
mod select;
mod templates;
mod writer;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use postgres::Client;
use projections::engine::{Content, Limits, LogEvent};
use projections::plan::Subselect;
use projector::demo::Random;

use crate::definitions::Projection;
use crate::memory::{Build, Kept, log as numbered};
use crate::postgres::fresh_database;
use crate::{judge, tables};
use budget::Budget;
use case::Case;

/// Constructs beside the templates that a run must have reached: in definitions, in logs, and as they are applied.
#[rustfmt::skip]
const CONSTRUCTS: [&str; 44] = [
    "plain view", "WHERE", "NULL", "JOIN", "LEFT JOIN", "self-join", "second hop", "condition in ON", "root behind a lookup",
    "constant in the key of a join",
    "GROUP BY view", "GROUP BY an expression", "GROUP BY a name", "GROUP BY a position", "HAVING", "FILTER",
    "sub-select", "sub-select by key", "sub-select in WHERE", "sub-select in an aggregate", "sub-select in a sub-select",
    "JOIN in a sub-select", "expression over aggregates", "EXISTS", "NOT EXISTS", "correlation on two columns",
    "outer column in a sub-select's WHERE",
    "for_each", "for_each with when", "when", "delete with when", "self", "several rules for an event", "key of two columns",
    "key of expressions", "upcast", "duplicate event", "broken event",
    "scan", "group", "fan-out in pages", "broken document", "row that returns", "crash",
];

/// A run stops at so many failures.
const FAILURES: usize = 5;

/// What went wrong with a seed.
struct Failure {
    what: String,
    definitions: String,
}

#[test]
fn random_definitions_agree_with_postgresql() {
    let mut client = fresh_database();
    let budget = Budget::new(1);
    let (mut used, mut failures) = (BTreeSet::new(), Vec::new());
    for seed in budget.first().. {
        match check(&mut client, seed) {
            Ok(constructs) => used.extend(constructs),
            Err(failure) => failures.push(failure),
        }
        if failures.len() == FAILURES || budget.ends_with(seed, || unreached(&used).is_empty()) {
            break;
        }
    }
    assert_none(failures);
    assert!(budget.is_one_seed() || unreached(&used).is_empty(), "never tried: {:#?}", unreached(&used));
}

/// Shows what failed, and the smallest of the definitions that did.
fn assert_none(failures: Vec<Failure>) {
    let Some(smallest) = failures.iter().min_by_key(|failure| failure.definitions.len()) else { return };
    for failure in &failures {
        println!("{}\n", failure.what);
    }
    panic!("the smallest of {} failures:\n{}\n{}", failures.len(), smallest.what, smallest.definitions);
}

/// What has not occurred: what is never tried is not tested.
fn unreached(used: &BTreeSet<&'static str>) -> Vec<&'static str> {
    let templates = templates::all().into_iter().chain(templates::aggregates()).map(|template| template.text);
    templates.chain(CONSTRUCTS).chain(writer::DIRECTIONS).filter(|construct| !used.contains(construct)).collect()
}

/// Builds the case of this seed twice, in different batches, and compares the builds with each other and with PostgreSQL.
fn check(client: &mut Client, seed: u64) -> Result<BTreeSet<&'static str>, Failure> {
    let case = Case::new(seed);
    match survived(|| compare(client, seed, &case, &case.log)) {
        Ok(reached) => Ok(case.used.into_iter().chain(reached).collect()),
        Err(what) => {
            // Told at once: to make the log shorter may take long.
            println!("PROJECTOR_RANDOM_SEED={seed}: {what}\n");
            let (log, what) = shrunk(&case.log, what, |log| survived(|| compare(client, seed, &case, log)).err());
            Err(Failure { what: format!("PROJECTOR_RANDOM_SEED={seed}: {what}"), definitions: shown(&case, &log) })
        }
    }
}

/// A panic is a failure like any other, which its seed repeats.
fn survived<T>(compare: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(compare)).unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// A shorter log that still fails: leaves out ever smaller parts as long as it does.
fn shrunk(log: &[Vec<u8>], what: String, mut fails: impl FnMut(&[Vec<u8>]) -> Option<String>) -> (Vec<Vec<u8>>, String) {
    let (mut log, mut what, mut size) = (log.to_vec(), what, log.len() / 2);
    while size > 0 {
        let mut start = 0;
        while start < log.len() {
            let mut shorter = log.clone();
            shorter.drain(start..(start + size).min(log.len()));
            match fails(&shorter) {
                Some(still) => (log, what) = (shorter, still),
                None => start += size,
            }
        }
        size /= 2;
    }
    (log, what)
}

/// What the case reaches as it is applied; or where it goes wrong.
fn compare(client: &mut Client, seed: u64, case: &Case, log: &[Vec<u8>]) -> Result<Vec<&'static str>, String> {
    let projection = Projection::load("schemas", &case.schemas, "projections/random", &case.projection)
        .map_err(|mistakes| format!("refused: {mistakes:#?}"))?;
    let events = numbered(log.iter().cloned());
    let mut random = Random::new(!seed);
    let (build, other) = (build(&projection, &events, &mut random), build(&projection, &events, &mut random));
    if build.kept() != other.kept() {
        return Err(format!("depends on the batches: {}", divergence(&build, &other)));
    }
    let materialized = materialized(&projection, &events, &mut random);
    if build.kept() != materialized.kept() {
        return Err(format!("depends on when views are evaluated: {}", divergence(&build, &materialized)));
    }
    let adopted = Build::of_rows(&build, limits(&mut random));
    if build.kept() != adopted.kept() {
        return Err(format!("depends on who folded the rows: {}", divergence(&build, &adopted)));
    }
    let differences = judged(client, &build);
    if differences.is_empty() { Ok(reached(&build)) } else { Err(differences.join("\n")) }
}

/// What only shows when events are applied.
fn reached(build: &Build) -> Vec<&'static str> {
    let subselects = || build.plan.blocks.iter().flat_map(|block| &block.subselects);
    let is_broken = |content: &Content| matches!(content, Content::Broken(_));
    let reached = [
        ("scan", subselects().any(|subselect| matches!(subselect, Subselect::Scan(_)))),
        ("group", subselects().any(|subselect| matches!(subselect, Subselect::Group { .. }))),
        ("fan-out in pages", build.pages > 1),
        ("broken document", build.documents.values().any(is_broken)),
        ("row that returns", build.has_returned_rows()),
        ("crash", build.crashes > 0),
    ];
    reached.into_iter().filter(|(_, is_reached)| *is_reached).map(|(construct, _)| construct).collect()
}

/// Builds in random batches within random limits, with crashes in between.
fn build(projection: &Projection, events: &[LogEvent], random: &mut Random) -> Build {
    let mut build = Build::new(projection.plan.clone(), projection.registry.clone(), limits(random));
    if random.chance(50) {
        build = build.assume_empty();
    }
    go_on(&mut build, events, 0, random);
    build
}

/// Folds a part of the log into rows alone, and materializes views while the rest is applied.
fn materialized(projection: &Projection, events: &[LogEvent], random: &mut Random) -> Build {
    let mut build = Build::new(projection.plan.clone(), projection.registry.clone(), limits(random));
    let seeded = if random.chance(50) { events.len() } else { random.between(0, events.len()) };
    build.seed(&events[..seeded], largest(random), random);
    while random.chance(80) && build.work_off() {
        if random.chance(10) {
            build.restart(events);
        }
    }
    go_on(&mut build, events, seeded, random);
    build
}

fn limits(random: &mut Random) -> Limits {
    Limits {
        cache_bytes: [4 << 10, 64 << 10, 64 << 20][random.below(3)],
        fan_out: [3, 50, 10_000][random.below(3)],
        page: [2, 20, 1000][random.below(3)],
        hash_seed: random.bits(),
    }
}

/// How many events a batch has at most.
fn largest(random: &mut Random) -> usize {
    [1, 10, 100, 10_000][random.below(4)]
}

/// Applies all events but the first `done`.
fn go_on(build: &mut Build, events: &[LogEvent], done: usize, random: &mut Random) {
    let largest = largest(random);
    let mut rest = &events[done..];
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(random.between(1, largest).min(rest.len()));
        if random.chance(5) {
            build.crash(batch, events);
        }
        build.apply(batch);
        // Fan-out is worked off whenever there is time; later events may come first.
        while random.chance(70) && build.work_off() {}
        rest = after;
    }
    while build.work_off() {}
}

fn judged(client: &mut Client, build: &Build) -> Vec<String> {
    // What an earlier case left behind when it failed goes with the schema.
    client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").expect("the schema is made anew");
    tables::create(client, &build.plan);
    tables::fill(client, &build.plan, &build.rows());
    tables::index(client, &build.plan);
    judge::differences(client, build)
}

/// The first thing in which two builds differ.
fn divergence(build: &Build, other: &Build) -> String {
    for (entity, (rows, others)) in build.plan.entities.iter().zip(build.rows().into_iter().zip(other.rows())) {
        if let Some((row, other)) = rows.iter().zip(&others).find(|(row, other)| row != other) {
            return format!("{}: {row:?}\n{other:?}", entity.name);
        }
    }
    for ((address, content), (other_address, other)) in build.documents.iter().zip(&other.documents) {
        if (address, content) != (other_address, other) {
            return format!("{address:?}: {content:?}\n{other_address:?}: {other:?}");
        }
    }
    let (kept, others) = (build.kept(), other.kept());
    if let Some((cell, other)) = kept.cells.iter().zip(&others.cells).find(|(cell, other)| cell != other) {
        return format!("{cell:?}\n{other:?}");
    }
    if let Some((set, other)) = kept.sets.iter().zip(&others.sets).find(|(set, other)| set != other) {
        return format!("{set:?}\n{other:?}");
    }
    if let Some((letter, other)) = kept.dead_letters.iter().zip(&others.dead_letters).find(|(letter, other)| letter != other) {
        return format!("{letter:?}\n{other:?}");
    }
    // What one has in common with the other is the same: one has more.
    let last = |kept: &Kept| {
        let Kept { documents, cells, sets, dead_letters } = kept;
        let counts = [documents.len(), cells.len(), sets.len(), dead_letters.len()];
        format!("{counts:?} {:?} {:?}", cells.last_key_value(), sets.last_key_value())
    };
    format!("documents, cells, sets and dead letters:\n{}\n{}", last(&kept), last(&others))
}

/// The definitions of a case and a log, for a person.
fn shown(case: &Case, log: &[Vec<u8>]) -> String {
    let files = case.schemas.iter().chain(&case.projection);
    let files: String = files.map(|file| format!("--- {}\n{}\n", file.path, file.text)).collect();
    let events: Vec<_> = log.iter().map(|event| String::from_utf8_lossy(event)).collect();
    format!("{files}--- the log, made shorter\n{}\n", events.join("\n"))
}
