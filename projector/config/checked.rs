//! What the settings mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemas::Diagnostic;

use super::{Http, LogPlace, Settings, StatePlace, TablesPlace};
use crate::deploy::Mode;
use crate::duration;
use crate::run::{Deploying, InFiles, Making};
use crate::sqlite::Durability;

/// The configuration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The folder of the projections.
    pub projections: PathBuf,
    /// The folder of the event schemas.
    pub schemas: PathBuf,
    /// Where the log is.
    pub log: LogPlace,
    /// Where state is.
    pub state: StatePlace,
    /// Where lists are selected from.
    pub tables: TablesPlace,
    /// What `run` does with definitions that are not what is deployed.
    pub deploy: Mode,
    /// Bytes of memory for making a generation.
    pub making_memory: usize,
    /// Where generations are made that are loaded into a server then.
    pub making_folder: PathBuf,
    /// What a commit to a SQLite file outlives.
    pub durability: Durability,
    /// Where to answer.
    pub http: Http,
    /// Bounds on the work of a projection.
    pub run: RunLimits,
    /// What is logged.
    pub telemetry: Telemetry,
}

/// Bounds on the work of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// Events of a commit.
    pub commit_events: usize,
    /// Bytes of the events of a commit.
    pub commit_bytes: usize,
    /// Bytes of the cache.
    pub cache_bytes: usize,
    /// Documents that a row may affect at once.
    pub fan_out: usize,
    /// For how long nothing may go on before the projection counts as stalled.
    pub stall_after: Duration,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// As `tracing` filters.
    pub filter: String,
    /// How lines are written.
    pub format: Format,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Reads settings and collects what is wrong with them.
pub(super) struct Checker<'a> {
    pub(super) settings: &'a Settings,
    pub(super) base: &'a Path,
    mistakes: &'a mut Vec<Diagnostic>,
}

// === impl Config ===

impl Config {
    /// The meaning of the settings, unless there is a mistake among them; relative paths start at `base`.
    pub fn check(settings: &Settings, base: &Path, mistakes: &mut Vec<Diagnostic>) -> Option<Config> {
        let mut checker = Checker { settings, base, mistakes };
        let state = checker.state();
        let tables = checker.tables(state.as_ref());
        let (projections, schemas) = (checker.path("projections"), checker.path("schemas"));
        let deploy = checker.deploy(state.as_ref());
        let (making_memory, making_folder) = (checker.at_least("deploy.", "memory", 1 << 20), checker.path("deploy.folder"));
        let (log, http, durability) = (checker.log(), checker.http(), checker.durability());
        let (run, telemetry) = (checker.run(), checker.telemetry());
        Some(Config {
            projections: projections?,
            schemas: schemas?,
            log: log?,
            state: state?,
            tables: tables?,
            deploy: deploy?,
            making_memory: making_memory?,
            making_folder: making_folder?,
            durability: durability?,
            http: http?,
            run: run?,
            telemetry: telemetry?,
        })
    }
}

impl Config {
    /// What becomes of definitions that are not live. `mapping`: the fingerprint of the rules by which messages are made into events.
    pub fn deploying(&self, mapping: u64) -> Deploying {
        let in_files = match self.state {
            StatePlace::Embedded(_) => InFiles::Copies,
            StatePlace::Redis(_) => InFiles::All,
        };
        let (memory, folder) = (self.making_memory, self.making_folder.clone());
        let making = Making { memory, folder, in_files };
        Deploying { mode: self.deploy, mapping, making }
    }
}

// === impl Checker ===

impl Checker<'_> {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(|setting| setting.text.as_str())
    }

    pub(super) fn refuse(&mut self, key: &str, message: &str) {
        self.mistakes.extend(self.settings.get(key).map(|setting| setting.mistake(key, message)));
    }

    pub(super) fn refuse_file(&mut self, mistakes: Vec<Diagnostic>) {
        self.mistakes.extend(mistakes);
    }

    pub(super) fn parsed<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match parse(self.text(key)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(key, &message);
                None
            }
        }
    }

    /// Whether a setting was given and is not its default.
    pub(super) fn is_changed(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| Settings::defaults().get(key).is_none_or(|default| default.text != text))
    }

    fn path(&mut self, key: &str) -> Option<PathBuf> {
        let base = self.base;
        self.parsed(key, |text| if text.is_empty() { Err("the path is empty".to_owned()) } else { Ok(base.join(text)) })
    }

    fn deploy(&mut self, state: Option<&StatePlace>) -> Option<Mode> {
        let by_default = match state? {
            StatePlace::Embedded(_) => Mode::ByItself,
            StatePlace::Redis(_) => Mode::ByApply,
        };
        self.one_of("deploy.mode", &[("", by_default), ("by-itself", Mode::ByItself), ("by-apply", Mode::ByApply)])
    }

    fn durability(&mut self) -> Option<Durability> {
        self.one_of("embedded.durability", &[("process", Durability::Process), ("power", Durability::Power)])
    }

    fn run(&mut self) -> Option<RunLimits> {
        let mut at_least_one = |key| self.at_least("run.", key, 1);
        let (events, bytes, fan_out) = (at_least_one("commit_events"), at_least_one("commit_bytes"), at_least_one("fan_out"));
        let cache_bytes = self.at_least("run.", "cache_bytes", 0);
        let stall_after = self.duration("run.stall_after");
        Some(RunLimits {
            commit_events: events?,
            commit_bytes: bytes?,
            cache_bytes: cache_bytes?,
            fan_out: fan_out?,
            stall_after: stall_after?,
        })
    }

    pub(super) fn at_least(&mut self, section: &str, key: &str, least: usize) -> Option<usize> {
        self.parsed(&format!("{section}{key}"), |text| match text.parse() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(format!("'{text}' is no whole number from {least} on")),
        })
    }

    fn duration(&mut self, key: &str) -> Option<Duration> {
        self.parsed(key, |text| match duration::parse(text) {
            Some(duration) if !duration.is_zero() => Ok(duration),
            _ => Err(format!("'{text}' is no duration; write 30s, 500ms or 5m")),
        })
    }

    fn telemetry(&mut self) -> Option<Telemetry> {
        let filter = self.parsed("telemetry.filter", |text| {
            let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
            parsed.map(|_| text.to_owned()).map_err(|error| error.to_string())
        });
        let format = self.one_of("telemetry.format", &[("text", Format::Text), ("json", Format::Json)]);
        Some(Telemetry { filter: filter?, format: format? })
    }

    pub(super) fn one_of<T: Clone>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        self.parsed(key, |text| match choices.iter().find(|(name, _)| *name == text) {
            Some((_, choice)) => Ok(choice.clone()),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                Err(format!("'{text}' is not one of: {}", names.join(", ")))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use schemas::SourceFile;

    use super::*;
    use crate::config::{RedisPlace, Tls};
    use crate::state::RedisUrl;

    fn check(text: &str) -> Result<Config, Vec<String>> {
        let (mut settings, mut mistakes) = (Settings::defaults(), Vec::new());
        settings.overlay_file(&SourceFile { path: "p.toml".into(), text: text.into() }, &mut mistakes);
        let config = Config::check(&settings, Path::new("base"), &mut mistakes);
        config.filter(|_| mistakes.is_empty()).ok_or_else(|| mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_defaults_are_right() {
        let config = check("").unwrap();
        assert_eq!(config.state, StatePlace::Embedded("base/data/projector.db".into()));
        assert_eq!(config.log, LogPlace::Embedded("base/data/projector.db".into()));
        assert_eq!(config.tables, TablesPlace::WithState);
        let moved = check("[state]\nurl = \"embedded:other.db\"\n").unwrap();
        assert_eq!((moved.state, moved.tables), (StatePlace::Embedded("base/other.db".into()), TablesPlace::WithState));
    }

    #[test]
    fn state_in_redis() {
        let config = check("[state]\nurl = \"redis://cache:7000/2\"\nnamespace = \"a\"\n").unwrap();
        let url = RedisUrl::parse("redis://cache:7000/2").unwrap();
        assert_eq!(config.state, StatePlace::Redis(RedisPlace { url, namespace: "a".into(), tls: Tls::default() }));
        assert_eq!(config.tables, TablesPlace::Nowhere);
        let text = "[state]\nurl = \"redis://:secret@cache:port\"\nnamespace = \"{a}\"\n[tables]\nurl = \"embedded:other.db\"\n";
        insta::assert_snapshot!(check(text).unwrap_err().join("\n"), @"
        p.toml: state.namespace: it takes letters, digits, and _ - . only
        p.toml: state.url: the URL cannot be read; write redis://host:6379, or rediss://user:password@host:6379/0 with special characters as %40, or for a Redis Cluster redis-cluster://host:7000,host:7001
        ");
        let text = "[state]\nurl = \"redis://cache\"\n[tables]\nurl = \"embedded:other.db\"\n[http]\nlisten = \"80\"\n";
        insta::assert_snapshot!(check(text).unwrap_err().join("\n"), @"
        p.toml: tables.url: with state in Redis lists are in ClickHouse: write http://user@host:8123/database, or none
        p.toml: http.listen: '80' is no address; write 127.0.0.1:8080, or none
        ");
    }

    #[test]
    fn encrypted_state() {
        let files = "tls_authority = \"ca.pem\"\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"\n";
        let Ok(Config { state: StatePlace::Redis(place), .. }) = check(&format!("[state]\nurl = \"rediss://cache\"\n{files}"))
        else {
            panic!("it is right");
        };
        let identity = Some(("base/c.pem".into(), "base/k.pem".into()));
        assert_eq!(place.tls, Tls { authority: Some("base/ca.pem".into()), identity });
        let text = "[state]\nurl = \"redis://cache\"\ntls_authority = \"ca.pem\"\ntls_key = \"k.pem\"\n";
        insta::assert_snapshot!(check(text).unwrap_err().join("\n"), @"
        defaults: state.tls_certificate: a certificate needs its key, and a key its certificate
        p.toml: state.tls_authority: it is for rediss:// and rediss-cluster:// only
        p.toml: state.tls_key: it is for rediss:// and rediss-cluster:// only
        ");
    }

    #[test]
    fn all_mistakes_are_reported() {
        let text = "projections = \"\"\n[log]\nurl = \"kafka://x\"\n[tables]\nurl = \"embedded:other.db\"\n[http]\nlisten = \"80\"\n\
                    [embedded]\ndurability = \"x\"\n[run]\nfan_out = 0\nstall_after = \"soon\"\n[telemetry]\nfilter = \"a=b=c\"\nformat = \"xml\"\n";
        insta::assert_snapshot!(check(text).unwrap_err().join("\n"), @r#"
        p.toml: tables.url: with embedded state the lists are in the same file: leave it out
        p.toml: projections: the path is empty
        p.toml: log.url: kafka is not supported; there are embedded:FILE and nats://HOST:PORT
        p.toml: http.listen: '80' is no address; write 127.0.0.1:8080, or none
        p.toml: embedded.durability: 'x' is not one of: process, power
        p.toml: run.fan_out: '0' is no whole number from 1 on
        p.toml: run.stall_after: 'soon' is no duration; write 30s, 500ms or 5m
        p.toml: telemetry.filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
        p.toml: telemetry.format: 'xml' is not one of: text, json
        "#);
    }
}
