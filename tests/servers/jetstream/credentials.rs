//! Servers that know us by our keys.

use std::fs;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use projector::log::{JetStreamLog, NewStream};
use serde_json::{Value, json};

use crate::nats;

/// Whether a server with this configuration lets us in with these settings.
fn opens(config: &Path, settings: &str) -> Result<(), String> {
    let server = nats::start_with(&["-c", &config.display().to_string()]);
    let new = NewStream { subjects: vec!["events.>".to_owned()], replicas: 1 };
    JetStreamLog::create(&nats::place(&server, settings), &new).map_err(|error| projector::fault::chain(&error))
}

/// Writes a file that is named so.
fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("files can be written");
    path
}

fn seed(key: &KeyPair) -> String {
    key.seed().expect("it was made here")
}

/// What one key says of another, signed.
fn token(issuer: &KeyPair, subject: &KeyPair, claims: Value) -> String {
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let body =
        json!({ "jti": subject.public_key(), "iat": 0, "iss": issuer.public_key(), "sub": subject.public_key(), "nats": claims });
    let said = [head, body].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes())).join(".");
    let signature = issuer.sign(said.as_bytes()).expect("it can sign");
    format!("{said}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// A server's configuration under which one account is known, which may use JetStream.
fn known(operator: &KeyPair, account: &KeyPair) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1
    });
    // JetStream needs an account of the server's own.
    let system = KeyPair::new_account();
    let known = [
        (account, json!({ "type": "account", "version": 2, "limits": limits })),
        (&system, json!({ "type": "account", "version": 2 })),
    ];
    let known = known.map(|(account, claims)| format!("  {}: {}\n", account.public_key(), token(operator, account, claims)));
    let operator = token(operator, operator, json!({ "type": "operator", "version": 2 }));
    let (system, known) = (system.public_key(), known.concat());
    format!("operator: {operator}\nsystem_account: {system}\nresolver: MEMORY\nresolver_preload: {{\n{known}}}\n")
}

/// A credentials file of a user of this account.
fn credentials(account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let part = |name: &str, text: &str| format!("-----BEGIN {name}-----\n{text}\n------END {name}------\n\n");
    part("NATS USER JWT", &token(account, &user, claims)) + &part("USER NKEY SEED", &seed(&user))
}

#[test]
fn an_nkey() {
    let folder = tempfile::tempdir().unwrap();
    let (known, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let config = format!("authorization: {{ users: [ {{ nkey: {} }} ] }}\n", known.public_key());
    let config = write(folder.path(), "server.conf", &config);
    let [ours, other] = [("ours.nk", &known), ("other.nk", &stranger)].map(|(name, key)| write(folder.path(), name, &seed(key)));
    assert_eq!(opens(&config, &format!("nkey = \"{}\"", ours.display())), Ok(()));
    let error = opens(&config, &format!("nkey = \"{}\"", other.display())).unwrap_err();
    assert!(error.contains("authorization violation") && !error.contains(&seed(&stranger)), "{error}");
}

#[test]
fn a_credentials_file() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, account) = (KeyPair::new_operator(), KeyPair::new_account());
    let config = write(folder.path(), "server.conf", &known(&operator, &account));
    let ours = write(folder.path(), "ours.creds", &credentials(&account));
    assert_eq!(opens(&config, &format!("credentials = \"{}\"", ours.display())), Ok(()));
    let other = write(folder.path(), "other.creds", &credentials(&KeyPair::new_account()));
    let error = opens(&config, &format!("credentials = \"{}\"", other.display())).unwrap_err();
    assert!(error.contains("authorization violation"), "{error}");
}
