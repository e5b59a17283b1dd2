//! What goes wrong in the program itself, or between it and a store.

use super::*;
use crate::deploy;
use crate::state::NewBuild;
use crate::view::Catalogue;

#[test]
fn a_mistake_in_a_thread_halts_the_projection() {
    for accident in [Accident::CommitPanics, Accident::ClaimPanics] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(folder.path()).with(accident);
        let definition = world.definition(Policy::Park, 1);
        world.publish(&[&born("a", 1)]);
        let halt = run_all(&world.supervisor, std::slice::from_ref(&definition), Goal::Follow).swap_remove(0).halt.unwrap();
        assert!(matches!(&halt, Halt::Panicked(text) if text.starts_with("a mistake in")), "{halt}");
        assert!(matches!(world.standing(), Standing::Halted(_)));
        assert!(world.catch_up(&definition).is_none(), "the next start goes on");
        assert_eq!(world.documents().len(), 1);
    }
}

#[test]
fn it_ends_at_a_position_where_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&[&born("a", 1), &born("b", 1), "{"]);
    World::execute(folder.path(), "DELETE FROM log WHERE position = 2");
    // The session that goes up to before the bad event finds nothing at the position where it should end.
    let halt = world.catch_up(&world.definition(Policy::Halt, 1)).unwrap();
    assert!(matches!(halt, Halt::BadEvent { position: 3, .. }), "{halt}");
    assert_eq!(world.documents(), [r#"{"id":"a","age":1}"#]);
}

#[test]
fn a_cut_over_that_is_repeated_keeps_the_generation_before_and_newer_ones() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    for fingerprint in [1, 2] {
        assert!(world.catch_up(&world.definition(Policy::Park, fingerprint)).is_none());
    }
    let world = world.with(Accident::DropUnanswered);
    assert!(world.catch_up(&world.definition(Policy::Park, 3)).is_none());
    assert_eq!(world.generations(), (Some(3), vec![2, 3]));
    let newer = NewBuild {
        projection: "people".into(),
        number: 4,
        fingerprint: 4,
        catalogue: Catalogue::of(&plan(Policy::Park, 4)),
        log: world.supervisor.stores.log.identity().unwrap(),
        definitions: String::new(),
    };
    world.supervisor.stores.builds.create(&newer).unwrap();
    deploy::tidy(&*world.supervisor.stores.builds, "people", Some(2)).unwrap();
    assert_eq!(world.generations(), (Some(3), vec![2, 3, 4]));
}

#[test]
fn a_cut_over_that_the_store_has_lost_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&[&born("a", 1)]);
    assert!(world.catch_up(&world.definition(Policy::Park, 1)).is_none());
    let definition = world.definition(Policy::Park, 2);
    let mut progress = world.supervisor.board.place("people").progress.subscribe();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run_all(&world.supervisor, std::slice::from_ref(&definition), Goal::Follow));
        let mut wait_for = |reached: &dyn Fn(&Progress) -> bool| runtime.block_on(progress.wait_for(reached)).map(drop).unwrap();
        let is_live = |now: &Progress| now.stage == Stage::Live && world.generations().0 == Some(2);
        wait_for(&is_live);
        World::execute(
            folder.path(),
            "UPDATE projections SET live = 1; UPDATE generations SET fence = fence - 1, went_live = 0 WHERE number = 2",
        );
        wait_for(&is_live);
        world.supervisor.stop.raise();
        assert!(running.join().unwrap()[0].halt.is_none());
    });
}

#[test]
fn two_that_make_a_generation_at_once_make_two() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path());
    world.publish(&[&born("a", 1)]);
    assert!(world.catch_up(&world.definition(Policy::Park, 1)).is_none());
    let world = world.with(Accident::NumberTaken);
    assert!(world.catch_up(&world.definition(Policy::Park, 7)).is_none());
    assert_eq!(world.generations(), (Some(3), vec![1, 3]));
}
