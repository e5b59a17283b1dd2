//! Every view that is accepted in `golden/` is kept current: event by event it comes to what all events at once come to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;

use std::collections::BTreeMap;
use std::sync::Arc;

use fixture::{ENTITIES, load, registry};
use projections::codec::Key;
use projections::engine::{Changes, Content, InMemory, LogEvent};
use projections::plan::{Plan, ViewId};
use schemas::Registry;

type Documents = BTreeMap<(ViewId, Key), String>;

/// An engine and the documents it has made.
struct World {
    engine: InMemory,
    documents: Documents,
}

impl World {
    fn new(plan: &Arc<Plan>, registry: &Arc<Registry>) -> World {
        World { engine: InMemory::new(plan.clone(), registry.clone()), documents: Documents::new() }
    }

    fn apply(&mut self, events: &[LogEvent]) {
        let changes = self.engine.fold(events).unwrap();
        self.keep(changes);
        while let Some(changes) = self.engine.work_off().unwrap() {
            self.keep(changes);
        }
    }

    fn keep(&mut self, changes: Changes) {
        assert!(changes.dead_letters.is_empty(), "{:?}", changes.dead_letters);
        for change in changes.documents {
            let address = (change.view, change.key);
            match change.content {
                Content::Absent => self.documents.remove(&address),
                content => self.documents.insert(address, format!("{content:?}")),
            };
        }
    }
}

/// Events about few things, so that they meet; each thing is also changed and taken away again.
fn log(length: u64) -> Vec<LogEvent> {
    let mut seed = 11u64;
    let mut next = move |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    let mut event = |position: u64| {
        let (customer, order, sku) = (next(4), next(6), next(3));
        let (source, ty, data) = match next(8) {
            0 => ("customers", "CustomerDeleted", format!(r#"{{"customer_id":"c-{customer}"}}"#)),
            1 | 2 => {
                let data = format!(r#"{{"customer_id":"c-{customer}","name":"n{}","country":"s-{}"}}"#, next(2), next(3));
                ("customers", "CustomerRegistered", data)
            }
            3 => ("products", "ProductAdded", format!(r#"{{"sku":"s-{sku}","title":"o-{}","data":{}}}"#, next(3), next(2))),
            4 => ("payments", "PaymentCaptured", format!(r#"{{"order_id":"o-{order}","amount":{}.5}}"#, next(9))),
            5 => ("orders", "OrderShipped", format!(r#"{{"order_id":"o-{order}","carrier":"x{}"}}"#, next(2))),
            _ => {
                let lines: Vec<String> = (0..next(3))
                    .map(|line| {
                        format!(
                            r#"{{"line_no":{line},"sku":"s-{}","quantity":{},"unit_price":{}.25,"weight":0.5}}"#,
                            next(3),
                            next(9),
                            next(9)
                        )
                    })
                    .collect();
                let (note, city) = (next(6), next(2));
                let data = format!(
                    r#"{{"order_id":"o-{order}","customer_id":"c-{customer}","customer_no":{customer},"note":"o-{note}","address":{{"city":"b{city}"}},"lines":[{}]}}"#,
                    lines.join(",")
                );
                ("orders", "OrderPlaced", data)
            }
        };
        let bytes = format!(
            r#"{{"specversion":"1.0","id":"{position}","source":"/{source}","type":"{ty}","time":"2026-01-01T00:00:00Z","data":{data}}}"#
        );
        LogEvent { position, time: 0, subject: None, data: bytes.into_bytes().into(), flaw: None }
    };
    (1..=length).map(&mut event).collect()
}

#[test]
fn step_by_step_is_all_at_once() {
    let registry = Arc::new(registry());
    let log = log(250);
    let golden = concat!(include_str!("golden/views.txt"), "\n\n", include_str!("golden/plans.txt"));
    let mut views = 0;
    for case in golden.split("\n\n") {
        let sql = case.split("\n=>").next().unwrap();
        let Ok(plan) = load(ENTITIES, sql) else { continue };
        let plan = Arc::new(plan);
        let (mut slowly, mut at_once) = (World::new(&plan, &registry), World::new(&plan, &registry));
        log.iter().for_each(|event| slowly.apply(std::slice::from_ref(event)));
        at_once.apply(&log);
        assert_eq!(slowly.documents, at_once.documents, "{sql}");
        views += usize::from(!at_once.documents.is_empty());
    }
    assert!(views > 30, "{views}");
}
