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
use projections::plan::ViewId;

const ROW: u8 = 1;
const CONTRIBUTION: u8 = 2;
const GROUP: u8 = 3;
const JOB: u8 = 4;
const PARKED: u8 = 5;
const DOCUMENT: u8 = 6;
const LETTER: u8 = 7;
const START: u8 = 8;
const INDEX: u8 = 1;
const MEMBERS: u8 = 2;

/// What a stored cell is.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored {
    /// A cell of the engine.
    Cell(CellKey),
    /// A document, in a file in which documents are cells.
    Document(ViewId, Key),
    /// A dead letter, there too, by its position.
    Letter(u64),
}

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

/// What the stored keys of rows start with, of whatever entity.
pub fn all_rows() -> [u8; 1] {
    [ROW]
}

/// The stored key of a document, where documents are cells.
pub fn of_document(view: ViewId, key: &Key) -> Vec<u8> {
    joined(of_documents(view), &[key])
}

/// What the stored keys of a view's documents start with, there.
pub fn of_documents(view: ViewId) -> [u8; 3] {
    prefix(DOCUMENT, view)
}

/// The stored key of a dead letter, where dead letters are cells.
pub fn of_letter(position: u64) -> Vec<u8> {
    joined(letters(), &[&position.to_be_bytes()])
}

/// What the stored keys of dead letters start with.
pub fn letters() -> [u8; 3] {
    prefix(LETTER, 0)
}

/// The stored key of the place where a part starts, behind all of what is to be loaded.
pub fn of_start(number: u64) -> Vec<u8> {
    joined(starts(), &[&number.to_be_bytes()])
}

/// What the stored keys of such places start with.
pub fn starts() -> [u8; 3] {
    prefix(START, 0)
}

/// What is stored under this key of a cell.
pub fn parse_cell(stored: &[u8]) -> Option<Stored> {
    let ([family, high, low], rest) = stored.split_first_chunk()?;
    let (number, key) = (usize::from(u16::from_be_bytes([*high, *low])), Key::from_bytes(rest));
    let cell = |space| Some(Stored::Cell(CellKey { space, key: key.clone() }));
    match *family {
        ROW => cell(Space::Row(number)),
        CONTRIBUTION => cell(Space::Contribution(number)),
        GROUP => cell(Space::Group(number)),
        JOB => cell(Space::Job),
        PARKED => cell(Space::Parked),
        DOCUMENT => Some(Stored::Document(number, key)),
        LETTER => Some(Stored::Letter(u64::from_be_bytes(rest.try_into().ok()?))),
        _ => None,
    }
}

/// The set of the member that is stored under this key, and the key without what names the family: the set's value, then the member.
pub fn parse_link(stored: &[u8]) -> Option<(SetSpace, &[u8])> {
    let ([family, high, low], rest) = stored.split_first_chunk()?;
    let number = usize::from(u16::from_be_bytes([*high, *low]));
    match *family {
        INDEX => Some((SetSpace::Index(number), rest)),
        MEMBERS => Some((SetSpace::Members(number), rest)),
        _ => None,
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
    fn stored_keys_come_back() {
        let key = Key::of(&[schemas::Value::Int(7)]);
        for space in [Space::Row(300), Space::Contribution(1), Space::Group(2), Space::Job, Space::Parked] {
            let cell = CellKey { space, key: key.clone() };
            assert_eq!(of_cell(&cell).as_deref().and_then(parse_cell), Some(Stored::Cell(cell)));
        }
        assert_eq!(parse_cell(&of_document(3, &key)), Some(Stored::Document(3, key.clone())));
        assert_eq!(parse_cell(&of_letter(9)), Some(Stored::Letter(9)));
        assert_eq!(parse_cell(&of_start(9)), None, "it is no part of the build");
        let set = SetKey { space: SetSpace::Members(4), value: key.clone() };
        let stored = of_member(&set, &key).unwrap();
        assert_eq!(parse_link(&stored), Some((SetSpace::Members(4), &[&key[..], &key].concat()[..])));
    }

    #[test]
    fn the_end_of_a_prefix() {
        for (prefix, end) in [(&[1, 2][..], Some(&[1, 3][..])), (&[1, 0xff], Some(&[2])), (&[0xff, 0xff], None), (&[], None)] {
            assert_eq!(after_all(prefix).as_deref(), end);
        }
    }
}
