//! Which servers are used, as whom, and which keys of theirs.

use std::path::Path;

use projector::config::Tls;
use projector::fault::{Fault, chain};
use projector::state::Outcome;
use redis::Commands;

use super::contract::{Fixture, commit, open, store};
use super::redis::{Redis, changes, redis, version_of};
use crate::certificates::Certificates;
use crate::process::{Server, free_port};
use crate::redis as server;

fn refusal(fixture: &Redis) -> String {
    let fault = fixture.open().builds.projections().unwrap_err();
    assert!(matches!(fault, Fault::Unfit { .. }), "{fault:?}");
    chain(&fault)
}

/// That documents are kept and read there.
fn assert_works(redis: &Redis) {
    let state = open(redis);
    let store = store(&state, 1);
    let fence = store.claim().unwrap().fence;
    assert_eq!(commit(&*store, fence, 0, &changes(1)), Outcome::Committed);
    assert_eq!(version_of(&state, "a"), Some(1));
}

/// From now on the server takes encrypted connections only, and only of those that this authority knows.
fn encrypt(server: &Server, files: &Certificates) {
    let mut command = redis::cmd("CONFIG");
    command.arg("SET").arg("tls-cert-file").arg(text(&files.certificate)).arg("tls-key-file").arg(text(&files.key));
    command.arg("tls-ca-cert-file").arg(text(&files.authority)).arg("tls-auth-clients").arg("yes");
    let mut client = server::client(server);
    let set = command.exec(&mut client);
    // The port is free only when nobody listens on it any more.
    let set = set.and_then(|()| redis::cmd("CONFIG").arg("SET").arg("port").arg(0).exec(&mut client));
    let set = set.and_then(|()| redis::cmd("CONFIG").arg("SET").arg("tls-port").arg(server.port()).exec(&mut client));
    set.expect("the server takes its settings");
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn servers_that_cannot_be_used_are_refused() {
    let port = free_port().to_string();
    for (arguments, expected) in [
        (&["--maxmemory-policy", "allkeys-lru"][..], "its maxmemory-policy is allkeys-lru"),
        (&["--cluster-enabled", "yes", "--cluster-port", &port], "it is a node of a Redis Cluster: write redis-cluster://"),
        (&["--requirepass", "right"], "NOAUTH"),
    ] {
        let said = refusal(&redis(arguments));
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_server_alone_is_no_cluster() {
    let mut redis = redis(&[]);
    redis.url = redis.url.replace("redis://", "redis-cluster://");
    let said = refusal(&redis);
    assert!(said.contains("it is no node of a Redis Cluster: write redis:// in state.url"), "{said}");
    assert!(
        said.starts_with(&format!("redis-cluster://127.0.0.1:{port} (127.0.0.1:{port})", port = redis.server.port())),
        "{said}"
    );
}

#[test]
fn a_policy_that_is_changed_is_seen_on_the_next_connection() {
    let redis = redis(&[]);
    assert_works(&redis);
    let mut change = redis::cmd("CONFIG");
    change.arg("SET").arg("maxmemory-policy").arg("volatile-ttl").exec(&mut server::client(&redis.server)).unwrap();
    assert!(refusal(&redis).contains("volatile-ttl"));
}

#[test]
fn a_password() {
    let mut redis = redis(&["--requirepass", "right"]);
    redis.url = redis.url.replace("redis://", "redis://:wrong@");
    assert!(!refusal(&redis).contains("wrong"), "{}", refusal(&redis));
    redis.url = redis.url.replace("wrong", "right");
    assert_works(&redis);
}

#[test]
fn a_user_with_few_permissions_is_enough() {
    let mut redis = redis(&[]);
    let permissions = ["on", ">s%cret", "~test:*", "~{test:*", "+@all", "-@dangerous", "-@admin", "+info"];
    let _: () = redis::cmd("ACL").arg("SETUSER").arg("ann").arg(&permissions).query(&mut server::client(&redis.server)).unwrap();
    redis.url = redis.url.replace("redis://", "redis://ann:s%25cret@");
    assert_works(&redis);
    redis.namespace = "other".into();
    assert!(refusal(&redis).contains("no permissions"), "{}", refusal(&redis));
}

#[test]
fn an_encrypted_connection_needs_trust_on_both_sides() {
    let mut redis = redis(&[]);
    let files = Certificates::make(redis.server.data());
    encrypt(&redis.server, &files);
    redis.url = redis.url.replace("redis://", "rediss://");
    let refused = |redis: &Redis| chain(&redis.open().builds.projections().unwrap_err());
    assert!(refused(&redis).contains("UnknownIssuer"), "{}", refused(&redis));
    redis.tls.authority = Some(files.authority);
    assert!(refused(&redis).contains("CertificateRequired"), "{}", refused(&redis));
    redis.tls.identity = Some((files.certificate, files.key));
    assert_works(&redis);
}

#[test]
fn certificates_that_cannot_be_read_are_named() {
    let mut redis = redis(&[]);
    redis.url = redis.url.replace("redis://", "rediss://");
    redis.tls = Tls { authority: Some("nothing.pem".into()), identity: None };
    let Err(fault) = redis.try_open() else { panic!("it is not there") };
    assert!(matches!(fault, Fault::Unfit { .. }) && chain(&fault).contains("cannot read nothing.pem"), "{fault:?}");
}

#[test]
fn namespaces_and_databases_know_nothing_of_each_other() {
    let mut redis = redis(&[]);
    assert_works(&redis);
    redis.namespace = "other".into();
    assert_works(&redis);
    redis.url = redis.url.replace("/0", "/3");
    assert_works(&redis);
    let keys: Vec<String> = server::client(&redis.server).keys("*").unwrap();
    assert!(keys.iter().any(|key| key.starts_with("{test:")) && keys.iter().any(|key| key.starts_with("{other:")), "{keys:?}");
}

#[test]
fn what_a_newer_program_wrote_is_left_alone() {
    let redis = redis(&[]);
    assert_works(&redis);
    let _: () = server::client(&redis.server).hset("{test:shop:0}:g1:cp", "format", 9).unwrap();
    assert!(refusal(&redis).contains("is of format 9, this program writes format 5"), "{}", refusal(&redis));
}
