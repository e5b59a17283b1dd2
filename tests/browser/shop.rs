//! The demo in an empty folder, as a newcomer starts it, and its page.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary;
use crate::daemon::Daemon;
use crate::driver::{Browser, Screen};

/// A wide, light screen.
pub const DESK: Screen = Screen { width: 1280, scheme: "light" };

/// The demo, until dropped.
pub struct Shop {
    daemon: Option<Daemon>,
    _folder: TempDir,
}

// === impl Shop ===

impl Shop {
    /// Starts it over so many events that are in its log already.
    pub fn open(events: usize) -> Shop {
        let folder = folder("");
        if events > 0 {
            fs::write(folder.path().join("events.ndjson"), run(&folder, &format!("demo --print {events}"))).unwrap();
            fs::create_dir(folder.path().join("schemas")).unwrap();
            run(&folder, "publish events.ndjson");
        }
        Shop::start(folder)
    }

    /// Starts it for who has a token; the token of somebody who may do everything.
    pub fn guarded() -> (Shop, String) {
        let folder = folder("tokens = \"tokens.toml\"\n");
        let created = run(&self::folder(""), "token create ann --role operate --role read:* --role publish:*");
        let (token, entry) = created.split_once('\n').unwrap();
        fs::write(folder.path().join("tokens.toml"), entry).unwrap();
        (Shop::start(folder), token.to_owned())
    }

    fn start(folder: TempDir) -> Shop {
        let mut command = binary::command(folder.path(), ["demo", "--rate", "100"]);
        command.stderr(Stdio::null());
        Shop { daemon: Some(Daemon::start(command)), _folder: folder }
    }

    /// Its page, as soon as there is something on it.
    pub fn page(&self, screen: Screen) -> Browser {
        let browser = self.visit(screen);
        browser.wait("document.querySelector('h1')?.textContent.startsWith('shop')");
        browser
    }

    /// Its page, whatever is on it.
    pub fn visit(&self, screen: Screen) -> Browser {
        let browser = Browser::open(screen);
        browser.go(&format!("http://{}/", self.daemon().address));
        browser
    }

    /// Publishes an event, whatever it is; its position.
    pub fn publish(&self, service: &str, ty: &str, id: &str, data: &Value) -> u64 {
        let event = json!({ "specversion": "1.0", "id": id, "source": format!("/shop/{service}"), "type": ty, "data": data });
        let answer = self.daemon().ask("POST", "/v1/events?accept=any", &event.to_string());
        let body = answer.split_once("\n\n").unwrap().1;
        serde_json::from_str::<Value>(body).unwrap()["position"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }

    /// Ends the demo, and leaves the page alone.
    pub fn close(&mut self) {
        assert_eq!(self.daemon.take().unwrap().terminate(), Some(0));
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().unwrap()
    }
}

/// A folder with a configuration, in which nobody fights for a port.
fn folder(http: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("projector.toml"), format!("[http]\nlisten = \"127.0.0.1:0\"\n{http}")).unwrap();
    folder
}

/// What a command prints that has to succeed.
fn run(folder: &TempDir, arguments: &str) -> String {
    let output = binary::command(folder.path(), arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
