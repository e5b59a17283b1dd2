//! Runs a test: folds its events in memory and looks at the documents.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::{Registry, json};

use super::case::{Expectation, Expected, Given, Step, Test};
use super::diff::{Difference, Failure, Finding};
use super::interleave::orders;
use super::json::is_same;
use crate::codec::{Corrupt, Key, Row};
use crate::engine::{Changes, Content, DeadLetter, InMemory, LogEvent};
use crate::plan::{Plan, ViewId};

/// 2026-01-01T00:00:00Z, in microseconds: when the log took the first event.
const START: i64 = 1_767_225_600_000_000;

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// In how many orders of its events it was run.
    pub orders: usize,
    /// What was otherwise than expected, in the first order in which anything was.
    pub failures: Vec<Failure>,
}

/// Runs the test as it is written and in other interleavings of its sources, until it fails in one.
pub fn run_test(test: &Test, plan: &Arc<Plan>, registry: &Arc<Registry>) -> Result<Outcome, Corrupt> {
    let mut tried = 0;
    for choice in choices(test) {
        tried += 1;
        let mut world = World::new(plan, registry);
        let mut failures = Vec::new();
        let mut came: Vec<String> = Vec::new();
        for (number, (step, order)) in test.steps.iter().zip(&choice).enumerate() {
            let found = world.step(step, order)?;
            came.extend(order.iter().map(|place| step.given[*place].label.clone()));
            let is_as_written = choice[..=number].iter().all(|order| order.is_sorted());
            let shown = (!is_as_written).then(|| came.clone());
            failures.extend(found.into_iter().map(|finding| Failure { step: number + 1, order: shown.clone(), finding }));
        }
        if !failures.is_empty() {
            return Ok(Outcome { orders: tried, failures });
        }
    }
    Ok(Outcome { orders: tried, failures: Vec::new() })
}

/// For each run an order for each step. The first is the given one.
fn choices(test: &Test) -> Vec<Vec<Vec<usize>>> {
    let of_step = |step: &Step| {
        let sources: Vec<&str> = step.given.iter().map(|given| given.source.as_str()).collect();
        orders(&sources)
    };
    let steps: Vec<Vec<Vec<usize>>> = test.steps.iter().map(of_step).collect();
    let runs = if test.interleave { steps.iter().map(Vec::len).max().unwrap_or(1) } else { 1 };
    // Later steps start over where they have fewer orders than another.
    (0..runs).map(|run| steps.iter().map(|orders| orders[run % orders.len()].clone()).collect()).collect()
}

/// An engine and the documents it has made.
struct World<'p> {
    plan: &'p Plan,
    engine: InMemory,
    documents: HashMap<(ViewId, Key), Content>,
    position: u64,
}

impl<'p> World<'p> {
    fn new(plan: &'p Arc<Plan>, registry: &Arc<Registry>) -> Self {
        let engine = InMemory::new(plan.clone(), registry.clone());
        World { plan, engine, documents: HashMap::new(), position: 0 }
    }

    fn step(&mut self, step: &Step, order: &[usize]) -> Result<Vec<Finding>, Corrupt> {
        let events: Vec<LogEvent> = order.iter().map(|place| self.log_event(&step.given[*place])).collect();
        let mut dead = Vec::new();
        let changes = self.engine.fold(&events)?;
        self.keep(changes, &mut dead);
        while let Some(changes) = self.engine.work_off()? {
            self.keep(changes, &mut dead);
        }
        let mut findings: Vec<Finding> = step.expect.iter().filter_map(|expectation| self.look(expectation)).collect();
        if dead.len() != step.dead_letters {
            let reason = |letter: &DeadLetter| format!("{}: {}", letter.kind, letter.reason);
            findings.push(Finding::DeadLetters { expected: step.dead_letters, reasons: dead.iter().map(reason).collect() });
        }
        Ok(findings)
    }

    fn log_event(&mut self, given: &Given) -> LogEvent {
        self.position += 1;
        let time = START + self.position as i64 * 1_000_000;
        LogEvent { position: self.position, time, subject: None, data: given.message.as_bytes().into(), flaw: None }
    }

    fn keep(&mut self, changes: Changes, dead: &mut Vec<DeadLetter>) {
        let Changes { documents, dead_letters, .. } = changes;
        self.documents.extend(documents.into_iter().map(|change| ((change.view, change.key), change.content)));
        dead.extend(dead_letters);
    }

    // === looking ===

    fn look(&self, expectation: &Expectation) -> Option<Finding> {
        let content = self.documents.get(&(expectation.view, expectation.key.clone())).unwrap_or(&Content::Absent);
        let view = self.plan.views[expectation.view].name.clone();
        let key = expectation.shown_key.clone();
        match (&expectation.expected, content) {
            (Expected::Absent, Content::Absent) | (Expected::Broken, Content::Broken(_)) => None,
            (Expected::Absent, _) => Some(Finding::Present { view, key }),
            (_, Content::Absent) => Some(Finding::Missing { view, key }),
            (Expected::Broken, Content::Present(_)) => Some(Finding::NotBroken { view, key }),
            (Expected::Columns(_), Content::Broken(reason)) => Some(Finding::Broken { view, key, reason: reason.clone() }),
            (Expected::Columns(expected), Content::Present(row)) => {
                let columns = self.differences(expectation.view, expected, row);
                (!columns.is_empty()).then_some(Finding::Different { view, key, columns })
            }
        }
    }

    fn differences(&self, view: ViewId, expected: &[(usize, String)], row: &Row) -> Vec<Difference> {
        let difference = |(column, expected): &(usize, String)| {
            let mut actual = String::new();
            json::write_json(&row.get(*column), &mut actual);
            let name = self.plan.views[view].columns[*column].name.clone();
            (!is_same(expected, &actual)).then_some(Difference { column: name, expected: expected.clone(), actual })
        };
        expected.iter().filter_map(difference).collect()
    }
}
