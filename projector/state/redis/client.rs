//! Clients of the servers of a place: for encrypted connections with whom we trust and who we are.

use std::fs;
use std::path::Path;

use redis::io::tcp::TcpSettings;
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};

use super::route::Address;
use crate::config::{RedisPlace, Tls};

/// Makes clients that differ by their addresses only.
pub struct Clients {
    pattern: ConnectionInfo,
    /// For encrypted connections.
    certificates: Option<TlsCertificates>,
}

// === impl Clients ===

impl Clients {
    /// For this place, with the addresses that it names, or why there can be none.
    pub fn new(place: &RedisPlace) -> Result<(Clients, Vec<Address>), String> {
        let infos = place.url.connection_infos().map_err(|error| error.to_string())?;
        let addresses = infos.iter().filter_map(|info| Address::of(info.addr())).collect();
        let pattern = infos.into_iter().next().ok_or("no server is named")?;
        let pattern = pattern.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let certificates = if place.url.is_encrypted() { Some(certificates(&place.tls)?) } else { None };
        if certificates.is_some() {
            // It fails where there is one already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok((Clients { pattern, certificates }, addresses))
    }

    /// For the server at this address, or why there can be none. Nothing is connected.
    pub fn client(&self, address: &Address) -> Result<Client, String> {
        let info = self.pattern.clone().set_addr(self.address(address));
        let client = match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        };
        client.map_err(|error| error.to_string())
    }

    fn address(&self, address: &Address) -> ConnectionAddr {
        let Address { host, port } = address.clone();
        match self.pattern.addr() {
            ConnectionAddr::TcpTls { insecure, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: None }
            }
            _ => ConnectionAddr::Tcp(host, port),
        }
    }
}

fn certificates(tls: &Tls) -> Result<TlsCertificates, String> {
    let root_cert = tls.authority.as_deref().map(read).transpose()?;
    let client_tls = match &tls.identity {
        Some((certificate, key)) => Some(ClientTlsConfig { client_cert: read(certificate)?, client_key: read(key)? }),
        None => None,
    };
    Ok(TlsCertificates { client_tls, root_cert })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::RedisUrl;

    #[test]
    fn nodes_that_are_told_of_are_reached_like_those_that_were_named() {
        let url = RedisUrl::parse("rediss-cluster://ann:secret@a:7000,b:7001").unwrap();
        let (clients, named) = Clients::new(&RedisPlace { url, namespace: "n".into(), tls: Tls::default() }).unwrap();
        let at = |host: &str, port| Address { host: host.to_owned(), port };
        assert_eq!(named, [at("a", 7000), at("b", 7001)]);
        let client = clients.client(&at("c", 7002)).unwrap();
        let info = client.get_connection_info();
        assert!(matches!(info.addr(), ConnectionAddr::TcpTls { host, port: 7002, .. } if host == "c"), "{info:?}");
        assert_eq!(info.redis_settings().username(), Some("ann"));
    }
}
