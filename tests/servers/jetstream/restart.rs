//! Servers that die, come back, or stand still.

use std::thread;
use std::time::{Duration, Instant};

use projector::log::{EventLog, LogEvent};
use projector::run::{StopFlag, until_available};

use super::{ALL, positions, publish};
use crate::nats::{self, Operator};

/// From the server's return to the next event: its clients try to connect once a second.
const RECOVERY: Duration = Duration::from_secs(5);
/// As the reader of a projection does.
const IDLE: Duration = Duration::from_millis(250);

/// Reads as a projection does, until there is something.
fn next(log: &dyn EventLog, from: u64) -> Vec<LogEvent> {
    let stop = StopFlag::default();
    loop {
        let events = until_available(&stop, || log.read(from, ALL)).expect("nothing is wrong for good");
        if !events.is_empty() {
            return events;
        }
        until_available(&stop, || log.wait(from - 1, IDLE)).expect("nothing is wrong for good");
    }
}

#[test]
fn an_idle_reader_goes_on_where_it_was_after_the_server_was_killed() {
    let mut server = nats::start();
    Operator::with_stream(&server).leave();
    let log = nats::log(&server);
    publish(&log, 1..=10);
    // Resumed, and nothing received yet: from here ready-made consumers would begin anew at the first message.
    assert_eq!(log.read(11, ALL).unwrap(), []);
    let identity = log.identity().unwrap();
    let before = log.epoch();
    for round in 0..3 {
        let from = 11 + round;
        thread::scope(|scope| {
            let reading = scope.spawn(|| next(&log, from));
            server.restart();
            let back = Instant::now();
            publish(&nats::log(&server), from..=from);
            assert_eq!(positions(&reading.join().unwrap()), [from]);
            assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
            println!("recovered in {:?}", back.elapsed());
        });
    }
    assert!(log.epoch() > before, "whoever reads must look at the history again");
    assert_eq!(log.identity().unwrap(), identity, "it is the same stream");
}

#[test]
fn a_reader_in_a_backlog_goes_on_where_it_was() {
    let mut server = nats::start();
    Operator::with_stream(&server).leave();
    let log = nats::log(&server);
    publish(&log, 1..=5000);
    let limit = projector::log::ReadLimit { events: 100, bytes: usize::MAX };
    let (mut from, mut read) = (1, Vec::new());
    let stop = StopFlag::default();
    while from <= 5000 {
        if from == 1001 || from == 3001 {
            server.restart();
        }
        let events = until_available(&stop, || log.read(from, limit)).unwrap();
        from = events.last().map_or(from, |last| last.position + 1);
        read.extend(positions(&events));
    }
    assert_eq!(read, (1..=5000).collect::<Vec<_>>());
}

#[test]
fn a_server_that_stands_still_is_waited_for() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=2);
    assert_eq!(log.read(1, ALL).unwrap().len(), 2);
    server.pause();
    assert!(log.head().is_err(), "it does not answer");
    server.resume();
    operator.publish(&[], "{}");
    assert_eq!(positions(&next(&log, 3)), [3]);
}

#[test]
fn readers_leave_nothing_behind_for_long() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=2);
    for _ in 0..5 {
        assert_eq!(log.read(3, ALL).unwrap(), []);
    }
    assert_eq!(operator.consumers(), 1, "a reader has one consumer, however often it asks");
}
