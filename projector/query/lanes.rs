//! Threads for work that blocks, so shared that a store which is slow, or does not answer at all, holds up its own routes alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Api, Code, Problem};

/// How many requests may be busy with the log at a time, which is asked seldom.
const BUSY_WITH_LOG: usize = 2;
/// How many may be busy with lists, which take longer than documents do.
const BUSY_WITH_LISTS: usize = 4;
/// How many may be busy with documents: as many as there are threads for.
const BUSY_WITH_DOCUMENTS: usize = 6;
/// How long a request waits for its turn.
const QUEUEING: Duration = Duration::from_secs(10);
/// How long a store may take for one. Longer than each of them waits for its server, so that it can say itself what is wrong.
const ANSWERING: Duration = Duration::from_secs(40);

/// What requests are kept waiting by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The state, asked for documents.
    Documents,
    /// Whoever has the lists.
    Lists,
    /// The log.
    Log,
}

/// Turns to ask a store.
pub struct Lanes {
    documents: Arc<Semaphore>,
    lists: Arc<Semaphore>,
    log: Arc<Semaphore>,
    queueing: Duration,
}

// === impl Lanes ===

impl Default for Lanes {
    fn default() -> Lanes {
        Lanes::new(QUEUEING)
    }
}

impl Lanes {
    /// `queueing`: how long a request waits for its turn.
    fn new(queueing: Duration) -> Lanes {
        let turns = |count| Arc::new(Semaphore::new(count));
        let (documents, lists, log) = (turns(BUSY_WITH_DOCUMENTS), turns(BUSY_WITH_LISTS), turns(BUSY_WITH_LOG));
        Lanes { documents, lists, log, queueing }
    }

    async fn turn(&self, lane: Lane) -> Result<OwnedSemaphorePermit, Problem> {
        let turns = match lane {
            Lane::Documents => &self.documents,
            Lane::Lists => &self.lists,
            Lane::Log => &self.log,
        };
        let waited = timeout(self.queueing, turns.clone().acquire_owned()).await;
        // They are never closed.
        waited.ok().and_then(Result::ok).ok_or_else(|| {
            Problem::new(
                Code::Overloaded,
                format!("other requests are busy with {} for longer than {:?}", lane.word(), self.queueing),
            )
        })
    }
}

// === impl Lane ===

impl Lane {
    fn word(self) -> &'static str {
        match self {
            Lane::Documents => "documents",
            Lane::Lists => "lists",
            Lane::Log => "the log",
        }
    }
}

// === impl Api ===

impl Api {
    /// Runs what asks a store on a thread that may block, once there is one to spare for that store. Where it takes too long the answer is that;
    /// the thread is given back when it is done all the same.
    pub async fn blocking_on<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (turn, api) = (self.lanes.turn(lane).await?, self.clone());
        let working = spawn_blocking(move || {
            let _turn = turn;
            work(&api)
        });
        match timeout(ANSWERING, working).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(Problem::internal("the request could not be finished")),
            Err(_) => Err(Problem::new(Code::StoreSlow, format!("{} took longer than {ANSWERING:?}", lane.word()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_no_turn_in_time_is_told_and_others_are_not_held_up() {
        let lanes = Lanes::new(Duration::ZERO);
        let mut taken = Vec::new();
        for _ in 0..BUSY_WITH_LISTS {
            taken.push(lanes.turn(Lane::Lists).await.unwrap());
        }
        assert_eq!(lanes.turn(Lane::Lists).await.unwrap_err().code(), Code::Overloaded);
        assert!(lanes.turn(Lane::Documents).await.is_ok() && lanes.turn(Lane::Log).await.is_ok());
        taken.pop();
        assert!(lanes.turn(Lane::Lists).await.is_ok());
    }
}
