//! Projections run over the embedded log and store.

mod accidents;
mod flushing;
mod memory_tables;
mod scripted;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use projections::expr::Expr;
use projections::plan::{
    Action, Block, Column, DeadLetters, Entity, EventFold, Output as BlockOutput, Plan, Policy, Rule, Trigger, TriggerSource,
    View,
};
use schemas::{CompileUpcast, Field, Registry, SourceFile, Type, UpcastExpr, UpcastMistake};

use self::scripted::{Accident, Scripted};
use super::*;
use crate::config::{Config, Settings};
use crate::log::NewEvent;
use crate::state::{Document, DocumentBody, Standing};
use crate::stores::Stores;
use crate::tables::Request;
use crate::verify::{CannotVerify, Verification};

/// A projection of persons, each a document with an id and `100 / age`.
struct World {
    supervisor: Supervisor,
    registry: Arc<Registry>,
}

struct NoUpcasts;

impl CompileUpcast for NoUpcasts {
    fn compile(&self, _: &str, _: &[Field]) -> Result<UpcastExpr, Vec<UpcastMistake>> {
        Err(Vec::new())
    }
}

impl World {
    fn new(folder: &Path) -> World {
        let config = Config::check(&Settings::defaults(), folder, &mut Vec::new()).unwrap();
        let schema = r#"{"type":"object","properties":{"id":{"type":"string"},"age":{"type":"integer"}},"required":["id"]}"#;
        let file = SourceFile { path: "schemas/people/Born.v1.json".into(), text: schema.into() };
        let registry = Arc::new(Registry::build("schemas", &[file], &NoUpcasts).unwrap());
        let stores = Stores::open(&config).unwrap();
        let deploying = config.deploying(0);
        let (board, stop) = (Arc::default(), Arc::default());
        World { supervisor: Supervisor { stores, limits: config.run, deploying, board, stop }, registry }
    }

    /// The same, with something about to go wrong.
    fn with(mut self, accident: Accident) -> World {
        let stores = &mut self.supervisor.stores;
        stores.builds = Arc::new(Scripted::new(stores.builds.clone(), accident));
        self
    }

    fn execute(folder: &Path, sql: &str) {
        rusqlite::Connection::open(folder.join("data/projector.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// Live generation, and all there are.
    fn generations(&self) -> (Option<u64>, Vec<u64>) {
        let record = self.supervisor.stores.builds.projections().unwrap().swap_remove(0);
        (record.live, record.builds.iter().map(|build| build.number).collect())
    }

    fn definition(&self, policy: Policy, fingerprint: u64) -> Definition {
        Definition { plan: Arc::new(plan(policy, fingerprint)), registry: self.registry.clone(), sources: "".into() }
    }

    fn publish(&self, events: &[&str]) {
        let events: Vec<_> = events.iter().map(|data| NewEvent { subject: None, data: data.as_bytes() }).collect();
        self.supervisor.stores.log.publish(&events).unwrap();
    }

    fn catch_up(&self, definition: &Definition) -> Option<Halt> {
        run_all(&self.supervisor, std::slice::from_ref(definition), Goal::CatchUp).swap_remove(0).halt
    }

    /// All documents of the live generation.
    fn documents(&self) -> Vec<String> {
        let stores = &self.supervisor.stores;
        let view = stores.views.views().unwrap().swap_remove(0);
        let request = Request { limit: 100, ..Request::default() };
        let page = stores.lists().unwrap().select(&view, &request.resolve(&view.spec).unwrap()).unwrap().value;
        let json = |document: Document| match document.body {
            DocumentBody::Json(json) => json,
            DocumentBody::Broken(reason) => reason,
        };
        page.documents.into_iter().map(json).collect()
    }

    fn standing(&self) -> Standing {
        self.supervisor.stores.builds.projections().unwrap().swap_remove(0).standing
    }
}

fn born(id: &str, age: i64) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}-{age}","source":"people","type":"Born","data":{{"id":"{id}","age":{age}}}}}"#)
}

fn plan(policy: Policy, fingerprint: u64) -> Plan {
    let column = |name: &str, ty| Column { name: name.into(), ty };
    let columns = vec![column("id", Type::Text), column("age", Type::Int8)];
    let read = |column| Expr::Column { slot: 0, column };
    let rule = Rule {
        entity: 0,
        for_each: None,
        guard: None,
        when: None,
        key: vec![Expr::Param(0)],
        action: Action::Set(vec![(1, Expr::Param(1))]),
    };
    let fold = EventFold { fields: vec![vec!["id".into()], vec!["age".into()]], loops: vec![], rules: vec![rule] };
    Plan {
        name: "people".into(),
        subjects: vec![],
        entities: vec![Entity { name: "persons".into(), columns: columns.clone(), key_len: 1 }],
        indexes: vec![],
        folds: BTreeMap::from([("Born".to_owned(), fold)]),
        blocks: vec![Block {
            root: 0,
            lookups: vec![],
            subselects: vec![],
            filter: None,
            output: BlockOutput::Document { view: 0, columns: vec![read(0), read(1)] },
            triggers: vec![Trigger { on: TriggerSource::Row { entity: 0, reads: vec![0, 1] }, hops: vec![] }],
        }],
        rollups: vec![],
        views: vec![View {
            name: "ages".into(),
            columns,
            key: vec![0],
            query: "SELECT id, age FROM persons".into(),
            filters: vec![0],
            order_by: vec![0],
        }],
        dead_letters: DeadLetters { policy, limit: 3 },
        duplicate_window: 100,
        fingerprint,
        rows_fingerprint: fingerprint,
    }
}

#[test]
fn it_catches_up_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    let definition = world.definition(Policy::Park, 1);
    assert!(world.catch_up(&definition).is_none(), "an empty log");
    world.publish(&[&born("a", 1), &born("b", 2)]);
    assert!(world.catch_up(&definition).is_none());
    assert_eq!(world.documents(), [r#"{"id":"a","age":1}"#, r#"{"id":"b","age":2}"#]);
    world.publish(&[&born("a", 7), &born("a", 1)]);
    assert!(world.catch_up(&definition).is_none());
    assert_eq!(world.documents(), [r#"{"id":"a","age":7}"#, r#"{"id":"b","age":2}"#], "the repeated event counts once");
    assert_eq!(world.standing(), Standing::Stopped);
}

#[test]
fn it_follows_the_log_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    let definition = world.definition(Policy::Park, 1);
    let place = world.supervisor.board.place("people");
    let (sender, reached) = channel();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run_all(&world.supervisor, std::slice::from_ref(&definition), Goal::Follow));
        scope.spawn(move || {
            let mut progress = place.progress.subscribe();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for position in 1..=3 {
                runtime.block_on(progress.wait_for(|now| now.position >= position)).unwrap();
                sender.send(position).unwrap();
            }
        });
        for (id, position) in [("a", 1), ("b", 2), ("c", 3)] {
            world.publish(&[&born(id, 1)]);
            assert_eq!(reached.recv().unwrap(), position);
        }
        world.supervisor.stop.raise();
        assert!(running.join().unwrap()[0].halt.is_none());
    });
    assert_eq!(world.documents().len(), 3);
}

#[test]
fn other_definitions_are_built_beside_and_take_over() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&[&born("a", 1)]);
    for (fingerprint, live, kept) in [(1, 1, vec![1]), (2, 2, vec![1, 2]), (3, 3, vec![2, 3]), (3, 3, vec![2, 3])] {
        assert!(world.catch_up(&world.definition(Policy::Park, fingerprint)).is_none());
        assert_eq!(world.generations(), (Some(live), kept));
        assert_eq!(world.documents(), [r#"{"id":"a","age":1}"#]);
    }
}

#[test]
fn bad_events_are_kept_and_the_others_applied() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&["{", &born("a", 1), r#"{"specversion":"1.0","id":"1","source":"people","type":"Dead","data":{}}"#]);
    assert!(world.catch_up(&world.definition(Policy::Park, 1)).is_none());
    assert_eq!(world.documents(), [r#"{"id":"a","age":1}"#]);
    let letters = world.supervisor.stores.views.dead_letters("people", None, 0, 9).unwrap();
    let kinds: Vec<_> = letters.iter().map(|letter| (letter.position, letter.kind.as_str())).collect();
    assert_eq!(kinds, [(1, "broken_json"), (3, "unknown_type")]);
}

#[test]
fn under_the_policy_halt_it_stops_before_the_bad_event_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&[&born("a", 1), "{", &born("b", 1)]);
    for _ in 0..2 {
        let halt = world.catch_up(&world.definition(Policy::Halt, 1)).unwrap();
        assert!(matches!(halt, Halt::BadEvent { position: 2, .. }), "{halt}");
        assert_eq!(world.documents(), [r#"{"id":"a","age":1}"#]);
        assert!(matches!(world.standing(), Standing::Halted(_)));
    }
}

#[test]
fn a_flood_of_dead_letters_halts() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&["1", "2", "3", "4"]);
    for _ in 0..2 {
        let halt = world.catch_up(&world.definition(Policy::Skip, 1)).unwrap();
        assert_eq!(halt.code(), "dead_letter_flood");
    }
}

#[test]
fn a_lost_or_replaced_log_is_noticed() {
    for (change, code) in [
        ("DELETE FROM log", "history_lost"),
        ("DELETE FROM log WHERE position = 2", "history_lost"),
        ("UPDATE log SET data = x'20' WHERE position = 2", "history_rewritten"),
        ("UPDATE meta SET value = 'other'", "log_replaced"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(folder.path());
        let definition = world.definition(Policy::Park, 1);
        world.publish(&[&born("a", 1), &born("b", 1)]);
        assert!(world.catch_up(&definition).is_none());
        World::execute(folder.path(), change);
        let verification = Verification {
            stores: &world.supervisor.stores,
            definition: &definition,
            file: folder.path().join("verify.db"),
            memory: 1 << 20,
            limits: world.supervisor.limits,
            stop: &StopFlag::default(),
            waits: &Waits::default(),
        };
        let verified = verification.run(&mut |_| {});
        assert!(matches!(verified, Err(CannotVerify::Halt(halt)) if halt.code() == code), "{change}");
        assert_eq!(world.catch_up(&definition).unwrap().code(), code, "{change}");
    }
}

#[test]
fn whoever_comes_later_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (World::new(folder.path()), World::new(folder.path()));
    let (first, second) = (one.definition(Policy::Park, 1), other.definition(Policy::Park, 1));
    one.publish(&[&born("a", 1)]);
    let mut progress = one.supervisor.board.place("people").progress.subscribe();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run_all(&one.supervisor, std::slice::from_ref(&first), Goal::Follow));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(progress.wait_for(|now| now.position == 1)).unwrap();
        assert!(other.catch_up(&second).is_none());
        other.publish(&[&born("b", 1)]);
        let halt = running.join().unwrap().swap_remove(0).halt.unwrap();
        assert!(matches!(halt, Halt::Fenced { ours: 1, newer: 2 }), "{halt}");
    });
    assert!(other.catch_up(&second).is_none());
    assert_eq!(other.documents().len(), 2);
}
