//! Names that nobody else has.

use std::hash::{BuildHasher, RandomState};
use std::process;

use crate::clock;

/// A name that no other process, thread or call has: from the clock, the process and the standard library's hasher, whose keys are
/// random. Nothing that a view holds depends on it.
pub fn unique() -> String {
    let random = || RandomState::new().hash_one((clock::now_micros(), process::id()));
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        assert_ne!(unique(), unique());
    }
}
