//! Documents as JSON, in the form of PostgreSQL's `row_to_json`.

use projections::codec::Row;
use schemas::json;

use crate::view::ViewSpec;

/// The document as a JSON object, columns in SELECT order.
pub fn to_json(view: &ViewSpec, row: &Row) -> String {
    let mut out = String::with_capacity(row.bytes().len() * 2);
    out.push('{');
    for (index, column) in view.columns.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        json::write_string(&column.name, &mut out);
        out.push(':');
        json::write_json(&row.get(index), &mut out);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use schemas::{Type, Value};

    use super::*;
    use crate::view::ColumnSpec;

    #[test]
    fn a_document_is_an_object_in_select_order() {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("b", Type::Text), column("a", Type::Int8)];
        let view = ViewSpec { name: "v".into(), columns, key: vec![0], listed: vec![0], order_by: vec![0] };
        let row = Row::of(&[Value::Text("a\"".into()), Value::Null]);
        assert_eq!(to_json(&view, &row), r#"{"b":"a\"","a":null}"#);
    }
}
