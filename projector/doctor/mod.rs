//! Whether Projector can work where it is configured to: what [`crate::cli`]'s `doctor` finds.
//!
//! Each place is observed, which touches the world, and then judged, which does not: a judgement is a function of what was observed,
//! and says what to do. A place that cannot be observed is a finding too, and the others are looked at all the same.

mod embedded;
mod projections;
mod redis;
mod stream;
mod tables;

use crate::access::Access;
use crate::config::{Config, Http, HttpPlace, LogPlace, StatePlace, TablesPlace};
use crate::fault::{Fault, chain};
use crate::log::JetStreamLog;
use crate::state::RedisState;
use crate::tables::ClickHouse;

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// How it is.
    pub level: Level,
    /// What was found; where it is not well, with what to do.
    pub message: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and may go wrong.
    Warn,
    /// It does not work, or will lose data.
    Fail,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `projector.toml` and the environment.
    Configuration,
    /// Where events come from.
    Log,
    /// Where state is kept.
    State,
    /// Where lists are selected from.
    Tables,
    /// The definitions, and what runs of them.
    Projections,
}

/// Looks at everything.
pub fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = judge_configuration(config);
    let oldest = match &config.log {
        LogPlace::Embedded(path) => {
            findings.extend(embedded::judge(Subject::Log, &embedded::observe(path)));
            None
        }
        LogPlace::JetStream(place) => match JetStreamLog::examine(place) {
            Ok(facts) => {
                findings.extend(stream::judge(&facts, place));
                facts.config.max_age()
            }
            Err(fault) => {
                findings.push(Subject::Log.unusable(&fault));
                None
            }
        },
    };
    match &config.state {
        StatePlace::Embedded(path) => findings.extend(embedded::judge(Subject::State, &embedded::observe(path))),
        StatePlace::Redis(place) => findings.extend(match RedisState::examine(place) {
            Ok(facts) => redis::judge(&facts, &place.namespace),
            Err(fault) => vec![Subject::State.unusable(&fault)],
        }),
    }
    findings.extend(examine_tables(&config.tables));
    findings.extend(projections::examine(config, oldest));
    findings
}

fn judge_configuration(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Subject::Configuration.ok("all settings can be read")];
    if let Http::Listen(place) = &config.http
        && !place.address.ip().is_loopback()
    {
        findings.extend(judge_public(place).map(|message| Subject::Configuration.warn(message)));
    }
    findings
}

/// What is wrong with a place that others reach.
fn judge_public(HttpPlace { address, access, identity, .. }: &HttpPlace) -> Option<String> {
    match access {
        Access::Anyone | Access::ThisMachine => Some(format!(
            "http.listen is {address}: whoever reaches it can read all views and publish; name tokens in http.tokens, or put something before it"
        )),
        Access::Holders(_) if identity.is_none() => Some(format!(
            "http.listen is {address}, and tokens are sent to it as they are: set http.tls_certificate, or put something before it that encrypts"
        )),
        Access::Holders(_) => None,
    }
}

fn examine_tables(place: &TablesPlace) -> Vec<Finding> {
    match place {
        // They are in the file that state is in.
        TablesPlace::WithState => Vec::new(),
        TablesPlace::Nowhere => vec![Subject::Tables.ok("there are none: views are read by key, not as lists")],
        TablesPlace::ClickHouse(place) => match ClickHouse::new(place).and_then(|database| database.examine()) {
            Ok(facts) => tables::judge(&facts, place),
            Err(fault) => vec![Subject::Tables.unusable(&fault)],
        },
    }
}

// === impl Subject ===

impl Subject {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Subject::Configuration => "configuration",
            Subject::Log => "log",
            Subject::State => "state",
            Subject::Tables => "tables",
            Subject::Projections => "projections",
        }
    }

    fn ok(self, message: impl Into<String>) -> Finding {
        Finding { subject: self, level: Level::Ok, message: message.into() }
    }

    fn warn(self, message: impl Into<String>) -> Finding {
        Finding { subject: self, level: Level::Warn, message: message.into() }
    }

    /// It could not be looked at.
    fn unusable(self, fault: &Fault) -> Finding {
        let advice = match fault {
            Fault::Unavailable { .. } => format!("; see that it runs, and that {}.url names it", self.word()),
            _ => String::new(),
        };
        self.fail(chain(fault) + &advice)
    }

    fn fail(self, message: impl Into<String>) -> Finding {
        Finding { subject: self, level: Level::Fail, message: message.into() }
    }
}

// === impl Level ===

impl Level {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }
}

/// `1.2.3` as numbers; what is none counts as 0.
fn version(text: &str) -> (u64, u64) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// The findings as a test reads them: level and the first words.
#[cfg(test)]
fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.level.word(), finding.message)).collect()
}

/// Levels of findings, and words of theirs.
#[cfg(test)]
type Expected<'e> = &'e [(Level, &'e str)];

/// That these findings, those that are fine aside, are of these levels, and have these words in them, in turn.
#[cfg(test)]
fn assert_found(findings: &[Finding], expected: Expected<'_>, case: &str) {
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.level > Level::Ok).collect();
    let fits = found.iter().zip(expected).all(|(found, (level, words))| found.level == *level && found.message.contains(words));
    assert!(found.len() == expected.len() && fits, "{case}: {:#?}", told(findings));
}
