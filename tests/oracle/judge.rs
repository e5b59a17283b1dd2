//! Compares the documents of a build with what PostgreSQL makes of the same rows.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use projections::codec::{Key, Row};
use projections::engine::Content;
use projections::plan::{View, ViewId};
use schemas::{Value, json::write_json, text};

use crate::json::Json;
use crate::memory::Build;
use crate::tables::quoted;

/// Asserts that every document of the build is what PostgreSQL says of the rows in its tables.
pub fn assert_documents(client: &mut Client, build: &Build) {
    let differences = differences(client, build);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where the documents are not what PostgreSQL says: the first few of each view, to be read by a person.
pub fn differences(client: &mut Client, build: &Build) -> Vec<String> {
    let views = build.plan.views.iter().enumerate();
    views.flat_map(|(number, view)| judge_view(client, view, &documents_of(build, number))).collect()
}

/// The documents of one view, by key.
fn documents_of(build: &Build, view: ViewId) -> BTreeMap<Key, Content> {
    let of_view = build.documents.iter().filter(|((number, _), _)| *number == view);
    of_view.map(|((_, key), content)| (key.clone(), content.clone())).collect()
}

fn judge_view(client: &mut Client, view: &View, documents: &BTreeMap<Key, Content>) -> Vec<String> {
    let query = format!("SELECT row_to_json(t)::text FROM ({}) t", view.query);
    match client.query(&query, &[]) {
        Ok(rows) => {
            let ours = documents.values().map(|content| shown(view, content)).collect();
            compare_all(view, ours, rows.iter().map(|row| row.get(0)))
        }
        // One bad row fails the whole SELECT: ask for each document by itself.
        Err(error) if error.code().is_some() => compare_each(client, view, documents),
        Err(error) => panic!("PostgreSQL cannot run the view {}: {error}", view.name),
    }
}

// === all at once ===

/// Where documents that somebody else serves are not what PostgreSQL says of the rows in its tables.
pub fn served_differences(client: &mut Client, view: &View, documents: impl Iterator<Item = String>) -> Vec<String> {
    let theirs = client.query(&format!("SELECT row_to_json(t)::text FROM ({}) t", view.query), &[]).expect("no row is bad");
    let ours = documents.map(|text| (key_of(view, &Json::parse(&text)), text)).collect();
    compare_all(view, ours, theirs.iter().map(|row| row.get(0)))
}

/// Where rows of a table in ClickHouse, as it prints them, do not hold what PostgreSQL says.
pub fn table_differences<'r>(client: &mut Client, view: &View, rows: impl Iterator<Item = &'r str>) -> Vec<String> {
    let theirs = client.query(&format!("SELECT row_to_json(t)::text FROM ({}) t", view.query), &[]).expect("no row is bad");
    let rows = rows.map(|row| Json::parse(row).with_times_of_postgres());
    let mut rows: BTreeMap<String, Json> = rows.map(|row| (key_of(view, &row), row)).collect();
    let mut differences = Vec::new();
    for their in theirs.iter().map(|row| Json::parse(row.get(0))) {
        match rows.remove(&key_of(view, &their)) {
            Some(row) if row.holds(&their) => {}
            row => differences.push(format!("view {}:\n  ours   {row:?}\n  theirs {their:?}", view.name)),
        }
    }
    differences.extend(rows.into_values().map(|row| format!("view {}: they have no row\n  ours   {row:?}", view.name)));
    differences.truncate(3);
    differences
}

/// `ours`: texts by key.
fn compare_all(view: &View, mut ours: BTreeMap<String, String>, theirs: impl Iterator<Item = String>) -> Vec<String> {
    let mut differences = Vec::new();
    for their in theirs {
        let key = key_of(view, &Json::parse(&their));
        match ours.remove(&key) {
            Some(our) if our == their || agree(view, &our, &their) => {}
            Some(our) => differences.push(format!("view {}:\n  ours   {our}\n  theirs {their}", view.name)),
            None => differences.push(format!("view {}: we have no document\n  theirs {their}", view.name)),
        }
    }
    differences.extend(ours.into_values().map(|our| format!("view {}: they have no row\n  ours   {our}", view.name)));
    differences.truncate(3);
    differences
}

/// The key and the text of a document.
fn shown(view: &View, content: &Content) -> (String, String) {
    match content {
        Content::Present(row) => {
            let text = document(view, row);
            (key_of(view, &Json::parse(&text)), text)
        }
        Content::Broken(reason) => (format!("broken: {reason}"), format!("broken: {reason}")),
        Content::Absent => unreachable!("documents that are absent are not kept"),
    }
}

/// The document as JSON.
pub fn document(view: &View, row: &Row) -> String {
    object(view.columns.iter().enumerate().map(|(place, column)| (column.name.as_str(), row.get(place))))
}

fn object<'a>(members: impl Iterator<Item = (&'a str, Value<'a>)>) -> String {
    let mut text = String::from("{");
    for (place, (name, value)) in members.enumerate() {
        text.push_str(if place == 0 { "" } else { "," });
        text.push_str(&serde_json::to_string(name).expect("a name is JSON"));
        text.push(':');
        write_json(&value, &mut text);
    }
    text + "}"
}

fn key_of(view: &View, document: &Json) -> String {
    let part = |&column: &usize| format!("{:?}", document.get(&view.columns[column].name));
    view.key.iter().map(part).collect::<Vec<_>>().join(" ")
}

/// Whether two documents say the same. Of equal values of a group PostgreSQL shows the one that it met first, ours does not depend on
/// any order: where a view chooses among equals, the sign of a zero says nothing.
fn agree(view: &View, ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (Json::parse(ours), Json::parse(theirs));
    let query = view.query.to_ascii_lowercase();
    let chooses = ["min(", "max(", "distinct", "group by"].iter().any(|word| query.contains(word));
    ours.agrees(&theirs) || chooses && ours.without_signs_of_zeros().agrees(&theirs.without_signs_of_zeros())
}

// === one by one ===

/// From row to row by index: a condition that fails for a row of a lookup that no document has must not be evaluated.
const ROW_BY_ROW: &str = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off";

fn compare_each(client: &mut Client, view: &View, documents: &BTreeMap<Key, Content>) -> Vec<String> {
    client.batch_execute(ROW_BY_ROW).expect("the settings are known");
    let one = |(key, content): (&Key, &Content)| compare_one(client, view, key, content);
    let mut differences: Vec<_> = documents.iter().filter_map(one).collect();
    differences.extend(lacking(client, view, documents));
    client.batch_execute("RESET ALL").expect("settings can be reset");
    differences.truncate(3);
    differences
}

/// Rows of theirs that we have no document of, as far as PostgreSQL can say: where a condition fails for a row, it cannot.
fn lacking(client: &mut Client, view: &View, documents: &BTreeMap<Key, Content>) -> Vec<String> {
    let columns: Vec<_> = view.key.iter().map(|&column| quoted(&view.columns[column].name)).collect();
    // Columns that nobody asks for are not computed, and cannot fail.
    let query = format!("SELECT row_to_json(k)::text FROM (SELECT {} FROM ({}) t) k", columns.join(", "), view.query);
    let Ok(rows) = client.query(&query, &[]) else { return Vec::new() };
    let ours: BTreeSet<String> = documents.keys().map(|key| key_of(view, &Json::parse(&key_document(view, key)))).collect();
    let lacking = rows.iter().map(|row| row.get::<_, String>(0)).filter(|row| !ours.contains(&key_of(view, &Json::parse(row))));
    lacking.map(|row| format!("view {}: we have no document\n  theirs {row}", view.name)).collect()
}

/// The key's columns as JSON.
fn key_document(view: &View, key: &Key) -> String {
    let values = projections::codec::decode_key(key).expect("keys can be read");
    let named = view.key.iter().map(|&column| view.columns[column].name.as_str()).zip(&values);
    object(named.map(|(name, value)| (name, value.clone())))
}

fn compare_one(client: &mut Client, view: &View, key: &Key, content: &Content) -> Option<String> {
    let values = projections::codec::decode_key(key).expect("keys can be read");
    let conditions: Vec<_> =
        view.key.iter().zip(&values).map(|(&column, value)| is_value(&view.columns[column].name, value)).collect();
    let query = format!("SELECT row_to_json(t)::text FROM ({}) t WHERE {}", view.query, conditions.join(" AND "));
    let theirs = client.query(&query, &[]).map(|rows| rows.first().map(|row| row.get::<_, String>(0)));
    match (content, theirs) {
        (Content::Broken(_), Err(_)) => None,
        (Content::Present(row), Ok(Some(their))) if agree(view, &document(view, row), &their) => None,
        (Content::Present(row), theirs) => {
            Some(format!("view {}:\n  ours   {}\n  theirs {theirs:?}", view.name, document(view, row)))
        }
        (content, theirs) => Some(format!("view {}:\n  ours   {content:?}\n  theirs {theirs:?}", view.name)),
    }
}

fn is_value(column: &str, value: &Value<'_>) -> String {
    let mut shown = String::new();
    text::print(value, &mut shown);
    match value {
        Value::Null => format!("{} IS NULL", quoted(column)),
        _ => format!("{} = '{}'", quoted(column), shown.replace('\'', "''")),
    }
}
