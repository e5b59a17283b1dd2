//! The address of a Redis server, which may hold a password and never shows it.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::config::Secret;

/// What to write, for who wrote something else.
const FORM: &str = "write redis://host:6379, or rediss://user:password@host:6379/0 with special characters as %40";

/// The URL of a Redis server. Printed without its password, in every form.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// As it was written.
    text: Secret,
    shown: String,
    database: String,
}

// === impl RedisUrl ===

impl RedisUrl {
    /// The URL, or what is wrong with it; never with the text itself, which may hold a password.
    pub fn parse(text: &str) -> Result<RedisUrl, String> {
        if !["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(format!("it is no URL of a Redis server; {FORM}"));
        }
        let info = text.into_connection_info().map_err(|_| format!("the URL cannot be read; {FORM}"))?;
        Ok(RedisUrl { text: Secret::new(text), shown: shown(&info), database: database(&info) })
    }

    /// How to connect.
    pub(super) fn connection_info(&self) -> redis::RedisResult<ConnectionInfo> {
        self.text.reveal().into_connection_info()
    }

    /// The server, its port and the number of the database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.text.reveal().starts_with("rediss://")
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

fn shown(info: &ConnectionInfo) -> String {
    let scheme = if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) { "rediss" } else { "redis" };
    let user = info.redis_settings().username().map(|user| format!("{user}@")).unwrap_or_default();
    format!("{scheme}://{user}{}", database(info))
}

fn database(info: &ConnectionInfo) -> String {
    let host = match info.addr() {
        ConnectionAddr::TcpTls { host, port, .. } => format!("{host}:{port}"),
        address => address.to_string(),
    };
    format!("{host}/{}", info.redis_settings().db())
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
        ] {
            let url = RedisUrl::parse(url).unwrap();
            assert_eq!((url.to_string().as_str(), format!("{url:?}")), (expected, format!("RedisUrl({expected})")));
        }
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for text in ["redis:/secret@x", "redis://u:secret@x:port", "redis://:secret@x/first", "http://u:secret@x"] {
            let message = RedisUrl::parse(text).unwrap_err();
            assert!(!message.contains("secret") && message.contains("redis://host"), "{message}");
        }
    }
}
