//! Tests beside definitions: what passes, what fails and how that is shown, and mistakes in the tests themselves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use projections::definition::testing::{load_tests, run_test};
use projections::definition::{load_projection, load_registry};
use projections::plan::Plan;
use schemas::{Diagnostic, Registry, SourceFile};

const TOML: &str = r#"
name = "demo"

[entities.customers]
key = ["customer_id"]
on.CustomerRegistered.set = { name = "name" }

[entities.orders]
key = ["order_id"]
on.OrderPlaced.set = { customer_id = "customer_id", amount = "amount", last_name = "'unknown'" }
on.OrderRemoved.delete = true

[views.cards]
query = "cards.sql"

[views.amounts]
query = "amounts.sql"
"#;

const AMOUNTS: &str = "SELECT o.amount, (o.amount)::text AS shown, o.amount - o.amount AS none, count(*) AS n
                       FROM orders o GROUP BY o.amount";

const SQL: &str = "SELECT o.order_id, o.amount, c.name, 10 / o.amount AS share
                   FROM orders o LEFT JOIN customers c ON c.customer_id = o.customer_id";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

fn definitions() -> (Arc<Plan>, Arc<Registry>) {
    let schema = |name: &str, properties: &str| {
        file(
            &format!("{name}.v1.json"),
            &format!(r#"{{ "type": "object", "properties": {{ {properties} }}, "required": ["order_id"] }}"#),
        )
    };
    let schemas = [
        schema(
            "orders/OrderPlaced",
            r#""order_id": {"type":"string"}, "customer_id": {"type":"string"}, "amount": {"type":"number","format":"decimal"}"#,
        ),
        schema("orders/OrderRemoved", r#""order_id": {"type":"string"}"#),
        file(
            "people/CustomerRegistered.v1.json",
            r#"{ "type": "object", "properties": { "customer_id": {"type":"string"}, "name": {"type":"string"} } }"#,
        ),
    ];
    let registry = load_registry("", &schemas).unwrap();
    let plan =
        load_projection("", &[file("projection.toml", TOML), file("cards.sql", SQL), file("amounts.sql", AMOUNTS)], &registry)
            .unwrap();
    (Arc::new(plan), Arc::new(registry))
}

/// The failures of the tests in `text`, or its mistakes, one after the other.
fn said(text: &str) -> String {
    let (plan, registry) = definitions();
    let shown = |mistake: &Diagnostic| format!("{}: {}", &text[mistake.span.clone().unwrap()], mistake.message);
    match load_tests("", &[file("tests/a.toml", text)], &plan, &registry) {
        Err(mistakes) => mistakes.iter().map(shown).collect::<Vec<_>>().join("\n"),
        Ok(tests) => {
            let failures = tests.iter().flat_map(|test| run_test(test, &plan, &registry).unwrap().failures);
            failures.map(|failure| failure.to_string()).collect::<Vec<_>>().join("\n")
        }
    }
}

const GIVEN: &str = r#"
[[test]]
name = "t"
given = [
    { type = "OrderPlaced", data = { order_id = "o-1", customer_id = "c-1", amount = 2.50 } },
    { type = "CustomerRegistered", data = { customer_id = "c-1", name = "Ada" } },
]
"#;

#[test]
fn documents_are_compared() {
    let check = |expect: &str, failure: &str| assert_eq!(said(&format!("{GIVEN}{expect}")), failure, "{expect}");
    check(r#"expect = [{ view = "cards", key = ["o-1"], document = { name = "Ada", amount = 2.5 } }]"#, "");
    check(
        r#"expect = [{ view = "cards", key = "o-1", exactly = { order_id = "o-1", amount = 2.5, name = "Ada", share = 4 } }]"#,
        "",
    );
    check(r#"expect = [{ view = "cards", key = "o-2", absent = true }]"#, "");
    check(
        r#"expect = [{ view = "cards", key = "o-1", document = { name = "Bob" }, nulls = ["amount"] }]"#,
        "step 1: cards o-1 differs\n  amount\n    - null\n    + 2.50\n  name\n    - \"Bob\"\n    + \"Ada\"",
    );
    check(
        r#"expect = [{ view = "cards", key = "o-1", exactly = { order_id = "o-1", amount = 2.5, share = 4 } }]"#,
        "step 1: cards o-1 differs\n  name\n    - null\n    + \"Ada\"",
    );
    check(r#"expect = [{ view = "cards", key = "o-2", document = {} }]"#, "step 1: cards o-2 is missing");
    check(r#"expect = [{ view = "cards", key = "o-1", absent = true }]"#, "step 1: cards o-1 should be absent");
    check(r#"expect = [{ view = "cards", key = "o-1", broken = true }]"#, "step 1: cards o-1 should be broken");
}

#[test]
fn groups_keep_the_looks_of_their_keys() {
    let text = format!(
        "{GIVEN}{}",
        r#"
        expect = [{ view = "amounts", key = ["2.5"], document = { shown = "2.50", n = 1 } }]
        [[test.then]]
        given = [{ type = "OrderPlaced", data = '{"order_id": "o-2", "amount": 2.5}' }]
        expect = [{ view = "amounts", key = "2.50", document = { shown = "2.5", n = 2 } }]
        [[test.then]]
        given = [{ type = "OrderRemoved", data = { order_id = "o-2" } }]
        expect = [{ view = "amounts", key = "2.50", document = { shown = "2.50", n = 1 } }]
        "#
    );
    assert_eq!(said(&text), "");
}

#[test]
fn steps_follow_each_other() {
    let text = format!(
        "{GIVEN}{}",
        r#"
        [[test.then]]
        given = [{ type = "OrderPlaced", data = '{"order_id": "o-1", "amount": 0}' }]
        expect = [{ view = "cards", key = "o-1", broken = true }]
        [[test.then]]
        given = [{ type = "OrderRemoved", data = { order_id = "o-1" } }, { type = "OrderPlaced", data = {} }]
        expect = [{ view = "cards", key = "o-1", absent = true }]
        dead_letters = 1
        "#
    );
    assert_eq!(said(&text), "");
}

#[test]
fn a_failure_in_another_order_names_the_order() {
    let text = r#"
        [[test]]
        name = "the later event's time is seen"
        given = [
            { type = "CustomerRegistered", source = "/one/people", data = { customer_id = "c-1", name = "Ada" } },
            { type = "CustomerRegistered", source = "/two/people", data = { customer_id = "c-1", name = "Eve" } },
            { type = "OrderPlaced", data = { order_id = "o-1", customer_id = "c-1", amount = 1 } },
        ]
        expect = [{ view = "cards", key = "o-1", document = { name = "Eve" } }]
        "#;
    let failure = "step 1: cards o-1 differs\n  name\n    - \"Eve\"\n    + \"Ada\"\n  in the order event 2, CustomerRegistered; \
                   event 1, CustomerRegistered; event 3, OrderPlaced";
    assert_eq!(said(text), failure);
    let (given, expect) = text.split_once("        expect").unwrap();
    let later = format!("{given}        [[test.then]]\n        expect{expect}");
    assert_eq!(said(&later), failure.replace("step 1", "step 2"), "the order of an earlier step is told too");
    assert_eq!(said(&text.replace("[[test]]", "[[test]]\ninterleave = false")), "");
}

#[test]
fn dead_letters_are_no_surprise() {
    let text = "[[test]]\nname = 't'\ngiven = [{ type = 'OrderPlaced', data = { amount = 1 } }]";
    assert!(
        said(text).starts_with("step 1: 1 events could not be applied, expected were 0\n  schema_violation: "),
        "{}",
        said(text)
    );
    assert_eq!(said(&format!("{text}\ndead_letters = 1")), "");
}

#[test]
fn mistakes_in_tests() {
    let text = r#"
[[test]]
name = "t"
given = [{ type = "OrderPlacd", data = {} }, { type = "OrderPlaced" }, { type = "OrderPlaced", data = "{" }]
expect = [
    { view = "card", key = "o-1" },
    { view = "cards", key = ["o-1", "x"] },
    { view = "cards", key = "o-1", document = { nam = "Ada" }, null = ["x"] },
    { view = "cards", absent = true },
    { view = "cards", key = "o-1", absent = true, broken = true },
    { view = "cards", key = "o-1", broken = true, document = { name = "Ada" } },
]
expct = []
"#;
    let expected = r#"
"OrderPlacd": unknown event type `OrderPlacd`
{ type = "OrderPlaced" }: `data` is missing
"{": `data` is not JSON: EOF while parsing an object at line 1 column 1
"card": unknown view `card`
["o-1", "x"]: the key of `cards` is order_id
nam: the view has no column `nam`
null: unknown key `null`
{ view = "cards", absent = true }: `key` is missing
{ view = "cards", key = "o-1", absent = true, broken = true }: a document is either absent or broken
{ view = "cards", key = "o-1", broken = true, document = { name = "Ada" } }: a document that is broken has no columns
expct: unknown key `expct`"#;
    assert_eq!(said(text), expected.trim());
}
