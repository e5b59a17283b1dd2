//! Where lists are selected from, and how to get in.

use std::path::Path;

use super::StatePlace;
use super::access::{Secret, Tls};
use super::checked::Checker;
use crate::tables::ClickHouseUrl;

/// The settings that only ClickHouse knows.
const CLICKHOUSE_ONLY: [&str; 9] =
    ["owner", "user", "password", "tls_authority", "tls_certificate", "tls_key", "cluster", "replication", "sharding"];
/// Those that only encrypted connections know.
const ENCRYPTED_ONLY: [&str; 3] = ["tables.tls_authority", "tables.tls_certificate", "tables.tls_key"];

/// Where lists are selected from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TablesPlace {
    /// From the SQLite file that the state is in.
    WithState,
    /// From tables of their own in ClickHouse.
    ClickHouse(Box<ClickHousePlace>),
    /// Nowhere: there are no lists.
    Nowhere,
}

/// A database in ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickHousePlace {
    /// The server and the database.
    pub url: ClickHouseUrl,
    /// Whose the tables are: a text that tells this Projector from all others that write to the database. It has to stay the same.
    pub owner: String,
    /// Who we are; `None`: the server's default user.
    pub user: Option<String>,
    /// How it is proved.
    pub password: Option<Secret>,
    /// Whom we trust.
    pub tls: Tls,
    /// How tables are spread over servers.
    pub deployment: Deployment,
}

/// How tables are spread over the servers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The cluster on all of whose servers tables are made; `None`: on the one that we talk to.
    pub cluster: Option<String>,
    /// Whether servers have the same rows.
    pub replication: Replication,
    /// Whether servers have different rows.
    pub sharding: Sharding,
}

/// Whether servers have the same rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Replication {
    /// They know nothing of each other.
    #[default]
    None,
    /// They replicate, as the server's configuration says.
    Default,
    /// They replicate, and meet at this path.
    Path(String),
}

/// Whether servers have different rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharding {
    /// There is one shard.
    #[default]
    None,
    /// Rows are where their keys say.
    ByKey,
}

// === impl Checker ===

impl Checker<'_> {
    /// Where lists are; `state`: where state is, if that is known.
    pub(super) fn tables(&mut self, state: Option<&StatePlace>) -> Option<TablesPlace> {
        if self.text("tables.url")?.starts_with("http") {
            return self.clickhouse(state).map(|place| TablesPlace::ClickHouse(Box::new(place)));
        }
        self.refuse_unless("tables.url is an http:// URL", &CLICKHOUSE_ONLY.map(|name| format!("tables.{name}")));
        let base = self.base;
        self.parsed("tables.url", |url| match (state, url) {
            // What is wrong with the state's URL is said there.
            (_, "none") | (None, _) => Ok(TablesPlace::Nowhere),
            (Some(StatePlace::Embedded(_)), "") => Ok(TablesPlace::WithState),
            (Some(StatePlace::Embedded(path)), url) => embedded_tables(base, path, url),
            (Some(StatePlace::Redis(_)), "") => Ok(TablesPlace::Nowhere),
            (Some(StatePlace::Redis(_)), _) => {
                Err("with state in Redis lists are in ClickHouse: write http://user@host:8123/database, or none".to_owned())
            }
        })
    }

    fn clickhouse(&mut self, state: Option<&StatePlace>) -> Option<ClickHousePlace> {
        let owner = self.filled("tables.owner").or_else(|| state.map(ToString::to_string));
        let url = self.parsed("tables.url", ClickHouseUrl::parse);
        let (user, password, tls) = (self.table_user(url.as_ref()), self.filled("tables.password"), self.tls("tables"));
        let deployment = self.deployment();
        let url = url?;
        if !url.is_encrypted() {
            self.refuse_unless("tables.url is an https:// URL", &ENCRYPTED_ONLY.map(str::to_owned));
        }
        Some(ClickHousePlace {
            url,
            owner: owner?,
            user: user?,
            password: password.map(Secret::new),
            tls: tls?,
            deployment: deployment?,
        })
    }

    fn table_user(&mut self, url: Option<&ClickHouseUrl>) -> Option<Option<String>> {
        match (url.and_then(ClickHouseUrl::user), self.filled("tables.user")) {
            (Some(_), Some(_)) => {
                self.refuse("tables.user", "tables.url names a user, too");
                None
            }
            (named, set) => Some(named.map(str::to_owned).or(set)),
        }
    }

    fn deployment(&mut self) -> Option<Deployment> {
        let cluster = self.filled("tables.cluster");
        let replication = self.parsed("tables.replication", |text| match text {
            "none" => Ok(Replication::None),
            "default" => Ok(Replication::Default),
            path if path.starts_with('/') && ["{table}", "{uuid}"].iter().any(|part| path.contains(part)) => {
                Ok(Replication::Path(path.to_owned()))
            }
            path if path.starts_with('/') => Err("tables would share the path: put {table} or {uuid} into it".to_owned()),
            other => Err(format!("'{other}' is not one of: none, default, a path like /clickhouse/tables/{{shard}}/{{table}}")),
        });
        let sharding = self.one_of("tables.sharding", &[("none", Sharding::None), ("by_key", Sharding::ByKey)]);
        if sharding == Some(Sharding::ByKey) && cluster.is_none() {
            self.refuse("tables.sharding", "it needs tables.cluster, whose shards the rows go to");
            return None;
        }
        Some(Deployment { cluster, replication: replication?, sharding: sharding? })
    }

    /// Refuses those of these settings that differ from their defaults.
    fn refuse_unless(&mut self, condition: &str, keys: &[String]) {
        for key in keys {
            if self.is_changed(key) {
                self.refuse(key, &format!("it counts only where {condition}"));
            }
        }
    }
}

fn embedded_tables(base: &Path, state: &Path, url: &str) -> Result<TablesPlace, String> {
    match url.split_once(':') {
        Some(("embedded", path)) if base.join(path) == state => Ok(TablesPlace::WithState),
        Some(("embedded", _)) => Err("with embedded state the lists are in the same file: leave it out".to_owned()),
        _ => Err(
            "it is no place for lists: leave it out for the file of the state, or write http://user@host:8123/database, or none"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use schemas::SourceFile;

    use super::*;
    use crate::config::{Config, Settings};

    /// Where lists are under these settings, or what is wrong with them.
    fn check(section: &str) -> Result<TablesPlace, String> {
        let (mut settings, mut mistakes) = (Settings::defaults(), Vec::new());
        let file = SourceFile { path: "p.toml".into(), text: format!("[tables]\n{section}\n") };
        settings.overlay_file(&file, &mut mistakes);
        let config = Config::check(&settings, Path::new("base"), &mut mistakes);
        let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        config.filter(|_| said.is_empty()).map(|config| config.tables).ok_or(said.join("; "))
    }

    fn clickhouse(section: &str) -> ClickHousePlace {
        match check(section) {
            Ok(TablesPlace::ClickHouse(place)) => *place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_database_and_who_we_are() {
        let place = clickhouse("url = \"http://ann@ch:8123/shop\"\npassword = \"swordfish\"");
        assert_eq!((place.user.as_deref(), place.password.clone()), (Some("ann"), Some(Secret::new("swordfish"))));
        assert!(!format!("{place:?}").contains("swordfish"));
        assert_eq!((place.url.to_string().as_str(), place.deployment), ("http://ch:8123/shop", Deployment::default()));
        let place = clickhouse("url = \"https://ch/shop\"\nuser = \"ann\"\ntls_authority = \"ca.pem\"");
        assert_eq!((place.user.as_deref(), place.tls.authority), (Some("ann"), Some("base/ca.pem".into())));
    }

    #[test]
    fn whose_the_tables_are() {
        let owner = |section: &str| clickhouse(&format!("url = \"http://ch/shop\"\n{section}")).owner;
        assert!(owner("").ends_with("/base/data/projector.db") && owner("").starts_with("embedded:/"), "{}", owner(""));
        let state = |state: &str| owner(&format!("[state]\n{state}"));
        let first = state("url = \"redis://ann:swordfish@cache/2\"");
        assert_eq!(first, "projector in redis://cache:6379/2");
        assert_eq!(
            state("url = \"rediss://bob:other@cache:6379/2\""),
            first,
            "another user, and an encrypted connection, find the same state"
        );
        assert_eq!(state("url = \"redis://cache/2\"\nnamespace = \"test\""), "test in redis://cache:6379/2");
        assert_eq!(owner("owner = \"blue\""), "blue");
    }

    #[test]
    fn servers_of_a_cluster() {
        let url = "url = \"http://ch/shop\"\ncluster = \"main\"\n";
        let path = "/clickhouse/{shard}/{table}";
        for (settings, replication, sharding) in [
            (String::new(), Replication::None, Sharding::None),
            ("replication = \"default\"\nsharding = \"by_key\"".to_owned(), Replication::Default, Sharding::ByKey),
            (format!("replication = \"{path}\""), Replication::Path(path.to_owned()), Sharding::None),
        ] {
            let cluster = Some("main".to_owned());
            assert_eq!(clickhouse(&format!("{url}{settings}")).deployment, Deployment { cluster, replication, sharding });
        }
    }

    #[test]
    fn mistakes() {
        let url = "url = \"http://ann@ch/shop\"\n";
        for (section, expected) in [
            (
                "password = \"x\"\nsharding = \"by_key\"".to_owned(),
                "p.toml: tables.password: it counts only where tables.url is an http:// URL; \
                 p.toml: tables.sharding: it counts only where tables.url is an http:// URL",
            ),
            (
                "url = \"http://ann:swordfish@ch\"".to_owned(),
                "p.toml: tables.url: it holds a password: give it as tables.password, or in PROJECTOR_TABLES_PASSWORD",
            ),
            (
                format!("{url}user = \"bob\"\ntls_authority = \"ca.pem\"\nsharding = \"by_key\"\nreplication = \"/all\""),
                "p.toml: tables.user: tables.url names a user, too; \
                 p.toml: tables.replication: tables would share the path: put {table} or {uuid} into it; \
                 p.toml: tables.sharding: it needs tables.cluster, whose shards the rows go to; \
                 p.toml: tables.tls_authority: it counts only where tables.url is an https:// URL",
            ),
            (
                "url = \"postgres://x\"".to_owned(),
                "p.toml: tables.url: it is no place for lists: leave it out for the file of the state, \
                 or write http://user@host:8123/database, or none",
            ),
        ] {
            assert_eq!(check(&section).unwrap_err(), expected);
        }
    }
}
