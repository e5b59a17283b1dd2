//! What there is to be seen of servers before anybody relies on them.

use std::sync::Arc;

use redis::{Cmd, Connection, RedisError, RedisResult, cmd};

use super::RedisState;
use super::node::{Demand, objection, said};
use super::nodes::Nodes;
use super::route::Address;
use super::server::Server;
use super::topology::Share;
use super::url::Deployment;
use crate::config::RedisPlace;
use crate::fault::{Fault, chain};

/// What is seen of a place.
#[derive(Clone, Debug)]
pub struct RedisFacts {
    /// The place, without secrets.
    pub place: String,
    /// Its servers; of a cluster those that were named and those that a node told of.
    pub servers: Vec<ServerFacts>,
    /// How the slots are shared, where it is a cluster and says so.
    pub shares: Option<Vec<Share>>,
    /// Commands that we may not run, and why; or why that is not known.
    pub refused: Result<Vec<(&'static str, String)>, String>,
}

/// What is seen of a server.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// Where it is.
    pub address: Address,
    /// What it says of itself, or why it does not.
    pub told: Result<Told, String>,
}

/// What a server says.
#[derive(Clone, Debug)]
pub struct Told {
    /// Of itself: `name:value`, one a line.
    pub info: String,
    /// Why it is not used at all, if so.
    pub objection: Option<String>,
}

// === impl Told ===

impl Told {
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
    /// Looks at all servers of a place; also at those that would be refused. Writes under keys of our namespace that nobody reads, and
    /// removes them. Fails where no server answers.
    pub fn examine(place: &RedisPlace) -> Result<RedisFacts, Fault> {
        let nodes = Arc::new(Nodes::new(place, Demand::Any)?);
        let shares = match place.url.deployment() {
            Deployment::Standalone => None,
            Deployment::Cluster => nodes.addresses().iter().find_map(|address| nodes.learn_from(&*nodes.at(address).ok()?).ok()),
        };
        let probes = probes(&place.namespace, place.url.deployment());
        let refused = Server::new(nodes.clone()).ask("looking at the server", |redis| refused(redis, &probes));
        let look = |address: &Address| ServerFacts { address: address.clone(), told: look(&nodes, address) };
        let servers: Vec<ServerFacts> = nodes.addresses().iter().map(look).collect();
        match refused {
            Err(fault) if servers.iter().all(|server| server.told.is_err()) => Err(fault),
            refused => {
                let refused = refused.map_err(|fault| chain(&fault));
                Ok(RedisFacts { place: place.url.to_string(), servers, shares, refused })
            }
        }
    }
}

fn look(nodes: &Nodes, address: &Address) -> Result<Told, String> {
    let node = nodes.at(address).map_err(|fault| chain(&fault))?;
    let (info, _) = node.ask(|redis| cmd("INFO").query::<String>(redis)).map_err(|refused| refused.to_string())?;
    Ok(Told { objection: objection(&info, nodes.deployment()), info })
}

/// Each command that is used, on keys that nobody reads; the last ones remove what the others wrote.
fn probes(namespace: &str, deployment: Deployment) -> Vec<(&'static str, Cmd)> {
    let key = |kind: &str| format!("{{{namespace}:doctor:0}}:{kind}");
    let (string, hash, set, sorted) = (key("string"), key("hash"), key("set"), key("sorted"));
    let with = |name: &'static str, arguments: &[&str]| {
        let mut command = Cmd::new();
        command.arg(name.split(' ').collect::<Vec<_>>()).arg(arguments);
        (name, command)
    };
    let script = "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])";
    let mut probes = vec![
        with("EVAL", &[script, "1", &string]),
        with("EVAL_RO", &[script, "1", &string]),
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
    ];
    if deployment == Deployment::Cluster {
        probes.push(with("CLUSTER SLOTS", &[]));
    }
    probes
}

/// The commands that the server answers with an error; fails where it does not answer, or has not the keys.
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
    // Of a cluster, those are answers that lead to another node or come to nothing.
    error.code().is_some() && !error.is_connection_dropped() && !error.is_io_error() && !error.is_cluster_error()
}
