//! What there is to be seen of a server before anybody relies on it.

use redis::{Cmd, Connection, RedisError, RedisResult, cmd};

use super::RedisState;
use super::server::{objection, said};
use crate::config::RedisPlace;
use crate::fault::Fault;

/// What is seen of a server.
#[derive(Clone, Debug)]
pub struct RedisFacts {
    /// Where it is, without secrets.
    pub place: String,
    /// What it says of itself: `name:value`, one a line.
    pub info: String,
    /// Why it is not used at all, if so.
    pub objection: Option<String>,
    /// Commands that it does not let us run, and why.
    pub refused: Vec<(&'static str, String)>,
}

// === impl RedisFacts ===

impl RedisFacts {
    /// What it says of `name`; nothing where it does not.
    pub fn said(&self, name: &str) -> &str {
        said(&self.info, name)
    }

    /// The same as a number; 0 where it is none.
    pub fn number(&self, name: &str) -> u64 {
        self.said(name).parse().unwrap_or(0)
    }
}

impl RedisState {
    /// Looks at a server; also at one that would be refused. Writes under keys of our namespace that nobody reads, and removes them.
    pub fn examine(place: &RedisPlace) -> Result<RedisFacts, Fault> {
        let state = RedisState::new(place)?;
        let probes = probes(&state.namespace);
        state.server.ask_any("looking at the server", |redis| {
            let info: String = cmd("INFO").query(redis)?;
            let refused = refused(redis, &probes)?;
            Ok(RedisFacts { place: place.url.to_string(), objection: objection(&info), info, refused })
        })
    }
}

/// Each command that is used, on keys that nobody reads; the last ones remove what the others wrote.
fn probes(namespace: &str) -> Vec<(&'static str, Cmd)> {
    let key = |kind: &str| format!("{{{namespace}:doctor:0}}:{kind}");
    let (string, hash, set, sorted) = (key("string"), key("hash"), key("set"), key("sorted"));
    let with = |name: &'static str, arguments: &[&str]| {
        let mut command = cmd(name);
        command.arg(arguments);
        (name, command)
    };
    let script = "#!lua\nreturn redis.call('GET', KEYS[1])";
    vec![
        with("EVAL", &[script, "1", &string]),
        with("WATCH", &[&string]),
        with("UNWATCH", &[]),
        with("MULTI", &[]),
        with("EXEC", &[]),
        with("SET", &[&string, "1"]),
        with("MSET", &[&string, "1"]),
        with("GET", &[&string]),
        with("MGET", &[&string]),
        with("EXISTS", &[&string]),
        with("HSET", &[&hash, "f", "1"]),
        with("HSETNX", &[&hash, "f", "1"]),
        with("HINCRBY", &[&hash, "f", "1"]),
        with("HGET", &[&hash, "f"]),
        with("HMGET", &[&hash, "f"]),
        with("HGETALL", &[&hash]),
        with("HKEYS", &[&hash]),
        with("HLEN", &[&hash]),
        with("HDEL", &[&hash, "f"]),
        with("SADD", &[&set, "m"]),
        with("SMEMBERS", &[&set]),
        with("SREM", &[&set, "m"]),
        with("ZADD", &[&sorted, "0", "m"]),
        with("ZRANGE", &[&sorted, "0", "-1"]),
        with("ZCARD", &[&sorted]),
        with("ZREM", &[&sorted, "m"]),
        with("SCAN", &["0", "MATCH", &string, "COUNT", "1"]),
        with("UNLINK", &[&string, &hash]),
        with("DEL", &[&set, &sorted]),
    ]
}

/// The commands that the server answers with an error; fails where it does not answer.
fn refused(redis: &mut Connection, probes: &[(&'static str, Cmd)]) -> RedisResult<Vec<(&'static str, String)>> {
    let mut refused = Vec::new();
    for (name, probe) in probes {
        match probe.exec(redis) {
            Ok(()) => {}
            Err(error) if is_answer(&error) => refused.push((*name, error.to_string())),
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

fn is_answer(error: &RedisError) -> bool {
    error.code().is_some() && !error.is_connection_dropped() && !error.is_io_error()
}
