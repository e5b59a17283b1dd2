//! Which node to ask: the one that answered last, or where another points. Pure.
//!
//! All keys of a projection are in one slot of a cluster, and one master has it at a time. Who is asked for a slot that is not its own
//! says whose it is; so there is no map of slots to be kept true.

use std::fmt;
use std::sync::Arc;

use redis::{ConnectionAddr, ErrorKind, RedisError, ServerErrorKind};

use super::node::Refused;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Its name, or its number.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// The nodes that are still to be asked. Each is asked once at most, so that nodes which point at each other end it.
pub struct Search {
    next: Option<Address>,
    known: Arc<[Address]>,
    asked: Vec<Address>,
}

/// Where to go on when a node has not answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// This one has the keys.
    At(Address),
    /// Another one may know more.
    Another,
    /// No other node says anything else.
    Nowhere,
}

// === impl Address ===

impl Address {
    /// Of a server that is reached over the network.
    pub fn of(address: &ConnectionAddr) -> Option<Address> {
        match address {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Address { host: host.clone(), port: *port })
            }
            _ => None,
        }
    }

    /// `host:port` as the node at `asked` writes it: without a host it means its own.
    fn told(text: &str, asked: &Address) -> Option<Address> {
        let (host, port) = text.rsplit_once(':')?;
        let host = if host.is_empty() { &asked.host } else { host };
        Some(Address { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

// === impl Search ===

impl Search {
    /// Begins at the likeliest one, if there is one, and goes on through those that are known.
    pub fn new(likeliest: Option<Address>, known: Arc<[Address]>) -> Search {
        Search { next: likeliest, known, asked: Vec::new() }
    }

    /// The next one to ask; `None` where all have been asked.
    pub fn next(&mut self) -> Option<Address> {
        let next = self.next.take().filter(|address| !self.asked.contains(address));
        let next = next.or_else(|| self.known.iter().find(|address| !self.asked.contains(address)).cloned())?;
        self.asked.push(next.clone());
        Some(next)
    }

    /// This one comes next.
    pub fn redirect(&mut self, to: Address) {
        self.next = Some(to);
    }
}

/// Where to go on when the node at `asked` has refused. Questions may be repeated, so that one that a node may have answered before its
/// connection broke is asked elsewhere; not so one that took long: its time is up.
pub fn next(refused: &Refused, asked: &Address) -> Next {
    match refused {
        Refused::Unreachable(_) => Next::Another,
        Refused::Unfit(_) => Next::Nowhere,
        Refused::Failed(error) => after(error, asked),
    }
}

fn after(error: &RedisError, asked: &Address) -> Next {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved) => owner(error, asked).map_or(Next::Another, Next::At),
        // It is cut off from the others, or was when it looked last.
        ErrorKind::Server(ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown) => Next::Another,
        _ if error.is_connection_dropped() => Next::Another,
        _ => Next::Nowhere,
    }
}

/// Whom the first error that a command of a pipeline met, or the only one, points at.
fn owner(error: &RedisError, asked: &Address) -> Option<Address> {
    let errors = error.clone().into_server_errors()?;
    let (_, first) = errors.first()?;
    // The slot comes first.
    Address::told(first.details()?.split_ascii_whitespace().nth(1)?, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Address {
        Address { host: "a".to_owned(), port }
    }

    /// What a node at `a:1` makes of it that a server says this.
    fn after_saying(said: &str) -> Next {
        let said = redis::parse_redis_value(format!("-{said}\r\n").as_bytes()).and_then(redis::Value::extract_error);
        next(&Refused::Failed(said.unwrap_err()), &address(1))
    }

    #[test]
    fn a_search_begins_at_the_likeliest_and_asks_nobody_twice() {
        let mut search = Search::new(Some(address(3)), [1, 2, 3].map(address).into());
        assert_eq!(search.next(), Some(address(3)));
        search.redirect(address(9));
        assert_eq!(search.next(), Some(address(9)));
        search.redirect(address(3));
        assert_eq!([search.next(), search.next(), search.next()], [Some(address(1)), Some(address(2)), None]);
    }

    #[test]
    fn where_to_go_on() {
        let at = |host: &str, port| Next::At(Address { host: host.to_owned(), port });
        for (said, expected) in [
            ("MOVED 3999 10.0.0.2:6381", at("10.0.0.2", 6381)),
            ("MOVED 3999 ::1:6381", at("::1", 6381)),
            ("MOVED 3999 :6381", at("a", 6381)),
            ("MOVED 3999", Next::Another),
            ("CLUSTERDOWN Hash slot not served", Next::Another),
            ("MASTERDOWN Link with MASTER is down", Next::Another),
            ("ASK 3999 10.0.0.2:6381", Next::Nowhere),
            ("TRYAGAIN Multiple keys request during rehashing of slot", Next::Nowhere),
            ("LOADING Redis is loading the dataset in memory", Next::Nowhere),
            ("WRONGTYPE Operation against a key", Next::Nowhere),
        ] {
            assert_eq!(after_saying(said), expected, "{said}");
        }
        let broken = |kind: std::io::ErrorKind| next(&Refused::Failed(std::io::Error::from(kind).into()), &address(1));
        assert_eq!(broken(std::io::ErrorKind::ConnectionReset), Next::Another);
        assert_eq!(broken(std::io::ErrorKind::WouldBlock), Next::Nowhere, "it took too long");
    }
}
