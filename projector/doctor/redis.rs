//! Judges Redis servers.

use super::{Finding, Level, Subject};
use crate::state::RedisFacts;
use crate::state::redis::{Address, SLOTS, ServerFacts, Share, Told};

/// Above this part of `maxmemory` it is time to do something.
const FULL: f64 = 0.8;

/// What there is to say of a place; `namespace`: what our keys start with.
pub fn judge(facts: &RedisFacts, namespace: &str) -> Vec<Finding> {
    let mut findings = vec![Subject::State.ok(introduce(facts))];
    findings.extend(facts.shares.iter().flat_map(|shares| judge_shares(shares)));
    findings.extend(judge_servers(facts));
    findings.extend(judge_rights(&facts.refused, namespace));
    findings
}

/// Who answers.
fn introduce(facts: &RedisFacts) -> String {
    let told = facts.servers.iter().find_map(|server| server.told.as_ref().ok());
    let version = told.map_or("", |told| told.said("redis_version"));
    let parts = facts.shares.as_ref().map(|shares| {
        let replicas = facts.servers.iter().filter(|server| is_replica(shares, &server.address)).count();
        format!("; {} masters and {replicas} replicas share the slots", masters(shares).len())
    });
    format!("{} answers: Redis {version}{}", facts.place, parts.unwrap_or_default())
}

/// Whether there is somebody for every slot, and somebody else for when they fail.
fn judge_shares(shares: &[Share]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let covered: usize = shares.iter().map(|share| share.slots).sum();
    if covered < SLOTS {
        findings.push(Subject::State.fail(format!(
            "only {covered} of {SLOTS} slots have a master: projections whose keys are in the others wait; see redis-cli --cluster check, \
             and let --cluster fix give them to a master"
        )));
    }
    let alone = |master: &&Address| shares.iter().all(|share| share.master != **master || share.replicas.is_empty());
    let alone: Vec<String> = masters(shares).into_iter().filter(alone).map(Address::to_string).collect();
    if !alone.is_empty() {
        findings.push(Subject::State.warn(format!(
            "{}: there is no replica; while such a master is gone, projections whose keys it has wait; give it one",
            alone.join(", ")
        )));
    }
    findings
}

/// What is to be said of several servers is said once.
fn judge_servers(facts: &RedisFacts) -> Vec<Finding> {
    let Some(shares) = &facts.shares else {
        return facts.servers.iter().flat_map(|server| judge_server(server, Part::Alone)).collect();
    };
    let mut found: Vec<(Finding, Vec<String>)> = Vec::new();
    for server in &facts.servers {
        let part = if is_replica(shares, &server.address) { Part::Replica } else { Part::Master };
        for finding in judge_server(server, part) {
            match found.iter_mut().find(|(known, _)| *known == finding) {
                Some((_, addresses)) => addresses.push(server.address.to_string()),
                None => found.push((finding, vec![server.address.to_string()])),
            }
        }
    }
    let name = |(finding, addresses): (Finding, Vec<String>)| Finding {
        message: format!("{}: {}", addresses.join(", "), finding.message),
        ..finding
    };
    found.into_iter().map(name).collect()
}

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It is the only one.
    Alone,
    /// It has slots.
    Master,
    /// It takes over from a master.
    Replica,
}

fn judge_server(server: &ServerFacts, part: Part) -> Vec<Finding> {
    let told = match &server.told {
        Ok(told) => told,
        Err(reason) => {
            let level = if part == Part::Replica { Level::Warn } else { Level::Fail };
            return vec![Finding {
                subject: Subject::State,
                level,
                message: format!("it does not answer: {reason}; see that it runs"),
            }];
        }
    };
    let mut findings: Vec<Finding> = told.objection.iter().map(|reason| Subject::State.fail(reason.as_str())).collect();
    findings.extend(judge_memory(told));
    findings.extend(judge_durability(told));
    if part == Part::Alone && told.said("role") == "slave" {
        findings.push(Subject::State.fail("it is a replica, which takes no commits: state.url must name the primary"));
    }
    findings
}

fn judge_memory(told: &Told) -> Option<Finding> {
    let (used, most) = (told.number("used_memory"), told.number("maxmemory"));
    if most == 0 {
        let message = "maxmemory is not set: Redis grows until the system ends it; set it below what the machine has";
        return Some(Subject::State.warn(message));
    }
    let part = used as f64 / most as f64;
    let message = || format!("{:.0} % of maxmemory is used: when it is full, projections wait; give it more", part * 100.0);
    (part >= FULL).then(|| Subject::State.warn(message()))
}

/// Whether what was committed outlives the server.
fn judge_durability(told: &Told) -> Vec<Finding> {
    let state = Subject::State;
    let mut findings = Vec::new();
    if told.said("aof_enabled") != "1" {
        findings.push(state.warn(
            "appendonly is off: after a restart all since the last snapshot, or everything, is folded anew; set appendonly to yes",
        ));
    } else if told.said("aof_last_write_status") == "err" {
        findings.push(state.fail("its append-only file cannot be written: look at its disk"));
    }
    if told.said("rdb_last_bgsave_status") == "err" {
        findings.push(state.warn("its last snapshot failed: look at its log and disk"));
    }
    findings
}

fn judge_rights(refused: &Result<Vec<(&'static str, String)>, String>, namespace: &str) -> Option<Finding> {
    let refused = match refused {
        Ok(refused) if refused.is_empty() => return None,
        Ok(refused) => refused,
        Err(reason) => return Some(Subject::State.fail(format!("it is not known what we may do there: {reason}"))),
    };
    let refused: Vec<String> = refused.iter().map(|(command, error)| format!("{command} ({error})")).collect();
    Some(
        Subject::State.fail(format!(
            "it refuses {}; the user needs these commands on ~{namespace}:* and ~{{{namespace}:*",
            refused.join(", ")
        )),
    )
}

/// Those that have slots, each once.
fn masters(shares: &[Share]) -> Vec<&Address> {
    let mut masters: Vec<&Address> = shares.iter().map(|share| &share.master).collect();
    masters.sort_unstable();
    masters.dedup();
    masters
}

fn is_replica(shares: &[Share], address: &Address) -> bool {
    shares.iter().any(|share| share.replicas.contains(address))
}

#[cfg(test)]
mod tests {
    use Level::{Fail, Warn};

    use super::super::{Expected, assert_found};
    use super::*;

    fn told(changed: &[(&str, &str)]) -> Told {
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
        Told { info: info.concat(), objection: None }
    }

    fn at(port: u16) -> Address {
        Address { host: "a".to_owned(), port }
    }

    fn alone(told: Result<Told, String>) -> RedisFacts {
        let servers = vec![ServerFacts { address: at(1), told }];
        RedisFacts { place: "redis://a".to_owned(), servers, shares: None, refused: Ok(Vec::new()) }
    }

    /// Two masters with a replica each, on ports 1 to 4.
    fn cluster(told: [Result<Told, String>; 4]) -> RedisFacts {
        let share = |master: u16| Share { slots: SLOTS / 2, master: at(master), replicas: vec![at(master + 2)] };
        let servers = (1..).zip(told).map(|(port, told)| ServerFacts { address: at(port), told });
        RedisFacts { servers: servers.collect(), shares: Some(vec![share(1), share(2)]), ..alone(Ok(self::told(&[]))) }
    }

    fn sound() -> [Result<Told, String>; 4] {
        ["master", "master", "slave", "slave"].map(|role| Ok(told(&[("role", role)])))
    }

    fn check(facts: &RedisFacts, expected: Expected<'_>, case: &str) {
        assert_found(&judge(facts, "ns"), expected, case);
    }

    #[test]
    fn what_is_found_of_a_server() {
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
            check(&alone(Ok(told(changed))), expected, &format!("{changed:?}"));
        }
        let old = Told { objection: Some("it is Redis 6".to_owned()), ..told(&[]) };
        check(&alone(Ok(old)), &[(Fail, "it is Redis 6")], "old");
        let refused = RedisFacts { refused: Ok(vec![("EVAL", "NOPERM".to_owned())]), ..alone(Ok(told(&[]))) };
        check(&refused, &[(Fail, "it refuses EVAL (NOPERM); the user needs these commands on ~ns:*")], "refused");
    }

    #[test]
    fn what_is_found_of_a_cluster() {
        let facts = cluster(sound());
        check(&facts, &[], "sound");
        assert!(introduce(&facts).ends_with("Redis 7.0.15; 2 masters and 2 replicas share the slots"), "{}", introduce(&facts));

        let mut servers = sound();
        servers[1] = Err("gone".to_owned());
        servers[2] = Err("gone".to_owned());
        check(&cluster(servers), &[(Fail, "a:2: it does not answer: gone"), (Warn, "a:3: it does not answer: gone")], "gone");

        let unlimited = sound().map(|_| Ok(told(&[("maxmemory", "0")])));
        check(&cluster(unlimited), &[(Warn, "a:1, a:2, a:3, a:4: maxmemory is not set")], "said once");

        let mut facts = cluster(sound());
        facts.shares = Some(vec![Share { slots: 5, master: at(1), replicas: vec![] }]);
        facts.refused = Err("down".to_owned());
        check(
            &facts,
            &[(Fail, "only 5 of 16384"), (Warn, "a:1: there is no replica"), (Fail, "what we may do there: down")],
            "holes",
        );
    }
}
