//! What a projection waits for: calls to the log or a store that take long, or did not succeed and are made again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::fault::{Fault, chain};

/// What a projection depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// Where events come from.
    Log,
    /// Where rows, documents and checkpoints are.
    State,
    /// Where lists are selected from.
    Tables,
}

/// A call that takes longer is told to who asks what a projection waits for.
const SLOW: Duration = Duration::from_secs(1);

/// The calls of a projection that are under way, and what became of earlier ones.
#[derive(Debug, Default)]
pub struct Waits(Mutex<Ledger>);

/// A port that does not answer just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The port.
    pub port: Port,
    /// How long the call that waits longest has been waiting.
    pub lasting: Duration,
    /// How often that call has failed.
    pub failures: u64,
    /// Why it failed last; empty where it has not failed yet.
    pub error: String,
}

/// A call under way, until it is dropped.
pub struct Call<'w> {
    waits: &'w Waits,
    port: Port,
    number: u64,
}

#[derive(Debug, Default)]
struct Ledger {
    next: u64,
    /// Calls by their number, which says which began first.
    calls: BTreeMap<u64, Begun>,
    failures: BTreeMap<Port, u64>,
}

#[derive(Debug)]
struct Begun {
    port: Port,
    at: Instant,
    failures: u64,
    error: String,
}

// === impl Waits ===

impl Waits {
    /// A call to this port begins.
    pub fn call(&self, port: Port) -> Call<'_> {
        let mut ledger = self.ledger();
        ledger.next += 1;
        let number = ledger.next;
        ledger.calls.insert(number, Begun { port, at: Instant::now(), failures: 0, error: String::new() });
        Call { waits: self, port, number }
    }

    /// The ports that do not answer at this time, each once: those with a call that has failed, or takes long.
    pub fn at(&self, now: Instant) -> Vec<Wait> {
        let mut longest = BTreeMap::new();
        for call in self.ledger().calls.values() {
            let wait = call.wait(now);
            if wait.failures > 0 || wait.lasting >= SLOW {
                longest.entry(wait.port).or_insert(wait);
            }
        }
        longest.into_values().collect()
    }

    /// How often calls to this port have failed and were, or will be, made again.
    pub fn failures(&self, port: Port) -> u64 {
        self.ledger().failures.get(&port).copied().unwrap_or_default()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Call ===

impl Call<'_> {
    /// It failed, and will be made again.
    pub fn failed(&mut self, fault: &Fault) {
        let (mut ledger, error) = (self.waits.ledger(), chain(fault));
        *ledger.failures.entry(self.port).or_default() += 1;
        if let Some(call) = ledger.calls.get_mut(&self.number) {
            call.failures += 1;
            call.error = error;
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.waits.ledger().calls.remove(&self.number);
    }
}

// === impl Begun ===

impl Begun {
    fn wait(&self, now: Instant) -> Wait {
        let lasting = now.saturating_duration_since(self.at);
        Wait { port: self.port, lasting, failures: self.failures, error: self.error.clone() }
    }
}

// === impl Port ===

impl Port {
    /// All of them.
    pub const ALL: [Port; 3] = [Port::Log, Port::State, Port::Tables];

    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Port::Log => "log",
            Port::State => "state",
            Port::Tables => "tables",
        }
    }
}

// === impl Wait ===

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} does not answer", self.port.word())?;
        if self.error.is_empty() { Ok(()) } else { write!(f, ": {}", self.error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(said: &str) -> Fault {
        Fault::Unavailable { operation: "x", place: "y".into(), source: said.into() }
    }

    #[test]
    fn of_each_port_the_longest_wait_is_seen_until_it_is_over() {
        let waits = Waits::default();
        let (mut first, mut second, _state) = (waits.call(Port::Log), waits.call(Port::Log), waits.call(Port::State));
        let start = Instant::now();
        assert_eq!(waits.at(start), [], "nothing has failed or taken long");
        let slow = waits.at(start + SLOW);
        assert_eq!(slow.iter().map(|wait| wait.port).collect::<Vec<_>>(), [Port::Log, Port::State]);
        assert_eq!(slow[1].to_string(), "the state does not answer");
        first.failed(&fault("one"));
        first.failed(&fault("two"));
        second.failed(&fault("three"));
        let seen = waits.at(start);
        assert_eq!(seen.iter().map(|wait| (wait.port, wait.failures)).collect::<Vec<_>>(), [(Port::Log, 2)]);
        assert!(seen[0].to_string().ends_with("two"), "{seen:?}");
        drop(first);
        assert_eq!(waits.at(start)[0].failures, 1, "the other call still waits");
        drop(second);
        assert_eq!(waits.at(start), []);
        assert_eq!((waits.failures(Port::Log), waits.failures(Port::State)), (3, 0));
    }
}
