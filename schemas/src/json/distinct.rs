//! Objects as they are read: of a repeated name the last value counts.

use std::collections::HashMap;
use std::hash::Hash;

/// So many names are compared with each other; more are hashed.
const FEW: usize = 24;

/// Each name once: at its first place, with its last value.
pub fn last_of_each<N: Clone + Eq + Hash, V>(members: Vec<(N, V)>) -> Vec<(N, V)> {
    let is_new = |at: usize| members[..at].iter().all(|(known, _)| *known != members[at].0);
    if members.len() <= FEW && (1..members.len()).all(is_new) {
        return members;
    }
    let mut places = HashMap::with_capacity(members.len());
    let mut distinct: Vec<(N, V)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        let place = *places.entry(name.clone()).or_insert(distinct.len());
        match distinct.get_mut(place) {
            Some(member) => member.1 = value,
            None => distinct.push((name, value)),
        }
    }
    distinct
}
