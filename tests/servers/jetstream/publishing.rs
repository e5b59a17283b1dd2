//! Publishing to a stream.

use projector::fault::Fault;
use projector::log::{EventLog, JetStreamLog, NewEvent, NewStream};

use super::{ALL, event, publish};
use crate::nats::{self, Operator, STREAM};

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    projector::fault::chain(error)
}

#[test]
fn an_event_that_is_published_again_is_stored_once() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    publish(&log, 1..=3);
    let (again, new) = (event(2), event(4));
    let events = [&again, &new].map(|event| NewEvent { subject: None, data: event.as_bytes() });
    assert_eq!(log.publish(&events).unwrap(), 2..=4, "the position of the first publication is answered");
    assert_eq!(log.read(1, ALL).unwrap().len(), 4);
}

#[test]
fn whatever_it_is_given_is_published() {
    let server = nats::start();
    let _operator = Operator::with_stream(&server);
    let log = nats::log(&server);
    let events = ["{", "{", ""].map(|data| NewEvent { subject: None, data: data.as_bytes() });
    assert_eq!(log.publish(&events).unwrap(), 1..=3);
    let read = log.read(1, ALL).unwrap();
    assert_eq!(read.iter().map(super::text).collect::<Vec<_>>(), ["{", "{", ""]);
    assert_eq!(read[0].subject.as_deref(), Some("events.unknown.unknown"));
}

#[test]
fn subjects_of_other_streams_are_refused() {
    let server = nats::start();
    let operator = Operator::with_stream(&server);
    let other = async_nats::jetstream::stream::Config {
        name: "OTHER".to_owned(),
        subjects: vec!["other.>".to_owned()],
        ..Default::default()
    };
    operator.make(other);
    let log = nats::log(&server);
    for subject in ["nobody.x", "other.x"] {
        let is_about = |error: &Fault, subject| chain(error).ends_with(&format!("{subject} is not a subject of stream {STREAM}"));
        let error = log.publish(&[NewEvent { subject: Some(subject), data: b"{}" }]).unwrap_err();
        assert!(matches!(error, Fault::Unfit { .. }) && is_about(&error, subject), "{}", chain(&error));
    }
    let huge = vec![b' '; 2 << 20];
    let error = log.publish(&[NewEvent { subject: None, data: &huge }]).unwrap_err();
    assert!(matches!(&error, Fault::Unfit { reason, .. } if reason.contains("max_payload")), "{}", chain(&error));
}

#[test]
fn streams_are_made_on_demand_and_only_then() {
    let server = nats::start();
    let place = nats::place(&server, "");
    let missing = JetStreamLog::new(&place).unwrap().state().expect_err("there is no stream");
    assert!(chain(&missing).contains("there is no stream EVENTS: `projector log create` makes it"), "{}", chain(&missing));
    let new = NewStream { subjects: vec!["events.>".to_owned()], replicas: 1 };
    JetStreamLog::create(&place, &new).unwrap();
    JetStreamLog::create(&place, &new).expect("the same stream again");
    publish(&JetStreamLog::new(&place).unwrap(), 1..=1);
    let other = NewStream { subjects: vec!["x.>".to_owned()], replicas: 1 };
    assert!(JetStreamLog::create(&place, &other).is_err(), "a stream is not changed");
}

#[test]
fn streams_that_nobody_can_rely_on_are_refused() {
    use async_nats::jetstream::stream::{Config, RetentionPolicy};
    let base = || Config { name: STREAM.to_owned(), subjects: vec!["events.>".to_owned()], ..Config::default() };
    for (config, reason) in [
        (Config { retention: RetentionPolicy::WorkQueue, ..base() }, "its retention is workqueue"),
        (Config { retention: RetentionPolicy::Interest, ..base() }, "its retention is interest"),
        (Config { max_messages_per_subject: 1, ..base() }, "it keeps only 1 messages of a subject"),
        (Config { allow_rollup: true, ..base() }, "it allows rollups"),
    ] {
        let server = nats::start();
        Operator::connect(&server).make(config);
        let refused = nats::log(&server).state().expect_err("it is refused");
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}
