//! Trying again while a store does not answer.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::waits::{Port, Waits};
use crate::fault::{Fault, chain};

/// The first pause; each is about twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a pause may keep a stop waiting.
const GLANCE: Duration = Duration::from_millis(50);

/// Asks threads to end: those that look, and those that listen.
#[derive(Default)]
pub struct StopFlag {
    is_up: AtomicBool,
    listeners: Mutex<Vec<(u64, Listener)>>,
    next: AtomicU64,
}

type Listener = Box<dyn Fn() + Send>;

/// Listens until dropped.
#[must_use]
pub struct Listening<'f> {
    flag: &'f StopFlag,
    id: u64,
}

/// Raises the flag when it is dropped.
#[must_use]
pub struct RaisedAtEnd<'f>(pub &'f StopFlag);

/// How a projection asks the log and the stores: again and again while they do not answer, for all to see.
#[derive(Clone, Copy)]
pub struct Patience<'s> {
    /// Raised when the answer is no longer wanted.
    pub stop: &'s StopFlag,
    /// Where it is seen what is waited for.
    pub waits: &'s Waits,
}

/// How long to wait between attempts.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    longest: Duration,
}

// === impl StopFlag ===

impl StopFlag {
    /// Raises it, and tells all who listen.
    pub fn raise(&self) {
        self.is_up.store(true, Ordering::Release);
        for (_, tell) in self.lock().iter() {
            tell();
        }
    }

    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    /// Calls `tell` when the flag is raised; at once if it is up. It may be called twice.
    pub fn listen(&self, tell: impl Fn() + Send + 'static) -> Listening<'_> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().push((id, Box::new(tell)));
        // Looked at after the listener is in place: a flag raised in between is seen by one or the other.
        if self.is_up() {
            self.lock().iter().filter(|(listener, _)| *listener == id).for_each(|(_, tell)| tell());
        }
        Listening { flag: self, id }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Listener)>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Listening ===

impl Listening<'_> {
    /// Listens as long as the flag exists.
    pub fn forever(self) {
        std::mem::forget(self);
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.flag.lock().retain(|(id, _)| *id != self.id);
    }
}

// === impl RaisedAtEnd ===

impl Drop for RaisedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.raise();
    }
}

// === impl Patience ===

impl Patience<'_> {
    /// Repeats `work`, which asks this port, while it is unavailable, until it succeeds, fails for good, or is no longer wanted; then
    /// the last fault comes back.
    pub fn ask<T>(self, port: Port, work: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut call = self.waits.call(port);
        repeat(self.stop, work, |fault| call.failed(fault))
    }
}

// === impl Pauses ===

impl Default for Pauses {
    fn default() -> Self {
        Pauses { longest: FIRST_PAUSE }
    }
}

impl Pauses {
    /// How long to wait before the next attempt: half of it for sure and the rest by chance, so that those whom one restart has cut off do not all
    /// come back at once.
    pub fn next(&mut self) -> Duration {
        let chance = RandomState::new().hash_one(0u8) as u32;
        let pause = self.longest / 2 + (self.longest / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX));
        self.longest = (self.longest * 2).min(LONGEST_PAUSE);
        pause
    }
}

/// Repeats `work` while it is unavailable, until it succeeds, fails for good, or is no longer wanted; then the last fault comes back.
pub fn until_available<T>(stop: &StopFlag, work: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    repeat(stop, work, |_| {})
}

fn repeat<T>(stop: &StopFlag, mut work: impl FnMut() -> Result<T, Fault>, mut failed: impl FnMut(&Fault)) -> Result<T, Fault> {
    let mut pauses = Pauses::default();
    loop {
        let fault = match work() {
            Err(fault @ Fault::Unavailable { .. }) if !stop.is_up() => fault,
            settled => return settled,
        };
        let pause = pauses.next();
        tracing::warn!(retry_in_ms = pause.as_millis() as u64, "{}", chain(&fault));
        failed(&fault);
        rest(stop, pause);
    }
}

fn rest(stop: &StopFlag, pause: Duration) {
    let mut left = pause;
    while !left.is_zero() && !stop.is_up() {
        let nap = left.min(GLANCE);
        thread::sleep(nap);
        left -= nap;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn unavailable() -> Fault {
        Fault::Unavailable { operation: "x", place: "y".into(), source: "z".into() }
    }

    #[test]
    fn it_goes_on_until_it_succeeds() {
        let mut answers = vec![Ok(7), Err(unavailable())];
        let result = until_available(&StopFlag::default(), || answers.pop().unwrap());
        assert_eq!(result.unwrap(), 7);
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let mut pauses = Pauses::default();
        let taken: Vec<Duration> = (0..12).map(|_| pauses.next()).collect();
        let longest = (0..12).map(|doubled| (FIRST_PAUSE * 2u32.pow(doubled)).min(LONGEST_PAUSE));
        assert!(taken.iter().zip(longest).all(|(&pause, longest)| pause >= longest / 2 && pause <= longest), "{taken:?}");
    }

    #[test]
    fn what_is_waited_for_is_seen_until_the_answer() {
        let (stop, waits) = (StopFlag::default(), Waits::default());
        let mut calls = 0;
        let patience = Patience { stop: &stop, waits: &waits };
        let answer = patience.ask(Port::State, || {
            calls += 1;
            assert_eq!(waits.at(Instant::now()).len(), calls - 1);
            if calls == 2 { Ok(waits.failures(Port::State)) } else { Err(unavailable()) }
        });
        assert_eq!(answer.unwrap(), 1);
        assert_eq!(waits.at(Instant::now()), []);
    }

    #[test]
    fn listeners_are_told_once_raised_and_when_late() {
        let (sender, told) = std::sync::mpsc::channel();
        let stop = StopFlag::default();
        let (early, gone, late) = (sender.clone(), sender.clone(), sender);
        let _early = stop.listen(move || early.send("early").unwrap());
        drop(stop.listen(move || gone.send("gone").unwrap()));
        stop.raise();
        let _late = stop.listen(move || late.send("late").unwrap());
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["early", "late"]);
    }

    #[test]
    fn it_gives_up_when_stopped_or_damaged() {
        let stop = StopFlag::default();
        let damaged = || Err::<(), _>(Fault::Damaged { place: "y".into(), reason: "z".into() });
        assert!(until_available(&stop, damaged).is_err());
        stop.raise();
        assert!(until_available(&stop, || Err::<(), _>(unavailable())).is_err());
    }
}
