//! The daemon: what it answers over HTTP, and how it ends.

use std::io::{Read, Write};
use std::iter;
use std::net::TcpStream;
use std::thread;

use insta::assert_snapshot;

use crate::daemon::{Daemon, answer, head};
use crate::sandbox::{Sandbox, person};

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

#[test]
fn a_document_that_the_client_has_is_not_sent_again() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let sent = get(&daemon, "/v1/views/persons_by_age/a");
    let tag = sent.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = daemon.ask_with("GET", "/v1/views/persons_by_age/a", &format!("if-none-match: {tag}\r\n"), "");
    assert!(again.starts_with("HTTP/1.1 304") && again.ends_with("\n\n"), "{again}");
    daemon.terminate();

    // Another generation has another document at the same version.
    sandbox.write("projections/people/persons_by_age.sql", "SELECT p.person_id, p.age FROM persons p\n");
    sandbox.ok("run --until-caught-up");
    let daemon = sandbox.daemon();
    let changed = daemon.ask_with("GET", "/v1/views/persons_by_age/a", &format!("if-none-match: {tag}\r\n"), "");
    assert!(changed.ends_with(r#"{"person_id":"a","age":20}"#), "{changed}");
}

/// Who asks while the next generation is built gets what is live as soon as it has the position, whichever that is.
#[test]
fn reads_are_answered_while_a_generation_is_built_and_takes_over() {
    let sandbox = Sandbox::new();
    let many: Vec<String> = (0..5000).map(|number| person(&format!("p{number}"), "Ann", 20)).collect();
    sandbox.apply(&many.iter().map(String::as_str).collect::<Vec<_>>());
    sandbox.write("projections/people/persons_by_age.sql", "SELECT p.person_id, p.age, p.age AS years FROM persons p\n");
    let daemon = sandbox.daemon();
    let live = get(&daemon, "/v1/views/persons_by_age/p0?min_position=5000&timeout=0s");
    assert!(live.starts_with("HTTP/1.1 200"), "{live}");
    daemon.ask("POST", "/v1/events", &person("b", "Bob", 30));
    let bob = || get(&daemon, "/v1/views/persons_by_age/b?min_position=5001&timeout=60s");
    // From what is live, which is as current as ever; and at some time from what has taken its place.
    let mut answers = iter::repeat_with(bob).inspect(|answer| assert!(answer.starts_with("HTTP/1.1 200"), "{answer}"));
    assert!(answers.any(|answer| answer.ends_with(r#"{"person_id":"b","age":30,"years":30}"#)));
}

/// The daemon is asked to end when it has the head of a request, and waits for the body.
#[test]
fn requests_under_way_are_answered_at_the_end() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let event = person("a", "Ann", 20);
    let mut publishing = TcpStream::connect(&daemon.address).unwrap();
    publishing.write_all(head("POST", "/v1/events", "expect: 100-continue\r\n", event.len()).as_bytes()).unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    publishing.read_exact(&mut go_on).unwrap();
    daemon.ask_to_end();
    while TcpStream::connect(&daemon.address).is_ok() {
        thread::yield_now();
    }
    publishing.write_all(event.as_bytes()).unwrap();
    let published = answer(&mut publishing);
    assert!(published.contains(r#""position":1"#), "{published}");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn lists_are_filtered_counted_and_cut_to_fields() {
    let sandbox = Sandbox::new();
    let people = [("a", "Ann", 20), ("b", "Bob", 30), ("c", "Cid", 40), ("d", "Dan", 50)];
    sandbox.apply(&people.map(|(id, name, age)| person(id, name, age)).each_ref().map(String::as_str));
    let daemon = sandbox.daemon();
    let list = |query: &str| get(&daemon, &format!("/v1/views/persons_by_age?fields=person_id&{query}"));
    for (query, expected) in [
        ("age[gte]=30&age[lt]=50", "bc"),
        ("age%5Bin%5D=20,40", "ac"),
        ("person_id[prefix]=b", "b"),
        ("age[ne]=20&order=-age", "dcb"),
    ] {
        let ids: Vec<String> = expected.chars().map(|id| format!("{{\"person_id\":\"{id}\"}}")).collect();
        let answer = list(query);
        assert!(answer.contains(&format!("\"documents\":[{}]", ids.join(","))), "{query}: {answer}");
    }
    assert_snapshot!("counted", list("age[gte]=30&count=true&limit=2"));
    let page: serde_json::Value = serde_json::from_str(list("order=-age&limit=3").split_once("\n\n").unwrap().1).unwrap();
    let cursor = page["next"].as_str().unwrap();
    assert!(list(&format!("order=-age&cursor={cursor}")).contains("\"documents\":[{\"person_id\":\"a\"}]"));
    for other in ["order=age", "order=-age&age[gte]=1"] {
        assert!(list(&format!("{other}&cursor={cursor}")).contains("\"bad_cursor\""), "{other}");
    }
    assert!(get(&daemon, "/v1/views/persons_by_age?fields=nope").contains("\"no_field\""));
    let many = list(&"age=1&".repeat(101));
    assert!(many.contains("\"bad_condition\""), "{many}");
}

#[test]
fn many_documents_of_one_moment() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20), &person("b", "Bob", 7), &person("batch", "Bat", 30)]);
    let daemon = sandbox.daemon();
    let batch = |body: &str| daemon.ask("POST", "/v1/views/persons_by_age/batch?fields=age", body);
    assert_snapshot!("batch", batch(r#"{"keys":["a","nobody","b","a"]}"#));
    for (body, code) in [("{}", "bad_request"), ("", "bad_request"), (r#"{"keys":["a,b"]}"#, "bad_key")] {
        assert!(batch(body).contains(&format!("\"{code}\"")), "{body}");
    }
    let keys = vec!["\"a\""; 1001].join(",");
    assert!(batch(&format!("{{\"keys\":[{keys}]}}")).contains("at most 1000"));
    assert!(get(&daemon, "/v1/views/persons_by_age/batch").contains("Bat"), "a key like any other");
}

#[test]
fn a_list_in_one_stream() {
    let sandbox = Sandbox::new();
    // More than are read at once.
    let many: Vec<String> = (0..1203).map(|number| person(&format!("p{number:04}"), "Ann", 20 + number % 10)).collect();
    sandbox.apply(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let daemon = sandbox.daemon();
    let stream = |query: &str| {
        let path = format!("/v1/views/persons_by_age?fields=person_id&order=-person_id{query}");
        let answer = daemon.ask_with("GET", &path, "accept: application/x-ndjson\r\n", "");
        assert!(answer.contains("projector-position: 1203") && answer.contains("projector-generation: 1"), "{answer}");
        let lines = answer.split_once("\n\n").unwrap().1.lines();
        // The lengths of chunks are between the lines.
        lines.filter(|line| line.starts_with('{')).map(str::to_owned).collect::<Vec<_>>()
    };
    let all = stream("");
    let expected = (0..1203).rev().map(|number| format!("{{\"person_id\":\"p{number:04}\"}}"));
    assert!(all.iter().cloned().eq(expected), "{}", all.len());
    assert_eq!(stream("&limit=501"), all[..501]);
    assert_eq!(stream("&age=29").len(), 120);
    let refused = daemon.ask_with("GET", "/v1/views/persons_by_age?name=x", "accept: application/x-ndjson\r\n", "");
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
}

#[test]
fn answers_are_compressed_for_who_asks_for_it() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", &"Ann".repeat(1000), 20)]);
    let daemon = sandbox.daemon();
    let size = |headers: &str| {
        let mut stream = TcpStream::connect(&daemon.address).unwrap();
        stream.write_all(head("GET", "/v1/views/persons_by_age/a", headers, 0).as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap()
    };
    assert!(size("accept-encoding: gzip\r\n") < 1000 && size("") > 3000);
}

#[test]
fn how_everything_stands() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    for path in ["/v1/status", "/v1/projections", "/v1/projections/people"] {
        let status = get(&daemon, path);
        assert!(status.starts_with("HTTP/1.1 200") && status.contains(r#""position":1"#), "{status}");
    }
    let metrics = get(&daemon, "/metrics");
    assert!(metrics.contains("\nprojector_position{projection=\"people\",store=\"state\"} 1.0\n"), "{metrics}");
}

#[test]
fn events_of_any_kind_are_published() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let lines = format!("{}\n{}\n", person("a", "Ann", 20), person("b", "Bob", 7));
    let published = daemon.ask_with("POST", "/v1/events", "content-type: application/x-ndjson\r\n", &lines);
    assert!(published.contains(r#""published":2"#), "{published}");
    assert_snapshot!("document_broken", get(&daemon, "/v1/views/persons_by_age/b?min_position=2&timeout=30s"));
    let refused_elsewhere = daemon.ask("POST", "/v1/events?accept=any", "{}");
    assert!(refused_elsewhere.contains(r#""position":3"#), "{refused_elsewhere}");
    assert!(get(&daemon, "/v1/views/persons_by_age/a?min_position=3&timeout=30s").contains("Ann"));
    assert!(sandbox.ok("dead-letters list people").contains("3  "));
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
        ("no_such_choice", "POST", "/v1/events?accept=none", "{}"),
        ("no_such_method", "DELETE", "/v1/views", ""),
        ("a_path_that_is_no_text", "GET", "/v1/views/%ff", ""),
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

/// The page may run no scripts but its own, whatever gets into it.
#[test]
fn the_dashboard_is_served_with_all_that_it_needs() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let page = get(&daemon, "/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("content-type: text/html"), "{page}");
    for path in page.split('"').filter(|text| text.starts_with("/dashboard/")) {
        assert!(get(&daemon, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    assert!(page.contains("content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "), "{page}");
    assert!(get(&daemon, "/dashboard/main.rs").starts_with("HTTP/1.1 404"));
}
