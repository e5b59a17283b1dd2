//! The bytes under which cells and set members are stored.
//!
//! ```text
//! cell:   family: u8 | number: u16 BE | key
//! member: family: u8 | number: u16 BE | value | member
//! ```
//! The parts of a key say themselves where they end, and all values of a set family have the same number of
//! parts, so the members of a set are exactly the keys that start with its value.

use projections::codec::Key;
use projections::engine::{CellKey, SetKey, SetSpace, Space};

const ROW: u8 = 1;
const CONTRIBUTION: u8 = 2;
const GROUP: u8 = 3;
const JOB: u8 = 4;
const PARKED: u8 = 5;
const INDEX: u8 = 1;
const MEMBERS: u8 = 2;

/// The stored key of a cell; documents are stored elsewhere and have none.
pub fn of_cell(cell: &CellKey) -> Option<Vec<u8>> {
    Some(joined(of_space(cell.space)?, &[&cell.key]))
}

/// What the stored keys of a family of cells start with.
pub fn of_space(space: Space) -> Option<[u8; 3]> {
    match space {
        Space::Row(entity) => Some(prefix(ROW, entity)),
        Space::Contribution(rollup) => Some(prefix(CONTRIBUTION, rollup)),
        Space::Group(rollup) => Some(prefix(GROUP, rollup)),
        Space::Job => Some(prefix(JOB, 0)),
        Space::Parked => Some(prefix(PARKED, 0)),
        Space::Document(_) => None,
    }
}

/// What the stored keys of a set's members start with; cells are no links, and have none.
pub fn of_set(set: &SetKey) -> Option<Vec<u8>> {
    Some(joined(of_set_space(set.space)?, &[&set.value]))
}

/// The stored key of a set's member, as above.
pub fn of_member(set: &SetKey, member: &Key) -> Option<Vec<u8>> {
    Some(joined(of_set_space(set.space)?, &[&set.value, member]))
}

/// The first bytes that sort after all that start with `prefix`; `None` where there are none.
pub fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// What the stored keys of a family of sets start with; cells are no links.
fn of_set_space(space: SetSpace) -> Option<[u8; 3]> {
    match space {
        SetSpace::Index(index) => Some(prefix(INDEX, index)),
        SetSpace::Members(rollup) => Some(prefix(MEMBERS, rollup)),
        SetSpace::Cells(_) => None,
    }
}

fn prefix(family: u8, number: usize) -> [u8; 3] {
    // A projection has far fewer of anything than 65,536: each is declared by hand.
    let [high, low] = (number as u16).to_be_bytes();
    [family, high, low]
}

fn joined(prefix: [u8; 3], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3 + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.extend_from_slice(&prefix);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix() {
        for (prefix, end) in [(&[1, 2][..], Some(&[1, 3][..])), (&[1, 0xff], Some(&[2])), (&[0xff, 0xff], None), (&[], None)] {
            assert_eq!(after_all(prefix).as_deref(), end);
        }
    }
}
