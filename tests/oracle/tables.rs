//! Folded rows as tables of PostgreSQL.

use std::io::Write;

use postgres::Client;
use projections::plan::{Entity, Plan};
use schemas::{Value, text};

/// Rows of one entity, the key first, ascending by key.
pub type Rows = Vec<Vec<Value<'static>>>;

/// Creates an empty table for each entity.
pub fn create(client: &mut Client, plan: &Plan) {
    for entity in &plan.entities {
        client.batch_execute(&definition(entity)).expect("the table is created");
    }
}

/// Fills the tables.
pub fn fill(client: &mut Client, plan: &Plan, rows: &[Rows]) {
    for (entity, rows) in plan.entities.iter().zip(rows) {
        copy(client, &entity.name, rows);
    }
}

/// Lets the server look up by the plan's indexes, now that the tables are full.
pub fn index(client: &mut Client, plan: &Plan) {
    for (number, index) in plan.indexes.iter().enumerate().filter(|(_, index)| !index.columns.is_empty()) {
        let entity = &plan.entities[index.entity];
        let columns: Vec<_> = index.columns.iter().map(|&column| quoted(&entity.columns[column].name)).collect();
        let create = format!("CREATE INDEX index_{number} ON {} ({})", quoted(&entity.name), columns.join(", "));
        client.batch_execute(&create).expect("the index is created");
    }
    client.batch_execute("ANALYZE").expect("statistics are gathered");
}

fn definition(entity: &Entity) -> String {
    let columns: Vec<_> = entity.columns.iter().map(|column| format!("{} {}", quoted(&column.name), column.ty)).collect();
    let key: Vec<_> = entity.columns[..entity.key_len].iter().map(|column| quoted(&column.name)).collect();
    format!("CREATE TABLE {} ({}, PRIMARY KEY ({}))", quoted(&entity.name), columns.join(", "), key.join(", "))
}

/// An identifier as SQL takes it whatever it is.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Appends the rows to a table.
pub fn copy(client: &mut Client, table: &str, rows: &Rows) {
    let mut writer = client.copy_in(&format!("COPY {} FROM STDIN", quoted(table))).expect("COPY starts");
    let mut lines = String::new();
    for row in rows {
        write_line(row, &mut lines);
        if lines.len() > 1 << 16 {
            writer.write_all(lines.as_bytes()).expect("COPY goes on");
            lines.clear();
        }
    }
    writer.write_all(lines.as_bytes()).expect("COPY goes on");
    writer.finish().expect("the rows are those of the table");
}

fn write_line(row: &[Value<'static>], out: &mut String) {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            out.push('\t');
        }
        match value {
            Value::Null => out.push_str("\\N"),
            value => {
                let mut text = String::new();
                text::print(value, &mut text);
                escape(&text, out);
            }
        }
    }
    out.push('\n');
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}
