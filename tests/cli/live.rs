//! Views as they change, over server-sent events.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, person};

const VIEW: &str = "/v1/views/persons_by_age";
/// What has not been told by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who watches.
struct Watcher {
    lines: BufReader<TcpStream>,
    /// The last id that was told.
    id: String,
}

// === impl Watcher ===

impl Watcher {
    fn of(daemon: &Daemon, path: &str, headers: &str) -> Watcher {
        let mut stream = TcpStream::connect(&daemon.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // In HTTP 1.0 the answer comes as it is, and not in chunks.
        stream.write_all(format!("GET {VIEW}{path} HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n").as_bytes()).unwrap();
        let mut watcher = Watcher { lines: BufReader::new(stream), id: String::new() };
        let status = watcher.line().unwrap();
        assert!(status.contains(" 200 "), "{status}");
        while watcher.line().is_some_and(|line| !line.is_empty()) {}
        watcher
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next event that is not about how far the view is.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.line().expect("the stream goes on");
            match line.split_once(": ") {
                Some(("event", event)) => name = event.to_owned(),
                Some(("id", id)) => self.id = id.to_owned(),
                Some(("data", data)) if name != "position" => return (name, serde_json::from_str(data).unwrap()),
                _ => {}
            }
        }
    }

    /// Reads on until the id that follows what was told last.
    fn read_id(&mut self) -> String {
        self.id.clear();
        while self.id.is_empty() {
            let line = self.line().expect("the stream goes on");
            if let Some(id) = line.strip_prefix("id: ") {
                self.id = id.to_owned();
            }
        }
        self.id.clone()
    }
}

fn publish(daemon: &Daemon, events: &[String]) {
    let published = daemon.ask("POST", "/v1/events", &format!("[{}]", events.join(",")));
    assert!(published.starts_with("HTTP/1.1 200"), "{published}");
}

#[test]
fn a_list_is_told_what_comes_changes_and_goes() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let mut adults = Watcher::of(&daemon, "/watch?age[gte]=18&fields=age", "");
    publish(&daemon, &[person("b", "Bob", 30)]);
    let (event, data) = adults.next();
    assert_eq!((event.as_str(), data), ("document", json!({ "key": "b", "position": 2, "document": { "age": 30 } })));
    publish(&daemon, &[person("b", "Bob", 17)]);
    let (event, data) = adults.next();
    assert_eq!((event.as_str(), data), ("removed", json!({ "key": "b", "position": 3 })));
}

#[test]
fn a_document_is_told_as_it_is_and_as_it_changes() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let (mut ann, mut bob) = (Watcher::of(&daemon, "/a/watch", ""), Watcher::of(&daemon, "/b/watch", ""));
    assert_eq!(ann.next().1["document"]["age"], 20);
    assert_eq!(bob.next().0, "removed", "there is none yet");
    publish(&daemon, &[person("b", "Bob", 30), person("a", "Ann", 21)]);
    assert_eq!(ann.next().1["document"]["age"], 21);
    assert_eq!(bob.next().1["document"]["age"], 30);
    publish(&daemon, &[person("a", "Ann", 7)]);
    assert_eq!(ann.next(), ("broken".to_owned(), json!({ "key": "a", "position": 4, "reason": "division by zero" })));
}

#[test]
fn who_was_cut_off_goes_on_where_it_was() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let mut watcher = Watcher::of(&daemon, "/watch", "");
    publish(&daemon, &[person("a", "Ann", 20)]);
    assert_eq!(watcher.next().1["key"], "a");
    let id = watcher.read_id();
    drop(watcher);
    publish(&daemon, &[person("b", "Bob", 30)]);
    publish(&daemon, &[person("c", "Cid", 40)]);
    let header = format!("last-event-id: {id}\r\n");
    let mut again = Watcher::of(&daemon, "/watch", &header);
    assert_eq!([again.next().1["key"].clone(), again.next().1["key"].clone()], ["b", "c"]);
    let mut cid = Watcher::of(&daemon, "/c/watch", &header);
    assert_eq!(cid.next().1["document"]["age"], 40, "the change that came in between");
    daemon.terminate();

    // Another process knows nothing of what was before it.
    let daemon = sandbox.daemon();
    let mut watcher = Watcher::of(&daemon, "/watch", &header);
    assert_eq!(watcher.next().0, "reset");
    assert_eq!(Watcher::of(&daemon, "/watch", "last-event-id: x\r\n").next().0, "reset");
    assert_eq!(Watcher::of(&daemon, "/a/watch", &header).next().1["document"]["age"], 20, "as it is");
}

/// It does not read while more is told than is kept; somebody else does.
#[test]
fn who_falls_behind_is_told_so_and_nobody_waits_for_it() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let (mut slow, mut quick) = (Watcher::of(&daemon, "/watch", ""), Watcher::of(&daemon, "/watch", ""));
    let name = "x".repeat(1 << 20);
    for number in 0..80 {
        publish(&daemon, &[person(&format!("p{number}"), &name, 20)]);
        assert_eq!(quick.next().1["key"], format!("p{number}"));
    }
    let (mut event, mut data) = slow.next();
    let mut heard = 0;
    while event == "document" {
        heard += 1;
        (event, data) = slow.next();
    }
    assert_eq!(event, "end", "{data}");
    assert!(heard < 80 && data["reason"].as_str().unwrap().contains("too far behind"), "{heard} {data}");
    assert!(slow.line().is_some_and(|line| line.is_empty()) && slow.line().is_none(), "nothing comes after that");
}

#[test]
fn watchers_hear_of_the_end_of_the_daemon_and_of_a_generation() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let mut watcher = Watcher::of(&daemon, "/watch", "");
    let rebuilt = daemon.ask("POST", "/v1/projections/people/rebuild", "");
    assert!(rebuilt.starts_with("HTTP/1.1 202"), "{rebuilt}");
    assert_eq!(watcher.next().0, "end", "another generation is live");
    let mut ending = Watcher::of(&daemon, "/watch", "");
    daemon.ask_to_end();
    assert_eq!(ending.next().0, "end");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn what_cannot_be_watched_is_said() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    for (path, code) in [
        ("/watch?order=age", "bad_request"),
        ("/watch?limit=3", "bad_request"),
        ("/watch?name=x", "undeclared_column"),
        ("/watch?fields=x", "no_field"),
        ("/a,b/watch", "bad_key"),
    ] {
        let answer = daemon.ask("GET", &format!("{VIEW}{path}"), "");
        assert!(answer.contains(&format!("\"{code}\"")), "{path}: {answer}");
    }
}
