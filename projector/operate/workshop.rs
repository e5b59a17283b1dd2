//! Where a daemon builds generations at an operator's wish, beside what it runs: one at a time of each projection.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::clock;
use crate::config::RunLimits;
use crate::deploy::{CannotRebuild, Rebuild, Rebuilt, Shown, Then, earlier, recall_live, record_of};
use crate::fault::{Fault, chain};
use crate::run::build::Origin;
use crate::run::{Board, Deploying, StopFlag, Supervisor, caught};
use crate::stores::Stores;

/// With what generations are built.
#[derive(Clone)]
pub struct Plant {
    /// Where everything is.
    pub stores: Stores,
    /// Bounds on the work.
    pub limits: RunLimits,
    /// How generations are made.
    pub deploying: Deploying,
    /// Where it is shown how far they are.
    pub board: Arc<Board>,
    /// Raised when the process should end.
    pub stop: Arc<StopFlag>,
}

/// Builds generations.
pub struct Workshop {
    plant: Plant,
    jobs: Mutex<BTreeMap<String, Job>>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Fold the log anew, with the definitions that are live.
    Rebuild(Then),
    /// Let this generation be live again, or the one before the live one.
    Rollback(Option<u64>),
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum CannotBegin {
    /// There is no such projection, or nothing of it is live.
    #[error("{0} is not deployed")]
    NotDeployed(String),
    /// Something is built of it already.
    #[error("a generation of {0} is being built: wait for its end, or cancel it")]
    Busy(String),
    /// The daemon builds what is in its files; nobody has asked for it here.
    #[error("the daemon builds the definitions that it was started with: it goes on with that until they are live")]
    Unasked,
    /// There is nothing to go back to.
    #[error("there is no generation of {0} to go back to: its history says what became of them")]
    NoneBefore(String),
    /// The system gives no thread to work with.
    #[error("cannot start the thread that builds")]
    NoThread(#[source] io::Error),
    /// It began, and failed.
    #[error(transparent)]
    Rebuild(#[from] CannotRebuild),
    /// A store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Something that is or was done.
struct Job {
    task: Task,
    by: String,
    since: i64,
    stop: Arc<StopFlag>,
    outcome: Arc<OnceLock<Outcome>>,
    thread: JoinHandle<()>,
}

/// What came of it, or why nothing did.
type Outcome = Result<Rebuilt, String>;

// === impl Workshop ===

impl Workshop {
    /// One that has nothing to do.
    pub fn new(plant: Plant) -> Workshop {
        Workshop { plant, jobs: Mutex::default() }
    }

    /// Begins to do this for `by`, and returns; [`Workshop::describe`] says how it ended, and the board how far it is.
    pub fn begin(&self, projection: &str, task: Task, by: &str) -> Result<(), CannotBegin> {
        let record = record_of(&*self.plant.stores.builds, projection)?;
        let not_deployed = || CannotBegin::NotDeployed(projection.to_owned());
        let record = record.filter(|record| record.live_build().is_some()).ok_or_else(not_deployed)?;
        if let Task::Rollback(to) = task
            && earlier(&record, to).is_none()
        {
            return Err(CannotBegin::NoneBefore(projection.to_owned()));
        }
        let mut jobs = self.lock();
        if jobs.get(projection).is_some_and(Job::is_running) || self.is_built_unasked(&jobs, projection) {
            return Err(CannotBegin::Busy(projection.to_owned()));
        }
        let job = self.start(projection, task, by)?;
        jobs.insert(projection.to_owned(), job);
        Ok(())
    }

    /// Ends what is being done to a projection, and drops all that is built of it and has never been live; the numbers of what was dropped.
    pub fn cancel(&self, projection: &str, by: &str) -> Result<Vec<u64>, CannotBegin> {
        let running = {
            let mut jobs = self.lock();
            if self.is_built_unasked(&jobs, projection) {
                return Err(CannotBegin::Unasked);
            }
            jobs.remove(projection)
        };
        running.into_iter().for_each(Job::end);
        Ok(self.plant.with_rebuild(projection, by, &self.plant.stop, |rebuild| rebuild.cancel())?)
    }

    /// Drops generations that were live before, but the last `keep` of them; the numbers of what was dropped.
    pub fn collect(&self, projection: &str, keep: usize, by: &str) -> Result<Vec<u64>, CannotBegin> {
        Ok(self.plant.with_rebuild(projection, by, &self.plant.stop, |rebuild| rebuild.collect(keep))?)
    }

    /// The fingerprint of the rules by which messages are made into events.
    pub fn mapping(&self) -> u64 {
        self.plant.deploying.mapping
    }

    /// What is done to a projection, or was done last in this process, as JSON; null where nothing was.
    pub fn describe(&self, projection: &str) -> Value {
        self.lock().get(projection).map_or(Value::Null, Job::to_json)
    }

    /// Waits for the end of everything. To be called once the process is to end.
    pub fn finish(&self) {
        let jobs = std::mem::take(&mut *self.lock());
        jobs.into_values().for_each(Job::end);
    }

    /// Whether the daemon builds a generation of its own accord.
    fn is_built_unasked(&self, jobs: &BTreeMap<String, Job>, projection: &str) -> bool {
        let is_built = self.plant.board.candidates().iter().any(|(name, _)| name == projection);
        is_built && !jobs.get(projection).is_some_and(Job::is_running)
    }

    fn start(&self, projection: &str, task: Task, by: &str) -> Result<Job, CannotBegin> {
        let (stop, outcome) = (Arc::<StopFlag>::default(), Arc::<OnceLock<Outcome>>::default());
        let run = {
            let (plant, projection, by) = (self.plant.clone(), projection.to_owned(), by.to_owned());
            let (stop, outcome) = (stop.clone(), outcome.clone());
            move || {
                let done = plant.carry_out(&projection, task, &by, &stop);
                // Nobody else says how it ended.
                let _ = outcome.set(done);
            }
        };
        let thread = thread::Builder::new().name(format!("{projection} workshop")).spawn(run).map_err(CannotBegin::NoThread)?;
        Ok(Job { task, by: by.to_owned(), since: clock::now_micros(), stop, outcome, thread })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Plant ===

impl Plant {
    fn carry_out(&self, projection: &str, task: Task, by: &str, stop: &Arc<StopFlag>) -> Outcome {
        let raised = stop.clone();
        let _listening = self.stop.listen(move || raised.raise());
        let work = || self.with_rebuild(projection, by, stop, |rebuild| self.work(rebuild, task));
        let done = caught(work).map_err(|halt| chain(&halt));
        self.board.dismiss_candidate(projection);
        done?.map_err(|cannot| {
            let reason = chain(&cannot);
            tracing::warn!(projection, "{} came to nothing: {reason}", task.word());
            reason
        })
    }

    fn work(&self, rebuild: &Rebuild<'_>, task: Task) -> Result<Rebuilt, CannotRebuild> {
        match task {
            Task::Rollback(to) => rebuild.rollback(to),
            Task::Rebuild(then) => {
                let definition = recall_live(&*self.stores.builds, rebuild.projection, self.deploying.mapping)?;
                rebuild.rebuild(&definition, Origin::Log, then)
            }
        }
    }

    fn with_rebuild<T>(&self, projection: &str, by: &str, stop: &Arc<StopFlag>, work: impl FnOnce(&Rebuild<'_>) -> T) -> T {
        let Plant { stores, limits, deploying, board, .. } = self.clone();
        let supervisor = Supervisor { stores, limits, deploying, board, stop: stop.clone() };
        work(&Rebuild { supervisor: &supervisor, projection, by, shown: Shown::Beside })
    }
}

// === impl Task ===

impl Task {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Task::Rebuild(_) => "rebuild",
            Task::Rollback(_) => "rollback",
        }
    }
}

// === impl Job ===

impl Job {
    fn is_running(&self) -> bool {
        self.outcome.get().is_none()
    }

    /// Ends it, and waits until it has.
    fn end(self) {
        self.stop.raise();
        // It has no panics that are not caught.
        let _ = self.thread.join();
    }

    fn to_json(&self) -> Value {
        let (state, generation, error) = match self.outcome.get() {
            None => ("running", None, None),
            Some(Ok(Rebuilt::Live(number))) => ("live", Some(*number), None),
            Some(Ok(Rebuilt::Held(number))) => ("held", Some(*number), None),
            Some(Ok(Rebuilt::Stopped(number))) => ("stopped", Some(*number), None),
            Some(Err(error)) => ("failed", None, Some(error)),
        };
        let since = clock::shown(self.since);
        json!({ "what": self.task.word(), "by": self.by, "since": since, "state": state, "generation": generation, "error": error })
    }
}
