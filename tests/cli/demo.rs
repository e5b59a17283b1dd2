//! The demo: that what it says works, and that it leaves the events of others alone.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, person};

/// Starts the demo, and waits until it says how to read a view; also what it said.
fn demo(sandbox: &Sandbox) -> (Daemon, Vec<String>) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = sandbox.command("demo");
    command.stderr(Stdio::from(writer));
    let demo = Daemon::start(command);
    let said = BufReader::new(reader).lines().map(Result::unwrap);
    (demo, said.take_while(|line| !line.starts_with("End with")).collect())
}

/// In a folder without any definition; every line that it prints to be typed is typed.
#[test]
fn the_demo_says_what_works() {
    let sandbox = Sandbox::empty();
    let (demo, said) = demo(&sandbox);
    let mut typed = 0;
    for line in said.iter().filter_map(|line| line.strip_prefix("  ")) {
        typed += 1;
        let answer = match line.split_once("http://") {
            Some((_, url)) => demo.ask("GET", url.trim_end_matches('\'').strip_prefix(&demo.address).unwrap(), ""),
            None => sandbox.ok(line.split_once(' ').unwrap().1),
        };
        assert!(["HTTP/1.1 200", "exit 0"].iter().any(|good| answer.starts_with(good)), "{line}: {answer}");
        let expected = match line.rsplit(['/', ' ']).next() {
            Some("") => "<title>Projector</title>",
            Some("status") => "shop",
            _ => "o-0000",
        };
        assert!(answer.contains(expected), "{line}: {answer}");
    }
    assert_eq!(typed, 6, "{said:?}");
    assert_eq!(demo.terminate(), Some(0));
}

#[test]
fn a_demo_goes_on_where_the_one_before_ended() {
    let sandbox = Sandbox::empty();
    demo(&sandbox).0.terminate();
    demo(&sandbox).0.terminate();
    assert!(sandbox.ok("status").contains("shop"));
    assert_eq!(sandbox.ok("dead-letters list shop"), "exit 0\n");
}

#[test]
fn the_demo_does_not_publish_among_the_events_of_others() {
    let sandbox = Sandbox::empty();
    sandbox.write("event.ndjson", person("a", "Ann", 20));
    sandbox.ok("publish event.ndjson");
    let refused = sandbox.run("demo");
    assert!(refused.contains("exit 2") && refused.contains("not the demo's"), "{refused}");
    sandbox.write("projector.toml", "[log]\nurl = \"nats://127.0.0.1:1\"\nstream = \"EVENTS\"\n");
    let refused = sandbox.run("demo");
    assert!(refused.contains("exit 2") && refused.contains("into no server"), "{refused}");
}
