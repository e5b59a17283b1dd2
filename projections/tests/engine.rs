//! The engine over a store in memory: the same documents for any split of the log, with and without a cache, across
//! restarts, and with fan-out too large for one batch.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use projections::codec::{Key, print_key};
use projections::definition::{load_projection, load_registry};
use projections::engine::{
    Answers, Batch, CellKey, Changes, Content, Engine, Limits, LogEvent, MembersWanted, Missing, SetKey, Space, Step,
};
use projections::plan::Plan;
use schemas::{Registry, SourceFile, Value, json};

const TOML: &str = r#"
name = "demo"

[entities.customers]
key = ["customer_id"]
on.CustomerSeen.set = { name = "name", tier = "tier" }
on.CustomerGone.delete = true

[entities.tiers]
key = ["tier"]
on.TierNamed.set = { title = "title" }

[entities.orders]
key = ["order_id"]
on.OrderPlaced.set = { customer_id = "customer_id", amount = "amount" }
on.OrderCancelled.delete = true

[entities.vouchers]
key = ["voucher"]
on.OrderPlaced = { when = "voucher IS NOT NULL", set = { order_id = "order_id" } }

[entities.lines]
key = ["order_id", "line_no"]
on.OrderPlaced = { for_each = "lines", set = { sku = "each.sku", quantity = "each.quantity" } }

[views.order_cards]
query = "order_cards.sql"

[views.customer_cards]
query = "customer_cards.sql"

[views.tiers]
query = "tiers.sql"
"#;

const ORDER_CARDS: &str = "
SELECT o.order_id, o.amount, c.name AS customer, t.title, 100 / (o.amount - 13) AS share,
       (SELECT json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.line_no)
          FROM lines l WHERE l.order_id = o.order_id) AS lines
  FROM orders o LEFT JOIN customers c ON c.customer_id = o.customer_id LEFT JOIN tiers t ON t.tier = c.tier";

const CUSTOMER_CARDS: &str = "
SELECT c.customer_id, c.name,
       (SELECT sum(o.amount) FROM orders o WHERE o.customer_id = c.customer_id) AS spent,
       (SELECT max(o.amount) FROM orders o WHERE o.customer_id = c.customer_id) AS largest
  FROM customers c";

const TIERS: &str = "
SELECT c.tier, count(*) AS orders, sum(o.amount) AS amount, json_agg(o.order_id ORDER BY o.order_id) AS ids
  FROM orders o JOIN customers c ON c.customer_id = o.customer_id GROUP BY c.tier HAVING count(*) > 1";

// === the world around the engine ===

fn schema(name: &str, fields: &str) -> SourceFile {
    let text = format!(r#"{{"type":"object","properties":{{{fields}}}}}"#);
    SourceFile { path: format!("schemas/shop/{name}.v1.json"), text }
}

fn definitions() -> (Arc<Plan>, Arc<Registry>) {
    let text = r#""type":"string""#;
    let int = r#""type":"integer""#;
    let lines = format!(
        r#""lines":{{"type":"array","items":{{"type":"object","properties":{{"line_no":{{{int}}},"sku":{{{text}}},"quantity":{{{int}}}}}}}}}"#
    );
    let schemas = [
        schema("CustomerSeen", &format!(r#""customer_id":{{{text}}},"name":{{{text}}},"tier":{{{text}}}"#)),
        schema("TierNamed", &format!(r#""tier":{{{text}}},"title":{{{text}}}"#)),
        schema("CustomerGone", &format!(r#""customer_id":{{{text}}}"#)),
        schema(
            "OrderPlaced",
            &format!(r#""order_id":{{{text}}},"customer_id":{{{text}}},"amount":{{{int}}},"voucher":{{{text}}},{lines}"#),
        ),
        schema("OrderCancelled", &format!(r#""order_id":{{{text}}}"#)),
    ];
    let registry = load_registry("schemas", &schemas).unwrap();
    let file = |name: &str, text: &str| SourceFile { path: format!("demo/{name}"), text: text.to_owned() };
    let files = [
        file("projection.toml", TOML),
        file("order_cards.sql", ORDER_CARDS),
        file("customer_cards.sql", CUSTOMER_CARDS),
        file("tiers.sql", TIERS),
    ];
    let plan = load_projection("demo", &files, &registry).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    (Arc::new(plan), Arc::new(registry))
}

fn event(position: u64, ty: &str, data: &str) -> LogEvent {
    let bytes = format!(r#"{{"specversion":"1.0","id":"{position}","source":"/shop","type":"{ty}","data":{data}}}"#);
    LogEvent { position, time: 0, subject: None, data: bytes.into_bytes().into(), flaw: None }
}

fn customer(position: u64, customer: u64, name: &str, tier: u64) -> LogEvent {
    let data = format!(r#"{{"customer_id":"c{customer}","name":"{name}","tier":"t{tier}"}}"#);
    event(position, "CustomerSeen", &data)
}

fn tier(position: u64, tier: u64, title: &str) -> LogEvent {
    event(position, "TierNamed", &format!(r#"{{"tier":"t{tier}","title":"{title}"}}"#))
}

fn order(position: u64, order: u64, customer: u64, amount: u64, lines: &str) -> LogEvent {
    let data = format!(r#"{{"order_id":"o{order}","customer_id":"c{customer}","amount":{amount},"lines":[{lines}]}}"#);
    event(position, "OrderPlaced", &data)
}

/// A log in which customers come, go and change tier, tiers change their titles, and orders are placed, placed anew and cancelled.
fn log(length: u64) -> Vec<LogEvent> {
    let mut seed = 7u64;
    let mut next = move |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    (1..=length)
        .map(|position| {
            let (of, number) = (next(7), next(40));
            match next(11) {
                0 => event(position, "CustomerGone", &format!(r#"{{"customer_id":"c{of}"}}"#)),
                1..=3 => {
                    let name = next(5);
                    customer(position, of, &format!("n{name}"), next(3))
                }
                4 => event(position, "OrderCancelled", &format!(r#"{{"order_id":"o{number}"}}"#)),
                5 => tier(position, next(3), &format!("title {}", next(4))),
                _ => {
                    let lines: Vec<String> = (0..next(4))
                        .map(|line| format!(r#"{{"line_no":{line},"sku":"s{}","quantity":{}}}"#, next(3), next(9)))
                        .collect();
                    order(position, number, of, next(20), &lines.join(","))
                }
            }
        })
        .collect()
}

/// A store that keeps everything in maps.
#[derive(Default)]
struct Memory {
    cells: BTreeMap<CellKey, Arc<[u8]>>,
    sets: BTreeMap<SetKey, BTreeSet<Key>>,
    documents: BTreeMap<(String, String), String>,
    /// Every content that a document ever had, by view, key and version.
    history: BTreeMap<(String, String, u64), Option<String>>,
    dead_letters: usize,
    fetches: usize,
}

impl Memory {
    fn fetch(&mut self, missing: &Missing) -> Answers {
        self.fetches += 1;
        let cells = missing.cells.iter().map(|key| (key.clone(), self.cells.get(key).cloned())).collect();
        let sets = missing.sets.iter().map(|wanted| (wanted.clone(), self.page(wanted))).collect();
        Answers { cells, sets }
    }

    fn page(&self, wanted: &MembersWanted) -> Vec<Key> {
        let members = self.sets.get(&wanted.set).into_iter().flatten();
        members.filter(|member| wanted.after.as_ref().is_none_or(|after| *member > after)).take(wanted.limit).cloned().collect()
    }

    fn commit(&mut self, plan: &Plan, changes: Changes) {
        for (key, bytes) in changes.cells {
            match bytes {
                Some(bytes) => self.cells.insert(key, bytes),
                None => self.cells.remove(&key),
            };
        }
        for link in changes.links {
            let set = self.sets.entry(link.set).or_default();
            let changed = if link.present { set.insert(link.member) } else { set.remove(&link.member) };
            assert!(changed, "a link says what is so already");
        }
        self.dead_letters += changes.dead_letters.len();
        for change in changes.documents {
            let key = CellKey { space: Space::Document(change.view), key: change.key.clone() };
            let view = &plan.views[change.view];
            let address = (view.name.clone(), print_key(&change.key).unwrap());
            let mark = projections::engine::DocumentMark { hash: change.content.hash(), version: change.version };
            let content = match change.content {
                Content::Absent => None,
                Content::Present(row) => {
                    let columns = view.columns.iter().zip(row.values());
                    let fields: Vec<String> =
                        columns.map(|(column, value)| format!("{}:{}", column.name, show(&value))).collect();
                    Some(fields.join(" "))
                }
                Content::Broken(reason) => Some(format!("broken: {reason}")),
            };
            self.history.insert((address.0.clone(), address.1.clone(), mark.version), content.clone());
            match content {
                None => {
                    self.cells.remove(&key);
                    assert!(self.documents.remove(&address).is_some(), "{address:?} is removed twice");
                }
                Some(content) => {
                    self.cells.insert(key, mark.to_bytes().into());
                    self.documents.insert(address, content);
                }
            }
        }
    }
}

fn show(value: &Value<'_>) -> String {
    let mut out = String::new();
    json::write_json(value, &mut out);
    out
}

struct Run {
    plan: Arc<Plan>,
    registry: Arc<Registry>,
    limits: Limits,
    engine: Engine,
    store: Memory,
}

impl Run {
    fn new(limits: Limits) -> Run {
        let (plan, registry) = definitions();
        let engine = Engine::new(plan.clone(), registry.clone(), limits.clone());
        Run { plan, registry, limits, engine, store: Memory::default() }
    }

    fn restart(&mut self, log: &[LogEvent], checkpoint: u64) {
        self.engine = Engine::new(self.plan.clone(), self.registry.clone(), self.limits.clone());
        for (key, bytes) in &self.store.cells {
            self.engine.restore(key, bytes).unwrap();
        }
        log.iter().filter(|event| event.position <= checkpoint).for_each(|event| self.engine.remember(event));
    }

    /// Carries the batch out; how many documents it wrote.
    fn finish(&mut self, mut batch: Batch<'_>) -> usize {
        let changes = loop {
            match self.engine.step(&mut batch).unwrap() {
                Step::Missing(missing) => self.engine.supply(self.store.fetch(&missing)).unwrap(),
                Step::Done(changes) => break changes,
            }
        };
        let written = changes.documents.len();
        self.store.commit(&self.plan, changes);
        self.engine.committed(batch.number());
        written
    }

    fn apply(&mut self, events: &[LogEvent]) -> usize {
        let batch = self.engine.begin(events);
        self.finish(batch)
    }

    fn drain(&mut self, checkpoint: u64) -> usize {
        let mut pages = 0;
        while let Some(batch) = self.engine.begin_job(checkpoint) {
            self.finish(batch);
            pages += 1;
        }
        pages
    }
}

fn expected(log: &[LogEvent]) -> BTreeMap<(String, String), String> {
    let mut run = Run::new(Limits::default());
    run.engine.assume_empty();
    run.apply(log);
    assert_eq!(run.store.fetches, 0, "a complete cache asks for nothing");
    assert_eq!(run.store.dead_letters, 0, "a guard keeps rules from rows without a key");
    assert_eq!(run.drain(log.len() as u64), 0);
    run.store.documents
}

// === tests ===

#[test]
fn any_split_gives_the_same() {
    let log = log(600);
    let whole = expected(&log);
    assert!(whole.len() > 30, "{whole:#?}");
    assert!(whole.values().any(|document| document.contains("broken: division by zero")), "{whole:#?}");
    for size in [1, 2, 7, 100] {
        let mut run = Run::new(Limits::default());
        log.chunks(size).for_each(|events| _ = run.apply(events));
        assert_eq!(run.store.documents, whole, "batches of {size}");
    }
}

#[test]
fn a_cache_without_room_gives_the_same() {
    let log = log(300);
    let mut run = Run::new(Limits { cache_bytes: 0, page: 2, ..Limits::default() });
    run.engine.assume_empty();
    log.chunks(5).for_each(|events| _ = run.apply(events));
    assert!(run.store.fetches > 60, "{}", run.store.fetches);
    assert_eq!(run.store.documents, expected(&log));
}

#[test]
fn a_full_cache_is_not_emptied() {
    let log = log(300);
    let fetches = |cache_bytes| {
        let mut run = Run::new(Limits { cache_bytes, ..Limits::default() });
        run.engine.assume_empty();
        log.chunks(5).for_each(|events| _ = run.apply(events));
        assert_eq!(run.store.documents, expected(&log), "{cache_bytes}");
        run.store.fetches
    };
    let (none, some) = (fetches(0), fetches(60_000));
    println!("{none} {some}");
    assert!(some * 2 < none, "{some} of {none}");
}

#[test]
fn restarts_leave_no_trace() {
    let log = log(300);
    let mut run = Run::new(Limits::default());
    for events in log.chunks(9) {
        run.apply(events);
        let checkpoint = events.last().unwrap().position;
        run.restart(&log, checkpoint);
    }
    assert_eq!(run.store.documents, expected(&log));
}

#[test]
fn large_fan_out_is_worked_off_in_pages() {
    let log = log(400);
    let limits = Limits { fan_out: 2, page: 2, ..Limits::default() };
    for (empty, restarts) in [(true, false), (false, false), (false, true)] {
        let mut run = Run::new(limits.clone());
        if empty {
            run.engine.assume_empty();
        }
        let mut pages = 0;
        for events in log.chunks(20) {
            run.apply(events);
            let checkpoint = events.last().unwrap().position;
            if let Some(batch) = run.engine.begin_job(checkpoint) {
                run.finish(batch);
                pages += 1;
            }
            if restarts {
                run.restart(&log, checkpoint);
            }
        }
        pages += run.drain(400);
        assert!(pages > 20, "{pages}");
        assert_eq!(run.store.documents, expected(&log), "empty {empty} restarts {restarts}");
        assert!(run.store.cells.keys().all(|key| key.space != Space::Job));
    }
}

#[test]
fn a_document_of_a_version_is_what_it_was_at_that_position() {
    let log = log(400);
    let mut slowly = Run::new(Limits::default());
    let mut whole = Vec::new();
    for event in &log {
        slowly.apply(std::slice::from_ref(event));
        whole.push(slowly.store.documents.clone());
    }
    let limits = Limits { fan_out: 2, page: 2, ..Limits::default() };
    let mut run = Run::new(limits);
    for events in log.chunks(20) {
        run.apply(events);
        run.drain(events.last().unwrap().position);
    }
    let plain = run.store.history.into_iter().filter(|((view, ..), _)| view == "order_cards");
    for ((view, key, version), content) in plain {
        let then = whole[version as usize - 1].get(&(view, key.clone()));
        assert_eq!(content.as_ref(), then, "{key} at {version}");
    }
}

#[test]
fn a_batch_reaches_a_bounded_number_of_rows() {
    const MANY: u64 = 40;
    let customers = (1..=MANY).map(|of| customer(of, of, "n", 1));
    let orders = (1..=MANY * MANY).map(|number| order(MANY + number, number, number % MANY + 1, 1, ""));
    let mut log: Vec<LogEvent> = customers.chain(orders).collect();
    let last = log.len() as u64 + 1;
    log.push(tier(last, 1, "best"));
    let mut run = Run::new(Limits { fan_out: MANY as usize, ..Limits::default() });
    run.engine.assume_empty();
    let (event, before) = log.split_last().unwrap();
    before.chunks(100).for_each(|events| _ = run.apply(events));
    let mut largest = run.apply(std::slice::from_ref(event));
    assert!(largest > 1000, "{largest}");
    while let Some(batch) = run.engine.begin_job(last) {
        largest = largest.max(run.finish(batch));
    }
    assert!(largest <= 32 * MANY as usize, "{largest}");
    assert_eq!(run.store.documents.values().filter(|document| document.contains("best")).count(), (MANY * MANY) as usize);
}

#[test]
fn a_lookup_that_changes_without_pause_reaches_all_its_documents() {
    let mut log = vec![customer(1, 1, "n0", 1)];
    log.extend((2..=21).map(|number| order(number, number, 1, 1, "")));
    let mut run = Run::new(Limits { fan_out: 2, page: 2, ..Limits::default() });
    run.apply(&log);
    let mut reached = BTreeSet::new();
    for position in 22..=50 {
        run.apply(&[customer(position, 1, &format!("n{position}"), 1)]);
        let batch = run.engine.begin_job(position).unwrap();
        run.finish(batch);
        let fresh = run.store.documents.iter().filter(|(_, document)| document.contains(&format!("\"n{position}\"")));
        reached.extend(fresh.map(|((_, key), _)| key.clone()));
    }
    assert!(reached.len() > 20, "{reached:?}");
}

#[test]
fn a_repeated_event_counts_once() {
    let mut events = log(100);
    let once = expected(&events);
    let again = LogEvent { position: 101, ..events[40].clone() };
    events.push(again);
    assert_eq!(expected(&events), once);
}

#[test]
fn a_key_waits_behind_the_event_that_failed() {
    let mut run = Run::new(Limits::default());
    let bad = event(2, "OrderPlaced", r#"{"order_id":"o1","customer_id":"c1","amount":1,"lines":[{"sku":"x","quantity":1}]}"#);
    let events = [order(1, 1, 1, 5, ""), bad, order(3, 1, 1, 6, ""), order(4, 2, 1, 7, "")];
    for event in &events {
        run.apply(std::slice::from_ref(event));
        run.restart(&events, event.position);
    }
    let amounts: Vec<&String> = run.store.documents.values().filter(|document| document.starts_with("order_id")).collect();
    assert_eq!(amounts.len(), 2, "{amounts:?}");
    assert!(amounts[0].contains("amount:5"), "{amounts:?}");
    assert!(amounts[1].contains("amount:7"), "{amounts:?}");
    assert!(run.engine.parked() >= 1);
}
