//! What a build has folded, for another build of the same rules.

use std::ops::ControlFlow;
use std::sync::Arc;

use projections::engine::CellKey;

use super::views::StoredDeadLetter;
use super::{Checkpoint, Order, StoredCells};

/// Cells of rows and their bytes; `None`: there is no such row, or none any more. Each occurs once.
pub type CopiedRows = Vec<(CellKey, Option<Arc<[u8]>>)>;

/// Takes rows, page by page, until it breaks off. A row of a later page takes the place of the same one of an earlier page.
pub type TakeRows<'t> = dyn FnMut(CopiedRows) -> ControlFlow<()> + 't;

/// Beside rows, all that a build has folded, and of which moment that and they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The moment.
    pub checkpoint: Checkpoint,
    /// Who waits for whom.
    pub parked: StoredCells,
    /// Events that could not be applied, by position.
    pub dead_letters: Vec<StoredDeadLetter>,
    /// How operators have settled events.
    pub settled: Vec<Order>,
}
