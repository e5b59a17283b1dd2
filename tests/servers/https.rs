//! The API over encrypted connections.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use tempfile::TempDir;

use crate::binary;
use crate::certificates::Certificates;
use crate::daemon::Daemon;

#[test]
fn who_trusts_the_authority_is_answered_and_who_asks_in_clear_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::make(folder.path());
    settle(&folder, "certificate.pem", "key.pem");
    let mut command = binary::command(folder.path(), ["run"]);
    command.env("PROJECTOR_TELEMETRY_FILTER", "off");
    let daemon = Daemon::start(command);

    let answer = asked(&daemon.address, &certificates);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");
    let mut clear = TcpStream::connect(&daemon.address).unwrap();
    clear.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut said = Vec::new();
    // An alert, or nothing but the end.
    let _ = clear.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"));
    assert_eq!(daemon.terminate(), Some(0));
}

#[test]
fn a_certificate_without_its_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    Certificates::make(folder.path());
    settle(&folder, "certificate.pem", "certificate.pem");
    let output = binary::command(folder.path(), ["run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot use certificate.pem"), "{said}");
}

/// With the reference projections, and with these files as certificate and key.
fn settle(folder: &TempDir, certificate: &str, key: &str) {
    let sources = env!("CARGO_MANIFEST_DIR");
    let settings = format!(
        "projections = \"{sources}/projections\"\nschemas = \"{sources}/schemas\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         tls_certificate = \"{certificate}\"\ntls_key = \"{key}\"\n"
    );
    fs::write(folder.path().join("projector.toml"), settings).unwrap();
}

/// `/healthz`, in a connection that has to be of a certificate that the authority has signed.
fn asked(address: &str, certificates: &Certificates) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificates.authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
