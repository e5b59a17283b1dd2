//! Where HTTP is answered, to whom, and within which bounds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use schemas::SourceFile;

use super::checked::Checker;
use crate::access::{Access, Holder};

/// Where HTTP is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Http {
    /// At a place.
    Listen(HttpPlace),
    /// Nowhere.
    Off,
}

/// An address to answer at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPlace {
    /// The address.
    pub address: SocketAddr,
    /// Who is let in.
    pub access: Access,
    /// The files of the certificate and of its key, where connections are encrypted.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Bounds on what clients take.
    pub limits: HttpLimits,
}

/// Bounds on what clients take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Requests a second of each token that has no limit of its own; 0: as many as it likes.
    pub requests_per_second: u32,
}

// === impl Http ===

impl Http {
    /// The address, where there is one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Http::Listen(place) => Some(place.address),
            Http::Off => None,
        }
    }
}

// === impl Checker ===

impl Checker<'_> {
    /// Where HTTP is answered.
    pub(super) fn http(&mut self) -> Option<Http> {
        let address = self.parsed("http.listen", |text| match text {
            "none" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("'{text}' is no address; write 127.0.0.1:8080, or none")),
        });
        let (holders, tls, limits) = (self.holders(), self.tls_identity("http"), self.http_limits());
        let anyone = self.one_of("http.anyone", &[("false", Access::ThisMachine), ("true", Access::Anyone)]);
        let (address, holders, identity, limits, anyone) = (address?, holders?, tls?, limits?, anyone?);
        let Some(address) = address else { return Some(Http::Off) };
        let access = match holders {
            Some(holders) => Access::Holders(holders),
            None => self.without_tokens(address, anyone)?,
        };
        Some(Http::Listen(HttpPlace { address, access, identity, limits }))
    }

    /// Nobody is let in from elsewhere by an oversight.
    fn without_tokens(&mut self, address: SocketAddr, asked: Access) -> Option<Access> {
        if asked == Access::ThisMachine && !address.ip().is_loopback() {
            let message = format!(
                "others reach {address}: name in http.tokens who may do what, or set http.anyone = true where whoever \
                 reaches it may do everything"
            );
            self.refuse("http.listen", &message);
            return None;
        }
        Some(asked)
    }

    /// Whom the file of tokens names; `Some(None)` where there is no such file.
    fn holders(&mut self) -> Option<Option<Vec<Arc<Holder>>>> {
        if self.filled("http.tokens").is_none() {
            return Some(None);
        }
        let base = self.base;
        let file = self.parsed("http.tokens", |path| {
            let path = base.join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(SourceFile { path: path.display().to_string(), text })
        })?;
        Holder::parse_all(&file).map(Some).map_err(|mistakes| self.refuse_file(mistakes)).ok()
    }

    fn http_limits(&mut self) -> Option<HttpLimits> {
        let connections = self.at_least("http.", "connections", 1);
        let requests = self.at_least("http.", "requests_per_second", 0);
        Some(HttpLimits { connections: connections?, requests_per_second: u32::try_from(requests?).unwrap_or(u32::MAX) })
    }
}
