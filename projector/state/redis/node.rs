//! Connections to one Redis server, checked before they are used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{Client, Connection, RedisError, RedisResult};

use super::commit::Watched;
use super::route::Address;
use super::url::Deployment;

/// How long a connection may take, with everything that is said before it is used.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take: longer than any script of ours runs, several times over.
const ANSWERING: Duration = Duration::from_secs(10);
/// The oldest Redis that refuses a script as a whole where memory is short.
const OLDEST: u64 = 7;

/// A Redis server.
pub struct Node {
    address: Address,
    client: Client,
    demand: Demand,
    idle: Mutex<Vec<Line>>,
}

/// What a server has to be for a question to be asked.
#[derive(Clone, Copy, Debug)]
pub enum Demand {
    /// Sound, and a part of such a deployment.
    Sound(Deployment),
    /// Whatever it is: somebody wants to know.
    Any,
}

/// What a server calls its run: another name after each restart, and on another server.
pub type Run = Arc<str>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It was not asked: there is no connection.
    #[error("connecting failed: {0}")]
    Unreachable(RedisError),
    /// It was not asked: it is not what is demanded.
    #[error("{0}")]
    Unfit(String),
    /// It was asked, and may have done what it was asked to.
    #[error("{0}")]
    Failed(RedisError),
}

/// A connection to a server that is what is demanded.
pub struct Line {
    /// The connection.
    pub connection: Connection,
    /// What the last transaction on it has found at its end, and watches since.
    pub watched: Option<Watched>,
    run: Run,
}

// === impl Node ===

impl Node {
    /// The server of this client; connected to when it is first asked.
    pub fn new(address: Address, client: Client, demand: Demand) -> Node {
        Node { address, client, demand, idle: Mutex::default() }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Asks a question on a connection that nobody else uses; what it answers, and in which of its runs. It is asked twice where the
    /// first connection turns out to have been closed, so that it must be one that may be repeated.
    pub fn ask<T>(&self, question: impl Fn(&mut Connection) -> RedisResult<T>) -> Result<(T, Run), Refused> {
        self.ask_on_line(|line| question(&mut line.connection))
    }

    /// The same for a question that watches something beyond its answer.
    pub fn ask_on_line<T>(&self, question: impl Fn(&mut Line) -> RedisResult<T>) -> Result<(T, Run), Refused> {
        let idle = self.idle().pop();
        if let Some(mut line) = idle {
            match question(&mut line) {
                // The others were closed by the same restart.
                Err(error) if error.is_connection_dropped() => self.idle().clear(),
                answer => return self.settle(line, answer),
            }
        }
        let mut line = self.connect()?;
        let answer = question(&mut line);
        self.settle(line, answer)
    }

    fn connect(&self) -> Result<Line, Refused> {
        let (connection, info) = self.connect_any().map_err(Refused::Unreachable)?;
        if let Demand::Sound(deployment) = self.demand
            && let Some(reason) = objection(&info, deployment)
        {
            return Err(Refused::Unfit(reason));
        }
        Ok(Line { connection, watched: None, run: said(&info, "run_id").into() })
    }

    fn connect_any(&self) -> RedisResult<(Connection, String)> {
        let mut connection = self.client.get_connection_with_timeout(CONNECTING)?;
        connection.set_read_timeout(Some(ANSWERING))?;
        connection.set_write_timeout(Some(ANSWERING))?;
        let info = redis::cmd("INFO").query(&mut connection)?;
        Ok((connection, info))
    }

    /// Keeps the connection for the next question, unless something went wrong with it.
    fn settle<T>(&self, line: Line, answer: RedisResult<T>) -> Result<(T, Run), Refused> {
        let value = answer.map_err(Refused::Failed)?;
        let run = line.run.clone();
        self.idle().push(line);
        Ok((value, run))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What speaks against using a server that says this of itself, where it is to be a part of such a deployment.
pub fn objection(info: &str, deployment: Deployment) -> Option<String> {
    let (version, policy) = (said(info, "redis_version"), said(info, "maxmemory_policy"));
    let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < OLDEST {
        return Some(format!("it is Redis {version}; {OLDEST}.0 or newer is needed"));
    }
    if policy != "noeviction" {
        return Some(format!(
            "its maxmemory-policy is {policy}, by which documents vanish when memory is short; set it to noeviction"
        ));
    }
    match (deployment, said(info, "cluster_enabled") == "1") {
        (Deployment::Standalone, true) => Some("it is a node of a Redis Cluster: write redis-cluster:// in state.url".to_owned()),
        (Deployment::Cluster, false) => Some("it is no node of a Redis Cluster: write redis:// in state.url".to_owned()),
        // By that a commit sees whether all of its writes were done.
        _ if said(info, "total_error_replies").is_empty() => {
            Some("it does not say how many errors it has answered (total_error_replies)".to_owned())
        }
        _ => None,
    }
}

/// What a server says under this name; nothing where it does not.
pub fn said<'i>(info: &'i str, name: &str) -> &'i str {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_a_server() {
        use Deployment::{Cluster, Standalone};
        for (info, deployment, expected) in [
            (
                "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:0\r\ntotal_error_replies:0\r\n",
                Standalone,
                None,
            ),
            (
                "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:1\r\ntotal_error_replies:7\r\n",
                Cluster,
                None,
            ),
            ("redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\n", Standalone, Some("how many errors")),
            ("redis_version:6.2.7\r\nmaxmemory_policy:noeviction\r\n", Standalone, Some("it is Redis 6.2.7")),
            ("redis_version:10.1.0\r\nmaxmemory_policy:allkeys-lru\r\n", Cluster, Some("maxmemory-policy is allkeys-lru")),
            ("redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:1\r\n", Standalone, Some("redis-cluster://")),
            ("redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:0\r\n", Cluster, Some("write redis://")),
            ("", Standalone, Some("7.0 or newer is needed")),
        ] {
            let found = objection(info, deployment);
            assert!(found.as_deref().unwrap_or_default().contains(expected.unwrap_or_default()), "{info}: {found:?}");
            assert_eq!(found.is_some(), expected.is_some(), "{info}: {found:?}");
        }
    }
}
