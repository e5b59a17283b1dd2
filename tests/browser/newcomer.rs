//! What a newcomer does: starts the demo, opens the page, and looks around.

use serde_json::{Value, json};

use crate::shop::{DESK, Shop};

/// The number in a fact of the page.
fn fact(name: &str) -> String {
    format!("Number(document.querySelector('[data-fact={name}] strong').textContent.replace(/[^0-9.]/g, ''))")
}

#[test]
fn lag_and_rates_move() {
    let shop = Shop::open(0);
    let page = shop.page(DESK);
    page.wait(&format!("{} > 1", fact("rate")));
    let before = page.wait(&fact("position"));
    page.wait(&format!("{} > {before}", fact("position")));
    page.wait("/^[0-9,]+ events?$/.test(document.querySelector('[data-fact=lag] strong').textContent)");
    let points = "document.querySelector('.canvas .line-0').getAttribute('d').split('L').length";
    page.wait(&format!("{points} > 2"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_document_is_opened_and_seen_to_change() {
    let shop = Shop::open(500);
    let page = shop.page(DESK);
    page.click("//nav//a[text()='Documents']");
    page.click("//tbody//a");
    let text = page.wait("(() => { try { return JSON.parse(document.querySelector('article pre').textContent) } catch {} })()");
    let customer = text["customer_id"].as_str().unwrap();
    let name = "Zoë <b>Newcomer</b>";
    shop.publish("customers", "CustomerRenamed", "renamed-1", &json!({ "customer_id": customer, "name": name }));
    page.wait(&format!("document.querySelector('article pre').textContent.includes({})", json!(name)));
    page.wait("/changed at [0-9:]+/.test(document.querySelector('article p').textContent)");
    assert_eq!(page.run("return document.querySelector('article b')"), Value::Null, "text is text");
}

#[test]
fn a_rebuild_is_watched_to_its_end() {
    let shop = Shop::open(20_000);
    let page = shop.page(DESK);
    page.wait(&format!("{} >= 20000", fact("position")));
    page.click("//button[text()='Rebuild']");
    page.click("//dialog//button[text()='Rebuild']");
    page.wait("document.querySelector('.building').checkVisibility()");
    page.wait("/generation 2 is live/.test(document.body.innerText)");
    page.wait("document.querySelector('tr.live th').textContent === '2'");
    page.wait("!document.querySelector('.building').checkVisibility()");
    page.click("//button[text()='Roll back']");
    page.click("//dialog//button[text()='Roll back']");
    page.wait("document.querySelector('tr.live th').textContent === '1'");
    page.click("//nav//a[text()='History']");
    page.wait("/rolled back to 1/.test(document.querySelector('tbody').innerText)");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_dead_letter_is_found_tried_again_repaired_and_another_discarded() {
    let shop = Shop::open(0);
    let page = shop.page(DESK);
    // What it is said to be, with what a hostile service would say.
    let hostile = "<img src=x onerror='window.harmed=1'>";
    shop.publish("customers", "CustomerRegistered", "bad-1", &json!({ "customer_id": "c-zoe", "name": hostile }));
    shop.publish("customers", "Nonsense", "bad-2", &json!({ hostile: hostile }));
    page.click("//nav//a[contains(., 'Dead letters')][contains(., '2')]");
    page.click("//summary[contains(., 'schema_violation')]");
    page.wait(&format!("document.querySelector('details[open] pre').textContent.includes({})", json!(hostile)));
    page.click("//details[@open]//button[text()='Retry']");
    page.wait("/0 of 1 dead letter retried/.test(document.querySelector('#messages').textContent)");
    page.click("//details[@open]//button[text()='Repair…']");
    let whole = json!({ "specversion": "1.0", "id": "bad-1", "source": "/shop/customers", "type": "CustomerRegistered",
        "data": { "customer_id": "c-zoe", "name": "Zoë", "email": "zoe@mail.example", "country": "CH", "newsletter": false } });
    page.run("document.querySelector('dialog textarea').value = ''");
    page.type_into("//dialog//textarea", &whole.to_string());
    page.click("//dialog//button[text()='Retry with this']");
    page.wait("/1 dead letter repaired/.test(document.querySelector('#messages').textContent)");
    page.wait("document.querySelectorAll('.letters details').length === 1");
    page.click("//summary[contains(., 'unknown_type')]");
    page.click("//details[@open]//button[text()='Discard']");
    page.type_into("//dialog//input[@name='reason']", "nonsense");
    page.click("//dialog//button[text()='Discard']");
    page.wait("/nothing that could not be applied/.test(document.body.innerText)");
    assert_eq!(page.run("return [window.harmed ?? null, document.querySelector('main img')]"), json!([null, null]));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
