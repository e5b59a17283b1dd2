//! The client of a place: its address, and for an encrypted one whom we trust and who we are.

use std::fs;
use std::path::Path;

use redis::io::tcp::TcpSettings;
use redis::{Client, ClientTlsConfig, TlsCertificates};

use crate::config::{RedisPlace, Tls};

/// The client, or why there can be none. Nothing is connected.
pub fn of(place: &RedisPlace) -> Result<Client, String> {
    let info = place.url.connection_info().map_err(|error| error.to_string())?;
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let client = if place.url.is_encrypted() {
        // It fails where there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::build_with_tls(info, certificates(&place.tls)?)
    } else {
        Client::open(info)
    };
    client.map_err(|error| error.to_string())
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
