//! The columns of a view's table: those of the view, and ours.

use projections::codec::Key;
use schemas::Value;

use super::column::ColumnType;
use super::value::{self, Misfits, write_bytes};
use crate::tables::TableRow;
use crate::view::ViewSpec;

/// The document as the state store has it: what the query API answers.
pub const DOCUMENT: &str = "_document";
/// The document's own version.
pub const POSITION: &str = "_position";
/// The row's version: the highest counts.
pub const VERSION: &str = "_version";
/// 1 where there is no document any more.
pub const DELETED: &str = "_deleted";
/// The document's key as ordered bytes, by which the table is sorted and its rows replace each other.
pub const KEY: &str = "_key";
/// With a column's name behind it: that column as ordered bytes, by which lists are filtered and sorted as PostgreSQL does it.
const ORDERED: &str = "_by_";

/// The table of a view, column by column.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The view.
    pub spec: ViewSpec,
    types: Vec<ColumnType>,
    /// Columns that are kept as ordered bytes, too.
    ordered: Vec<usize>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as ClickHouse names it.
    pub ty: String,
}

/// A document that has not the columns that its view has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignDocument;

// === impl Layout ===

impl Layout {
    /// The table of this view.
    pub fn new(spec: &ViewSpec) -> Layout {
        Layout {
            types: spec.columns.iter().map(|column| ColumnType::of(&column.ty)).collect(),
            // A key of one column is its ordered bytes.
            ordered: spec.listed.iter().copied().filter(|&column| spec.key != [column]).collect(),
            spec: spec.clone(),
        }
    }

    /// All columns, in the order in which rows are written.
    pub fn columns(&self) -> Vec<Column> {
        let named = |name: &str, ty: &str| Column { name: name.to_owned(), ty: ty.to_owned() };
        let own = self.spec.columns.iter().zip(&self.types).map(|(column, ty)| named(&column.name, &ty.to_string()));
        let ordered = self.ordered.iter().map(|&column| named(&self.ordered_name(column), "String"));
        let ours = [(DOCUMENT, "String"), (POSITION, "UInt64"), (VERSION, "UInt64"), (DELETED, "UInt8"), (KEY, "String")];
        own.chain(ordered).chain(ours.map(|(name, ty)| named(name, ty))).collect()
    }

    /// The view's own columns with their types.
    pub fn view_columns(&self) -> impl Iterator<Item = (&str, &ColumnType)> {
        self.spec.columns.iter().map(|column| column.name.as_str()).zip(&self.types)
    }

    /// The columns with ordered bytes.
    pub fn ordered_columns(&self) -> impl Iterator<Item = String> {
        self.ordered.iter().map(|&column| self.ordered_name(column))
    }

    /// The column that has the ordered bytes of a listed one.
    pub fn ordered_name(&self, column: usize) -> String {
        if self.spec.key == [column] { KEY.to_owned() } else { format!("{ORDERED}{}", self.spec.columns[column].name) }
    }

    /// Why there can be no such table, with what to do about it.
    pub fn objection(&self) -> Option<String> {
        let columns = self.columns();
        let (own, ours) = columns.split_at(self.types.len());
        if let Some(taken) = own.iter().find(|column| ours.iter().any(|other| other.name == column.name)) {
            let name = &taken.name;
            return Some(format!(
                "has a column {name}, a name that its table needs for a column of its own: give it another name"
            ));
        }
        // Arrays of names with a common beginning would have to have equal lengths.
        let nested = own.iter().filter(|column| column.ty.starts_with("Array(")).filter_map(|column| column.name.split_once('.'));
        let prefixes: Vec<&str> = nested.map(|(prefix, _)| prefix).collect();
        let twice = prefixes.iter().enumerate().find(|(at, prefix)| prefixes[..*at].contains(prefix));
        twice.map(|(_, prefix)| {
            format!("has several arrays {prefix}.…, which ClickHouse takes for one nested table: give them names without dots")
        })
    }

    /// Appends a row; `misfits`: those of each of the view's columns.
    pub fn write(&self, row: &TableRow, out: &mut Vec<u8>, misfits: &mut [Misfits]) -> Result<(), ForeignDocument> {
        match &row.document {
            Some(json) => self.write_document(json, out, misfits)?,
            None => self.write_nothing(out),
        }
        write_bytes(row.document.as_deref().unwrap_or_default().as_bytes(), out);
        out.extend_from_slice(&row.position.to_le_bytes());
        out.extend_from_slice(&row.version.bits().to_le_bytes());
        out.push(u8::from(row.document.is_none()));
        write_bytes(&row.key, out);
        Ok(())
    }

    fn write_document(&self, json: &str, out: &mut Vec<u8>, misfits: &mut [Misfits]) -> Result<(), ForeignDocument> {
        let values: Vec<&str> = schemas::json::members(json).map(|(_, value)| value).collect();
        if values.len() != self.types.len() {
            return Err(ForeignDocument);
        }
        for ((ty, json), misfits) in self.types.iter().zip(&values).zip(misfits) {
            value::write(ty, json, out, misfits);
        }
        for &column in &self.ordered {
            let value = value::read(values[column], &self.spec.columns[column].ty);
            write_bytes(&Key::of(&[value.unwrap_or(Value::Null)]), out);
        }
        Ok(())
    }

    fn write_nothing(&self, out: &mut Vec<u8>) {
        self.types.iter().for_each(|ty| value::write_null(ty, out));
        self.ordered.iter().for_each(|_| write_bytes(&[], out));
    }
}
