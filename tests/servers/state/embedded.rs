//! The embedded store.

use std::sync::Arc;

use projector::sqlite::{Database, Durability};
use projector::state::EmbeddedState;
use tempfile::TempDir;

use super::contract::{Fixture, State, keeps_the_contract};
use super::outbox::keeps_the_outbox;

/// A folder with the file.
struct Folder(TempDir);

impl Fixture for Folder {
    fn open(&self) -> State {
        self.state(|state| state)
    }

    fn open_with_outbox(&self) -> State {
        self.state(EmbeddedState::with_outbox)
    }
}

impl Folder {
    fn state(&self, change: impl Fn(EmbeddedState) -> EmbeddedState) -> State {
        let database = Database::open(&self.0.path().join("p.db"), Durability::Process).unwrap();
        let state = Arc::new(change(EmbeddedState::new(Arc::new(database))));
        State { builds: state.clone(), views: state.clone(), flushed: state }
    }
}

keeps_the_contract!(each_alone, Folder(tempfile::tempdir().unwrap()));
keeps_the_outbox!(each_alone, Folder(tempfile::tempdir().unwrap()));
