//! Where the log is, and how to get in.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemas::SourceFile;

use super::access::{Secret, Tls};
use super::checked::Checker;
use super::subject::{NOT_IN_NAMES, SubjectPattern};
use crate::log::Mapping;

/// The settings that only JetStream knows.
const JETSTREAM_ONLY: [&str; 10] =
    ["stream", "mapping", "credentials", "nkey", "user", "password", "token", "tls_authority", "tls_certificate", "tls_key"];

/// Where the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// In a SQLite file.
    Embedded(PathBuf),
    /// In JetStream.
    JetStream(JetStreamPlace),
}

/// A stream, and how to get to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JetStreamPlace {
    /// URLs of servers of one cluster.
    pub servers: Vec<String>,
    /// The name of the stream.
    pub stream: String,
    /// Under which subjects events are published.
    pub subject: SubjectPattern,
    /// Who we are.
    pub auth: Auth,
    /// Whom we trust.
    pub tls: Tls,
    /// What makes events of messages that are none.
    pub mapping: Arc<Mapping>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Anybody.
    None,
    /// What a credentials file holds.
    Credentials(Secret),
    /// The seed of an nkey.
    Nkey(Secret),
    /// A user with a password.
    User {
        /// The user.
        name: String,
        /// The password.
        password: Secret,
    },
    /// A token.
    Token(Secret),
}

// === impl LogPlace ===

impl LogPlace {
    /// What makes events of messages that are none, where there can be such.
    pub fn mapping(&self) -> Option<&Mapping> {
        match self {
            LogPlace::Embedded(_) => None,
            LogPlace::JetStream(place) => Some(&place.mapping),
        }
    }
}

// === impl JetStreamPlace ===

impl fmt::Display for JetStreamPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream {} of {}", self.stream, self.servers.join(","))
    }
}

// === impl Checker ===

impl Checker<'_> {
    /// The place of the log.
    pub(super) fn log(&mut self) -> Option<LogPlace> {
        match self.text("log.url")?.split_once(':') {
            Some(("nats" | "tls", _)) => self.jetstream().map(LogPlace::JetStream),
            _ => {
                self.refuse_jetstream_settings();
                let base = self.base;
                self.parsed("log.url", |url| match url.split_once(':') {
                    Some(("embedded", "")) => Err("the path of the file is missing: write embedded:data/projector.db".to_owned()),
                    Some(("embedded", path)) => Ok(LogPlace::Embedded(base.join(path))),
                    Some((scheme, _)) => Err(format!("{scheme} is not supported; there are embedded:FILE and nats://HOST:PORT")),
                    None => Err(format!("'{url}' is no URL; write embedded:FILE or nats://HOST:PORT")),
                })
            }
        }
    }

    fn refuse_jetstream_settings(&mut self) {
        for name in JETSTREAM_ONLY {
            if self.given(name).is_some() {
                self.refuse("log.url", &format!("log.{name} is set, which is for nats:// only"));
            }
        }
    }

    fn jetstream(&mut self) -> Option<JetStreamPlace> {
        let servers = self.servers();
        let stream = self.parsed("log.stream", |name| match name {
            "" => Err("the name of the stream is missing".to_owned()),
            name if name.contains(|c: char| c.is_whitespace() || NOT_IN_NAMES.contains(&c)) => {
                Err(format!("'{name}' cannot be a stream: its name has no dots, slashes, wildcards or spaces"))
            }
            name => Ok(name.to_owned()),
        });
        let subject = self.parsed("log.subject", SubjectPattern::parse);
        let (auth, tls, mapping) = (self.auth(), self.tls("log"), self.mapping());
        let (servers, stream, subject) = (servers?, stream?, subject?);
        Some(JetStreamPlace { servers, stream, subject, auth: auth?, tls: tls?, mapping: mapping? })
    }

    /// The rules of the file that is named, if one is.
    fn mapping(&mut self) -> Option<Arc<Mapping>> {
        if self.given("mapping").is_none() {
            return Some(Arc::default());
        }
        let base = self.base;
        let file = self.parsed("log.mapping", |path| {
            Ok(SourceFile { path: base.join(path).display().to_string(), text: read(&base.join(path), path)? })
        })?;
        Mapping::parse(&file).map(Arc::new).map_err(|mistakes| self.refuse_file(mistakes)).ok()
    }

    fn servers(&mut self) -> Option<Vec<String>> {
        let servers: Vec<String> = self.text("log.url")?.split(',').map(|server| server.trim().to_owned()).collect();
        if servers.iter().any(|server| server.contains('@')) {
            // Said of another key: the line with the URL would be shown, and the secret with it.
            self.refuse(
                "log.user",
                "log.url holds a user, a password or a token; give them as log.user, log.password, log.token",
            );
            return None;
        }
        match servers.iter().find(|server| server.parse::<async_nats::ServerAddr>().is_err()) {
            Some(wrong) => {
                self.refuse("log.url", &format!("'{wrong}' is no URL; write nats://HOST:PORT"));
                None
            }
            None => Some(servers),
        }
    }

    fn auth(&mut self) -> Option<Auth> {
        let (user, password) = (self.given("user"), self.given("password"));
        let ways = ["credentials", "nkey", "user", "token"].map(|name| (name, self.given(name)));
        let chosen: Vec<_> = ways.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if user.is_some() != password.is_some() {
            self.refuse("log.user", "a user needs a password, and a password a user");
            return None;
        }
        match &chosen[..] {
            [] => Some(Auth::None),
            [("credentials", _)] => self.secret_file("log.credentials").map(Auth::Credentials),
            [("nkey", _)] => self.secret_file("log.nkey").map(Auth::Nkey),
            [("user", name)] => Some(Auth::User { name: name.clone(), password: Secret::new(password?) }),
            [(_, token)] => Some(Auth::Token(Secret::new(token))),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                self.refuse("log.user", &format!("one way to say who we are is enough; there are {}", names.join(" and ")));
                None
            }
        }
    }

    /// What a file holds that is a secret.
    fn secret_file(&mut self, key: &str) -> Option<Secret> {
        let base = self.base;
        self.parsed(key, |path| Ok(Secret::new(read(&base.join(path), path)?.trim())))
    }

    /// A setting of the log, if it is not empty.
    fn given(&self, name: &str) -> Option<String> {
        self.filled(&format!("log.{name}"))
    }
}

fn read(path: &Path, named: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {named}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Settings};

    /// The place of the log under these settings of its section, or what is wrong with them.
    fn check(section: &str) -> Result<LogPlace, String> {
        let (mut settings, mut mistakes) = (Settings::defaults(), Vec::new());
        let file = SourceFile { path: "p.toml".into(), text: format!("[log]\n{section}\n") };
        settings.overlay_file(&file, &mut mistakes);
        let config = Config::check(&settings, Path::new("base"), &mut mistakes);
        let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        config.filter(|_| said.is_empty()).map(|config| config.log).ok_or(said.join("; "))
    }

    fn jetstream(section: &str) -> JetStreamPlace {
        match check(&format!("url = \"nats://a:4222, tls://b\"\nstream = \"S\"\n{section}")) {
            Ok(LogPlace::JetStream(place)) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stream_and_who_we_are() {
        let place = jetstream("");
        assert_eq!(place.to_string(), "stream S of nats://a:4222,tls://b");
        assert_eq!((place.auth, place.tls), (Auth::None, Tls::default()));
        let secret = |text: &str| Secret::new(text);
        let user = Auth::User { name: "u".to_owned(), password: secret("p") };
        assert_eq!(jetstream("user = \"u\"\npassword = \"p\"").auth, user);
        assert_eq!(jetstream("token = \"t\"").auth, Auth::Token(secret("t")));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "seed\n").unwrap();
        let file = file.display();
        assert_eq!(jetstream(&format!("nkey = \"{file}\"")).auth, Auth::Nkey(secret("seed")));
        assert_eq!(jetstream(&format!("credentials = \"{file}\"")).auth, Auth::Credentials(secret("seed")));
        let tls = jetstream("tls_authority = \"ca.pem\"\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"").tls;
        let identity = ("base/c.pem".into(), "base/k.pem".into());
        assert_eq!(tls, Tls { authority: Some("base/ca.pem".into()), identity: Some(identity) });
    }

    #[test]
    fn a_file_of_rules() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mapping.toml");
        std::fs::write(&file, "[[rule]]\nsubject = \"a.>\"\nid = \"{position}\"\nsource = \"/a\"\ntype = \"{subject.2}\"\n")
            .unwrap();
        let settings = format!("mapping = \"{}\"", file.display());
        assert_ne!(jetstream(&settings).mapping.fingerprint(), 0);
        std::fs::write(&file, "[[rule]]\nsubject = \"a.>\"\nid = \"{position}\"\ntype = \"T\"\n").unwrap();
        let said = check(&format!("url = \"nats://a\"\nstream = \"S\"\n{settings}")).unwrap_err();
        assert_eq!(said, format!("{}: the rule has no source", file.display()));
    }

    #[test]
    fn secrets_are_not_seen() {
        let place = jetstream("user = \"u\"\npassword = \"swordfish\"");
        assert!(!format!("{place:?} {place}").contains("swordfish"));
        for url in ["nats://u:swordfish@a:4222", "nats://a,nats://swordfish@b"] {
            let said = check(&format!("url = \"{url}\"\nstream = \"S\"")).unwrap_err();
            assert_eq!(
                said,
                "defaults: log.user: log.url holds a user, a password or a token; give them as log.user, log.password, log.token"
            );
        }
    }

    #[test]
    fn mistakes() {
        let nats = "url = \"nats://a\"\nstream = \"S\"\n";
        for (section, expected) in [
            ("url = \"nats://a\"".to_owned(), "defaults: log.stream: the name of the stream is missing"),
            (
                "url = \"nats://a b\"\nstream = \"a.b\"\nsubject = \"a..b\"\nuser = \"u\"\ntls_key = \"k\"".to_owned(),
                "p.toml: log.url: 'nats://a b' is no URL; write nats://HOST:PORT; \
                 p.toml: log.stream: 'a.b' cannot be a stream: its name has no dots, slashes, wildcards or spaces; \
                 p.toml: log.subject: 'a..b' is no subject; write parts separated by dots, each a name, {service} or {type}; \
                 p.toml: log.user: a user needs a password, and a password a user; \
                 defaults: log.tls_certificate: a certificate needs its key, and a key its certificate",
            ),
            (
                format!("{nats}user = \"u\"\npassword = \"p\"\ntoken = \"t\""),
                "p.toml: log.user: one way to say who we are is enough; there are user and token",
            ),
            (
                format!("{nats}mapping = \"nothing.toml\""),
                "p.toml: log.mapping: cannot read nothing.toml: No such file or directory (os error 2)",
            ),
            (
                format!("{nats}nkey = \"nothing.nk\""),
                "p.toml: log.nkey: cannot read nothing.nk: No such file or directory (os error 2)",
            ),
            (
                "url = \"embedded:x\"\nstream = \"S\"\ntoken = \"t\"".to_owned(),
                "p.toml: log.url: log.stream is set, which is for nats:// only; \
                 p.toml: log.url: log.token is set, which is for nats:// only",
            ),
        ] {
            assert_eq!(check(&section).unwrap_err(), expected);
        }
    }
}
