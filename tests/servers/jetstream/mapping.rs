//! Streams whose messages are no CloudEvents.

use std::fs;

use serde_json::Value;

use crate::folder::Folder;
use crate::nats::{self, Operator};

/// How customers are told of by a shop before this one, each under a subject of its own.
const RULES: &str = r#"
[[rule]]
subject = "shop.old.customer.*"
id = "{header.Message-Id}"
source = "/shop/customers"
type = "CustomerRegistered"
time = "{body/at}"
time_unit = "s"
data = { customer_id = "{subject.4}", name = "{body/names/0}", email = "{body/mail}", country = "SE", newsletter = false }
"#;
/// The exit code of what was refused.
const REFUSED: i32 = 2;

/// A stream with messages of both kinds, and a folder with the rules.
fn folder(operator: &Operator, folder: &Folder) {
    fs::write(folder.path().join("mapping.toml"), RULES).expect("files can be written");
    folder.reconfigure("[log]\n", "[log]\nmapping = \"mapping.toml\"\n");
    folder.run(&["log", "create", "--subject", "shop.>"]);
    let register = |id: &str, headers: &[(&str, &str)], body: &str| {
        operator.publish_to(&format!("shop.old.customer.{id}"), headers, body);
    };
    register("c-1", &[("Message-Id", "m-1")], r#"{"at":1760000000,"names":["Ada"],"mail":"A@x.se"}"#);
    register("c-2", &[("Message-Id", "m-2")], r#"{"at":1760000000,"names":[],"nick":"Bo","mail":"b@x.se"}"#);
    register("c-3", &[("Message-Id", "m-3")], "no JSON");
    register("c-4", &[], r#"{"at":1760000000,"names":["Di"],"mail":"d@x.se"}"#);
    register("c-1", &[("Message-Id", "m-1")], r#"{"at":1760000000,"names":["Twice"],"mail":"A@x.se"}"#);
    let renamed = r#"{"specversion":"1.0","id":"1","source":"/shop/customers","type":"CustomerRenamed","data":{"customer_id":"c-1","name":"Eve"}}"#;
    operator.publish_to("shop.customers.CustomerRenamed", &[], renamed);
}

/// Positions, kinds and reasons of the dead letters.
fn dead_letters(folder: &Folder) -> Vec<(u64, String, String)> {
    let listed = folder.run(&["--json", "dead-letters", "list", "shop"]);
    let letters = listed.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    letters
        .map(|letter| (letter["position"].as_u64().unwrap_or_default(), text(&letter["kind"]), text(&letter["reason"])))
        .collect()
}

#[test]
fn messages_become_events_or_dead_letters_that_say_why() {
    let server = nats::start();
    let operator = Operator::connect(&server);
    let shop = Folder::on_jetstream(&server);
    folder(&operator, &shop);
    shop.run(&["run", "--until-caught-up"]);
    let reason = |why: &str| format!("the rule for shop.old.customer.* cannot fill {why}");
    let expected = [
        (2, reason("`data`: name: the message has no {body/names/0}")),
        (3, reason("`time`: the body is not JSON: expected ident at line 1 column 2")),
        (4, reason("`id`: the message has no {header.Message-Id}")),
    ];
    assert_eq!(dead_letters(&shop), expected.map(|(position, reason)| (position, "not_mapped".to_owned(), reason)));
    let ada: Value = serde_json::from_str(&shop.run(&["get", "customer_summary", "c-1"])).expect("it is JSON");
    assert_eq!((&ada["name"], &ada["email"]), (&"Eve".into(), &"a@x.se".into()), "{ada}");
    assert!(shop.run(&["status"]).contains("position 6"), "nothing is left out");

    // Other rules make other events of the same messages: all of it is folded anew.
    let mended = RULES.replace("{body/names/0}", "{body/nick?}").replace("{header.Message-Id}", "{position}");
    fs::write(shop.path().join("mapping.toml"), mended).expect("files can be written");
    shop.run(&["run", "--until-caught-up"]);
    let letters = dead_letters(&shop);
    assert_eq!(
        letters.iter().map(|(position, kind, _)| (*position, &**kind)).collect::<Vec<_>>(),
        [(1, "schema_violation"), (3, "not_mapped"), (4, "schema_violation"), (5, "schema_violation")]
    );
    assert!(shop.run(&["get", "customer_summary", "c-2"]).contains("Bo"));
}

#[test]
fn mistakes_in_rules_are_told_at_the_start() {
    let server = nats::start();
    let shop = Folder::on_jetstream(&server);
    fs::write(shop.path().join("mapping.toml"), RULES.replace("{subject.4}", "{subject.5}")).expect("files can be written");
    shop.reconfigure("[log]\n", "[log]\nmapping = \"mapping.toml\"\n");
    for command in ["run", "check"] {
        let output = shop.start(&[command]).wait_with_output().expect("the binary ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(REFUSED), "{said}");
        assert!(said.contains("mapping.toml:9:") && said.contains("the subject has 4 parts, there is no {subject.5}"), "{said}");
    }
}
