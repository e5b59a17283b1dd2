//! What a flusher is asked to do, and what became of it: where its thread and others meet.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Visibility;
use crate::fault::Fault;
use crate::run::halt::Halt;

/// What a flusher is asked to do.
pub struct Orders {
    state: Mutex<State>,
    changed: Condvar,
}

/// When a flusher ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// When it has brought everything to the tables; at the first trouble, else.
    AfterSweep,
    /// At its next step.
    AtOnce,
}

/// How things stand between a flusher and the others.
pub struct State {
    visibility: Visibility,
    /// The number of the last sweep that was asked for.
    asked: u64,
    /// The number of the last that is done.
    done: u64,
    ending: Option<Ending>,
    /// What no further attempt mends.
    refusal: Option<Fault>,
    /// Set at its end.
    end: Option<Option<Halt>>,
    /// Rises with every order.
    orders: u64,
}

/// What the flusher sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether readers see the build.
    pub visibility: Visibility,
    /// The number of the last sweep that was asked for.
    pub asked: u64,
    /// Whether it is done.
    pub is_swept: bool,
    /// Whether it should end.
    pub ending: Option<Ending>,
    orders: u64,
}

// === impl Orders ===

impl Orders {
    /// For a flusher that has nothing to do yet but its work.
    pub fn new(visibility: Visibility) -> Orders {
        let state = State { visibility, asked: 0, done: 0, ending: None, refusal: None, end: None, orders: 0 };
        Orders { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Readers see the build from now on.
    pub fn show(&self) {
        self.order(|now| now.visibility = Visibility::Shown);
    }

    /// Asks for a sweep that begins after this; its number.
    pub fn ask_for_sweep(&self) -> u64 {
        self.order(|now| {
            now.asked += 1;
            now.asked
        })
    }

    /// Asks the flusher to end, for a last sweep too.
    pub fn end(&self, ending: Ending) {
        self.order(|now| {
            now.asked += 1;
            now.ending = Some(ending);
        });
    }

    /// Lets everybody look at what they wait for.
    pub fn wake(&self) {
        self.order(|_| ());
    }

    /// Waits until it is so, or the time is up; whether it is so.
    pub fn wait(&self, deadline: Option<Instant>, is_so: impl Fn(&State) -> bool) -> bool {
        let mut now = self.lock();
        while !is_so(&now) {
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            now = self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The mistake by which the flusher ended, if it was one.
    pub fn mistake(&self) -> Option<Halt> {
        self.lock().end.as_mut().and_then(Option::take)
    }

    /// Why the flusher ended or cannot go on, if somebody has to do something about that.
    pub fn verdict(&self) -> Result<(), Halt> {
        let refusal = self.lock().refusal.take();
        self.mistake().or(refusal.map(Halt::Fault)).map_or(Ok(()), Err)
    }

    /// How things stand for the flusher.
    pub fn look(&self) -> Seen {
        let now = self.lock();
        let State { visibility, asked, ending, orders, .. } = *now;
        Seen { visibility, asked, is_swept: now.done >= asked, ending, orders }
    }

    /// The flusher rests, until there is an order that it has not seen.
    pub fn rest(&self, seen: Seen, at_most: Duration) {
        self.wait(Some(Instant::now() + at_most), |now| now.orders != seen.orders);
    }

    /// The flusher has done the sweep of this number.
    pub fn swept(&self, number: u64) {
        self.tell(|now| now.done = now.done.max(number));
    }

    /// No further attempt of the flusher will succeed until somebody does something about this; or one has.
    pub fn refused(&self, refusal: Option<Fault>) {
        self.tell(|now| now.refusal = refusal);
    }

    /// The flusher has ended, by a mistake or as it should.
    pub fn ended(&self, halt: Option<Halt>) {
        self.tell(|now| now.end = Some(halt));
    }

    fn order<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.tell(|now| {
            now.orders += 1;
            change(now)
        })
    }

    fn tell<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.lock());
        self.changed.notify_all();
        value
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Whether the flusher is gone.
    pub fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Whether it needs somebody's help.
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Whether the sweep of this number is done.
    pub fn has_swept(&self, number: u64) -> bool {
        self.done >= number
    }
}
