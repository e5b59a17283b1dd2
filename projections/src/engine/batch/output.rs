//! What a batch writes: documents that differ from before, and the cells that changed.

use std::sync::Arc;

use crate::codec::{Key, Row};
use crate::plan::ViewId;

use super::super::cache::{Cache, Known, Table, Weigh};
use super::super::cells::{CellKey, Content, DocumentChange, DocumentMark, Missing, Space};
use super::Batch;

/// A document with its key, and the position of the last event behind it.
pub type Document = (Key, u64, Content);

impl Batch<'_> {
    /// Keeps the documents that differ from before. Hands them all back where it is not known what was before.
    pub(super) fn emit(
        &mut self,
        view: ViewId,
        documents: Vec<Document>,
        cache: &mut Cache,
        missing: &mut Missing,
    ) -> Option<Vec<Document>> {
        let marks = &mut cache.documents[view];
        let unknown = documents.iter().filter(|(key, ..)| !marks.is_known(key));
        missing.cells.extend(unknown.map(|(key, ..)| CellKey { space: Space::Document(view), key: key.clone() }));
        if !missing.cells.is_empty() {
            return Some(documents);
        }
        for (key, version, content) in documents {
            let before = match marks.get(&key) {
                Known::Here(Some(mark)) => mark.hash,
                _ => 0,
            };
            let hash = content.hash();
            if hash != before {
                let mark = (!matches!(content, Content::Absent)).then_some(DocumentMark { hash, version });
                marks.put(&key, mark, version);
                self.changes.documents.push(DocumentChange { view, key, version, content });
            }
        }
        None
    }

    /// Gathers the cells that the batch changed.
    pub(super) fn collect_cells(&mut self, cache: &Cache) {
        for (entity, table) in cache.rows.iter().enumerate() {
            self.collect(Space::Row(entity), table, Row::shared);
        }
        for (rollup, table) in cache.contributions.iter().enumerate() {
            self.collect(Space::Contribution(rollup), table, Row::shared);
        }
        for (rollup, table) in cache.groups.iter().enumerate() {
            self.collect(Space::Group(rollup), table, |group| Arc::from(group.encode()));
        }
    }

    fn collect<V: Clone + PartialEq + Weigh>(&mut self, space: Space, table: &Table<V>, bytes: fn(&V) -> Arc<[u8]>) {
        let changed = table.changed().iter();
        let cells = changed.map(|cell| (CellKey { space, key: cell.key.clone() }, cell.new.as_ref().map(bytes)));
        self.changes.cells.extend(cells);
    }
}
