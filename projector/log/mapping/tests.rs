//! Rules, what they make of messages, and what is wrong with them.

use schemas::{Envelope, SourceFile};

use super::{Mapping, Message};

const LEGACY: &str = r#"
[[rule]]
subject = "legacy.*.order.*"
id = "{header.Nats-Msg-Id}"
source = "/legacy/{subject.2}"
type = "Order{body/kind}"
about = "{subject.4}"
time = "{body/meta/at}"
time_unit = "ms"
data = { order_id = "{subject.4}", amount = "{body/lines/0/amount}", note = "{body/note?}", tenant = "{header.Tenant?}", version = 1_000, ok = true }

[[rule]]
subject = "plain.>"
id = "{position}"
source = "/plain"
type = "Plain"
"#;

const HEADERS: &[(&str, &str)] = &[("nats-msg-id", "m-7"), ("Other", "x")];

fn mapping(text: &str) -> Result<Mapping, String> {
    let mistakes = |mistakes: Vec<schemas::Diagnostic>| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Mapping::parse(&SourceFile { path: "m.toml".into(), text: text.into() }).map_err(mistakes)
}

/// What becomes of a message under the legacy rules.
fn apply(subject: &str, body: &str) -> Option<Result<String, String>> {
    let message = Message { position: 42, subject, headers: HEADERS, body: body.as_bytes() };
    let applied = mapping(LEGACY).unwrap().apply(&message)?;
    Some(applied.map(|event| String::from_utf8(event).unwrap()).map_err(|unmapped| unmapped.to_string()))
}

#[test]
fn a_message_becomes_an_event() {
    let body = r#"{"kind":"Placed", "meta":{"at":1760000000123}, "lines":[{"amount":0.10000000000000000001}], "note":null}"#;
    let event = apply("legacy.shop.order.o-1", body).unwrap().unwrap();
    assert_eq!(
        event,
        r#"{"specversion":"1.0","id":"m-7","source":"/legacy/shop","type":"OrderPlaced","subject":"o-1","time":"2025-10-09T08:53:20.123Z","data":{"amount":0.10000000000000000001,"ok":true,"order_id":"o-1","version":1000}}"#
    );
    let envelope = Envelope::parse(event.as_bytes()).unwrap();
    assert_eq!((&*envelope.id, envelope.time), ("m-7", Some(1_760_000_000_123_000)));
}

#[test]
fn what_is_not_said_is_the_body_and_nothing() {
    let event = apply("plain.a.b", r#" {"a": [1, 2]} "#).unwrap().unwrap();
    assert_eq!(event, r#"{"specversion":"1.0","id":"42","source":"/plain","type":"Plain","data":{"a": [1, 2]}}"#);
}

#[test]
fn other_subjects_are_left_alone() {
    assert_eq!(apply("legacy.shop.order", "{}"), None);
    assert_eq!(apply("shop.x", "{}"), None);
    assert_eq!(Mapping::default().apply(&Message { position: 1, subject: "a", headers: &[], body: b"" }), None);
}

#[test]
fn texts_are_escaped() {
    let event =
        apply("legacy.a\"b.order.\\", r#"{"kind":"\"\\","meta":{"at":0},"lines":[{"amount":"\u00e9"}]}"#).unwrap().unwrap();
    let envelope = Envelope::parse(event.as_bytes()).unwrap();
    assert_eq!((&*envelope.source, &*envelope.ty), ("/legacy/a\"b", "Order\"\\"));
    assert_eq!(envelope.data, r#"{"amount":"\u00e9","ok":true,"order_id":"\\","version":1000}"#);
}

#[test]
fn what_is_missing_is_named() {
    let good = r#"{"kind":"Placed","meta":{"at":1},"lines":[{"amount":1}]}"#;
    for (body, expected) in [
        ("{", "`type`: the body is not JSON: EOF while parsing an object at line 1 column 1"),
        (r#"{"meta":{"at":1},"lines":[{"amount":1}]}"#, "`type`: the message has no {body/kind}"),
        (r#"{"kind":{},"meta":{"at":1}}"#, "`type`: {body/kind} has no text: it is an object"),
        (r#"{"kind":"a","meta":{"at":"x"}}"#, "`time`: 'x' is no time in ms"),
        (r#"{"kind":"a","meta":[]}"#, "`time`: the message has no {body/meta/at}"),
        (r#"{"kind":"a","meta":{"at":1},"lines":[]}"#, "`data`: amount: the message has no {body/lines/0/amount}"),
    ] {
        let reason = apply("legacy.shop.order.o-1", body).unwrap().unwrap_err();
        assert_eq!(reason, format!("the rule for legacy.*.order.* cannot fill {expected}"));
    }
    let bare = Message { position: 1, subject: "legacy.a.order.b", headers: &[], body: good.as_bytes() };
    let reason = mapping(LEGACY).unwrap().apply(&bare).unwrap().unwrap_err();
    assert_eq!(reason.reason, "the message has no {header.Nats-Msg-Id}");
}

#[test]
fn every_mistake_is_told() {
    let text = r#"
other = 1
[[rule]]
subject = "a.>.b"
id = "{subject.0}"
source = "{body"
kind = "x"
[[rule]]
subject = "a.*"
id = "{header.X?}"
source = "x{body/a?}"
type = "{subject.3}"
time_unit = "h"
data = { a = "{bodyx}", b = [1] }
"#;
    let places = "{subject.2}, {header.NAME}, {body/member/0} or {position}";
    let expected = [
        "a mapping is made of [[rule]] only".to_owned(),
        "a rule has no kind: it has subject, id, source, type, about, time, time_unit, data".to_owned(),
        "subject: 'a.>.b' is no subject; write parts separated by dots, * for any one, > at the end for the rest".to_owned(),
        format!("id: {{subject.0}} is nothing of a message; write {places}"),
        "source: there is no closing brace after {body".to_owned(),
        "the rule has no type".to_owned(),
        "id: every event has it: leave out the ?".to_owned(),
        "source: what may be missing stands alone".to_owned(),
        "type: the subject has 2 parts, there is no {subject.3}".to_owned(),
        "time_unit: 'h' is not one of: rfc3339, s, ms, us".to_owned(),
        "time_unit: there is no time".to_owned(),
        format!("data.a: {{bodyx}} is nothing of a message; write {places}"),
        "data.b: it is a text, not array".to_owned(),
    ];
    let said = mapping(text).unwrap_err();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected.map(|mistake| format!("m.toml: {mistake}")));
    assert_eq!(mapping("").unwrap_err(), "m.toml: there is no rule: write [[rule]] and what it says");
}

#[test]
fn fingerprints_follow_what_rules_say() {
    let of = |text: &str| mapping(text).unwrap().fingerprint();
    assert_eq!(of(LEGACY), of(&LEGACY.replace("\n[[rule]]", "\n# Said otherwise.\n[[rule]]")));
    assert_ne!(of(LEGACY), of(&LEGACY.replace("Plain", "Other")));
    assert_eq!(Mapping::default().fingerprint(), 0);
}
