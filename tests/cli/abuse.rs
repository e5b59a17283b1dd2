//! What nobody should send: the daemon answers, lives on, and goes on applying events.
//!
//! `ABUSE_SECONDS=600 tests/run random_requests` sends random requests for so long.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, head};
use crate::sandbox::{Sandbox, person};

const VIEW: &str = "/v1/views/persons_by_age";
/// Megabytes by which memory may grow, whatever is sent.
const GROWTH: u64 = 300;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What does not belong into any field.
fn oddities() -> Vec<String> {
    let mut all: Vec<String> = [
        "'%20OR%201=1--",
        "a'%3BDROP%20TABLE%20generations%3B--",
        "%22%3B%20SELECT%20*%20FROM%20sqlite_master--",
        "%00",
        "%0d%0aprojector-position:%201",
        "%ff%fe",
        "..%2f..%2fetc%2fpasswd",
        "%F0%9F%92%A9",
        "-9223372036854775808",
        "1e309",
        "\\N",
        "%5c%5c%2c%2c%2c",
        "[[[[[[",
        "{}",
        "%25%25%25",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    // Up to a head of 64 KiB, and above that.
    all.extend(["x".repeat(60_000), "x".repeat(100_000), "%00".repeat(15_000), "00".repeat(25_000), "1,".repeat(20_000)]);
    all
}

/// Sends a whole request, and hears what is answered.
fn send(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    // The daemon may have said no before it has read all of it.
    let _ = stream.write_all(bytes);
    heard(stream)
}

/// Sends what may be no request, and nothing after that; hears what is answered, if anything.
fn send_all(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    heard(stream)
}

fn heard(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// That an answer is one, and none that says that the daemon has failed.
fn assert_refused_or_answered(answer: &str, asked: &str) {
    let asked: String = asked.chars().take(200).collect();
    let status: u16 =
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{asked}: {answer}"));
    assert!(status < 500, "{asked}: {answer}");
}

/// That events are taken and applied as ever.
fn assert_well(daemon: &Daemon, name: &str) {
    let published = daemon.ask("POST", "/v1/events", &person(name, name, 20));
    let position = published.split("\"position\":").nth(1).and_then(|rest| rest.split(['}', ',']).next()).unwrap();
    let read = daemon.ask("GET", &format!("{VIEW}/{name}?min_position={position}&timeout=30s"), "");
    assert!(read.contains(name), "{read}");
}

fn resident_megabytes(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn nothing_in_any_field_does_harm() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let before = resident_megabytes(&daemon);
    for odd in oddities() {
        for path in [
            format!("{VIEW}/{odd}"),
            format!("/v1/views/{odd}"),
            format!("/v1/views/{odd}/a"),
            format!("{VIEW}?age={odd}"),
            format!("{VIEW}?age[in]={odd}"),
            format!("{VIEW}?person_id[prefix]={odd}"),
            format!("{VIEW}?{odd}"),
            format!("{VIEW}?order={odd}"),
            format!("{VIEW}?cursor={odd}"),
            format!("{VIEW}?fields={odd}"),
            format!("{VIEW}?limit={odd}"),
            format!("{VIEW}/a?min_position={odd}&timeout=1ms"),
            format!("{VIEW}/a?timeout={odd}"),
            format!("/v1/projections/{odd}"),
            format!("/v1/projections/people/dead-letters?key={odd}&after={odd}"),
        ] {
            let answer = send(&daemon, head("GET", &path, "", 0).as_bytes());
            // A position that is not reached in time is answered so.
            if !answer.contains("position_not_reached") {
                assert_refused_or_answered(&answer, &path);
            }
        }
        let keys = format!("{{\"keys\":[{:?}]}}", odd);
        for (path, body) in [(format!("{VIEW}/batch"), &keys), ("/v1/events".to_owned(), &odd), (format!("{VIEW}/batch"), &odd)] {
            let request =
                head("POST", &path, &format!("authorization: Bearer {}\r\n", &odd[..odd.len().min(2000)]), body.len()) + body;
            assert_refused_or_answered(&send(&daemon, request.as_bytes()), &request);
        }
    }
    let nested = "[".repeat(1 << 20);
    let request = head("POST", "/v1/events", "", nested.len()) + &nested;
    assert_refused_or_answered(&send(&daemon, request.as_bytes()), "a body that is nested deeply");
    assert_well(&daemon, "Wes");
    let after = resident_megabytes(&daemon);
    assert!(after < before + GROWTH, "{before} MB became {after}");
    let answer = daemon.ask("GET", &format!("{VIEW}/a"), "");
    assert!(answer.contains("Ann"), "{answer}");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let answer = send(&daemon, head("POST", "/v1/events", "", 1 << 30).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("\"too_large\""), "{answer}");
    assert_well(&daemon, "Wes");
}

/// They hold connections, and ask for nothing.
#[test]
fn those_who_dawdle_hold_nobody_up() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon();
    let dawdlers: Vec<TcpStream> = (0..500)
        .map(|number| {
            let mut stream = TcpStream::connect(&daemon.address).unwrap();
            let head =
                ["GET /v1/vi", "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{", ""][number % 3];
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for number in 0..20 {
        assert_well(&daemon, &format!("Wes{number}"));
    }
    drop(dawdlers);
    assert_well(&daemon, "Wes");
}

/// Pieces of requests, put together at random.
#[test]
fn random_requests_are_answered_or_cut_off() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    let seconds = env::var("ABUSE_SECONDS").map_or(3, |text| text.parse().unwrap());
    let seed = env::var("ABUSE_SEED").map_or_else(|_| u64::from(daemon.process.id()), |text| text.parse().unwrap());
    println!("ABUSE_SEED={seed}");
    let (mut state, before, end) = (seed | 1, resident_megabytes(&daemon), Instant::now() + Duration::from_secs(seconds));
    let mut random = move |below: usize| {
        // Xorshift: good enough to choose by.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let pieces = [
        "GET ",
        "POST ",
        "PUT ",
        "/v1/views",
        "/v1/views/persons_by_age",
        "/",
        "/a",
        "?",
        "&",
        "=",
        "age",
        "[gte]",
        "20",
        "order=-age",
        "cursor=",
        "00",
        "limit=",
        "fields=",
        "%",
        "%ff",
        "%00",
        " HTTP/1.1\r\n",
        "host: localhost\r\n",
        "host: x\r\n",
        "content-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
        "accept: application/x-ndjson\r\n",
        "accept-encoding: gzip\r\n",
        "last-event-id: 1.2.3\r\n",
        "\r\n",
        "\r\n\r\n",
        "{\"keys\":[\"a\"]}",
        "5\r\n",
        "\0",
        "/v1/events",
        "/batch",
        "/v1/projections/people/dead-letters",
        "é",
        ":",
        "x",
    ];
    while Instant::now() < end {
        let mut request = format!("GET {VIEW}");
        if random(4) == 0 {
            request.clear();
        }
        for _ in 0..random(14) {
            request += pieces[random(pieces.len())];
        }
        if random(2) == 0 {
            request += " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        }
        let answer = send_all(&daemon, request.as_bytes());
        if !answer.is_empty() {
            assert_refused_or_answered(&answer, &request);
        }
    }
    assert_well(&daemon, "Wes");
    let after = resident_megabytes(&daemon);
    assert!(after < before + GROWTH, "{before} MB became {after}");
}
