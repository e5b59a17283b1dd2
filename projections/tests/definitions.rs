//! What is said of mistakes in definitions. Each case of a file in `golden/` is a text and, after `=>`, its mistakes: the
//! underlined part, the message, and the hint. `UPDATE_GOLDEN=1` writes what is said now.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};

const SCHEMAS: [(&str, &str); 6] = [
    (
        "orders/OrderPlaced",
        r#"{ "order_id": { "type": "string" }, "customer_id": { "type": "string" }, "customer_no": { "type": "integer" },
             "note": { "type": "string" }, "address": { "type": "object", "properties": { "city": { "type": "string" } } },
             "tags": { "type": "array", "items": { "type": "string" } }, "placed_on": { "type": "string", "format": "date" },
             "lines": { "type": "array", "items": { "type": "object", "properties": {
               "line_no": { "type": "integer" }, "sku": { "type": "string" }, "quantity": { "type": "integer" },
               "unit_price": { "type": "number", "format": "decimal" }, "weight": { "type": "number" } } } } }"#,
    ),
    (
        "orders/OrderShipped",
        r#"{ "order_id": { "type": "string" }, "carrier": { "type": "string" }, "days": { "type": "integer" } }"#,
    ),
    (
        "customers/CustomerRegistered",
        r#"{ "customer_id": { "type": "string" }, "name": { "type": "string" }, "country": { "type": "string" } }"#,
    ),
    ("customers/CustomerDeleted", r#"{ "customer_id": { "type": "string" } }"#),
    ("products/ProductAdded", r#"{ "sku": { "type": "string" }, "title": { "type": "string" }, "data": {} }"#),
    ("payments/PaymentCaptured", r#"{ "order_id": { "type": "string" }, "amount": { "type": "number", "format": "decimal" } }"#),
];

const ENTITIES: &str = r#"
name = "test"
subjects = ["test.>"]

[entities.customers]
key = ["customer_id"]
on.CustomerRegistered.set = { name = "name", country = "country" }
on.CustomerDeleted.delete = true

[entities.orders]
key = ["order_id"]
on.OrderPlaced.set = { customer_id = "customer_id", customer_no = "customer_no", note = "note", address = "address", city = "address.city", tags = "tags", placed_on = "placed_on", placed_at = "event.time" }
on.OrderShipped.set = { carrier = "carrier" }

[entities.order_lines]
key = ["order_id", "line_no"]
on.OrderPlaced = { for_each = "lines", set = { sku = "each.sku", quantity = "each.quantity", unit_price = "each.unit_price", weight = "each.weight" } }

[entities.products]
key = ["sku"]
on.ProductAdded.set = { title = "title", data = "data" }

[entities.payments]
key = ["order_id"]
on.PaymentCaptured.set = { paid = "coalesce(self.paid, 0) + amount" }

[views.v]
query = "v.sql"
"#;

fn registry() -> Registry {
    let schema = |(name, properties): &(&str, &str)| SourceFile {
        path: format!("{name}.v1.json"),
        text: format!(r#"{{ "type": "object", "properties": {properties} }}"#),
    };
    load_registry("", &SCHEMAS.iter().map(schema).collect::<Vec<_>>()).unwrap()
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

fn load(toml: &str, sql: &str) -> Result<Plan, Vec<Diagnostic>> {
    load_projection("p", &[file("p/projection.toml", toml), file("p/v.sql", sql)], &registry())
}

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
