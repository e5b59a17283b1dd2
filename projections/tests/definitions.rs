//! What is said of mistakes in definitions. Each case of a file in `golden/` is a text and, after `=>`, its mistakes: the
//! underlined part, the message, and the hint. `UPDATE_GOLDEN=1` writes what is said now.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;

use std::fs;
use std::path::Path;

use fixture::{ENTITIES, load};
use projections::definition::{load_projection, load_registry};
use schemas::{Diagnostic, SourceFile};

fn shown(mistakes: &[Diagnostic], toml: &str, sql: &str) -> String {
    let mut lines = String::new();
    for mistake in mistakes {
        let text = if mistake.path.ends_with(".sql") { sql } else { toml };
        let underlined = mistake.span.clone().map_or("", |span| &text[span]);
        lines.push_str(&format!("   `{}`: {}\n", underlined.split('\n').next().unwrap(), mistake.message));
        lines.extend(mistake.hint.iter().map(|hint| format!("      hint: {hint}\n")));
    }
    lines
}

/// Runs each case of the golden file and compares.
fn check(name: &str, say: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let golden = fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    for case in golden.split("\n\n").filter(|case| !case.trim().is_empty()) {
        let text = case.split("\n=>").next().unwrap().trim_matches('\n');
        found.push_str(&format!("{text}\n=>\n{}\n", say(text)));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    for (golden, found) in golden.split("\n\n").zip(found.split("\n\n")) {
        assert_eq!(golden, found);
    }
}

#[test]
fn what_views_cannot_have() {
    check("views.txt", |sql| match load(ENTITIES, sql) {
        Ok(plan) => format!("   accepted: {} columns, key {:?}\n", plan.views[0].columns.len(), plan.views[0].key),
        Err(mistakes) => shown(&mistakes, ENTITIES, sql),
    });
}

#[test]
fn what_projections_cannot_have() {
    check("projections.txt", |text| {
        let toml = if text.contains("name =") { text.to_owned() } else { format!("name = \"test\"\n{text}") };
        let sql = "SELECT order_id FROM orders";
        match load(&toml, sql) {
            Ok(_) => "   accepted\n".to_owned(),
            Err(mistakes) => shown(&mistakes, &toml, sql),
        }
    });
}

#[test]
fn all_mistakes_are_found_at_once() {
    let toml = r#"
name = "test"
subject = ["test.>"]

[dead_letters]
policy = "stop"

[entities.orders]
key = ["order_id"]
on.OrderPlaced.set = { note = "nte", city = "upper(address)", placed_at = "event.at" }
on.OrderShiped.delete = true

[entities.payments]
key = ["order_id"]
on.PaymentCaptured.set = { paid = "self.paid + " }

[views.v]
query = "v.sql"
table = { order_by = ["stats"] }

[views.w]
query = "w.sql"
"#;
    let sql = "SELECT o.order_id, o.city + 1 AS x, p.pad FROM orders o LEFT JOIN payments p ON p.order_id = o.order_id";
    let mistakes = load(toml, sql).unwrap_err();
    assert_eq!(mistakes.len(), 10, "{}", shown(&mistakes, toml, sql));
}

#[test]
fn the_fingerprint_is_of_the_meaning() {
    let fingerprint = |toml: &str, sql: &str| load(toml, sql).unwrap().fingerprint;
    let sql = "SELECT order_id, note FROM orders WHERE note IS NOT NULL";
    let plain = fingerprint(ENTITIES, sql);
    assert_eq!(
        plain,
        fingerprint(&format!("# a comment\n{ENTITIES}"), "select o.order_id, o.note\nfrom orders o where o.note is not null")
    );
    assert_ne!(plain, fingerprint(ENTITIES, "SELECT order_id, note FROM orders WHERE note IS NULL"));
    assert_ne!(plain, fingerprint(ENTITIES, "SELECT order_id, note AS n FROM orders WHERE note IS NOT NULL"));
    assert_ne!(plain, fingerprint(&ENTITIES.replace("country = \"country\"", "country = \"upper(country)\""), sql));
}

#[test]
fn the_fingerprint_of_rows_is_of_what_is_folded() {
    let fingerprint = |toml: &str, sql: &str| load(toml, sql).unwrap().rows_fingerprint;
    let plain = fingerprint(ENTITIES, "SELECT order_id, note FROM orders");
    // Another view needs other indexes, of the same rows.
    let other = "SELECT o.order_id, c.country FROM orders o JOIN customers c ON c.customer_id = o.customer_id";
    assert_eq!(plain, fingerprint(ENTITIES, other));
    let folded = ENTITIES.replace("country = \"country\"", "country = \"upper(country)\"");
    assert_ne!(plain, fingerprint(&folded, other));
    assert_ne!(plain, fingerprint(&format!("{ENTITIES}\n[dead_letters]\npolicy = \"skip\""), other));
    let plan = || load(ENTITIES, other).unwrap();
    assert_ne!(plan().of_messages(7).rows_fingerprint, plan().rows_fingerprint, "of other messages");
}

#[test]
fn the_fingerprint_is_of_the_events_too() {
    let fingerprint = |service: &str, rest: &str| {
        let text = format!(r#"{{ "type": "object", "properties": {{ "id": {{ "type": "string" }} }}{rest} }}"#);
        let schema = |name: &str, text: &str| SourceFile { path: format!("{name}.v1.json"), text: text.to_owned() };
        let schemas = [schema(&format!("{service}/Placed"), &text), schema("other/Unused", r#"{ "type": "object" }"#)];
        let toml = "name = \"t\"\n[entities.orders]\nkey = [\"id\"]\non.Placed.set = {}\n[views.v]\nquery = \"v.sql\"";
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let files = [file("p/projection.toml", toml), file("p/v.sql", "SELECT id FROM orders")];
        load_projection("p", &files, &load_registry("", &schemas).unwrap()).unwrap().fingerprint
    };
    assert_eq!(fingerprint("orders", ""), fingerprint("orders", "  "));
    assert_ne!(fingerprint("orders", ""), fingerprint("orders", r#", "required": ["id"]"#));
    assert_ne!(fingerprint("orders", ""), fingerprint("shops", ""));
}

#[test]
fn how_views_are_kept() {
    check("plans.txt", |sql| match load(ENTITIES, sql) {
        Ok(plan) => plan.explain(),
        Err(mistakes) => shown(&mistakes, ENTITIES, sql),
    });
}

#[test]
fn mistakes_in_upcasts() {
    let schema = |version: u32| SourceFile {
        path: format!("s/orders/OrderPlaced.v{version}.json"),
        text: r#"{ "type": "object", "properties": { "note": { "type": "string" } } }"#.into(),
    };
    let check = |expr: &str, underlined: &str, message: &str| {
        let text = format!("set = {{ note = \"{expr}\" }}");
        let upcast = SourceFile { path: "s/orders/OrderPlaced.v1-to-v2.toml".into(), text: text.clone() };
        let mistakes = load_registry("s", &[schema(1), schema(2), upcast]).unwrap_err();
        assert_eq!((&text[mistakes[0].span.clone().unwrap()], mistakes[0].message.as_str()), (underlined, message));
    };
    check("upper(nte)", "nte", "the older version has no field `nte`");
    check("upper(note", "e", "expected: ), found: EOF");
    check("max(note)", "max(note)", "an upcast cannot have an aggregate");
}
