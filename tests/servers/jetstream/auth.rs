//! Servers that ask who we are.

use std::path::Path;
use std::process::Command;

use projector::log::{JetStreamLog, NewStream};

use tempfile::TempDir;

use crate::nats;

fn opens(extra: &[&str], settings: &str) -> Result<(), String> {
    let server = nats::start_with(extra);
    let new = NewStream { subjects: vec!["events.>".to_owned()], replicas: 1 };
    JetStreamLog::create(&nats::place(&server, settings), &new).map_err(|error| projector::fault::chain(&error))
}

#[test]
fn user_and_password() {
    let server = ["--user", "ann", "--pass", "wonder"];
    assert_eq!(opens(&server, "user = \"ann\"\npassword = \"wonder\""), Ok(()));
    for wrong in ["user = \"ann\"\npassword = \"wander\"", "token = \"wonder\"", ""] {
        let error = opens(&server, wrong).unwrap_err();
        assert!(error.contains("authorization violation") && !error.contains("wander"), "{error}");
    }
}

#[test]
fn token() {
    assert_eq!(opens(&["--auth", "sesame"], "token = \"sesame\""), Ok(()));
    assert!(opens(&["--auth", "sesame"], "token = \"other\"").is_err());
}

/// Runs openssl in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and certificates of it for a server on 127.0.0.1 and for us.
fn certificates() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let path = dir.path();
    std::fs::write(path.join("extensions"), "subjectAltName=IP:127.0.0.1\n").expect("files can be written");
    openssl(
        path,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
    );
    for name in ["server", "client"] {
        openssl(
            path,
            &format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
            ),
        );
        openssl(
            path,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out {name}.pem"
            ),
        );
    }
    dir
}

#[test]
fn tls() {
    let certificates = certificates();
    let file = |name: &str| certificates.path().join(name).display().to_string();
    let (authority, certificate, key) = (file("ca.pem"), file("server.pem"), file("server.key"));
    let server = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
    let trusting = format!("tls_authority = \"{authority}\"");
    assert_eq!(opens(&server, &trusting), Ok(()));
    assert!(opens(&server, "").unwrap_err().contains("UnknownIssuer"), "a server that nobody vouches for");
    let asking = [&server[..], &["--tlsverify", "--tlscacert", &authority]].concat();
    let ours = format!("tls_certificate = \"{}\"\ntls_key = \"{}\"", file("client.pem"), file("client.key"));
    assert_eq!(opens(&asking, &format!("{trusting}\n{ours}")), Ok(()));
    assert!(opens(&asking, &trusting).is_err(), "a server that asks for our certificate");
}
