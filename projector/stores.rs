//! Opens the log and the stores that the configuration names. What is in the same file shares it.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Place};
use crate::fault::Fault;
use crate::log::{EmbeddedLog, EventLog};
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
        let Place::Embedded(log_path) = &config.log;
        let state = Arc::new(Database::open(state_path, config.durability)?);
        let log =
            if same_file(state_path, log_path) { state.clone() } else { Arc::new(Database::open(log_path, config.durability)?) };
        let states = Arc::new(EmbeddedState::new(state.clone()));
        Ok(Stores {
            log: Arc::new(EmbeddedLog::new(log)),
            builds: states.clone(),
            views: states,
            tables: Arc::new(EmbeddedTables::new(state)),
        })
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

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
