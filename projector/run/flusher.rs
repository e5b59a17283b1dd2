//! The thread that brings changed documents to tables in another store.
//!
//! ```text
//! outbox ── take ──► rows ── write ──► tables
//!    ▲                                   │
//!    └────────────── settle ─────────────┘
//! ```
//! It works beside the session and never delays it: while the tables do not answer, documents wait in the outbox, each once, however often they
//! change. What is written is read anew for every attempt, so that nothing is held in memory meanwhile and nothing stale is sent. Whose row it is does
//! not matter: rows converge by their versions. So it owns nothing, and is left behind where it hangs in a call.

mod batch;
mod feeding;
mod orders;
mod sweep;
mod term;
mod worker;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use self::orders::{Ending, Orders};
use self::worker::Worker;
use super::board::Place;
use super::halt::{Halt, caught};
use super::retry::StopFlag;
use super::waits::Port;
use crate::fault::Fault;
use crate::state::outbox::Denied;
use crate::state::{Builds, Outbox};
use crate::tables::{TableBuild, TableWriter};

/// How long a write may be under way: longer than any client waits for its answer.
pub const LATE_WRITES: Duration = Duration::from_secs(90);
/// How long the last flush may take: less than an orchestrator waits before it kills.
const LAST_FLUSH: Duration = Duration::from_secs(5);

/// What a flusher works with.
pub struct Task {
    /// The documents that wait.
    pub outbox: Arc<dyn Outbox>,
    /// Where they go.
    pub writer: Arc<dyn TableWriter>,
    /// Says which tables nobody needs any more.
    pub builds: Arc<dyn Builds>,
    /// Whose documents they are.
    pub build: TableBuild,
    /// Where it is shown how far the tables are, and that they do not answer.
    pub place: Arc<Place>,
    /// How long a write of another flusher may still be under way after nobody waits for it any more.
    pub late_writes: Duration,
}

/// A flusher at work, until this is dropped.
pub struct Flusher {
    orders: Arc<Orders>,
}

/// Whether readers see the build whose tables are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// They do: the stable names stand for its tables.
    Shown,
    /// They do not yet.
    Hidden,
}

/// Why a flusher does not get on.
#[derive(Debug)]
enum Trouble {
    /// Its term is over.
    Superseded,
    /// The store that the documents are in failed.
    State(Fault),
    /// The store that the tables are in failed.
    Tables(Fault),
}

// === impl Flusher ===

impl Flusher {
    /// Starts a flusher. Should it panic, `ended` is raised, and [`Flusher::finish`] says why.
    pub fn start(task: Task, visibility: Visibility, ended: Arc<StopFlag>) -> Result<Flusher, Halt> {
        let orders = Arc::new(Orders::new(visibility));
        let worker_orders = orders.clone();
        let work = move || {
            let halt = caught(|| Worker::new(&task, &worker_orders).work()).err();
            let is_mistake = halt.is_some();
            worker_orders.ended(halt);
            if is_mistake {
                ended.raise();
            }
        };
        // Not a scoped thread: who waits for it does not wait for a call that hangs.
        thread::Builder::new().name("flush".to_owned()).spawn(work).map_err(Halt::NoThread)?;
        Ok(Flusher { orders })
    }

    /// Readers see the build from now on.
    pub fn show(&self) {
        self.orders.show();
    }

    /// Waits until the tables have everything that has been committed by now; less, where `stop` is raised. Fails where somebody has to do something
    /// about the tables first.
    pub fn catch_up(&self, stop: &StopFlag) -> Result<(), Halt> {
        let orders = self.orders.clone();
        let _listening = stop.listen(move || orders.wake());
        let sweep = self.orders.ask_for_sweep();
        self.orders.wait(None, |now| now.has_ended() || now.is_refused() || now.has_swept(sweep) || stop.is_up());
        self.orders.verdict()
    }

    /// Flushes a last time, within reason, and ends.
    pub fn finish(self) -> Result<(), Halt> {
        self.orders.end(Ending::AfterSweep);
        if !self.orders.wait(Some(Instant::now() + LAST_FLUSH), |now| now.has_ended()) {
            tracing::warn!("the tables do not have the newest documents; the next start brings them");
        }
        self.orders.mistake().map_or(Ok(()), Err)
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.orders.end(Ending::AtOnce);
    }
}

// === impl Task ===

impl Task {
    /// Asks the table store, for all to see while it does not answer.
    fn tables<T>(&self, ask: impl FnOnce(&dyn TableWriter, &TableBuild) -> Result<T, Fault>) -> Result<T, Trouble> {
        let _call = self.place.waits.call(Port::Tables);
        ask(&*self.writer, &self.build).map_err(Trouble::Tables)
    }
}

// === impl Trouble ===

impl From<Denied> for Trouble {
    fn from(denied: Denied) -> Trouble {
        match denied {
            Denied::Superseded => Trouble::Superseded,
            Denied::Fault(fault) => Trouble::State(fault),
        }
    }
}
