//! The embedded store.

use std::sync::Arc;

use projector::sqlite::{Database, Durability};
use projector::state::EmbeddedState;
use tempfile::TempDir;

use super::contract::{Fixture, State, keeps_the_contract};

/// A folder with the file.
struct Folder(TempDir);

impl Fixture for Folder {
    fn open(&self) -> State {
        let database = Database::open(&self.0.path().join("p.db"), Durability::Process).unwrap();
        let state = Arc::new(EmbeddedState::new(Arc::new(database)));
        State { builds: state.clone(), views: state }
    }
}

keeps_the_contract!(Folder(tempfile::tempdir().unwrap()));
