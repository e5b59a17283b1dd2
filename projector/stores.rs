//! Opens the log and the stores that the configuration names. What is in the same file shares it.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, LogPlace, Place};
use crate::fault::Fault;
use crate::log::{EmbeddedLog, EventLog, JetStreamLog};
use crate::sqlite::Database;
use crate::state::{Builds, EmbeddedState, Views};
use crate::tables::{EmbeddedTables, TableStore};

/// The log and the stores, opened.
#[derive(Clone)]
pub struct Stores {
    /// Where events are.
    pub log: Arc<dyn EventLog>,
    /// What builds there are.
    pub builds: Arc<dyn Builds>,
    /// Documents, for readers.
    pub views: Arc<dyn Views>,
    /// Lists, for readers.
    pub tables: Arc<dyn TableStore>,
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

// === impl Stores ===

impl Stores {
    /// Opens everything, making what is not there.
    pub fn open(config: &Config) -> Result<Stores, Fault> {
        let Place::Embedded(state_path) = &config.state;
        let state = Arc::new(Database::open(state_path, config.durability)?);
        let log = open_log(config, state_path, &state)?;
        let states = Arc::new(EmbeddedState::new(state.clone()));
        Ok(Stores { log, builds: states.clone(), views: states, tables: Arc::new(EmbeddedTables::new(state)) })
    }

    /// Opens everything for a command that only reads: makes nothing.
    pub fn open_existing(config: &Config) -> Result<Stores, CannotOpen> {
        let Place::Embedded(path) = &config.state;
        if !path.exists() {
            return Err(CannotOpen::Missing(path.display().to_string()));
        }
        Ok(Stores::open(config)?)
    }
}

fn open_log(config: &Config, state_path: &Path, state: &Arc<Database>) -> Result<Arc<dyn EventLog>, Fault> {
    Ok(match &config.log {
        LogPlace::JetStream(place) => Arc::new(JetStreamLog::open(place)?),
        LogPlace::Embedded(path) if same_file(state_path, path) => Arc::new(EmbeddedLog::new(state.clone())),
        LogPlace::Embedded(path) => Arc::new(EmbeddedLog::new(Arc::new(Database::open(path, config.durability)?))),
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
