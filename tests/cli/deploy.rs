//! Definitions that change: `plan`, `apply`, `rebuild`, `rollback`, `gc`, `history`, and what `run` makes of them.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::sandbox::{PROJECTION, Sandbox, VIEW, person};

/// How long a limit is seen to count.
const LIMITED: Duration = Duration::from_secs(2);

const ANN: &str =
    r#"{"specversion":"1.0","id":"1","source":"/people","type":"PersonSeen","data":{"person_id":"a","name":"Ann","age":30}}"#;
const BOB: &str =
    r#"{"specversion":"1.0","id":"2","source":"/people","type":"PersonSeen","data":{"person_id":"b","name":"Bob","age":40}}"#;
/// Its age is none of a person.
const BAD: &str =
    r#"{"specversion":"1.0","id":"3","source":"/people","type":"PersonSeen","data":{"person_id":"c","name":"Cid","age":0}}"#;

/// Where a person deploys.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("projector.toml", "[http]\nlisten = \"127.0.0.1:0\"\n[deploy]\nmode = \"by-apply\"\n");
    sandbox.write("events.ndjson", [ANN, BOB].join("\n"));
    sandbox.ok("publish events.ndjson");
    sandbox
}

/// Names are written in another way from now on.
fn change_view(sandbox: &Sandbox, name: &str) {
    sandbox.write("projections/people/persons_by_age.sql", VIEW.replace("p.name", &format!("{name} AS name")));
}

fn name_of_ann(sandbox: &Sandbox) -> String {
    let document = sandbox.ok("get persons_by_age a");
    document.split("\"name\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Without times.
fn history(sandbox: &Sandbox) -> String {
    let lines = sandbox.ok("history people");
    let line =
        |line: &str| line.split_once("  ").map_or(String::new(), |(_, rest)| rest.split(" in ").next().unwrap().to_owned());
    lines.lines().skip(1).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_not_deployed_is_not_run() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("run --until-caught-up"), @r#"
    exit 2
    --- stderr
    error: not deployed as on disk: people; `projector plan` shows what would change, `projector apply` does it, and deploy.mode = "by-itself" lets `run` do it
    "#);
    assert_snapshot!(sandbox.run("apply"), @"
    exit 2
    people: first deployment, as generation 1: 2 events to read
    --- stderr
    error: nobody is there to ask: --yes goes on without, and so does a file of `projector plan --out`
    ");
    assert_eq!(sandbox.run("status"), "exit 0\nlog head 2\n", "nothing was made");
    sandbox.ok("apply --yes --by ann");
    sandbox.ok("run --until-caught-up");
    assert_eq!(name_of_ann(&sandbox), "Ann");
    change_view(&sandbox, "upper(p.name)");
    assert!(sandbox.run("run").starts_with("exit 2"));
}

#[test]
fn a_plan_says_what_changes_and_apply_does_it() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("plan"), @"
    exit 5
    people: first deployment, as generation 1: 2 events to read
    ");
    sandbox.ok("apply --yes --by ann");
    assert_snapshot!(sandbox.run("plan"), @"
    exit 0
    people: nothing to do, generation 1 is live
    ");
    change_view(&sandbox, "upper(p.name)");
    sandbox.write("projections/people/projection.toml", PROJECTION.replace("name = \"name\", ", "name = \"trim(name)\", "));
    let plan = sandbox.run("plan --out plan.json");
    let plan = plan.split(", about").next().unwrap().to_owned() + plan.split("last time").nth(1).unwrap();
    assert_snapshot!(plan, @"
    exit 5
    people: rebuild as generation 2 beside 1, then cut over: 2 events to read
      entity persons differs in on.PersonSeen.set.name
      view persons_by_age differs in persons_by_age.sql
    ");
    assert_eq!(name_of_ann(&sandbox), "Ann");
    sandbox.ok("apply plan.json --by bob");
    assert_eq!(name_of_ann(&sandbox), "ANN");
    assert_snapshot!(sandbox.run("apply plan.json"), @"
    exit 2
    --- stderr
    error: people is not what it was when the plan was made: `projector plan` makes another one
    ");
    assert_snapshot!(history(&sandbox), @"
    deployed 1 by ann
    cut over to 2 from 1 by bob
    ");
    let done = sandbox.ok("history people");
    assert!(done.lines().skip(1).all(|line| line.ends_with(", 2 events")), "what later plans are reckoned by: {done}");
}

#[test]
fn a_changed_view_is_made_of_the_rows_that_are_there() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes --by ann");
    sandbox.ok("run --until-caught-up");
    change_view(&sandbox, "upper(p.name)");
    assert_snapshot!(sandbox.run("plan"), @"
    exit 5
    people: materialize as generation 2 beside 1, then cut over; no replay: 2 rows
      view persons_by_age differs in persons_by_age.sql
    ");
    // The log does not have them any more.
    sandbox.change("DELETE FROM log WHERE position < 2");
    sandbox.ok("apply --yes --by ann");
    assert_eq!(name_of_ann(&sandbox), "ANN");
    let done = sandbox.ok("history people");
    assert!(done.lines().last().unwrap().ends_with(" s"), "no event was folded: {done}");
    assert!(!sandbox.path().join("data/generations/people.g2.db").exists());
    assert!(sandbox.run("rebuild people").contains("begins"), "whoever asks for the log gets it");
    sandbox.write("projections/people/projection.toml", PROJECTION.replace("name = \"name\", ", "name = \"trim(name)\", "));
    assert!(sandbox.run("plan").contains("rebuild as generation 4 beside 2"), "other rows");
}

#[test]
fn one_goes_back_and_forth_between_generations() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes --by ann");
    assert!(sandbox.run("rollback people").contains("there is no generation of people to go back to"));
    change_view(&sandbox, "upper(p.name)");
    sandbox.ok("apply --yes --by ann");
    let renamed = ANN.replace("\"1\"", "\"9\"").replace("Ann", "Anna");
    sandbox.write("events.ndjson", renamed);
    sandbox.ok("publish events.ndjson");
    sandbox.ok("rollback people --by bob");
    assert_eq!(name_of_ann(&sandbox), "Anna", "brought up to date, with its own definitions");
    assert!(sandbox.run("plan").contains("materialize as generation 3 beside 1"));
    sandbox.ok("rollback people --to 2 --by cid");
    assert_eq!(name_of_ann(&sandbox), "ANNA");
    sandbox.ok("rebuild people --by dan");
    assert_snapshot!(sandbox.run("gc people --dry-run"), @"
    exit 0
    people: generation 1 dropped
    ");
    assert_snapshot!(sandbox.run("gc people --by eve"), @"
    exit 0
    people: generation 1 dropped
    ");
    assert_snapshot!(history(&sandbox), @"
    deployed 1 by ann
    cut over to 2 from 1 by ann
    rolled back to 1 from 2 by bob
    rolled back to 2 from 1 by cid
    cut over to 3 from 2 by dan
    dropped 1 by eve
    ");
    assert!(sandbox.run("rollback people --to 1").contains("there is no generation of people to go back to"));
}

#[test]
fn what_is_held_goes_live_later_or_is_dropped_without_a_trace() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes");
    let tables = || sandbox.sql("SELECT group_concat(name) FROM sqlite_schema");
    let before = tables();
    change_view(&sandbox, "upper(p.name)");
    for _ in 0..2 {
        assert!(sandbox.ok("rebuild people --hold").contains("generation 2 is built and waits"));
        assert_eq!(name_of_ann(&sandbox), "Ann");
        assert_ne!(tables(), before);
        assert!(sandbox.ok("rebuild people --cancel").contains("generation 2 dropped"));
        assert_eq!(tables(), before);
    }
    sandbox.ok("apply --yes --hold");
    assert!(sandbox.ok("rebuild people").contains("generation 2 is live"));
    assert_eq!(name_of_ann(&sandbox), "ANN");
}

#[test]
fn what_is_worse_does_not_go_live_unasked() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes");
    let with_refusal = PROJECTION.replace("100 / age", "100 / (age - 30)");
    sandbox.write("projections/people/projection.toml", with_refusal);
    let refused = sandbox.run("apply --yes");
    assert!(refused.starts_with("exit 1") && refused.contains("has 1 dead letters instead of 0"), "{refused}");
    assert_eq!(sandbox.ok("dead-letters list people"), "exit 0\n");
    let letters = sandbox.ok("dead-letters list people --generation 2");
    assert!(letters.contains("expression_failed"), "what makes it worse can be read: {letters}");
    assert!(sandbox.run("dead-letters list people --generation 7").contains("there is no generation 7"));
    assert_eq!(sandbox.ok("get persons_by_age a").lines().count(), 2, "what was live still is");
    sandbox.ok("rebuild people --anyway");
    assert!(sandbox.run("get persons_by_age a").starts_with("exit 1"));
}

#[test]
fn a_limit_counts_for_who_builds_just_now() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes");
    assert!(sandbox.ok("rebuild people --rate 1").contains("at most 1 events a second"));
    assert!(sandbox.run("rebuild other --rate 1").contains("there is no projection other"));
    // So many that they take a minute.
    let events: Vec<String> = (0..60).map(|number| person(&format!("p{number}"), "Pia", 30)).collect();
    sandbox.write("events.ndjson", events.join("\n"));
    sandbox.ok("publish events.ndjson");
    let (begun, mut build) = (Instant::now(), sandbox.command("rebuild people").stderr(Stdio::null()).spawn().unwrap());
    while begun.elapsed() < LIMITED {
        sandbox.ok("status");
        assert!(build.try_wait().unwrap().is_none(), "it is done before its time");
    }
    sandbox.ok("rebuild people --rate 0");
    assert!(build.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(50), "it went on at the old rate");
}

#[test]
fn what_is_held_is_compared_with_what_is_live() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes");
    change_view(&sandbox, "CASE WHEN p.age < 35 THEN 'young' END");
    let view = fs::read_to_string(sandbox.path().join("projections/people/persons_by_age.sql")).unwrap();
    sandbox.write("projections/people/persons_by_age.sql", format!("{view} WHERE p.age < 40"));
    sandbox.ok("apply --yes --hold");
    assert_snapshot!(sandbox.run("compare people 1 2"), @r#"
    exit 1
    persons_by_age a
      name: "Ann" in 1, "young" in 2
    persons_by_age b
      only in 1: {"person_id":"b","name":"Bob","age":40,"share":2,"luck":30}
    persons_by_age: 2 documents in 1, 1 documents in 2: 2 differ
    "#);
    assert!(sandbox.ok("compare people 1 1").contains("0 differ"));
    assert!(sandbox.run("compare people 1 3").contains("there is no generation 3 of people"));
    // What came since is known of one side only.
    sandbox.write("events.ndjson", ANN.replace("\"1\"", "\"4\"").replace("Ann", "Anna"));
    sandbox.ok("publish events.ndjson");
    sandbox.write("projections/people/persons_by_age.sql", VIEW);
    sandbox.ok("run --until-caught-up");
    assert!(sandbox.run("compare people 1 2").contains("1 differ, 1 have changed meanwhile"));
}

#[test]
fn a_daemon_keeps_what_is_live_current_while_something_else_is_built() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[ANN, BAD]);
    // What is on disk now stops at the bad event, and never comes up.
    let halting = format!("{PROJECTION}\n[dead_letters]\npolicy = \"halt\"\n");
    sandbox.write("projections/people/projection.toml", halting);
    change_view(&sandbox, "upper(p.name)");
    let daemon = sandbox.daemon();
    sandbox.write("events.ndjson", BOB);
    sandbox.ok("publish events.ndjson");
    let answer = daemon.ask("GET", "/v1/views/persons_by_age/b?min_position=3&timeout=60s", "");
    assert!(answer.contains("\"name\":\"Bob\""), "{answer}");
    assert!(sandbox.ok("status").contains("generation 1  position 3  live"));
}

#[test]
fn a_daemon_goes_on_with_what_somebody_lets_go_live() {
    let sandbox = sandbox();
    sandbox.ok("apply --yes");
    let daemon = sandbox.daemon();
    let ask = |position: u64| daemon.ask("GET", &format!("/v1/views/persons_by_age/a?min_position={position}&timeout=60s"), "");
    change_view(&sandbox, "upper(p.name)");
    for (commands, event, name) in [
        (&["apply --yes"][..], "Ann-1", "ANN-1"),
        (&["rollback people"], "Ann-2", "Ann-2"),
        (&["rollback people --to 2", "gc people --keep 0"], "Ann-3", "ANN-3"),
        (&["rebuild people", "gc people --keep 0"], "Ann-4", "ANN-4"),
        // Somebody owns what the daemon runs, and gives it back, before the daemon has looked.
        (&["rebuild people", "rollback people"], "Ann-5", "ANN-5"),
    ] {
        commands.iter().for_each(|command| drop(sandbox.ok(command)));
        sandbox.write("events.ndjson", ANN.replace("\"1\"", &format!("\"{event}\"")).replace("Ann", event));
        let position = sandbox.ok("publish events.ndjson").lines().last().unwrap().parse().unwrap();
        let answer = ask(position);
        assert!(answer.contains(&format!("\"name\":\"{name}\"")), "{answer}");
    }
}

#[test]
fn a_daemon_that_deploys_by_itself_stays_with_what_somebody_went_back_to() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[ANN]);
    change_view(&sandbox, "upper(p.name)");
    sandbox.ok("run --until-caught-up");
    assert_eq!(name_of_ann(&sandbox), "ANN");
    sandbox.ok("rollback people");
    sandbox.ok("run --until-caught-up");
    assert_eq!(name_of_ann(&sandbox), "Ann");
    change_view(&sandbox, "lower(p.name)");
    sandbox.ok("run --until-caught-up");
    assert_eq!(name_of_ann(&sandbox), "ann", "what is new is deployed again");
}
