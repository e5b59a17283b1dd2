//! A headless Chromium, driven by its WebDriver. The few commands that are needed are plain HTTP with JSON.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// What a page has not done by then it will not do, in milliseconds.
const PATIENCE: u64 = 60_000;
/// What names an element in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Answers what the condition yields, as soon as it holds; or, when it is too late, nothing.
const WAIT: &str = "const [condition, patience, done] = arguments, start = performance.now();
    const holds = new Function('return (' + condition + ')');
    (function look() {
        let found = null;
        try { found = holds(); } catch {}
        if (found || performance.now() - start > patience) done(found); else setTimeout(look, 20);
    })();";

/// How a page is shown.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In pixels.
    pub width: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

/// A browser with one window, until dropped.
pub struct Browser {
    driver: Child,
    address: String,
    session: String,
}

// === impl Browser ===

impl Browser {
    /// Starts it.
    pub fn open(Screen { width, scheme }: Screen) -> Browser {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = started.expect("chromedriver is installed: tests/run does that");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = format!("127.0.0.1:{}", lines.filter_map(|line| port(&line)).next().expect("it says where it listens"));
        let mut browser = Browser { driver, address, session: String::new() };
        let size = format!("--window-size={width},900");
        let options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", size] });
        let capabilities = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let session = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser.command("timeouts", &json!({ "script": PATIENCE * 2 }));
        // A window is never narrower than a browser's frame; a screen is.
        browser.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 }),
        );
        browser.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
        browser
    }

    /// Opens a page.
    pub fn go(&self, address: &str) {
        self.command("url", &json!({ "url": address }));
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an asynchronous expression comes to.
    pub fn run_async(&self, expression: &str) -> Value {
        let script = format!("({expression}).then(arguments[0], (error) => arguments[0](String(error)))");
        self.command("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression holds, and returns what it yields.
    pub fn wait(&self, condition: &str) -> Value {
        let found = self.command("execute/async", &json!({ "script": WAIT, "args": [condition, PATIENCE] }));
        assert!(!found.is_null() && found != false, "it never holds: {condition}\n{}", self.text());
        found
    }

    /// Waits for an element, and clicks on it as a person does.
    pub fn click(&self, xpath: &str) {
        let element = self.element(xpath);
        self.command(&format!("element/{element}/click"), &json!({}));
    }

    /// Waits for an element, and types into it.
    pub fn type_into(&self, xpath: &str, text: &str) {
        let element = self.element(xpath);
        self.command(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses a key, whatever has the focus; `\u{e004}` is the tabulator, `\u{e007}` enter.
    pub fn press(&self, key: &str) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.command("actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    /// All text of the page.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// What the browser has complained about since this was asked last.
    pub fn complaints(&self) -> Vec<String> {
        let logged = self.command("se/log", &json!({ "type": "browser" }));
        let entries = logged.as_array().unwrap().iter();
        entries.map(|entry| format!("{}: {}", entry["level"].as_str().unwrap(), entry["message"].as_str().unwrap())).collect()
    }

    fn element(&self, xpath: &str) -> String {
        let found = format!("document.evaluate({}, document, null, 9, null).singleNodeValue", json!(xpath));
        self.wait(&format!("(() => {{ const found = {found}; return found?.checkVisibility() && !found.disabled }})()"));
        let element = self.command("element", &json!({ "using": "xpath", "value": xpath }));
        element[ELEMENT].as_str().unwrap().to_owned()
    }

    fn devtools(&self, name: &str, parameters: &Value) {
        self.command("goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
    }

    fn command(&self, name: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}/{name}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = self.answer(method, path, body);
        assert!(status.contains(" 200 "), "{path} {body}: {status}: {value}");
        value
    }

    fn answer(&self, method: &str, path: &str, body: &Value) -> (String, Value) {
        let (body, address) = (body.to_string(), &self.address);
        let mut stream = TcpStream::connect(address).expect("the driver takes connections");
        let length = body.len();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        // The driver does not close connections, so that only the length tells where an answer ends.
        let mut reader = BufReader::new(stream);
        let head: Vec<String> = reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        let length = head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let mut answer = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut answer).expect("the driver answers");
        let mut body: Value = serde_json::from_slice(&answer).unwrap_or_else(|error| panic!("{path}: {error}: {head:?}"));
        (head[0].clone(), body["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, the driver does not; where a test fails already there is nothing to add.
        if !self.session.is_empty() && TcpStream::connect(&self.address).is_ok() {
            self.answer("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port that the driver says it has.
fn port(line: &str) -> Option<u16> {
    line.split("started successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
}
