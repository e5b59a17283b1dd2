//! The documents of one flush, as rows.

use crate::state::outbox::{Entry, Left, Taken};
use crate::state::{Document, DocumentBody};
use crate::tables::{RowVersion, TableRow, VersionOverflow};

/// A flush has about so many rows at most.
const ROWS: usize = 50_000;
/// It has about so many bytes of documents at most: with what is made of them to be sent, several times that is in memory.
const BYTES: usize = 16 << 20;

/// The documents of one flush.
pub struct Batch {
    /// The rows of each view, by its number.
    pub rows: Vec<Vec<TableRow>>,
    /// The entries, by the commits at which they were read.
    pub pages: Vec<(u64, Vec<Entry>)>,
    /// What is left in the outbox, as it was seen when the last page was taken.
    pub left: Left,
    entries: usize,
    bytes: usize,
}

// === impl Batch ===

impl Batch {
    /// Nothing yet, of so many views.
    pub fn new(views: usize) -> Batch {
        let rows = (0..views).map(|_| Vec::new()).collect();
        Batch { rows, pages: Vec::new(), left: Left::default(), entries: 0, bytes: 0 }
    }

    /// Adds a page that was taken in this epoch.
    pub fn add(&mut self, taken: Taken, epoch: u64) -> Result<(), VersionOverflow> {
        let version = RowVersion::new(epoch, taken.checkpoint.commits)?;
        // Something may have been entered since the page was chosen: how old it is is not known.
        self.left = Left { entries: taken.entries, oldest: (taken.entries > 0).then_some(0) };
        let mut page = Vec::with_capacity(taken.documents.len());
        for (entry, document) in taken.documents {
            let row = row(&entry, document, taken.checkpoint.position, version);
            self.bytes += row.document.as_ref().map_or(0, String::len);
            self.rows[entry.view].push(row);
            page.push(entry);
        }
        self.entries += page.len();
        self.pages.push((taken.checkpoint.commits, page));
        Ok(())
    }

    /// How many entries it has.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Whether nothing more should be added.
    pub fn is_full(&self) -> bool {
        self.entries >= ROWS || self.bytes >= BYTES
    }
}

fn row(entry: &Entry, document: Option<Document>, checkpoint: u64, version: RowVersion) -> TableRow {
    let position = document.as_ref().map_or(checkpoint, |document| document.version);
    let document = document.and_then(|document| match document.body {
        DocumentBody::Json(json) => Some(json),
        DocumentBody::Broken(_) => None,
    });
    TableRow { key: entry.key.clone(), document, position, version }
}
