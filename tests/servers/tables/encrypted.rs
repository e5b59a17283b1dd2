//! Encrypted connections, and who we are.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use projector::config::Tls;
use projector::fault::Fault;
use projector::tables::{ClickHouse, ClickHouseUrl, TableWriter};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use schemas::Type;

use super::{build, row, view};
use crate::certificates::Certificates;
use crate::clickhouse;

/// Each side is listened to in turn.
const TURN: Duration = Duration::from_millis(1);

/// Takes encrypted connections, of those only who have a certificate, and passes them on to this port; answers its own.
fn encrypting_proxy(files: &Certificates, port: u16) -> u16 {
    let certificates = |file| CertificateDer::pem_reader_iter(BufReader::new(File::open(file).unwrap())).map(Result::unwrap);
    let mut roots = RootCertStore::empty();
    certificates(&files.authority).for_each(|authority| roots.add(authority).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let chain = certificates(&files.certificate).collect();
    let config = Arc::new(config.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (config, server) = (config.clone(), TcpStream::connect(("127.0.0.1", port)).unwrap());
            thread::spawn(move || pass_on(StreamOwned::new(ServerConnection::new(config).unwrap(), client), server));
        }
    });
    own
}

/// Ends with either side, or where they do not agree.
fn pass_on(mut client: StreamOwned<ServerConnection, TcpStream>, mut server: TcpStream) {
    client.sock.set_read_timeout(Some(TURN)).unwrap();
    server.set_read_timeout(Some(TURN)).unwrap();
    let mut bytes = vec![0; 1 << 16];
    loop {
        for turn in [copy(&mut client, &mut server, &mut bytes), copy(&mut server, &mut client, &mut bytes)] {
            match turn {
                Ok(0) => return,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }
}

fn copy(from: &mut impl Read, to: &mut impl Write, bytes: &mut [u8]) -> io::Result<usize> {
    let length = from.read(bytes)?;
    to.write_all(&bytes[..length])?;
    to.flush()?;
    Ok(length)
}

#[test]
fn both_sides_prove_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let files = Certificates::make(folder.path());
    let server = clickhouse::start();
    let mut place = clickhouse::place(&server);
    let port = encrypting_proxy(&files, server.port());
    place.url = ClickHouseUrl::parse(&format!("https://127.0.0.1:{port}/shop")).unwrap();
    let (authority, identity) = (Some(files.authority.clone()), Some((files.certificate.clone(), files.key.clone())));
    let build = build(vec![view("people", &[("id", Type::Text)])]);
    let stranger = Certificates::make(tempfile::tempdir_in(folder.path()).unwrap().keep().as_path());
    let unknown_to_us = Tls { authority: Some(stranger.authority), identity: identity.clone() };
    let unknown_to_the_server = Tls { authority: authority.clone(), identity: None };
    for tls in [unknown_to_us, unknown_to_the_server] {
        place.tls = tls;
        let refused = ClickHouse::new(&place).unwrap().ensure(&build);
        assert!(matches!(refused, Err(Fault::Unavailable { .. })), "{refused:?}");
    }
    place.tls = Tls { authority, identity };
    let tables = ClickHouse::new(&place).unwrap();
    tables.ensure(&build).unwrap();
    tables.write(&build, 0, &[row("a", Some(r#"{"id":"a"}"#), (1, 1))]).unwrap();
    assert_eq!(clickhouse::ask(&server, "SELECT id FROM people__g1"), "a\n");

    place.tls.authority = Some(folder.path().join("nothing.pem"));
    let missing = ClickHouse::new(&place).err();
    assert!(matches!(&missing, Some(Fault::Unfit { reason, .. }) if reason.contains("nothing.pem")), "{missing:?}");
}
