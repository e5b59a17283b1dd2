//! Judges a JetStream stream.

use std::time::Duration;

use super::{Finding, Subject, version};
use crate::config::JetStreamPlace;
use crate::log::StreamFacts;

/// Older servers do not do all that readers ask of them.
const OLDEST: (u64, u64) = (2, 10);
/// A producer that tries again does so within this time, as a rule.
const REPEATS: Duration = Duration::from_secs(120);

/// What there is to say of a stream.
pub fn judge(facts: &StreamFacts, place: &JetStreamPlace) -> Vec<Finding> {
    let (log, config) = (Subject::Log, &facts.config);
    let mut findings =
        vec![log.ok(format!("{place} answers: nats-server {}, positions {} to {}", facts.server, facts.first, facts.last))];
    if version(&facts.server) < OLDEST {
        findings.push(log.warn(format!("nats-server {} is older than 2.10: bring it up to date", facts.server)));
    }
    findings.extend(config.unfit().map(|reason| log.fail(reason)));
    if let Some(refusal) = &facts.refusal {
        findings.push(log.fail(format!(
            "it cannot be read: {refusal}; the user needs $JS.API.STREAM.INFO, STREAM.MSG.GET, CONSUMER.CREATE, CONSUMER.INFO, \
             CONSUMER.DELETE and CONSUMER.MSG.NEXT of the stream, and to subscribe to _INBOX.>"
        )));
    }
    findings.extend(config.risks().into_iter().map(|risk| log.warn(risk)));
    findings.extend(judge_keeping(facts));
    findings.extend(judge_publishing(facts, place));
    findings
}

/// Whether what is in it stays.
fn judge_keeping(facts: &StreamFacts) -> Vec<Finding> {
    let (log, config) = (Subject::Log, &facts.config);
    let mut findings = Vec::new();
    if config.storage == "memory" {
        findings.push(log.fail("it is kept in memory: when its server ends, the history is lost; use file storage"));
    }
    if config.num_replicas < 2 {
        findings.push(log.warn("it is on one server only: with that one's disk the history is lost; three replicas outlive it"));
    }
    findings
}

/// Whether what is published comes to it, once.
fn judge_publishing(facts: &StreamFacts, place: &JetStreamPlace) -> Vec<Finding> {
    let (log, config) = (Subject::Log, &facts.config);
    let mut findings = Vec::new();
    let ours = place.subject.wildcard();
    if config.is_mirror() {
        findings.push(log.warn("it is a mirror: events are read from it, but cannot be published to it"));
    } else if !config.subjects.iter().any(|filter| covers(filter, &ours)) {
        let taken = config.subjects.join(", ");
        findings.push(log.warn(format!("it takes {taken}, but log.subject makes {ours}: `publish` would not reach it")));
    }
    if config.duplicate_window() < REPEATS {
        let seconds = config.duplicate_window().as_secs();
        findings.push(log.warn(format!(
            "it recognizes what is published again for {seconds} s only: set duplicate_window to two minutes or more"
        )));
    }
    findings
}

/// Whether each subject of the pattern `ours` is one of `filter`.
fn covers(filter: &str, ours: &str) -> bool {
    let (mut filter, mut ours) = (filter.split('.'), ours.split('.'));
    loop {
        match (filter.next(), ours.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(taken), Some(made)) if taken == made => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Expected, Level, assert_found};
    use super::*;
    use crate::config::{Auth, SubjectPattern, Tls};

    fn place() -> JetStreamPlace {
        JetStreamPlace {
            servers: vec!["nats://a".to_owned()],
            stream: "S".to_owned(),
            subject: SubjectPattern::parse("shop.{service}.{type}").unwrap(),
            auth: Auth::None,
            tls: Tls::default(),
            mapping: Arc::default(),
        }
    }

    /// A stream without fault, but for these settings.
    fn facts(server: &str, settings: &str) -> StreamFacts {
        let mut config: serde_json::Value = serde_json::from_str(
            r#"{"retention":"limits","storage":"file","num_replicas":3,"deny_delete":true,"deny_purge":true,"subjects":["shop.>"],
                "duplicate_window":120000000000}"#,
        )
        .unwrap();
        let settings: serde_json::Map<_, _> = serde_json::from_str(&format!("{{{settings}}}")).unwrap();
        config.as_object_mut().unwrap().extend(settings);
        StreamFacts {
            server: server.to_owned(),
            config: serde_json::from_value(config).unwrap(),
            first: 1,
            last: 9,
            refusal: None,
        }
    }

    #[test]
    fn what_is_found_of_a_stream() {
        use Level::{Fail, Warn};
        let cases: [(&str, &str, Expected<'_>); 9] = [
            ("2.15.1", "", &[]),
            ("2.9.10", "", &[(Warn, "nats-server 2.9.10 is older")]),
            ("2.15.1", r#""retention":"workqueue""#, &[(Fail, "its retention is workqueue")]),
            ("2.15.1", r#""deny_purge":false"#, &[(Warn, "deny_purge")]),
            ("2.15.1", r#""max_age":60000000000"#, &[(Warn, "oldest messages expire")]),
            ("2.15.1", r#""storage":"memory","num_replicas":1"#, &[(Fail, "in memory"), (Warn, "one server only")]),
            ("2.15.1", r#""subjects":["shop.orders.*"]"#, &[(Warn, "log.subject makes shop.*.*")]),
            ("2.15.1", r#""mirror":{"name":"X"},"subjects":[]"#, &[(Warn, "it is a mirror")]),
            ("2.15.1", r#""duplicate_window":1000000000"#, &[(Warn, "for 1 s only")]),
        ];
        for (server, settings, expected) in cases {
            assert_found(&judge(&facts(server, settings), &place()), expected, settings);
        }
        let refused = StreamFacts { refusal: Some("no answer".to_owned()), ..facts("2.15.1", "") };
        assert_found(&judge(&refused, &place()), &[(Fail, "it cannot be read: no answer")], "refused");
    }

    #[test]
    fn which_subjects_reach_it() {
        for (filter, ours, expected) in [
            ("shop.>", "shop.*.*", true),
            ("shop.*.*", "shop.*.*", true),
            (">", "a", true),
            ("shop.*", "shop.*.*", false),
            ("shop.orders.>", "shop.*.*", false),
            ("shop.a.b.>", "shop.a.b", false),
        ] {
            assert_eq!(covers(filter, ours), expected, "{filter} {ours}");
        }
    }
}
