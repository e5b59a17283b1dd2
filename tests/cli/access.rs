//! Who may do what over HTTP: tokens and their roles, encryption, and browsers that show pages from elsewhere.

use serde_json::Value;

use crate::daemon::Daemon;
use crate::sandbox::{Sandbox, event, person};

/// A sandbox with a token for each of these roles, and the tokens.
fn with_tokens<const N: usize>(sandbox: &Sandbox, roles: [&str; N]) -> [String; N] {
    let mut file = String::new();
    let tokens = roles.map(|role| {
        let created = sandbox.ok(&format!("token create holder-of-{role} --role {role}"));
        let (token, entry) = created.strip_prefix("exit 0\n").unwrap().split_once('\n').unwrap();
        file += entry;
        token.to_owned()
    });
    sandbox.write("tokens.toml", file);
    sandbox.write("projector.toml", "[http]\nlisten = \"127.0.0.1:0\"\ntokens = \"tokens.toml\"\n");
    tokens
}

fn ask(daemon: &Daemon, token: &str, method: &str, path: &str, body: &str) -> String {
    daemon.ask_with(method, path, &format!("authorization: Bearer {token}\r\n"), body)
}

/// Status and code of an answer; `-` where there is no code.
fn outcome(answer: &str) -> (String, String) {
    let status = answer.split(' ').nth(1).unwrap().to_owned();
    let body = answer.split_once("\n\n").unwrap().1;
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or("-").to_owned())
}

#[test]
fn tokens_are_good_for_their_roles_alone() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let [reader, other, publisher, operator] =
        with_tokens(&sandbox, ["read:persons_by_age", "read:other", "publish:people", "operate"]);
    let daemon = sandbox.daemon();
    let document = "/v1/views/persons_by_age/a";
    let letters = "/v1/projections/people/dead-letters";
    let (bob, stranger) = (person("b", "Bob", 30), event("1", "/strangers", "PersonSeen", "{\"person_id\":\"c\"}"));
    for (token, method, path, body, status, code) in [
        (&reader, "GET", document, "", "200", "-"),
        (&reader, "GET", "/v1/views/persons_by_age", "", "200", "-"),
        (&other, "GET", document, "", "403", "not_permitted"),
        (&publisher, "GET", "/v1/views/persons_by_age", "", "403", "not_permitted"),
        (&reader, "POST", "/v1/events", &bob, "403", "not_permitted"),
        (&publisher, "POST", "/v1/events", &stranger, "403", "not_permitted"),
        (&publisher, "POST", "/v1/events?accept=any", "{}", "403", "not_permitted"),
        (&publisher, "POST", "/v1/events", &bob, "200", "-"),
        (&reader, "GET", letters, "", "403", "not_permitted"),
        (&operator, "GET", letters, "", "200", "-"),
        (&reader, "POST", "/v1/projections/people/pause", "", "403", "not_permitted"),
        (&reader, "POST", "/v1/projections/people/dead-letters/retry", "{\"all\":true}", "403", "not_permitted"),
        (&operator, "POST", "/v1/projections/people/resume", "", "200", "-"),
        (&operator, "GET", "/v1/status", "", "200", "-"),
        (&"wrong".to_owned(), "GET", document, "", "401", "bad_token"),
    ] {
        let answer = ask(&daemon, token, method, path, body);
        assert_eq!(outcome(&answer), (status.to_owned(), code.to_owned()), "{method} {path}: {answer}");
    }
    assert!(ask(&daemon, &reader, "GET", "/v1/views", "").contains("persons_by_age"));
    ask(&daemon, &operator, "POST", "/v1/projections/people/pause", "{\"by\":\"somebody else\"}");
    let paused = ask(&daemon, &reader, "GET", "/v1/projections/people", "");
    assert!(paused.contains("\"by\":\"holder-of-operate\""), "what is done is in the name of the token: {paused}");
    assert!(ask(&daemon, &other, "GET", "/v1/views", "").ends_with("{\"views\":[]}"));
}

#[test]
fn without_a_token_one_hears_whether_it_is_well_and_nothing_else() {
    let sandbox = Sandbox::new();
    let [_] = with_tokens(&sandbox, ["read:*"]);
    let daemon = sandbox.daemon();
    for path in ["/v1/views", "/v1/status", "/v1/views/persons_by_age/a", "/metrics", "/v1/nothing"] {
        assert_eq!(outcome(&daemon.ask("GET", path, "")), ("401".into(), "no_token".into()), "{path}");
    }
    assert!(daemon.ask("GET", "/healthz", "").starts_with("HTTP/1.1 200"));
    assert!(daemon.ask("GET", "/readyz", "").ends_with("\n\n{\"ready\":true}"));
}

#[test]
fn a_token_that_asks_too_often_waits() {
    let sandbox = Sandbox::new();
    let [token] = with_tokens(&sandbox, ["read:*"]);
    let file = std::fs::read_to_string(sandbox.path().join("tokens.toml")).unwrap();
    sandbox.write("tokens.toml", file + "\nrequests_per_second = 1\n");
    let daemon = sandbox.daemon();
    assert!(ask(&daemon, &token, "GET", "/v1/views", "").starts_with("HTTP/1.1 200"));
    // At one request a second no machine is slow enough for all of these.
    let refused = std::iter::repeat_with(|| ask(&daemon, &token, "GET", "/v1/views", "")).take(1000);
    let refused = refused.map(|answer| outcome(&answer)).find(|(status, _)| status == "429");
    assert_eq!(refused.unwrap().1, "too_many_requests");
}

#[test]
fn pages_from_elsewhere_are_turned_away() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let ask = |method, headers: &str, body: &str| outcome(&daemon.ask_as("evil.example", method, "/v1/events", headers, body));
    assert_eq!(ask("POST", "", &person("a", "Ann", 20)), ("403".into(), "foreign_page".into()));
    let foreign = daemon.ask_with("POST", "/v1/events", "origin: http://evil.example\r\n", &person("a", "Ann", 20));
    assert_eq!(outcome(&foreign), ("403".into(), "foreign_page".into()));
    assert_eq!(outcome(&daemon.ask_as("evil.example", "GET", "/v1/views", "", "")).0, "403");
    let ours = daemon.ask_with("POST", "/v1/events", "origin: http://localhost\r\n", &person("a", "Ann", 20));
    assert!(ours.contains("\"position\":1"), "nothing was published before: {ours}");
}

#[test]
fn others_are_let_in_by_intent_only() {
    let sandbox = Sandbox::new();
    sandbox.write("projector.toml", "[http]\nlisten = \"0.0.0.0:0\"\n");
    insta::assert_snapshot!(sandbox.run("run"));
    sandbox.write("projector.toml", "[http]\nlisten = \"0.0.0.0:0\"\nanyone = true\n");
    let daemon = sandbox.daemon_at(|address| address.replace("0.0.0.0", "127.0.0.1"));
    assert!(daemon.ask_as("views.example", "GET", "/v1/views", "", "").starts_with("HTTP/1.1 200"));
    assert!(sandbox.run("doctor").contains("whoever reaches it"));
}

#[test]
fn mistakes_in_the_file_of_tokens_show_no_token() {
    let sandbox = Sandbox::new();
    sandbox.write("tokens.toml", "[a]\nhash = \"projector_0123\"\nroles = [\"read\"]\n");
    sandbox.write("projector.toml", "[http]\ntokens = \"tokens.toml\"\n");
    let said = sandbox.run("status");
    assert!(!said.contains("0123"), "{said}");
    insta::assert_snapshot!(said);
}
