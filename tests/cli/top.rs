//! `top` and `status --watch`: what is shown again and again.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sandbox::{Sandbox, person};

#[test]
fn without_a_daemon_it_shows_what_is_stored() {
    let sandbox = Sandbox::new();
    assert!(sandbox.run("top").contains("there is no database"), "there is nothing to wait for");
    sandbox.apply(&[&person("ann", "Ann", 5), &person("bob", "Bob", 0)]);
    let said = sandbox.ok("top --every 1ms --rounds 2");
    let line = "  people  stopped  lag 0 events  rate -  latency -  position 2  generation 1  dead letters 1\n";
    assert_eq!(said.matches(line).count(), 2, "{said}");
    assert!(sandbox.run("top --every 0s").starts_with("exit 2"));
}

#[test]
fn a_daemon_says_more_to_who_has_a_token() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("ann", "Ann", 5)]);
    let created = sandbox.ok("token create ann --role read:*");
    let (token, entry) = created.strip_prefix("exit 0\n").unwrap().split_once('\n').unwrap();
    sandbox.write("tokens.toml", entry);
    sandbox.write("token", token);
    sandbox.write("projector.toml", "[http]\nlisten = \"127.0.0.1:0\"\ntokens = \"tokens.toml\"\n");
    let daemon = sandbox.daemon();
    let state = |arguments: &str| {
        let mut command = sandbox.command(&format!("top --json --rounds 1 {arguments}"));
        let output = command.env("PROJECTOR_HTTP_LISTEN", &daemon.address).output().unwrap();
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        seen["projections"][0]["daemon"]["state"].clone()
    };
    assert_eq!(state("--token-file token"), "well");
    assert_eq!(state(""), Value::Null, "who is not let in sees what is stored");
}

/// `script` gives it a terminal.
#[test]
fn a_terminal_is_given_back_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("ann", "Ann", 5)]);
    let program = format!("{} top --every 1ms --rounds 2", env!("CARGO_BIN_EXE_projector"));
    let output = Command::new("script").args(["-qec", &program, "/dev/null"]).current_dir(sandbox.path()).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let (entered, left) = (shown.find("\u{1b}[?1049h").unwrap(), shown.find("\u{1b}[?1049l").unwrap());
    assert!(entered < left && shown[entered..left].contains("PROJECTION  STATE"), "{shown}");
}

#[test]
fn a_status_is_watched_until_a_signal() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("ann", "Ann", 5)]);
    let mut watch = sandbox.command("status --watch=10ms").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut seen = lines.filter(|line| line.starts_with("log head"));
    assert_eq!([seen.next(), seen.next()], [Some("log head 1".to_owned()), Some("log head 1".to_owned())]);
    assert!(Command::new("kill").args(["-TERM", &watch.id().to_string()]).status().unwrap().success());
    // What it still prints has to go somewhere.
    seen.for_each(drop);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}
