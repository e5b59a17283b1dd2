//! Views materialized from rows that are there already: which keys come next.
//!
//! A build whose rows were folded without their views has this as a job from its first commit on. It goes over all rows of each
//! block's root, block after block, and evaluates nothing but that block: a later one, which reads what this one makes, is
//! evaluated whole when its turn comes. Groups that are documents become these when all units have contributed to them.

use crate::codec::{Corrupt, Key};
use crate::plan::{BlockId, Output, Plan, RollupId, RollupReader};

use super::cells::{MembersWanted, SetKey, SetSpace, Space};
use super::job::{take_bytes, take_u64};

/// What a stored job starts with that is a materialization; other jobs start with the number of a block.
pub const MARK: u64 = u64::MAX;

/// How far views are materialized.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Materialization {
    block: BlockId,
    part: Part,
    /// The last key that was dealt with; `None`: none yet.
    cursor: Option<Key>,
}

/// Which part of a block comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// Each row of its root.
    #[default]
    Units,
    /// Each group that they made, as a document.
    Groups,
}

/// What a page is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Units of a block.
    Units,
    /// Groups of a roll-up.
    Groups(RollupId),
}

// === impl Materialization ===

impl Materialization {
    /// The block whose turn it is.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// Whether nothing has been evaluated yet: the rows may still change without their views.
    pub fn is_at_start(&self) -> bool {
        *self == Materialization::default()
    }

    /// What the next page is of; `None` where the blocks are at their end.
    pub fn source(&self, plan: &Plan) -> Option<Source> {
        let block = plan.blocks.get(self.block)?;
        match (self.part, &block.output) {
            (Part::Groups, Output::Contribution { rollup, .. }) => Some(Source::Groups(*rollup)),
            _ => Some(Source::Units),
        }
    }

    /// The keys of the next page.
    pub fn wanted(&self, plan: &Plan, limit: usize) -> Option<MembersWanted> {
        let space = match self.source(plan)? {
            Source::Units => Space::Row(plan.blocks.get(self.block)?.root),
            Source::Groups(rollup) => Space::Group(rollup),
        };
        let set = SetKey { space: SetSpace::Cells(space), value: Key::from_bytes(&[]) };
        Some(MembersWanted { set, after: self.cursor.clone(), limit })
    }

    /// Moves over this page of at most `limit` keys; whether anything is left.
    #[must_use]
    pub fn after(self, plan: &Plan, page: &[Key], limit: usize) -> Option<Materialization> {
        if page.len() >= limit {
            return Some(Materialization { cursor: page.last().cloned(), ..self });
        }
        let next = match self.part {
            Part::Units if makes_documents_of_groups(plan, self.block) => {
                Materialization { part: Part::Groups, cursor: None, ..self }
            }
            Part::Units | Part::Groups => Materialization { block: self.block + 1, ..Materialization::default() },
        };
        (next.block < plan.blocks.len()).then_some(next)
    }

    /// The bytes to store: four little-endian u64 ([`MARK`], block, part, and the length of the cursor), then the cursor. No cursor is
    /// empty: no key is.
    pub fn encode(&self) -> Vec<u8> {
        let cursor: &[u8] = self.cursor.as_ref().map_or(&[], |key| key);
        let part = match self.part {
            Part::Units => 0,
            Part::Groups => 1,
        };
        let mut out = Vec::new();
        for number in [MARK, self.block as u64, part, cursor.len() as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(cursor);
        out
    }

    /// What was stored, behind its mark.
    pub fn decode(mut bytes: &[u8]) -> Result<Materialization, Corrupt> {
        let bytes = &mut bytes;
        let (block, part, cursor) = (take_u64(bytes)? as BlockId, take_u64(bytes)?, take_bytes(bytes)?);
        let part = match part {
            0 => Part::Units,
            1 => Part::Groups,
            _ => return Err(Corrupt("bad part of a materialization")),
        };
        Ok(Materialization { block, part, cursor: (!cursor.is_empty()).then(|| Key::from_bytes(cursor)) })
    }
}

/// Whether the block feeds groups that are documents.
fn makes_documents_of_groups(plan: &Plan, block: BlockId) -> bool {
    let Some(Output::Contribution { rollup, .. }) = plan.blocks.get(block).map(|block| &block.output) else { return false };
    matches!(plan.rollups[*rollup].reader, RollupReader::View { .. })
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;

    #[test]
    fn it_comes_back() {
        for (part, cursor) in [(Part::Units, None), (Part::Groups, Some(Key::of(&[Value::Int(7)])))] {
            let stored = Materialization { block: 3, part, cursor };
            let bytes = stored.encode();
            let (mark, rest) = bytes.split_first_chunk().unwrap();
            assert_eq!((u64::from_le_bytes(*mark), Materialization::decode(rest)), (MARK, Ok(stored)));
            assert!(Materialization::decode(&rest[..20]).is_err());
        }
    }
}
