//! Connections to one Redis server, checked before they are used.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{Client, Connection, ErrorKind, RedisError, RedisResult, ServerErrorKind};

use super::client;
use crate::config::RedisPlace;
use crate::fault::Fault;

/// How long a connection may take, with everything that is said before it is used.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take: longer than any script of ours runs, several times over.
const ANSWERING: Duration = Duration::from_secs(10);
/// The oldest Redis that refuses a script as a whole where memory is short.
const OLDEST: u64 = 7;

/// A Redis server.
pub struct Server {
    client: Client,
    place: String,
    idle: Mutex<Vec<Connection>>,
    /// What the server called its run when it was connected to last.
    run: Mutex<String>,
}

// === impl Server ===

impl Server {
    /// The server at this place; connected to when it is first asked.
    pub fn new(place: &RedisPlace) -> Result<Server, Fault> {
        let shown = place.url.to_string();
        match client::of(place) {
            Ok(client) => Ok(Server { client, place: shown, idle: Mutex::default(), run: Mutex::default() }),
            Err(reason) => Err(Fault::Unfit { place: shown, reason }),
        }
    }

    /// Asks a question on a connection that nobody else uses. It is asked twice where the first connection turns out to have been
    /// closed, so that it must be one that may be repeated.
    pub fn ask<T>(&self, operation: &'static str, question: impl Fn(&mut Connection) -> RedisResult<T>) -> Result<T, Fault> {
        let idle = self.idle().pop();
        if let Some(mut connection) = idle {
            match question(&mut connection) {
                // The others were closed by the same restart.
                Err(error) if error.is_connection_dropped() => self.idle().clear(),
                answer => return self.settle(operation, connection, answer),
            }
        }
        let mut connection = self.connect()?;
        let answer = question(&mut connection);
        self.settle(operation, connection, answer)
    }

    /// The name of the server's run: another one after each restart, and on another server.
    pub fn run(&self) -> String {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something stored that cannot be read.
    pub fn damaged(&self, reason: impl Into<String>) -> Fault {
        Fault::Damaged { place: self.place.clone(), reason: reason.into() }
    }

    /// Something that was stored and is gone.
    pub fn lost(&self, what: impl Into<String>) -> Fault {
        Fault::Lost { place: self.place.clone(), what: what.into() }
    }

    /// Something that somebody dropped who has something newer.
    pub fn gone(&self, what: impl Into<String>) -> Fault {
        Fault::Gone { place: self.place.clone(), what: what.into() }
    }

    /// Something that the server cannot do.
    pub fn unfit(&self, reason: impl Into<String>) -> Fault {
        Fault::Unfit { place: self.place.clone(), reason: reason.into() }
    }

    /// Something that did not work now, and may later.
    pub fn unavailable(&self, operation: &'static str, reason: &str) -> Fault {
        Fault::Unavailable { operation, place: self.place.clone(), source: reason.into() }
    }

    /// Asks a question also of a server that would not be used.
    pub fn ask_any<T>(&self, operation: &'static str, question: impl Fn(&mut Connection) -> RedisResult<T>) -> Result<T, Fault> {
        let asked = self.connect_any().and_then(|mut connection| question(&mut connection));
        asked.map_err(|error| self.fault(operation, error))
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let prepared = self.connect_any().and_then(|mut connection| {
            let info: String = redis::cmd("INFO").query(&mut connection)?;
            Ok((connection, info))
        });
        let (connection, info) = prepared.map_err(|error| self.fault("connecting", error))?;
        if let Some(reason) = objection(&info) {
            return Err(self.unfit(reason));
        }
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = said(&info, "run_id").to_owned();
        Ok(connection)
    }

    fn connect_any(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(CONNECTING)?;
        connection.set_read_timeout(Some(ANSWERING))?;
        connection.set_write_timeout(Some(ANSWERING))?;
        Ok(connection)
    }

    /// Keeps the connection for the next question, unless something went wrong with it.
    fn settle<T>(&self, operation: &'static str, connection: Connection, answer: RedisResult<T>) -> Result<T, Fault> {
        let value = answer.map_err(|error| self.fault(operation, error))?;
        self.idle().push(connection);
        Ok(value)
    }

    fn fault(&self, operation: &'static str, error: RedisError) -> Fault {
        match error.kind() {
            ErrorKind::UnexpectedReturnType | ErrorKind::Parse => self.damaged(error.to_string()),
            _ if error.code() == Some("WRONGTYPE") => self.damaged(error.to_string()),
            _ if needs_a_person(&error) => self.unfit(error.to_string()),
            _ => Fault::Unavailable { operation, place: self.place.clone(), source: Box::new(error) },
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it stays as it is until somebody changes the server or the configuration. What Redis says in passing (it loads, it is
/// a replica just now, it is out of memory, it cannot write to its disk) is not of this kind.
fn needs_a_person(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => true,
        ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::Moved | ServerErrorKind::CrossSlot) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => {
            !error.detail().is_some_and(|said| said.contains("max number of clients"))
        }
        _ => matches!(error.code(), Some("WRONGPASS" | "NOAUTH")),
    }
}

/// What speaks against using a server that says this of itself.
pub fn objection(info: &str) -> Option<String> {
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
    (said(info, "cluster_enabled") == "1").then(|| "it is a node of a Redis Cluster, which is not supported yet".to_owned())
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
        for (info, expected) in [
            ("redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:0\r\n", None),
            ("redis_version:6.2.7\r\nmaxmemory_policy:noeviction\r\n", Some("it is Redis 6.2.7")),
            ("redis_version:10.1.0\r\nmaxmemory_policy:allkeys-lru\r\n", Some("maxmemory-policy is allkeys-lru")),
            ("redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:1\r\n", Some("Redis Cluster")),
            ("", Some("7.0 or newer is needed")),
        ] {
            let found = objection(info);
            assert!(found.as_deref().unwrap_or_default().contains(expected.unwrap_or_default()), "{info}: {found:?}");
            assert_eq!(found.is_some(), expected.is_some(), "{info}: {found:?}");
        }
    }
}
