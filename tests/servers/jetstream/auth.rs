//! Servers that ask who we are.

use projector::log::{JetStreamLog, NewStream};

use crate::certificates::Certificates;
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

#[test]
fn tls() {
    let folder = tempfile::tempdir().unwrap();
    let Certificates { authority, certificate, key } = Certificates::make(folder.path());
    let [authority, certificate, key] = [authority, certificate, key].map(|path| path.display().to_string());
    let server = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
    let trusting = format!("tls_authority = \"{authority}\"");
    assert_eq!(opens(&server, &trusting), Ok(()));
    assert!(opens(&server, "").unwrap_err().contains("UnknownIssuer"), "a server that nobody vouches for");
    let asking = [&server[..], &["--tlsverify", "--tlscacert", &authority]].concat();
    let ours = format!("tls_certificate = \"{certificate}\"\ntls_key = \"{key}\"");
    assert_eq!(opens(&asking, &format!("{trusting}\n{ours}")), Ok(()));
    assert!(opens(&asking, &trusting).is_err(), "a server that asks for our certificate");
}
