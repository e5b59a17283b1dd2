//! The daemon: what it answers over HTTP, and how it ends.

use insta::assert_snapshot;

use crate::sandbox::{Daemon, Sandbox, person};

fn get(daemon: &Daemon, path: &str) -> String {
    daemon.ask("GET", path, "")
}

#[test]
fn a_write_is_read_back() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let batch = format!("[{},{}]", person("a", "Ann", 20), person("b", "Bob", 30));
    assert_snapshot!(daemon.ask("POST", "/v1/events", &batch));
    assert_snapshot!("read_back", get(&daemon, "/v1/views/persons_by_age/b?min_position=2&timeout=30s"));
    assert_snapshot!("list", get(&daemon, "/v1/views/persons_by_age?order=-age&limit=1"));
    assert!(sandbox.ok("get persons_by_age a").contains("Ann"), "the command line reads while the daemon runs");
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn an_event_of_10_megabytes_is_taken() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let name = "x".repeat(10 << 20);
    assert!(daemon.ask("POST", "/v1/events", &person("a", &name, 20)).starts_with("HTTP/1.1 200"));
    assert!(get(&daemon, "/v1/views/persons_by_age/a?min_position=1&timeout=30s").contains(&name));
}

/// In a folder without any definition; every line that it prints to be typed is typed.
#[test]
fn the_demo_says_what_works() {
    let sandbox = Sandbox::empty();
    let (demo, said) = sandbox.demo();
    let mut typed = 0;
    for line in said.iter().filter_map(|line| line.strip_prefix("  ")) {
        typed += 1;
        match line.split_once("http://") {
            Some((_, url)) => {
                let path = url.trim_end_matches('\'').strip_prefix(&demo.address).unwrap();
                let answer = get(&demo, path);
                assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("o-0000"), "{line}: {answer}");
            }
            None => assert!(!sandbox.ok(line.split_once(' ').unwrap().1).is_empty(), "{line}"),
        }
    }
    assert_eq!(typed, 5, "{said:?}");
    assert_eq!(demo.terminate(), Some(0));
}

#[test]
fn problems() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    for (name, method, path, body) in [
        ("no_such_path", "GET", "/v2", ""),
        ("no_such_view", "GET", "/v1/views/nope/a", ""),
        ("no_such_document", "GET", "/v1/views/persons_by_age/a", ""),
        ("key_of_two_parts", "GET", "/v1/views/persons_by_age/a,b", ""),
        ("undeclared_filter", "GET", "/v1/views/persons_by_age?name=Ann", ""),
        ("bad_cursor", "GET", "/v1/views/persons_by_age?cursor=00", ""),
        ("bad_limit", "GET", "/v1/views/persons_by_age?limit=0", ""),
        ("too_early", "GET", "/v1/views/persons_by_age/a?min_position=9&timeout=10ms", ""),
        ("invalid_event", "POST", "/v1/events", "[{},{\"specversion\":\"1.0\"}]"),
        ("no_event", "POST", "/v1/events", ""),
    ] {
        assert_snapshot!(name, daemon.ask(method, path, body));
    }
}

#[test]
fn a_second_daemon_takes_over() {
    let sandbox = Sandbox::new();
    let first = sandbox.daemon();
    assert!(get(&first, "/v1/views").contains("persons_by_age"));
    let second = sandbox.daemon();
    assert_eq!(first.wait(), Some(4), "the first one says that it was replaced");
    let taken = second.ask("POST", "/v1/events", &person("a", "Ann", 20));
    assert!(taken.contains("\"position\":1"), "{taken}");
    assert!(get(&second, "/v1/views/persons_by_age/a?min_position=1&timeout=30s").contains("Ann"));
    assert_eq!(second.terminate(), Some(0));
}
