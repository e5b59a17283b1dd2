//! Tables on real servers.

mod builds;
mod encrypted;
mod lists;
mod types;
mod writing;

use projections::codec::Key;
use projector::tables::{RowVersion, TableBuild, TableRow};
use projector::view::{Catalogue, ColumnSpec, ViewSpec};
use schemas::{Type, Value};

/// A view with these columns, the first of which is the key; lists by all that can be compared.
fn view(name: &str, columns: &[(&str, Type)]) -> ViewSpec {
    let listed = (0..columns.len()).filter(|&column| columns[column].1.is_comparable()).collect();
    let columns = columns.iter().map(|(name, ty)| ColumnSpec { name: (*name).to_owned(), ty: ty.clone() }).collect();
    ViewSpec { name: name.to_owned(), columns, key: vec![0], listed, order_by: vec![0] }
}

/// Generation 1 of the projection shop, with these views.
fn build(views: Vec<ViewSpec>) -> TableBuild {
    let catalogue = Catalogue { entities: Vec::new(), views };
    TableBuild { projection: "shop".into(), number: 1, catalogue, identity: "first".into() }
}

/// The row of a document under a key that is a text, read by a writer of this epoch at this commit.
fn row(key: &str, document: Option<&str>, (epoch, commits): (u64, u64)) -> TableRow {
    let version = RowVersion::new(epoch, commits).unwrap();
    TableRow { key: text_key(key), document: document.map(str::to_owned), position: commits, version }
}

fn text_key(text: &str) -> Key {
    Key::of(&[Value::Text(text.into())])
}
