//! What differs between two sets of definitions, as their files say it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::definitions::{Source, Sources};

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What kind of thing.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub change: Change,
    /// Where it differs, if it is there on both sides: keys of its table, or files.
    pub places: Vec<String>,
}

/// The parts of definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A key of `projection.toml` beside entities and views.
    Setting,
    /// A schema or an upcast.
    Schema,
    /// An entity.
    Entity,
    /// A view.
    View,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another one.
    Changed,
}

/// Everything of one side, by part and name: what is at which place.
type Parts = BTreeMap<(Part, String), BTreeMap<String, String>>;

/// What differs, in a stable order. Spaces and comments do not count.
pub fn differences(before: &Sources, after: &Sources) -> Vec<Difference> {
    let (before, after) = (parts(before), parts(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let difference = |key: &(Part, String)| {
        let (change, places) = match (before.get(key), after.get(key)) {
            (None, _) => (Change::Added, Vec::new()),
            (_, None) => (Change::Removed, Vec::new()),
            (Some(before), Some(after)) => (Change::Changed, differing(before, after)),
        };
        let is_same = change == Change::Changed && places.is_empty();
        (!is_same).then(|| Difference { part: key.0, name: key.1.clone(), change, places })
    };
    keys.into_iter().filter_map(difference).collect()
}

fn differing(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    places.into_iter().filter(|place| before.get(*place) != after.get(*place)).cloned().collect()
}

fn parts(sources: &Sources) -> Parts {
    let mut parts = Parts::new();
    for schema in &sources.schemas {
        parts.insert((Part::Schema, schema.path.clone()), BTreeMap::from([(String::new(), words(&schema.text))]));
    }
    let file = sources.projection.iter().find(|source| source.path == "projection.toml");
    let Some(table) = file.and_then(|file| file.text.parse::<Table>().ok()) else { return parts };
    for (name, value) in &table {
        match (name.as_str(), value) {
            ("entities", Value::Table(entities)) => parts.extend(named(Part::Entity, entities, &[])),
            ("views", Value::Table(views)) => parts.extend(named(Part::View, views, &sources.projection)),
            (name, value) => {
                let mut leaves = BTreeMap::new();
                collect(name, value, &mut leaves);
                parts.insert((Part::Setting, name.to_owned()), leaves);
            }
        }
    }
    parts
}

/// The tables in a table, each with what is in the files that it names.
fn named<'t>(
    part: Part,
    table: &'t Table,
    files: &'t [Source],
) -> impl Iterator<Item = ((Part, String), BTreeMap<String, String>)> + 't {
    table.iter().map(move |(name, value)| {
        let mut leaves = BTreeMap::new();
        collect("", value, &mut leaves);
        let query = value.get("query").and_then(Value::as_str);
        if let Some(file) = query.and_then(|query| files.iter().find(|file| file.path == query)) {
            leaves.insert(file.path.clone(), words(&file.text));
        }
        ((part, name.clone()), leaves)
    })
}

/// What is below a value, by path.
fn collect(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let Value::Table(table) = value else {
        leaves.insert(path.to_owned(), value.to_string());
        return;
    };
    for (name, value) in table {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(&path, value, leaves);
    }
}

/// A text whose spaces are all alike, without SQL's comments.
fn words(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(before, _)| before));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(toml: &str, sql: &str, schema: &str) -> Sources {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        Sources {
            schemas: vec![source("people/Seen.v1.json", schema)],
            projection: vec![source("projection.toml", toml), source("v.sql", sql)],
        }
    }

    const TOML: &str =
        "name = 'p'\n[entities.persons]\nkey = ['id']\non.Seen.set = { age = 'age' }\n[views.v]\nquery = 'v.sql'\n";

    fn shown(after: &Sources) -> Vec<String> {
        let line = |difference: &Difference| {
            let Difference { part, name, change, places } = difference;
            format!("{part:?} {name} {change:?} {}", places.join(","))
        };
        differences(&sources(TOML, "SELECT 1", "{}"), after).iter().map(line).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let toml = TOML.replace("age = 'age'", "age = 'age + 1', name = 'name'") + "[entities.towns]\nkey = ['id']\n";
        assert_eq!(
            shown(&sources(&toml, "SELECT 2", "{\"a\":1}")),
            [
                "Schema people/Seen.v1.json Changed ",
                "Entity persons Changed on.Seen.set.age,on.Seen.set.name",
                "Entity towns Added ",
                "View v Changed v.sql"
            ]
        );
        let without = TOML.split("[views").next().unwrap();
        assert_eq!(shown(&sources(without, "SELECT 1", "{}")), ["View v Removed "]);
    }

    #[test]
    fn how_it_is_written_does_not_count() {
        let toml = TOML.replace("['id']", "[ \"id\" ] # the key");
        assert_eq!(shown(&sources(&toml, "SELECT -- all\n  1\n", "{ }")), ["Schema people/Seen.v1.json Changed "]);
        assert_eq!(shown(&sources(&toml, "SELECT -- all\n  1\n", "{}")), [""; 0]);
    }
}
