//! Where state is.

use std::fmt;
use std::path::PathBuf;

use super::access::Tls;
use super::checked::Checker;
use crate::state::RedisUrl;

/// The settings that only encrypted connections know.
const ENCRYPTED_ONLY: [&str; 3] = ["state.tls_authority", "state.tls_certificate", "state.tls_key"];

/// Where state is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatePlace {
    /// In a SQLite file.
    Embedded(PathBuf),
    /// In Redis, or in a Redis Cluster.
    Redis(RedisPlace),
}

/// A part of a Redis database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisPlace {
    /// The server and the database, or nodes of a cluster.
    pub url: RedisUrl,
    /// What our keys start with.
    pub namespace: String,
    /// Whom we trust.
    pub tls: Tls,
}

// === impl StatePlace ===

/// What it is, whoever connects to it and however: two that are printed the same are the same. A file may be printed in several ways.
impl fmt::Display for StatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatePlace::Embedded(path) => {
                let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                write!(f, "embedded:{}", absolute.display())
            }
            StatePlace::Redis(RedisPlace { url, namespace, .. }) => write!(f, "{namespace} in redis://{}", url.database()),
        }
    }
}

// === impl Checker ===

impl Checker<'_> {
    /// Where state is.
    pub(super) fn state(&mut self) -> Option<StatePlace> {
        let (base, namespace, tls) = (self.base, self.namespace(), self.tls("state"));
        let url = self.parsed("state.url", |url| match url.split_once(':') {
            Some(("embedded", "")) => Err("the path of the file is missing: write embedded:data/projector.db".to_owned()),
            Some(("embedded", path)) => Ok(Url::Embedded(base.join(path))),
            Some(("redis" | "rediss" | "redis-cluster" | "rediss-cluster", _)) => RedisUrl::parse(url).map(Url::Redis),
            // The text may hold a password, and is not repeated.
            Some((scheme, _)) => Err(format!(
                "{scheme} is not supported; there are embedded:FILE, redis:// and rediss://, redis-cluster:// and rediss-cluster://"
            )),
            None => Err("it is no URL; write embedded:FILE or redis://host:6379".to_owned()),
        });
        let url = url?;
        if !matches!(&url, Url::Redis(url) if url.is_encrypted()) {
            self.refuse_encrypted_settings();
        }
        match url {
            Url::Embedded(path) => Some(StatePlace::Embedded(path)),
            Url::Redis(url) => Some(StatePlace::Redis(RedisPlace { url, namespace: namespace?, tls: tls? })),
        }
    }

    fn refuse_encrypted_settings(&mut self) {
        for key in ENCRYPTED_ONLY {
            if self.filled(key).is_some() {
                self.refuse(key, "it is for rediss:// and rediss-cluster:// only");
            }
        }
    }

    fn namespace(&mut self) -> Option<String> {
        self.parsed("state.namespace", |text| {
            let is_plain = !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "_-.".contains(char));
            if is_plain { Ok(text.to_owned()) } else { Err("it takes letters, digits, and _ - . only".to_owned()) }
        })
    }
}

/// A URL of state.
enum Url {
    Embedded(PathBuf),
    Redis(RedisUrl),
}
