//! The address of a database in ClickHouse.

use std::fmt;

use axum::http::Uri;

/// What to write, for who wrote something else.
const FORM: &str = "write http://user@host:8123/database, or https";

/// The database of a URL that names none.
const DEFAULT_DATABASE: &str = "default";

/// The URL of a database in ClickHouse. There is no password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickHouseUrl {
    /// Scheme, host and port.
    server: String,
    database: String,
    user: Option<String>,
}

// === impl ClickHouseUrl ===

impl ClickHouseUrl {
    /// The URL, or what is wrong with it; never with the text itself, which may hold a password.
    pub fn parse(text: &str) -> Result<ClickHouseUrl, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("it is no URL; {FORM}"))?;
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if user.is_some_and(|user| user.contains(':')) {
            return Err("it holds a password: give it as tables.password, or in PROJECTOR_TABLES_PASSWORD".to_owned());
        }
        let server = format!("{scheme}://{}", with_port(scheme, host));
        let is_known = matches!(scheme, "http" | "https") && !host.is_empty() && server.parse::<Uri>().is_ok();
        if !is_known || database.contains(['/', '?', '#', '%']) || user == Some("") {
            return Err(format!("the URL cannot be read; {FORM}"));
        }
        let database = if database.is_empty() { DEFAULT_DATABASE } else { database };
        Ok(ClickHouseUrl { server, database: database.to_owned(), user: user.map(str::to_owned) })
    }

    /// The server, as a URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The user, if the URL names one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.server.starts_with("https")
    }
}

/// ClickHouse has ports of its own.
fn with_port(scheme: &str, host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match scheme {
        _ if has_port => host.to_owned(),
        "https" => format!("{host}:8443"),
        _ => format!("{host}:8123"),
    }
}

impl fmt::Display for ClickHouseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_databases() {
        for (text, shown, user) in [
            ("http://localhost", "http://localhost:8123/default", None),
            ("https://ann@ch.example/shop", "https://ch.example:8443/shop", Some("ann")),
            ("http://[::1]:9000/shop", "http://[::1]:9000/shop", None),
            ("http://[::1]/", "http://[::1]:8123/default", None),
        ] {
            let url = ClickHouseUrl::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.user()), (shown, user));
        }
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for text in [
            "http:/secret@x",
            "http://u:secret@x/d",
            "http://secret",
            "http://x y/secret",
            "http://x/secret/d",
            "http://x/d?secret",
            "http://@/secret",
            "httpx://secret",
        ] {
            match ClickHouseUrl::parse(text) {
                Ok(url) => assert_eq!(text, "http://secret", "{url}"),
                Err(message) => assert!(!message.contains("secret"), "{message}"),
            }
        }
    }
}
