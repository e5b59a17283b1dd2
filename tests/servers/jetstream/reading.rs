//! Reading: order, positions, limits, gaps and the end of the log.

use std::thread;
use std::time::{Duration, Instant};

use projector::log::{EventLog, NewEvent, ReadLimit};

use super::{ALL, event, positions, publish, text};
use crate::nats::{self, Operator};

/// Long enough that a test which needs it has failed.
const FOR_EVER: Duration = Duration::from_secs(60);

#[test]
fn every_reader_sees_the_same_events_in_order() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=2500);
    let limit = ReadLimit { events: 1000, bytes: usize::MAX };
    let (mut from, mut read) = (1, Vec::new());
    loop {
        let events = log.read(from, limit).unwrap();
        assert!(events.len() <= 1000);
        let Some(last) = events.last() else { break };
        from = last.position + 1;
        read.extend(events);
    }
    assert_eq!(positions(&read), (1..=2500).collect::<Vec<_>>());
    for event in read.iter().step_by(500) {
        assert_eq!(text(event), super::event(event.position));
        assert_eq!(event.subject.as_deref(), Some("events.people.PersonSeen"));
        assert_eq!(log.fetch(event.position).unwrap().as_ref(), Some(event), "what is fetched is what was read");
    }
    let head = log.head().unwrap().unwrap();
    assert_eq!((head.position, head.time), (2500, read[2499].time));
    assert_eq!(positions(&nats::log(&server).read(2400, ALL).unwrap()), (2400..=2500).collect::<Vec<_>>());
}

#[test]
fn reads_go_on_anywhere() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=50);
    for (from, limit, expected) in [(41, 5, 41..=45), (46, 2, 46..=47), (7, 1, 7..=7), (48, 100, 48..=50), (8, 3, 8..=10)] {
        let events = log.read(from, ReadLimit { events: limit, bytes: usize::MAX }).unwrap();
        assert_eq!(positions(&events), expected.collect::<Vec<_>>());
    }
    let crossing = log.read(1, ReadLimit { events: 10, bytes: event(1).len() + 1 }).unwrap();
    assert_eq!(positions(&crossing), [1, 2], "the event that crosses the limit is the last");
}

#[test]
fn many_readers_at_many_positions() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=200);
    for round in 0..3u64 {
        for reader in 0..40u64 {
            let from = 1 + reader * 3 + round * 2;
            let events = log.read(from, ReadLimit { events: 2, bytes: usize::MAX }).unwrap();
            assert_eq!(positions(&events), [from, from + 1]);
        }
    }
}

#[test]
fn an_empty_stream() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    assert_eq!((log.head().unwrap(), log.state().unwrap().first), (None, 1));
    assert_eq!(log.read(1, ALL).unwrap(), []);
    log.wait(0, Duration::from_millis(1)).unwrap();
    assert_eq!(log.fetch(1).unwrap(), None);
}

#[test]
fn whoever_waits_is_told_at_once() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=3);
    assert_eq!(log.read(1, ALL).unwrap().len(), 3);
    for next in 4..=6 {
        assert_eq!(log.read(next, ALL).unwrap(), []);
        thread::scope(|scope| {
            let start = Instant::now();
            let waiting = scope.spawn(|| log.wait(next - 1, FOR_EVER).unwrap());
            publish(&nats::log(&server), next..=next);
            assert!(waiting.join().unwrap() && start.elapsed() < FOR_EVER, "it was not woken");
        });
        assert_eq!(positions(&log.read(next, ALL).unwrap()), [next]);
    }
}

#[test]
fn the_server_is_not_asked_after_each_event_of_a_trickle() {
    const EVENTS: u64 = 100;
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=1);
    assert_eq!(log.read(1, ALL).unwrap().len(), 1);
    let before = operator.requests();
    for next in 2..=EVENTS {
        operator.publish(&[], "{}");
        assert_eq!(positions(&log.read(next, ALL).unwrap()), [next]);
    }
    let asked = operator.requests() - before;
    // A machine that is busy may be slower than the moment for which a reader listens.
    assert!(asked < EVENTS as usize / 2, "{asked} requests for {EVENTS} events");
}

#[test]
fn waiting_ends_where_nothing_comes() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    let start = Instant::now();
    assert!(!log.wait(0, Duration::from_millis(50)).unwrap(), "the time ran out");
    assert!(start.elapsed() >= Duration::from_millis(50));
    publish(&nats::log(&server), 1..=1);
    assert!(log.wait(0, FOR_EVER).unwrap(), "something has come");
    assert_eq!(positions(&log.read(1, ALL).unwrap()), [1]);
}

#[test]
fn gaps_are_passed() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=10);
    for position in [1, 4, 5, 9, 10] {
        operator.delete(position);
    }
    assert_eq!(positions(&log.read(1, ALL).unwrap()), [2, 3, 6, 7, 8]);
    assert_eq!(log.read(9, ALL).unwrap(), []);
    assert_eq!((log.state().unwrap().first, log.head().unwrap().unwrap().position), (2, 8), "a position that can be reached");
    assert_eq!(log.fetch(4).unwrap(), None);
    publish(&log, 11..=11);
    // A read may leave the newest to the next one, for the server tells of it a moment later.
    assert!(log.wait(8, FOR_EVER).unwrap());
    assert_eq!(positions(&log.read(9, ALL).unwrap()), [11]);
}

#[test]
fn a_stream_whose_messages_are_all_gone() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=5);
    operator.purge_below(6);
    assert_eq!((log.state().unwrap().first, log.head().unwrap().unwrap().position), (6, 5));
    assert_eq!(log.read(6, ALL).unwrap(), []);
}

#[test]
fn a_gap_raises_the_epoch() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=8);
    operator.delete(6);
    let read = |from, events| positions(&log.read(from, ReadLimit { events, bytes: usize::MAX }).unwrap());
    assert_eq!(read(1, 1), [1]);
    let before = log.epoch();
    assert_eq!(read(2, 4), [2, 3, 4, 5]);
    assert_eq!(log.epoch(), before, "nothing is unusual");
    assert_eq!(read(6, 2), [7, 8]);
    assert!(log.epoch() > before, "the sixth is missing");
}

#[test]
fn the_largest_messages_that_the_server_takes() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    let name = "x".repeat((1 << 20) - 1000);
    for _ in 0..20 {
        let data = format!(r#"{{"name":"{name}"}}"#);
        log.publish(&[NewEvent { subject: None, data: data.as_bytes() }]).unwrap();
    }
    assert_eq!(log.read(1, ALL).unwrap().len(), 20);
}

#[test]
fn events_in_binary_mode_are_read_as_structured_ones() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let attributes = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/people"), ("ce-type", "PersonSeen")];
    operator.publish(&attributes, r#"{"person_id":"a"}"#);
    let log = nats::log(&server);
    let read = log.read(1, ALL).unwrap().swap_remove(0);
    let expected = r#"{"id":"1","source":"/people","specversion":"1.0","type":"PersonSeen","data":{"person_id":"a"}}"#;
    assert_eq!(text(&read), expected);
    assert_eq!(log.fetch(1).unwrap(), Some(read), "also when it is fetched");
}
