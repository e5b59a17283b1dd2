//! The catalogue of keys. Everything but the list of projections has the projection and its partition between braces: Redis Cluster
//! keeps such keys together, and what one script touches must be together. There is one partition so far, 0.
//!
//! | key | type | what |
//! |---|---|---|
//! | `NS:projections` | set | names of projections |
//! | `{NS:shop:0}:projection` | hash | `live` generation, `switches`, `state`, `reason`, `since`, `pause`, `rate`; once for all partitions |
//! | `{NS:shop:0}:generations` | set | numbers of the builds there are |
//! | `{NS:shop:0}:owner` | string | who runs it; expires by itself |
//! | `{NS:shop:0}:absent` | none | there is none: see [`ProjectionKeys::absent`] |
//! | `{NS:shop:0}:deeds` | list | what was done to the projection, by whom, in order |
//! | `{NS:shop:0}:g3:s` | string | the definitions of a build |
//! | `{NS:shop:0}:g3:cp` | hash | the checkpoint, fence and writer of a build, and what it is a build of |
//! | `{NS:shop:0}:g3:v:VIEW:KEY` | string | a document: JSON under its key as text |
//! | `{NS:shop:0}:g3:m:VIEW:…` | string | the mark of a document: hash and version |
//! | `{NS:shop:0}:g3:b:VIEW` | hash | broken documents: why, by key |
//! | `{NS:shop:0}:g3:e:ENTITY:…` | string | an entity's row |
//! | `{NS:shop:0}:g3:c:N:…` | string | what a unit contributes to roll-up N |
//! | `{NS:shop:0}:g3:a:N:…` | string | the aggregates of a group of roll-up N |
//! | `{NS:shop:0}:g3:x:N:…` | sorted set | keys of the rows that hold a value of index N; all scores are 0 |
//! | `{NS:shop:0}:g3:u:N:…` | sorted set | keys of the units of a group of roll-up N; all scores are 0 |
//! | `{NS:shop:0}:g3:j` | hash | fan-out jobs |
//! | `{NS:shop:0}:g3:w` | hash | events that wait, by entity key and position |
//! | `{NS:shop:0}:g3:o` | sorted set | documents that tables elsewhere do not have yet, `N:…` with the view's number; scores are the commits that
//!   changed them |
//! | `{NS:shop:0}:g3:f` | hash | how far those tables are, and who flushes |
//! | `{NS:shop:0}:g3:d` | sorted set | dead letters, `POSITION:KIND` with 20 digits; all scores are 0 |
//! | `{NS:shop:0}:g3:d:POSITION` | hash | a dead letter: `time`, `kind`, `reason`, `keys`, `event` |
//! | `{NS:shop:0}:g3:q` | hash | what operators ask of the owner, by name |
//! | `{NS:shop:0}:g3:t` | sorted set | rows that have changed since somebody began to copy them, by what their keys end with; scores are
//!   the commits that changed them |
//! | `{NS:shop:0}:g3:r` | hash | orders by which the build differs from its log, by position |
//!
//! `…` stands for the bytes of a [`Key`], whose order is the order of the values.

use projections::codec::{Key, print_key};
use projections::engine::{CellKey, SetKey, SetSpace, Space};
use projections::plan::ViewId;

use crate::state::outbox::Entry;
use crate::view::Catalogue;

/// The keys that a projection has once.
#[derive(Clone, Debug)]
pub struct ProjectionKeys {
    tag: String,
}

/// The keys of one build.
#[derive(Clone, Debug)]
pub struct BuildKeys {
    prefix: String,
    projection: ProjectionKeys,
    catalogue: Catalogue,
}

/// Where a cell is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// It is the string under this key.
    String(Vec<u8>),
    /// It is a field of the hash under this key.
    Field(String, Vec<u8>),
}

/// The set of all projections.
pub fn projections(namespace: &str) -> String {
    format!("{namespace}:projections")
}

/// What the outbox holds for a document.
pub fn entry(view: ViewId, key: &Key) -> Vec<u8> {
    joined(format!("{view}:"), key)
}

/// The document that an entry of the outbox stands for.
pub fn parse_entry(bytes: &[u8]) -> Option<Entry> {
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    let view = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    Some(Entry { view, key: Key::from_bytes(&bytes[colon + 1..]) })
}

// === impl ProjectionKeys ===

impl ProjectionKeys {
    /// The keys of this projection.
    pub fn new(namespace: &str, projection: &str) -> ProjectionKeys {
        ProjectionKeys { tag: format!("{{{namespace}:{projection}:0}}") }
    }

    /// How each key of the projection starts.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The record of the projection.
    pub fn record(&self) -> String {
        format!("{}:projection", self.tag)
    }

    /// Which builds there are.
    pub fn generations(&self) -> String {
        format!("{}:generations", self.tag)
    }

    /// Who runs it.
    pub fn owner(&self) -> String {
        format!("{}:owner", self.tag)
    }

    /// One that is never there. While the slot of a Redis Cluster is on its way to another master, some of its keys are here and some are
    /// there. A script, or a transaction, that names this one is refused then as a whole, before its first write; else it would fail in the
    /// middle, at the first key that it does not find.
    pub fn absent(&self) -> String {
        format!("{}:absent", self.tag)
    }

    /// The checkpoint of a build.
    pub fn checkpoint(&self, generation: u64) -> String {
        format!("{}:g{generation}:cp", self.tag)
    }

    /// The definitions of a build.
    pub fn definitions(&self, generation: u64) -> String {
        format!("{}:g{generation}:s", self.tag)
    }

    /// What was done to it.
    pub fn deeds(&self) -> String {
        format!("{}:deeds", self.tag)
    }
}

// === impl BuildKeys ===

impl BuildKeys {
    /// The keys of this generation; the catalogue has the names that are in them.
    pub fn new(projection: ProjectionKeys, generation: u64, catalogue: Catalogue) -> BuildKeys {
        BuildKeys { prefix: format!("{}:g{generation}:", projection.tag), projection, catalogue }
    }

    /// The keys of the projection.
    pub fn projection(&self) -> &ProjectionKeys {
        &self.projection
    }

    /// The names behind the numbers.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How each key of the build starts.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> String {
        format!("{}cp", self.prefix)
    }

    /// A cell.
    pub fn cell(&self, cell: &CellKey) -> Slot {
        match (cell.space, self.strings_of(cell.space)) {
            (Space::Job, _) => Slot::Field(self.jobs(), cell.key.to_vec()),
            (Space::Parked, _) => Slot::Field(self.parked(), cell.key.to_vec()),
            (_, prefix) => Slot::String(joined(prefix, &cell.key)),
        }
    }

    /// What the keys of a family of cells start with, where each is a string.
    pub fn strings_of(&self, space: Space) -> String {
        match space {
            Space::Row(entity) => format!("{}e:{}:", self.prefix, name(self.catalogue.entities.get(entity))),
            Space::Document(view) => format!("{}m:{}:", self.prefix, self.view_name(view)),
            Space::Contribution(rollup) => format!("{}c:{rollup}:", self.prefix),
            Space::Group(rollup) => format!("{}a:{rollup}:", self.prefix),
            Space::Job => self.jobs(),
            Space::Parked => self.parked(),
        }
    }

    /// What the keys of all rows start with.
    pub fn all_rows(&self) -> String {
        format!("{}e:", self.prefix)
    }

    /// The rows that were changed while they are copied.
    pub fn journal(&self) -> String {
        format!("{}t", self.prefix)
    }

    /// The fan-out jobs.
    pub fn jobs(&self) -> String {
        format!("{}j", self.prefix)
    }

    /// The keys whose events wait.
    pub fn parked(&self) -> String {
        format!("{}w", self.prefix)
    }

    /// A set.
    pub fn set(&self, set: &SetKey) -> Vec<u8> {
        let prefix = match set.space {
            SetSpace::Index(index) => format!("{}x:{index}:", self.prefix),
            SetSpace::Members(rollup) => format!("{}u:{rollup}:", self.prefix),
            // There is no set under that: it is what the cells' own keys start with.
            SetSpace::Cells(space) => self.strings_of(space),
        };
        joined(prefix, &set.value)
    }

    /// A document.
    pub fn document(&self, view: ViewId, key: &Key) -> String {
        format!("{}{}", self.documents(view), self.document_name(key))
    }

    /// What the key of a document ends with.
    pub fn document_name(&self, key: &Key) -> String {
        // Our own keys can be printed; one that could not would have a name nobody asks for.
        print_key(key).unwrap_or_else(|corrupt| corrupt.to_string())
    }

    /// What the keys of all documents start with.
    pub fn all_documents(&self) -> String {
        format!("{}v:", self.prefix)
    }

    /// What the keys of a view's documents start with.
    pub fn documents(&self, view: ViewId) -> String {
        format!("{}{}:", self.all_documents(), self.view_name(view))
    }

    /// The mark of a document.
    pub fn mark(&self, view: ViewId, key: &Key) -> Vec<u8> {
        joined(self.strings_of(Space::Document(view)), key)
    }

    /// The broken documents of a view.
    pub fn broken(&self, view: ViewId) -> String {
        format!("{}b:{}", self.prefix, self.view_name(view))
    }

    /// The documents that wait to be written to tables elsewhere.
    pub fn outbox(&self) -> String {
        format!("{}o", self.prefix)
    }

    /// How far those tables are, and who flushes.
    pub fn flusher(&self) -> String {
        format!("{}f", self.prefix)
    }

    /// The dead letters.
    pub fn dead_letters(&self) -> String {
        format!("{}d", self.prefix)
    }

    /// A dead letter.
    pub fn dead_letter(&self, position: u64) -> String {
        format!("{}d:{position}", self.prefix)
    }

    /// The orders to the owner.
    pub fn orders(&self) -> String {
        format!("{}q", self.prefix)
    }

    /// The orders by which the build differs from its log.
    pub fn settled(&self) -> String {
        format!("{}r", self.prefix)
    }

    fn view_name(&self, view: ViewId) -> &str {
        name(self.catalogue.views.get(view).map(|spec| &spec.name))
    }
}

/// The catalogue is the plan's own, and has every number that the plan has.
fn name(found: Option<&String>) -> &str {
    found.map_or("", String::as_str)
}

fn joined(prefix: String, key: &[u8]) -> Vec<u8> {
    let mut joined = prefix.into_bytes();
    joined.extend_from_slice(key);
    joined
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;
    use crate::view::ViewSpec;

    #[test]
    fn documents_are_found_by_hand() {
        let view = ViewSpec { name: "daily".into(), columns: vec![], key: vec![], listed: vec![], order_by: vec![] };
        let catalogue = Catalogue { entities: vec![], views: vec![view] };
        let keys = BuildKeys::new(ProjectionKeys::new("projector", "shop"), 3, catalogue);
        let key = Key::of(&[Value::Date(0), Value::Text("a,b".into())]);
        assert_eq!(keys.document(0, &key), "{projector:shop:0}:g3:v:daily:1970-01-01,a\\,b");
    }

    #[test]
    fn entries_come_back() {
        let key = Key::of(&[Value::Text("a:b".into())]);
        assert_eq!(parse_entry(&entry(12, &key)), Some(Entry { view: 12, key }));
        assert_eq!((parse_entry(b"12"), parse_entry(b"x:")), (None, None));
    }
}
