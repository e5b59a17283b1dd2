//! The address of a Redis server or cluster, which may hold a password and never shows it.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::config::Secret;

/// What to write, for who wrote something else.
const FORM: &str = "write redis://host:6379, or rediss://user:password@host:6379/0 with special characters as %40, or for a Redis Cluster \
                    redis-cluster://host:7000,host:7001";

/// The URL of a Redis server, or of some nodes of a Redis Cluster. Printed without its password, in every form.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    deployment: Deployment,
    /// One for each server that is named.
    servers: Vec<Secret>,
    shown: String,
    database: String,
}

/// How Redis is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// One server has all keys.
    Standalone,
    /// Several masters share them.
    Cluster,
}

// === impl RedisUrl ===

impl RedisUrl {
    /// The URL, or what is wrong with it; never with the text itself, which may hold a password.
    pub fn parse(text: &str) -> Result<RedisUrl, String> {
        let wrong = || format!("it is no URL of a Redis server; {FORM}");
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (deployment, servers) = match scheme {
            "redis" | "rediss" => (Deployment::Standalone, vec![text.to_owned()]),
            "redis-cluster" => (Deployment::Cluster, each("redis", rest)),
            "rediss-cluster" => (Deployment::Cluster, each("rediss", rest)),
            _ => return Err(wrong()),
        };
        let parsed: Result<Vec<ConnectionInfo>, _> =
            servers.iter().map(|server| server.as_str().into_connection_info()).collect();
        let parsed = parsed.map_err(|_| format!("the URL cannot be read; {FORM}"))?;
        if deployment == Deployment::Cluster && parsed.iter().any(|info| info.redis_settings().db() != 0) {
            return Err("a Redis Cluster has the database 0 only; tell Projectors apart by state.namespace".to_owned());
        }
        let servers = servers.into_iter().map(Secret::new).collect();
        let database = parsed.first().map(database).unwrap_or_default();
        Ok(RedisUrl { deployment, servers, shown: shown(scheme, deployment, &parsed), database })
    }

    /// How Redis is set up there.
    pub fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// The server, its port and the number of the database; of a cluster, the first node that is named.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// How to connect to each of the servers that are named.
    pub(super) fn connection_infos(&self) -> redis::RedisResult<Vec<ConnectionInfo>> {
        self.servers.iter().map(|server| server.reveal().into_connection_info()).collect()
    }

    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.shown.starts_with("rediss")
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.shown)
    }
}

/// A URL for each of several servers, which have user and path in common.
fn each(scheme: &str, rest: &str) -> Vec<String> {
    let (user, servers) = rest.rfind('@').map_or(("", rest), |at| rest.split_at(at + 1));
    let (servers, path) = servers.find('/').map_or((servers, ""), |slash| servers.split_at(slash));
    servers.split(',').map(|server| format!("{scheme}://{user}{server}{path}")).collect()
}

fn shown(scheme: &str, deployment: Deployment, servers: &[ConnectionInfo]) -> String {
    let user = servers.first().and_then(|info| info.redis_settings().username());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let part = |info| if deployment == Deployment::Cluster { host(info) } else { database(info) };
    format!("{scheme}://{user}{}", servers.iter().map(part).collect::<Vec<_>>().join(","))
}

fn database(info: &ConnectionInfo) -> String {
    format!("{}/{}", host(info), info.redis_settings().db())
}

fn host(info: &ConnectionInfo) -> String {
    match info.addr() {
        ConnectionAddr::TcpTls { host, port, .. } => format!("{host}:{port}"),
        address => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_their_passwords() {
        for (url, expected) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://:secret@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
            ("rediss://ann:secret@cache.example", "rediss://ann@cache.example:6379/0"),
            ("redis-cluster://a:7000", "redis-cluster://a:7000"),
            ("redis-cluster://:secret@a:7000,b,[::1]:7002/0", "redis-cluster://a:7000,b:6379,::1:7002"),
            ("rediss-cluster://ann:se,cret@a:7000,b:7001/", "rediss-cluster://ann@a:7000,b:7001"),
        ] {
            let url = RedisUrl::parse(url).unwrap();
            assert_eq!((url.to_string().as_str(), format!("{url:?}")), (expected, format!("RedisUrl({expected})")));
        }
    }

    #[test]
    fn all_nodes_that_are_named_have_the_same_user() {
        let url = RedisUrl::parse("rediss-cluster://ann:secret@a:7000,b:7001").unwrap();
        assert_eq!((url.deployment(), url.is_encrypted()), (Deployment::Cluster, true));
        let infos = url.connection_infos().unwrap();
        let told = |info: &ConnectionInfo| (host(info), info.redis_settings().username().map(str::to_owned));
        let ann = Some("ann".to_owned());
        assert_eq!(infos.iter().map(told).collect::<Vec<_>>(), [("a:7000".to_owned(), ann.clone()), ("b:7001".to_owned(), ann)]);
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for text in [
            "redis:/secret@x",
            "redis://u:secret@x:port",
            "redis://:secret@x/first",
            "http://u:secret@x",
            "redis-cluster://:secret@",
        ] {
            let message = RedisUrl::parse(text).unwrap_err();
            assert!(!message.contains("secret") && message.contains("redis://host"), "{message}");
        }
        let message = RedisUrl::parse("redis-cluster://:secret@a,b/3").unwrap_err();
        assert!(!message.contains("secret") && message.contains("database 0 only"), "{message}");
    }
}
