//! Puts what commits change into server-sent events.
//!
//! Only the end of a commit has an id: who is cut off within one hears all of it again.

use std::collections::HashSet;

use projections::codec::{Key, print_key};
use projections::engine::{Content, DocumentChange};
use serde_json::{Value, json};

use super::Subject;
use crate::document;
use crate::query::Problem;
use crate::query::fields::Fields;
use crate::run::{CommitId, Told};
use crate::state::{Document, DocumentBody};
use crate::view::ViewSpec;

/// Bytes that are put into words at once, about.
const PIECE: usize = 64 << 10;
/// Keys of documents of which a watcher was told that they are none of its own, at most. Where there are more it is told again of some.
const KNOWN: usize = 10_000;

/// Tells one watcher.
pub struct Narrator {
    view: String,
    subject: Subject,
    fields: Fields,
    /// Everything before this position is known to the watcher.
    since: u64,
    /// Documents of which it was told that they are none of its own.
    known: HashSet<Key>,
    /// How many changes of the commit at hand have been told.
    told: usize,
}

/// How much of a commit was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The next part.
    Part(String),
    /// The last part; empty where the watcher has nothing to hear.
    Last(String),
}

// === impl Narrator ===

impl Narrator {
    /// Tells of this subject in the view of this name.
    pub fn new(view: String, subject: Subject, fields: Fields) -> Narrator {
        Narrator { view, subject, fields, since: 0, known: HashSet::new(), told: 0 }
    }

    /// The document as it is now, and as it was at this position.
    pub fn current(&mut self, key: &Key, document: Option<Document>, position: u64) -> Result<String, Problem> {
        self.since = position;
        match document.map(|document| document.body) {
            Some(DocumentBody::Json(json)) => self.document(key, position, json),
            Some(DocumentBody::Broken(reason)) => event("broken", key, position, &json!({ "reason": reason })),
            None => event("removed", key, position, &json!({})),
        }
    }

    /// The next piece of what a commit changed. To be called with the same commit until it is the last.
    pub fn tell(&mut self, commit: &Told) -> Result<Piece, Problem> {
        let views = &commit.catalogue.views;
        let Some(view) = views.iter().position(|view| view.name == self.view).filter(|_| commit.position >= self.since) else {
            return Ok(Piece::Last(String::new()));
        };
        let mut text = String::new();
        if let Subject::Document(key) = &self.subject {
            let change = commit.of(view, key);
            text += &change.map(|change| self.change(&views[view], change, commit.position)).transpose()?.unwrap_or_default();
        } else {
            while let Some(change) = commit.documents.get(self.told) {
                self.told += 1;
                if change.view == view {
                    text += &self.change(&views[view], change, commit.position)?;
                }
                if text.len() >= PIECE {
                    return Ok(Piece::Part(text));
                }
            }
            self.told = 0;
        }
        if !text.is_empty() {
            text += &format!("id: {}\n\n", id_text(commit.id));
        }
        Ok(Piece::Last(text))
    }

    fn change(&mut self, view: &ViewSpec, change: &DocumentChange, position: u64) -> Result<String, Problem> {
        let key = &change.key;
        if !self.subject.has(&change.content) {
            return if self.is_news(key) { event("removed", key, position, &json!({})) } else { Ok(String::new()) };
        }
        self.known.remove(key);
        match &change.content {
            Content::Present(row) => self.document(key, position, document::to_json(view, row)),
            Content::Broken(reason) => event("broken", key, position, &json!({ "reason": reason })),
            Content::Absent => Ok(String::new()),
        }
    }

    /// Whether the watcher does not know yet that a document is none of its own.
    fn is_news(&mut self, key: &Key) -> bool {
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(key.clone()) || matches!(self.subject, Subject::Document(_))
    }

    fn document(&self, key: &Key, position: u64, json: String) -> Result<String, Problem> {
        let document = self.fields.of(json)?;
        let key = json!(text(key)?);
        Ok(format!("event: document\ndata: {{\"key\":{key},\"position\":{position},\"document\":{document}}}\n\n"))
    }
}

fn event(name: &str, key: &Key, position: u64, members: &Value) -> Result<String, Problem> {
    let mut data = json!({ "key": text(key)?, "position": position });
    if let (Some(data), Some(members)) = (data.as_object_mut(), members.as_object()) {
        data.extend(members.clone());
    }
    Ok(format!("event: {name}\ndata: {data}\n\n"))
}

fn text(key: &Key) -> Result<String, Problem> {
    print_key(key).map_err(|_| Problem::internal("the key of a document cannot be read"))
}

/// That everything up to a commit has been told.
pub fn reached(id: CommitId, position: u64) -> String {
    let data = json!({ "position": position, "generation": id.generation });
    format!("id: {}\nevent: position\ndata: {data}\n\n", id_text(id))
}

/// That what came between is not told: what is known has to be read anew.
pub fn reset(reason: &str) -> String {
    format!("event: reset\ndata: {}\n\n", json!({ "reason": reason }))
}

/// That nothing more is told.
pub fn end(reason: &str) -> String {
    format!("event: end\ndata: {}\n\n", json!({ "reason": reason }))
}

fn id_text(CommitId { generation, fence, number }: CommitId) -> String {
    format!("{generation}.{fence}.{number}")
}

/// The commit that a client says it heard of last.
pub fn parse_id(text: &str) -> Option<CommitId> {
    let mut parts = text.split('.').map(str::parse);
    let [generation, fence, number] = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    parts.next().is_none().then_some(CommitId { generation, fence, number })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use projections::codec::Row;
    use schemas::Type;

    use super::*;
    use crate::tables::Request;
    use crate::view::{Catalogue, ColumnSpec};

    const ID: CommitId = CommitId { generation: 1, fence: 2, number: 3 };

    fn view() -> ViewSpec {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Int8), column("age", Type::Int8)];
        ViewSpec { name: "people".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![0] }
    }

    fn key(id: i64) -> Key {
        Key::of(&[schemas::Value::Int(id)])
    }

    /// A commit at position 9 of documents with these keys and ages.
    fn commit(documents: &[(i64, Option<i64>)]) -> Told {
        let change = |(id, age): &(i64, Option<i64>)| {
            let row = |age: &i64| Content::Present(Row::of(&[schemas::Value::Int(*id), schemas::Value::Int(*age)]));
            DocumentChange { view: 0, key: key(*id), version: 9, content: age.as_ref().map_or(Content::Absent, row) }
        };
        let catalogue = Arc::new(Catalogue { entities: vec![], views: vec![view()] });
        Told::new(ID, 9, catalogue, documents.iter().map(change).collect())
    }

    fn of_adults() -> Narrator {
        let request = Request { conditions: vec!["age>=18".into()], ..Request::default() };
        Narrator::new("people".into(), Subject::of_list(request.resolve(&view()).unwrap()), Fields::default())
    }

    fn last(text: &str) -> Piece {
        Piece::Last(text.to_owned())
    }

    #[test]
    fn who_watches_a_list_hears_what_comes_and_what_goes() {
        let mut adults = of_adults();
        let told = adults.tell(&commit(&[(1, Some(20)), (2, Some(10)), (3, None)])).unwrap();
        let expected = "event: document\ndata: {\"key\":\"1\",\"position\":9,\"document\":{\"id\":1,\"age\":20}}\n\n\
                        event: removed\ndata: {\"key\":\"2\",\"position\":9}\n\nevent: removed\ndata: {\"key\":\"3\",\"position\":9}\n\n\
                        id: 1.2.3\n\n";
        assert_eq!(told, last(expected));
        assert_eq!(adults.tell(&commit(&[(2, Some(11)), (3, None)])).unwrap(), last(""), "that is known");
        assert_ne!(adults.tell(&commit(&[(2, Some(18))])).unwrap(), last(""));
        assert_ne!(adults.tell(&commit(&[(2, Some(17))])).unwrap(), last(""), "it was one, and is none again");
    }

    #[test]
    fn a_large_commit_is_told_in_pieces() {
        let all: Vec<_> = (0..5000).map(|id| (id, Some(20))).collect();
        let (mut adults, commit, mut text, mut pieces) = (of_adults(), commit(&all), String::new(), 0);
        loop {
            pieces += 1;
            match adults.tell(&commit).unwrap() {
                Piece::Part(part) => text += &part,
                Piece::Last(part) => break text += &part,
            }
        }
        assert!(pieces > 2);
        assert_eq!(text.matches("event: document").count(), 5000);
        assert_eq!(text.matches("id: 1.2.3").count(), 1);
        for id in 0..5000 {
            assert!(text.contains(&format!("{{\"key\":\"{id}\",")), "{id}");
        }
    }

    #[test]
    fn who_watches_a_document_hears_of_no_other_and_nothing_that_it_knows() {
        let mut narrator = Narrator::new("people".into(), Subject::Document(key(1)), Fields::default());
        assert_eq!(narrator.tell(&commit(&[(2, Some(20))])).unwrap(), last(""));
        assert_ne!(narrator.tell(&commit(&[(2, Some(20)), (1, None)])).unwrap(), last(""));
        assert_ne!(narrator.tell(&commit(&[(1, None)])).unwrap(), last(""), "each time");
        assert_eq!(narrator.current(&key(1), None, 10).unwrap(), "event: removed\ndata: {\"key\":\"1\",\"position\":10}\n\n");
        assert_eq!(narrator.tell(&commit(&[(1, Some(20))])).unwrap(), last(""), "position 9 is before 10");
    }

    #[test]
    fn ids_come_back_from_their_text() {
        assert_eq!(parse_id(&id_text(ID)), Some(ID));
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "-1.2.3"] {
            assert_eq!(parse_id(text), None, "{text}");
        }
    }
}
