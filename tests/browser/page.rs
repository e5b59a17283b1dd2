//! What holds for the whole page: it fits a phone, can be read in light and dark, is used with the keyboard, and says when nobody answers.

use serde_json::json;

use crate::driver::{Browser, Screen};
use crate::shop::{DESK, Shop};

/// The parts of the page, each with what shows that it is there.
const PARTS: [(&str, &str); 5] = [
    ("now", "document.querySelector('.plot')"),
    ("letters", "document.querySelector('.letters li')"),
    ("documents", "document.querySelector('tbody td a')"),
    ("lineage", "document.querySelector('.lineage .node')"),
    ("history", "document.querySelector('tbody td')"),
];
/// Texts whose contrast to what is behind them is too low, by the WCAG's formula.
const FAINT: &str = "const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const behind = (node) => { for (let at = node; at; at = at.parentElement) { const colour = rgba(getComputedStyle(at).backgroundColor); if (colour[3] === 255) return colour; } return rgba('white'); };
    const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    return [...document.querySelectorAll('body *')].filter((node) => hasText(node) && node.checkVisibility() && !node.closest('svg, :disabled, noscript, option, .skip')).map((node) => {
        const [a, b] = [luminance(rgba(getComputedStyle(node).color)), luminance(behind(node))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent.slice(0, 40)];
    }).filter(([contrast]) => contrast < 4.5)";
/// Controls that say nothing to who does not see them.
const NAMELESS: &str = "const named = (node) => node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length;
    return [...document.querySelectorAll('button, input, select, textarea, a')].filter((node) => node.checkVisibility() && !named(node)).map((node) => node.outerHTML)";

fn show(page: &Browser, part: &str, shown: &str) {
    page.run(&format!("location.hash = '#/shop/{part}'"));
    page.wait(shown);
}

#[test]
fn it_fits_a_phone_and_is_read_in_light_and_dark() {
    let shop = Shop::open(300);
    shop.publish("orders", "Nonsense", "bad-1", &json!({}));
    for screen in
        [Screen { width: 360, scheme: "light" }, Screen { width: 360, scheme: "dark" }, Screen { scheme: "dark", ..DESK }]
    {
        let page = shop.page(screen);
        for (part, shown) in PARTS {
            show(&page, part, shown);
            let width = page.run("return document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(width <= u64::from(screen.width), "{part} needs {width} of {screen:?}");
            assert_eq!(page.run(FAINT), json!([]), "{part} on {screen:?}");
            assert_eq!(page.run(NAMELESS), json!([]), "{part} on {screen:?}");
        }
    }
}

#[test]
fn it_is_used_with_the_keyboard() {
    let shop = Shop::open(0);
    let page = shop.page(DESK);
    let tab_to = |text: &str| {
        for _ in 0..40 {
            page.press("\u{e004}");
            let focused =
                page.run("return [document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]");
            assert_ne!(focused[1], "none", "who has the focus shows it: {focused}");
            if focused[0].as_str().unwrap().starts_with(text) {
                return;
            }
        }
        panic!("nobody comes to {text} with the keyboard");
    };
    tab_to("Skip to content");
    tab_to("Pause");
    page.press("\u{e007}");
    page.wait("document.querySelector('dialog').open && document.activeElement.closest('dialog')");
    page.press("\u{e00c}");
    page.wait("!document.querySelector('dialog')");
    tab_to("Lineage");
    page.press("\u{e007}");
    page.wait("document.querySelector('.lineage')");
}

#[test]
fn it_says_when_nobody_answers() {
    let mut shop = Shop::open(0);
    let page = shop.page(DESK);
    page.wait("/Connected/.test(document.querySelector('#connection').textContent)");
    shop.close();
    page.wait("/No answer for/.test(document.querySelector('#connection').textContent)");
    assert!(page.text().contains("Generations"), "what was seen last stays");
}

#[test]
fn it_asks_for_a_token_and_forgets_it_with_the_tab() {
    let (shop, token) = Shop::guarded();
    let page = shop.visit(DESK);
    page.type_into("//input[@id='token-text']", "wrong");
    page.click("//form[@id='token']/button");
    page.wait("/nobody has this token/.test(document.querySelector('#connection').textContent)");
    page.type_into("//input[@id='token-text']", &token);
    page.click("//form[@id='token']/button");
    page.wait("document.querySelector('.plot') && !document.querySelector('#token').checkVisibility()");
    page.click("//button[text()='Pause']");
    page.click("//dialog//button[text()='Pause']");
    page.wait("/Paused by ann/.test(document.querySelector('.reason').textContent)");
    assert_eq!(page.run("return [Object.values(sessionStorage), localStorage.length, document.cookie]"), json!([[token], 0, ""]));
}

/// Keys and documents are shown as they are: a browser's numbers would lose digits.
#[test]
fn values_keep_their_digits() {
    let shop = Shop::open(0);
    let page = shop.page(DESK);
    let found = page.run_async(
        r#"import("/dashboard/format.js").then(({ cell, indented, keyText, parse, seconds }) => [
            cell(parse('{"a":12345678901234567890.10}').a),
            indented('{"a":[1.10,{}],"b":"x{,}"}'),
            indented("no {json"),
            keyText(["a,b\\", null, 3]),
            [0, 0.0123, 3.5, 600].map(seconds),
        ])"#,
    );
    let expected = json!([
        "12345678901234567890.10",
        "{\n  \"a\": [\n    1.10,\n    {}\n  ],\n  \"b\": \"x{,}\"\n}",
        "no {json",
        "a\\,b\\\\,\\N,3",
        ["0 s", "12.3 ms", "3.5 s", "10 min"],
    ]);
    assert_eq!(found, expected);
}
