//! Judges a Redis server.

use super::{Finding, Subject};
use crate::state::RedisFacts;

/// Above this part of `maxmemory` it is time to do something.
const FULL: f64 = 0.8;

/// What there is to say of a server; `namespace`: what our keys start with.
pub fn judge(facts: &RedisFacts, namespace: &str) -> Vec<Finding> {
    let state = Subject::State;
    let mut findings = vec![state.ok(format!("{} answers: Redis {}", facts.place, facts.said("redis_version")))];
    findings.extend(facts.objection.iter().map(|reason| state.fail(reason.as_str())));
    if !facts.refused.is_empty() {
        let refused: Vec<String> = facts.refused.iter().map(|(command, error)| format!("{command} ({error})")).collect();
        findings.push(state.fail(format!(
            "it refuses {}; the user needs these commands on ~{namespace}:* and ~{{{namespace}:*",
            refused.join(", ")
        )));
    }
    findings.extend(judge_memory(facts));
    findings.extend(judge_durability(facts));
    findings
}

fn judge_memory(facts: &RedisFacts) -> Option<Finding> {
    let (used, most) = (facts.number("used_memory"), facts.number("maxmemory"));
    if most == 0 {
        let message = "maxmemory is not set: Redis grows until the system ends it; set it below what the machine has";
        return Some(Subject::State.warn(message));
    }
    let part = used as f64 / most as f64;
    let message = || format!("{:.0} % of maxmemory is used: when it is full, projections wait; give it more", part * 100.0);
    (part >= FULL).then(|| Subject::State.warn(message()))
}

/// Whether what was committed outlives the server.
fn judge_durability(facts: &RedisFacts) -> Vec<Finding> {
    let state = Subject::State;
    let mut findings = Vec::new();
    if facts.said("aof_enabled") != "1" {
        findings.push(state.warn(
            "appendonly is off: after a restart all since the last snapshot, or everything, is folded anew; set appendonly to yes",
        ));
    } else if facts.said("aof_last_write_status") == "err" {
        findings.push(state.fail("its append-only file cannot be written: look at its disk"));
    }
    if facts.said("rdb_last_bgsave_status") == "err" {
        findings.push(state.warn("its last snapshot failed: look at its log and disk"));
    }
    if facts.said("role") == "slave" {
        findings.push(state.fail("it is a replica, which takes no commits: state.url must name the primary"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::{Expected, Level, assert_found};
    use super::*;

    fn facts(changed: &[(&str, &str)]) -> RedisFacts {
        let sound = [
            ("redis_version", "7.0.15"),
            ("maxmemory", "100"),
            ("used_memory", "10"),
            ("aof_enabled", "1"),
            ("aof_last_write_status", "ok"),
            ("rdb_last_bgsave_status", "ok"),
            ("role", "master"),
        ];
        let info = sound.iter().chain(changed).map(|(name, value)| format!("{name}:{value}\r\n"));
        // Of two lines the later one is to count.
        let info: Vec<String> = info.rev().collect();
        RedisFacts { place: "redis://a".to_owned(), info: info.concat(), objection: None, refused: Vec::new() }
    }

    #[test]
    fn what_is_found_of_a_server() {
        use Level::{Fail, Warn};
        let cases: [(&[(&str, &str)], Expected<'_>); 7] = [
            (&[], &[]),
            (&[("maxmemory", "0")], &[(Warn, "maxmemory is not set")]),
            (&[("used_memory", "81")], &[(Warn, "81 % of maxmemory")]),
            (&[("aof_enabled", "0")], &[(Warn, "appendonly is off")]),
            (&[("aof_last_write_status", "err")], &[(Fail, "cannot be written")]),
            (&[("rdb_last_bgsave_status", "err")], &[(Warn, "snapshot failed")]),
            (&[("role", "slave")], &[(Fail, "it is a replica")]),
        ];
        for (changed, expected) in cases {
            assert_found(&judge(&facts(changed), "projector"), expected, &format!("{changed:?}"));
        }
        let old = RedisFacts { objection: Some("it is Redis 6".to_owned()), ..facts(&[]) };
        assert_found(&judge(&old, "projector"), &[(Fail, "it is Redis 6")], "old");
        let refused = RedisFacts { refused: vec![("EVAL", "NOPERM".to_owned())], ..facts(&[]) };
        assert_found(
            &judge(&refused, "ns"),
            &[(Fail, "it refuses EVAL (NOPERM); the user needs these commands on ~ns:*")],
            "refused",
        );
    }
}
