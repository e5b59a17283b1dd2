//! Opens the log and the stores that the configuration names. What is in the same file shares it.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, LogPlace, StatePlace, TablesPlace};
use crate::fault::Fault;
use crate::log::{EmbeddedLog, EventLog, JetStreamLog};
use crate::sqlite::Database;
use crate::state::{Builds, EmbeddedState, RedisState, Views};
use crate::tables::{ClickHouse, ClickHouseTables, EmbeddedTables, Flushed, TableStore, TableWriter};

/// The log and the stores, opened.
#[derive(Clone)]
pub struct Stores {
    /// Where events are.
    pub log: Arc<dyn EventLog>,
    /// What builds there are.
    pub builds: Arc<dyn Builds>,
    /// Documents, for readers.
    pub views: Arc<dyn Views>,
    /// Lists, for readers, where there are any.
    pub tables: Option<Arc<dyn TableStore>>,
    /// What writes them, where they are not in the store that state is in.
    pub writer: Option<Arc<dyn TableWriter>>,
}

/// Why the stores cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    /// Nothing has been stored yet, and the command only reads.
    #[error("there is no database at {0}: publish events or run the daemon first")]
    Missing(String),
    /// It failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Lists are asked for, and there are none.
#[derive(Debug, thiserror::Error)]
#[error(
    "there are no lists with these stores, and documents are read by key only: tables.url names a place for lists, such as http://user@host:8123/database"
)]
pub struct NoLists;

// === impl Stores ===

impl Stores {
    /// Opens everything, making the files that are not there. Servers are connected to when they are first asked.
    pub fn open(config: &Config) -> Result<Stores, Fault> {
        let clickhouse = match &config.tables {
            TablesPlace::ClickHouse(place) => Some(Arc::new(ClickHouse::new(place)?)),
            TablesPlace::WithState | TablesPlace::Nowhere => None,
        };
        match &config.state {
            StatePlace::Embedded(path) => {
                let state = Arc::new(Database::open(path, config.durability)?);
                Ok(Stores::embedded(config, open_log(config, Some(&state))?, &state, clickhouse))
            }
            StatePlace::Redis(place) => {
                let state = RedisState::new(place)?;
                let state = Arc::new(if clickhouse.is_some() { state.with_outbox() } else { state });
                Ok(Stores::of(open_log(config, None)?, state, clickhouse))
            }
        }
    }

    /// Opens everything for a command that only reads: makes nothing.
    pub fn open_existing(config: &Config) -> Result<Stores, CannotOpen> {
        let state = if let StatePlace::Embedded(path) = &config.state { Some(path) } else { None };
        let log = if let LogPlace::Embedded(path) = &config.log { Some(path) } else { None };
        match state.into_iter().chain(log).find(|path| !path.exists()) {
            Some(path) => Err(CannotOpen::Missing(path.display().to_string())),
            None => Ok(Stores::open(config)?),
        }
    }

    /// The lists.
    pub fn lists(&self) -> Result<&dyn TableStore, NoLists> {
        self.tables.as_deref().ok_or(NoLists)
    }

    fn embedded(config: &Config, log: Arc<dyn EventLog>, file: &Arc<Database>, clickhouse: Option<Arc<ClickHouse>>) -> Stores {
        let state = EmbeddedState::new(file.clone());
        let state = Arc::new(if clickhouse.is_some() { state.with_outbox() } else { state });
        let mut stores = Stores::of(log, state, clickhouse);
        if config.tables == TablesPlace::WithState {
            stores.tables = Some(Arc::new(EmbeddedTables::new(file.clone())));
        }
        stores
    }

    /// These, with lists where there is a ClickHouse for them.
    fn of<S: Builds + Views + Flushed + 'static>(
        log: Arc<dyn EventLog>,
        state: Arc<S>,
        clickhouse: Option<Arc<ClickHouse>>,
    ) -> Stores {
        let lists = |clickhouse: &Arc<ClickHouse>| -> Arc<dyn TableStore> {
            Arc::new(ClickHouseTables::new(clickhouse.clone(), state.clone()))
        };
        let tables = clickhouse.as_ref().map(lists);
        let writer = clickhouse.map(|clickhouse| -> Arc<dyn TableWriter> { clickhouse });
        Stores { log, builds: state.clone(), views: state, tables, writer }
    }
}

/// `state`: the file that state is in, if it is in one; the log may be in the same.
fn open_log(config: &Config, state: Option<&Arc<Database>>) -> Result<Arc<dyn EventLog>, Fault> {
    Ok(match &config.log {
        LogPlace::JetStream(place) => Arc::new(JetStreamLog::new(place)?),
        LogPlace::Embedded(path) => Arc::new(EmbeddedLog::new(match state {
            Some(state) if same_file(state.path(), path) => state.clone(),
            _ => Arc::new(Database::open(path, config.durability)?),
        })),
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn a_command_that_only_reads_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let named = [("PROJECTOR_LOG_URL", "embedded:log.db"), ("PROJECTOR_STATE_URL", "embedded:state.db")];
        let environment = named.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = config::load(folder.path(), None, environment.into_iter()).unwrap();
        let missing = || Stores::open_existing(&config).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(missing().contains("state.db"), "{}", missing());
        Database::open(&folder.path().join("state.db"), config.durability).unwrap();
        assert!(missing().contains("log.db"), "{}", missing());
        assert!(!folder.path().join("log.db").exists());
    }
}
