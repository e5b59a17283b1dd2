//! What the projections of this process are doing, for those who watch: HTTP, metrics, progress bars.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use projections::engine::Tally;
use tokio::sync::watch;

use super::feed::Feed;
use super::health::{Health, judge};
use super::meters::Meters;
use super::rate::Rate;
use super::trail::{Measured, Sample, Trail};
use super::waits::Waits;
use crate::clock;
use crate::rebuild::Phase;
use crate::state::Pause;
use crate::status::Status;

/// All projections of this process.
#[derive(Debug, Default)]
pub struct Board {
    places: Mutex<BTreeMap<String, Arc<Place>>>,
    /// Where those show what they do that are built beside what is live.
    candidates: Mutex<BTreeMap<String, Arc<Place>>>,
    observed: Mutex<Option<Arc<Observed>>>,
}

/// What the log and the stores have said last.
#[derive(Debug)]
pub struct Observed {
    /// What they said.
    pub status: Status,
    /// When.
    pub at: Instant,
}

/// Where one projection shows what it does.
#[derive(Debug)]
pub struct Place {
    /// How far it is.
    pub progress: watch::Sender<Progress>,
    /// What it waits for.
    pub waits: Waits,
    /// What is measured of its work.
    pub meters: Meters,
    /// What its commits change.
    pub feed: Arc<Feed>,
    rate: Mutex<Option<Rate>>,
    trail: Mutex<Trail>,
}

/// How far one projection is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The generation that it runs.
    pub generation: u64,
    /// What it is doing.
    pub stage: Stage,
    /// The position of the last commit.
    pub position: u64,
    /// The position of the rows that it has taken from another generation; 0 where it has folded all of them itself.
    pub copied: u64,
    /// The end of the log as it was seen last.
    pub head: u64,
    /// The pause that it is in, if it is in one.
    pub pause: Option<Pause>,
    /// Jobs that are left.
    pub pending_jobs: usize,
    /// What happened since the start.
    pub tally: Tally,
    /// How far its tables are, where those are in another store and have been written.
    pub tables: Option<TableProgress>,
    /// When it last committed, or made sure that there is nothing to do; at first the time at which it was to start.
    pub moved: Instant,
}

/// How far tables in another store are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableProgress {
    /// Rows that were written since the start.
    pub written: u64,
    /// The position up to which they have the effect of every event, but for fan-out that was left.
    pub flushed: u64,
    /// The position up to which they have the effect of every event.
    pub settled: u64,
}

/// What a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It checks its state against the log.
    Starting,
    /// It makes a generation from the log, rows first; nobody sees it yet.
    Making(Phase),
    /// It follows the log with a generation that readers do not see yet.
    Building,
    /// It applies events to what readers see.
    Live,
    /// It ended as it was asked to.
    Stopped,
    /// It could not go on.
    Halted {
        /// The kind, in one word.
        code: &'static str,
        /// Why.
        reason: String,
    },
}

// === impl Board ===

impl Board {
    /// The place of a projection.
    pub fn place(&self, projection: &str) -> Arc<Place> {
        self.lock().entry(projection.to_owned()).or_default().clone()
    }

    /// The place of what is built beside what is live of a projection.
    pub fn candidate(&self, projection: &str) -> Arc<Place> {
        self.lock_candidates().entry(projection.to_owned()).or_default().clone()
    }

    /// Nothing is built beside a projection any more.
    pub fn dismiss_candidate(&self, projection: &str) {
        self.lock_candidates().remove(projection);
    }

    /// The places of all that are built beside what is live, by the names of their projections.
    pub fn candidates(&self) -> Vec<(String, Arc<Place>)> {
        self.lock_candidates().iter().map(|(name, place)| (name.clone(), place.clone())).collect()
    }

    /// Follows a projection, if it is one of this process.
    pub fn follow(&self, projection: &str) -> Option<watch::Receiver<Progress>> {
        Some(self.lock().get(projection)?.progress.subscribe())
    }

    /// What the commits of a projection change, if it is one of this process.
    pub fn feed(&self, projection: &str) -> Option<Arc<Feed>> {
        Some(self.lock().get(projection)?.feed.clone())
    }

    /// Shows what the log and the stores say now.
    pub fn observe(&self, status: Status) {
        let observed = Observed { status, at: Instant::now() };
        *self.observed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(observed));
    }

    /// What the log and the stores have said last, if they have.
    pub fn observed(&self) -> Option<Arc<Observed>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until each projection has found what it goes on from, or why it cannot.
    pub async fn started(&self) {
        let names: Vec<String> = self.all().into_iter().map(|(name, _)| name).collect();
        for mut progress in names.iter().filter_map(|name| self.follow(name)) {
            // Nobody who could still change it is left: it stays as it is.
            let _ = progress.wait_for(|now| now.stage != Stage::Starting).await;
        }
    }

    /// All projections and how far they are, by name.
    pub fn all(&self) -> Vec<(String, Progress)> {
        self.places().into_iter().map(|(name, place)| (name, place.progress.borrow().clone())).collect()
    }

    /// The places of all projections, by name.
    pub fn places(&self) -> Vec<(String, Arc<Place>)> {
        self.lock().iter().map(|(name, place)| (name.clone(), place.clone())).collect()
    }

    fn lock_candidates(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Place>>> {
        self.candidates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Place ===

impl Default for Place {
    fn default() -> Self {
        Place {
            progress: watch::Sender::new(Progress::default()),
            waits: Waits::default(),
            meters: Meters::default(),
            feed: Arc::default(),
            rate: Mutex::default(),
            trail: Mutex::default(),
        }
    }
}

impl Place {
    /// How fast the projection goes, as far as that is known.
    pub fn rate(&self) -> Option<Rate> {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Measures how fast it goes; to be called from time to time.
    pub fn measure(&self) {
        let (position, head) = {
            let progress = self.progress.borrow();
            (progress.position, progress.head)
        };
        let now = Instant::now();
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        *rate = Some(rate.map_or_else(|| Rate::new(now, position), |rate| rate.after(now, position)));
        let measured = Measured { position, head, work: self.meters.take_work() };
        self.trail.lock().unwrap_or_else(PoisonError::into_inner).add(clock::now_micros(), measured);
    }

    /// What was measured since the sample of this number.
    pub fn trail(&self, after: u64) -> Vec<Sample> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner).after(after)
    }

    /// How the projection is now; `stall_after`: for how long nothing may go on.
    pub fn health(&self, stall_after: Duration) -> Health {
        let now = Instant::now();
        judge(&self.progress.borrow(), self.waits.at(now), now, stall_after)
    }
}

// === impl Progress ===

impl Default for Progress {
    fn default() -> Self {
        Progress {
            generation: 0,
            stage: Stage::Starting,
            position: 0,
            copied: 0,
            head: 0,
            pause: None,
            pending_jobs: 0,
            tally: Tally::default(),
            tables: None,
            moved: Instant::now(),
        }
    }
}

impl Progress {
    /// Adds what a commit did.
    pub fn add(&mut self, tally: &Tally) {
        self.moved = Instant::now();
        self.tally.applied += tally.applied;
        self.tally.passed_by += tally.passed_by;
        self.tally.duplicates += tally.duplicates;
        self.tally.dead += tally.dead;
        self.tally.evaluated += tally.evaluated;
    }

    /// Events that are not applied yet.
    pub fn lag(&self) -> u64 {
        self.head.saturating_sub(self.position)
    }
}

// === impl Stage ===

impl Stage {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Stage::Starting => "starting",
            Stage::Making(phase) => phase.word(),
            Stage::Building => "building",
            Stage::Live => "live",
            Stage::Stopped => "stopped",
            Stage::Halted { .. } => "halted",
        }
    }
}
