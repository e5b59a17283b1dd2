//! The window in which a second event of the same source and id counts as the same event.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use xxhash_rust::xxh3::Xxh3;

/// Identities of the events of the last so many positions.
///
/// Whether an event is a repetition depends on nothing but the events at the positions of the window before it, so a
/// restart that reads these again decides as if there had been none.
pub struct Duplicates {
    window: u64,
    seed: u64,
    /// Where each identity was seen last.
    last: HashMap<u128, u64, FixedState>,
    order: VecDeque<(u64, u128)>,
}

impl Duplicates {
    /// `window`: how many positions back; 0: nothing is a duplicate.
    pub fn new(window: u64, seed: u64) -> Self {
        Duplicates { window, seed, last: HashMap::with_hasher(FixedState::with_seed(seed)), order: VecDeque::new() }
    }

    /// Notes the event; whether it was seen before within the window.
    pub fn is_repeated(&mut self, position: u64, source: &str, id: &str) -> bool {
        if self.window == 0 {
            return false;
        }
        self.forget_before(position.saturating_sub(self.window));
        let identity = self.identity(source, id);
        self.order.push_back((position, identity));
        self.last.insert(identity, position).is_some()
    }

    fn forget_before(&mut self, position: u64) {
        while let Some(&(seen, identity)) = self.order.front()
            && seen < position
        {
            self.order.pop_front();
            if self.last.get(&identity) == Some(&seen) {
                self.last.remove(&identity);
            }
        }
    }

    /// Seeded, so that nobody can make two events look the same by choosing their names.
    fn identity(&self, source: &str, id: &str) -> u128 {
        let mut hash = Xxh3::with_seed(self.seed);
        hash.update(&(source.len() as u64).to_le_bytes());
        hash.update(source.as_bytes());
        hash.update(id.as_bytes());
        hash.digest128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_count_within_the_window_only() {
        let mut duplicates = Duplicates::new(2, 0);
        let seen: Vec<bool> = [(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "a"), (8, "a")]
            .map(|(position, id)| duplicates.is_repeated(position, "orders", id))
            .to_vec();
        assert_eq!(seen, [false, false, true, false, true, false]);
    }

    #[test]
    fn the_source_counts_too() {
        let mut duplicates = Duplicates::new(9, 0);
        assert!(!duplicates.is_repeated(1, "ab", "c"));
        assert!(!duplicates.is_repeated(2, "a", "bc"));
    }
}
