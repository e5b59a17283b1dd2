//! Events of the shop, published without pause while everything else breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use projector::demo::Shop;
use projector::log::{EventLog, NewEvent};

/// Events are published in groups of so many.
const GROUP: usize = 10;
/// One group follows the other after so long: the load is bounded, whatever the machine can do.
const PAUSE: Duration = Duration::from_millis(40);
/// A log that has not been there for so long will not come back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Somebody who publishes.
pub struct Publisher {
    end: Arc<AtomicBool>,
    position: Arc<AtomicU64>,
    thread: JoinHandle<usize>,
}

// === impl Publisher ===

impl Publisher {
    /// Starts to publish to this log.
    pub fn start(log: Arc<dyn EventLog>, seed: u64) -> Publisher {
        let (end, position) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (ended, reached) = (end.clone(), position.clone());
        let thread = thread::spawn(move || {
            let (mut shop, mut published) = (Shop::new(seed), 0);
            while !ended.load(Ordering::SeqCst) {
                let events: Vec<Vec<u8>> = shop.by_ref().take(GROUP).map(|event| event.bytes).collect();
                reached.store(publish(&*log, &events), Ordering::SeqCst);
                published += events.len();
                thread::sleep(PAUSE);
            }
            published
        });
        Publisher { end, position, thread }
    }

    /// The position of the last event that was acknowledged.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::SeqCst)
    }

    /// Stops; how many different events were published.
    pub fn end(self) -> usize {
        self.end.store(true, Ordering::SeqCst);
        self.thread.join().expect("everything could be published")
    }
}

/// Publishes until it is acknowledged, as services do; the log's position then.
fn publish(log: &dyn EventLog, events: &[Vec<u8>]) -> u64 {
    let new: Vec<NewEvent<'_>> = events.iter().map(|data| NewEvent { subject: None, data }).collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match log.publish(&new) {
            Ok(positions) => return *positions.end(),
            Err(fault) => assert!(Instant::now() < deadline, "{fault}"),
        }
    }
}
