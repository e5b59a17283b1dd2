//! Doing something again and again, until a signal ends it.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::failure::Failure;
use super::signals::Listening;
use crate::duration;

/// Goes round and round.
pub struct Rounds {
    every: Duration,
    left: Option<u64>,
    stopped: Receiver<()>,
    _listening: Listening,
}

/// A duration between rounds.
pub fn every(text: &str) -> Result<Duration, String> {
    let parsed = duration::parse(text).filter(|every| !every.is_zero());
    parsed.ok_or_else(|| format!("'{text}' is no duration: write 2s or 500ms"))
}

// === impl Rounds ===

impl Rounds {
    /// So many rounds, or rounds until a signal.
    pub fn new(every: Duration, rounds: Option<u64>) -> Result<Rounds, Failure> {
        let (listening, (sender, stopped)) = (Listening::start()?, channel());
        // The flag lives as long as what listens to signals.
        let told = listening.stop.listen(move || {
            // Nobody waits any more: it is over.
            let _ = sender.send(());
        });
        told.forever();
        Ok(Rounds { every, left: rounds, stopped, _listening: listening })
    }

    /// Waits for the next round; whether there is one.
    pub fn goes_on(&mut self) -> bool {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return false;
            }
        }
        self.stopped.recv_timeout(self.every).is_err()
    }
}
