//! Tables in another store follow the documents, whatever goes wrong on the way.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::memory_tables::{MemoryTables, Mishap};
use super::*;
use crate::config::StatePlace;
use crate::run::flusher::{Flusher, Task, Visibility};
use crate::sqlite::{Database, Durability};
use crate::state::EmbeddedState;
use crate::tables::TableBuild;

/// A world whose tables are elsewhere.
struct Shop {
    world: World,
    tables: Arc<MemoryTables>,
}

impl Shop {
    fn new(folder: &Path) -> Shop {
        Shop::over(folder, Arc::default())
    }

    fn over(folder: &Path, tables: Arc<MemoryTables>) -> Shop {
        let mut world = World::new(folder);
        let config = Config::check(&Settings::defaults(), folder, &mut Vec::new()).unwrap();
        let StatePlace::Embedded(path) = config.state else { panic!("the default is embedded") };
        let database = Arc::new(Database::open(&path, Durability::Process).unwrap());
        let stores = &mut world.supervisor.stores;
        stores.builds = Arc::new(EmbeddedState::new(database).with_outbox());
        stores.writer = Some(tables.clone());
        Shop { world, tables }
    }

    fn catch_up(&self, fingerprint: u64) -> Option<Halt> {
        self.world.catch_up(&self.world.definition(Policy::Park, fingerprint))
    }

    /// Catches up, and compares.
    fn assert_equal(&self, what: &str) {
        assert!(self.catch_up(1).is_none(), "{what}");
        assert_eq!(self.tables.documents(1), self.world.documents(), "{what}");
    }

    /// Follows the log while `act` acts; how it ended.
    fn follow(&self, act: impl FnOnce(&dyn Fn(&dyn Fn(&Progress) -> bool))) -> Option<Halt> {
        let definition = self.world.definition(Policy::Park, 1);
        let supervisor = &self.world.supervisor;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        std::thread::scope(|scope| {
            let running = scope.spawn(|| run_all(supervisor, std::slice::from_ref(&definition), Goal::Follow));
            act(&|reached| {
                let mut progress = supervisor.board.place("people").progress.subscribe();
                runtime.block_on(progress.wait_for(reached)).map(drop).unwrap();
            });
            supervisor.stop.raise();
            running.join().unwrap().swap_remove(0).halt
        })
    }
}

fn flushed(progress: &Progress) -> u64 {
    progress.tables.map_or(0, |tables| tables.settled)
}

#[test]
fn tables_have_what_the_documents_are() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.assert_equal("nothing");
    shop.world.publish(&[&born("a", 1), &born("b", 2)]);
    shop.assert_equal("two");
    assert_eq!(shop.tables.generations(), (vec![1], Some(1)));
    shop.world.publish(&[&born("a", 7), "{"]);
    shop.assert_equal("one of them again");
    let backlog = shop.world.supervisor.stores.builds.projections().unwrap()[0].builds[0].backlog.unwrap();
    assert_eq!((backlog.entries, backlog.flushed), (0, 4));
}

#[test]
fn tables_that_do_not_answer_delay_nothing_but_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.tables.is_down.store(true, Ordering::SeqCst);
    let halt = shop.follow(|wait_for| {
        for (id, position) in [("a", 1), ("b", 2), ("c", 3)] {
            shop.world.publish(&[&born(id, 1)]);
            wait_for(&|now| now.position == position && flushed(now) == 0);
        }
        let place = shop.world.supervisor.board.place("people");
        let failed = |wait: &Wait| wait.port == Port::Tables && wait.error.ends_with("no answer");
        while !place.waits.at(Instant::now()).iter().any(failed) {
            std::thread::yield_now();
        }
        shop.tables.is_down.store(false, Ordering::SeqCst);
        wait_for(&|now| flushed(now) == 3);
        while !place.waits.at(Instant::now()).is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(shop.tables.documents(1).len(), 3);
    });
    assert!(halt.is_none());
}

#[test]
fn what_is_committed_before_the_end_is_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let halt = shop.follow(|wait_for| {
        for (id, position) in [("a", 1), ("b", 2), ("c", 3)] {
            shop.world.publish(&[&born(id, 1)]);
            wait_for(&|now| now.position == position);
        }
    });
    assert!(halt.is_none());
    assert_eq!(shop.tables.documents(1).len(), 3);
}

#[test]
fn flushes_are_few() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.follow(|wait_for| {
        for position in 1..=200 {
            shop.world.publish(&[&born("a", position)]);
            wait_for(&|now| now.position == position as u64);
        }
    });
    let writes = shop.tables.writes.load(Ordering::SeqCst);
    assert!(writes <= 20, "{writes} writes of one document");
}

#[test]
fn a_mistake_in_the_flusher_halts_the_projection() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.tables.script(Mishap::WritePanics);
    shop.world.publish(&[&born("a", 1)]);
    let halt = run_all(&shop.world.supervisor, &[shop.world.definition(Policy::Park, 1)], Goal::Follow).swap_remove(0).halt;
    assert!(matches!(&halt, Some(Halt::Panicked(text)) if text.starts_with("a mistake in")), "{halt:?}");
    shop.assert_equal("the next start goes on");
}

#[test]
fn a_write_that_was_not_answered_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    for (mishap, age) in [(Mishap::MadeUnanswered, 0), (Mishap::WriteUnanswered, 1), (Mishap::Vanish, 2)] {
        shop.world.publish(&[&born("a", age), &born("b", 5)]);
        shop.tables.script(mishap);
        shop.assert_equal(&format!("{mishap:?}"));
    }
}

#[test]
fn what_somebody_must_mend_ends_only_those_who_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.tables.script(Mishap::Unfit);
    shop.world.publish(&[&born("a", 1)]);
    let halt = shop.catch_up(1);
    assert!(matches!(halt, Some(Halt::Fault(crate::fault::Fault::Unfit { .. }))), "{halt:?}");
    assert!(shop.follow(|wait_for| wait_for(&|now| now.position == 1)).is_none());
}

#[test]
fn a_generation_goes_live_with_its_tables_and_old_ones_go() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1)]);
    for (fingerprint, made) in [(1, vec![1]), (2, vec![1, 2]), (3, vec![2, 3])] {
        assert!(shop.catch_up(fingerprint).is_none());
        assert_eq!(shop.tables.generations(), (made, Some(fingerprint)));
        assert_eq!(shop.tables.documents(fingerprint), shop.world.documents());
    }
}

#[test]
fn tables_that_were_left_alone_are_filled_anew() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1), &born("b", 1)]);
    shop.assert_equal("at first");
    shop.world.publish(&[&born("a", 2)]);
    let without = World::new(folder.path());
    assert!(without.catch_up(&without.definition(Policy::Park, 1)).is_none());
    assert_ne!(shop.tables.documents(1), shop.world.documents());
    // Who ran without tables told nobody which documents are gone.
    shop.tables.insert(&["z"]);
    shop.assert_equal("after a run without tables");
}

#[test]
fn a_fill_that_was_interrupted_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1), &born("b", 1), &born("c", 1)]);
    shop.assert_equal("at first");
    for (after, rows) in [("a", 2), ("b", 1), ("c", 0)] {
        let key = projections::codec::Key::of(&[schemas::Value::Text(after.into())]);
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        World::execute(folder.path(), &format!("UPDATE flushing SET view = 0, after = x'{key}'"));
        shop.tables.rows.store(0, Ordering::SeqCst);
        shop.assert_equal(after);
        assert_eq!(shop.tables.rows.load(Ordering::SeqCst), rows, "after {after}");
    }
}

#[test]
fn tables_that_were_made_as_the_end_came_are_filled() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1), &born("b", 1)]);
    shop.assert_equal("at first");
    // Made anew by who did not live to say so; one row has got into them since.
    shop.tables.make_anew(&["a"]);
    assert_eq!(shop.tables.documents(1).len(), 1);
    shop.assert_equal("after the next start");
}

#[test]
fn tables_that_are_made_anew_are_shown_to_have_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let halt = shop.follow(|wait_for| {
        shop.world.publish(&[&born("a", 1)]);
        wait_for(&|now| flushed(now) == 1);
        shop.tables.script(Mishap::Full);
        shop.tables.make_anew(&[]);
        shop.world.publish(&[&born("b", 1)]);
        wait_for(&|now| now.position == 2 && flushed(now) == 0);
        shop.tables.mend();
        wait_for(&|now| flushed(now) == 2);
        assert_eq!(shop.tables.documents(1).len(), 2);
    });
    assert!(halt.is_none());
}

#[test]
fn how_far_tables_were_is_shown_before_they_answer() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1), &born("b", 1)]);
    shop.assert_equal("at first");
    let tables = shop.tables.clone();
    drop(shop);
    let shop = Shop::over(folder.path(), tables);
    shop.tables.is_down.store(true, Ordering::SeqCst);
    assert!(shop.follow(|wait_for| wait_for(&|now| now.stage == Stage::Live && flushed(now) == 2)).is_none());
}

#[test]
fn an_audit_of_many_pages_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1)]);
    shop.assert_equal("at first");
    // More than one round looks at.
    let audits: Vec<String> = (0..200).map(|claim| format!("{claim}:{claim}")).collect();
    World::execute(folder.path(), &format!("UPDATE flushing SET audits = '{}'", audits.join(" ")));
    let stores = &shop.world.supervisor.stores;
    let build = stores.builds.projections().unwrap().remove(0).builds.remove(0);
    let place = shop.world.supervisor.board.place("people");
    place.progress.send_modify(|progress| progress.stage = Stage::Live);
    let task = Task {
        outbox: stores.builds.outbox("people", 1, &build.catalogue).unwrap(),
        writer: shop.tables.clone(),
        builds: stores.builds.clone(),
        build: TableBuild {
            projection: "people".into(),
            number: 1,
            identity: TableBuild::identity(build.fingerprint, &build.creation),
            catalogue: build.catalogue,
        },
        place,
        late_writes: Duration::ZERO,
    };
    let flusher = Flusher::start(task, Visibility::Shown, Arc::default()).unwrap();
    let file = rusqlite::Connection::open(folder.path().join("data/projector.db")).unwrap();
    let is_audited = || file.query_row("SELECT audits IS NULL FROM flushing", [], |row| row.get::<_, bool>(0)).unwrap();
    while !is_audited() {
        flusher.catch_up(&StopFlag::default()).unwrap();
    }
    flusher.finish().unwrap();
}

#[test]
fn rows_of_a_lost_future_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("data/projector.db"), folder.path().join("copy.db"));
    let shop = Shop::new(folder.path());
    shop.world.publish(&[&born("a", 1), &born("b", 1)]);
    shop.assert_equal("before");
    World::execute(folder.path(), &format!("VACUUM INTO '{}'", copy.display()));
    shop.world.publish(&[&born("a", 7), &born("c", 7)]);
    shop.assert_equal("the future");
    let tables = shop.tables.clone();
    drop(shop);
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    fs::copy(copy, &path).unwrap();

    let shop = Shop::over(folder.path(), tables);
    assert_eq!(shop.tables.documents(1).len(), 3);
    shop.assert_equal("the state has forgotten it");
    shop.world.publish(&[&born("b", 2)]);
    shop.assert_equal("it has another future");
}
