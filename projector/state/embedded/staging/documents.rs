//! The documents of a build in a file of its own, for whoever compares them.

use projections::codec::Key;
use projections::engine::Content;
use projections::plan::ViewId;
use rusqlite::{OptionalExtension, Row, params};

use super::super::address;
use super::super::staged::decode_document;
use super::{Staging, unreadable};
use crate::fault::Fault;

impl Staging {
    /// The documents of these keys, in their order; absent ones as [`Content::Absent`].
    pub fn documents(&self, view: ViewId, keys: &[Key]) -> Result<Vec<Content>, Fault> {
        self.build.database.read("reading what was made", |file| {
            let mut get = file.prepare_cached(&self.build.layout.get_cell)?;
            let document = |key: &Key| {
                let stored = address::of_document(view, key);
                let found = get.query_row([&stored], |row| Ok(decode_document(row.get_ref(0)?.as_blob()?))).optional()?;
                match found {
                    None => Ok(Content::Absent),
                    Some(document) => document.map(|(_, content)| content).ok_or_else(|| unreadable(&stored)),
                }
            };
            keys.iter().map(document).collect()
        })
    }

    /// The keys of documents behind this one, or of the first ones, in order: at most so many.
    pub fn document_keys(&self, view: ViewId, after: Option<&Key>, limit: usize) -> Result<Vec<Key>, Fault> {
        let prefix = address::of_documents(view);
        let above = after.map_or(prefix.to_vec(), |key| address::of_document(view, key));
        self.build.database.read("reading what was made", |file| {
            let mut select = file.prepare_cached(&self.build.layout.page_of_cells)?;
            let key = |row: &Row<'_>| Ok(Key::from_bytes(&row.get_ref(0)?.as_blob()?[prefix.len()..]));
            select.query_map(params![above, address::after_all(&prefix), limit], key)?.collect()
        })
    }
}
