//! A document from its row.

use projections::codec::Key;
use rusqlite::Row;

use crate::state::{Document, DocumentBody};

/// From the columns `key, version, document, reason`.
pub fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    let (json, reason): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    Ok(Document {
        key: Key::from_bytes(row.get_ref(0)?.as_blob()?),
        version: row.get(1)?,
        body: match (json, reason) {
            (Some(json), _) => DocumentBody::Json(json),
            (None, reason) => DocumentBody::Broken(reason.unwrap_or_default()),
        },
    })
}
