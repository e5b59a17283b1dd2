//! The body of an insert: `RowBinaryWithNamesAndTypes`.
//!
//! `Native` would be somewhat faster for the server to take, but it is written column by column, nested ones through offsets. This is
//! one pass over each document, and the names and types at its start let the server refuse a table that is not what we take it for,
//! instead of shifting bytes from column to column.

use super::layout::{Column, ForeignDocument, Layout};
use super::value::{Misfits, write_bytes, write_length};
use crate::tables::TableRow;

/// What is sent, and what is not in it.
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Values that no column could hold: the view's columns that have some.
    pub misfits: Vec<(String, Misfits)>,
}

/// The body that inserts these rows; `columns`: those of the table, with types as the server spells them.
pub fn body(layout: &Layout, columns: &[Column], rows: &[TableRow]) -> Result<Body, ForeignDocument> {
    let documents: usize = rows.iter().map(|row| row.document.as_ref().map_or(0, String::len) + row.key.len()).sum();
    // A document is there twice, once as it is and once by column.
    let mut bytes = Vec::with_capacity(documents * 2 + rows.len() * 64);
    write_header(columns, &mut bytes);
    let mut misfits = vec![Misfits::default(); layout.spec.columns.len()];
    for row in rows {
        layout.write(row, &mut bytes, &mut misfits)?;
    }
    let named = layout.spec.columns.iter().map(|column| column.name.clone()).zip(misfits);
    Ok(Body { bytes, misfits: named.filter(|(_, misfits)| misfits.0 > 0).collect() })
}

fn write_header(columns: &[Column], out: &mut Vec<u8>) {
    write_length(columns.len(), out);
    columns.iter().for_each(|column| write_bytes(column.name.as_bytes(), out));
    columns.iter().for_each(|column| write_bytes(column.ty.as_bytes(), out));
}
