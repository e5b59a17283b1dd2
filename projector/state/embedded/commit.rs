//! Writing a commit: first what stands in its way, then everything in the order of the keys.

use std::borrow::Cow;
use std::sync::Arc;

use projections::codec::{Key, Row};
use projections::engine::{CellKey, Changes, Content, DeadLetter, DocumentChange, Tried};
use rusqlite::{Transaction, params};

use super::layout::{Layout, ViewLayout};
use super::{address, flushing, records};
use crate::document;
use crate::state::{Claim, Commit, Entering, Outcome};

/// What a commit writes, encoded and sorted: neighbours share pages, and pages are written once.
pub struct Writes<'a> {
    cells: Vec<CellWrite<'a>>,
    links: Vec<(Vec<u8>, bool)>,
    documents: Vec<DocumentWrite<'a>>,
    dead_letters: &'a [DeadLetter],
    tried: &'a [Tried],
    /// The number under which the documents are entered into the outbox, if they are.
    enters: Option<u64>,
}

/// The stored key of a cell, and what becomes of it: `None` removes it.
pub type CellWrite<'a> = (Vec<u8>, Option<Cow<'a, [u8]>>);

/// A document to write, or to remove.
struct DocumentWrite<'a> {
    view: usize,
    key: &'a Key,
    version: u64,
    hash: u128,
    body: Body,
}

/// What becomes of a document.
enum Body {
    Remove,
    Json { text: String, listed: Vec<Key> },
    Broken(String),
}

/// Moves the checkpoint if the store is where the commit expects it, and the owner is who made it; `None` where the build is gone.
pub fn advance(file: &Transaction<'_>, projection: &str, number: u64, commit: &Commit<'_>) -> rusqlite::Result<Option<Outcome>> {
    let next = commit.checkpoint;
    let moved = file
        .prepare_cached(
            "UPDATE generations SET commits = ?1, position = ?2, event_hash = ?3, event_time = ?4
             WHERE projection = ?5 AND number = ?6 AND fence = ?7 AND commits = ?8",
        )?
        .execute(params![
            next.commits,
            next.position,
            next.event.map(|event| event.hash.to_be_bytes()),
            next.event.map(|event| event.time),
            projection,
            number,
            commit.fence,
            commit.follows
        ])?;
    if moved == 1 {
        return Ok(Some(Outcome::Committed));
    }
    Ok(super::look(file, projection, number)?.map(|found| refusal(found, commit)))
}

/// Why the checkpoint could not be moved.
fn refusal(found: Claim, commit: &Commit<'_>) -> Outcome {
    if found.fence != commit.fence {
        Outcome::Fenced(found.fence)
    } else if found.checkpoint == *commit.checkpoint {
        Outcome::AlreadyCommitted
    } else {
        Outcome::Stale(found.checkpoint)
    }
}

// === impl Writes ===

impl<'a> Writes<'a> {
    /// Encodes and sorts what the commit writes.
    pub fn prepare(layout: &Layout, commit: &Commit<'a>, entering: Entering) -> Writes<'a> {
        let changes: &'a Changes = commit.changes;
        let mut writes = Writes {
            documents: changes.documents.iter().map(|change| DocumentWrite::prepare(layout, change)).collect(),
            dead_letters: &changes.dead_letters,
            tried: &changes.tried,
            enters: (entering == Entering::Changes).then_some(commit.checkpoint.commits),
            ..Writes::of_cells(changes, Vec::new())
        };
        writes.documents.sort_unstable_by(|a, b| (a.view, a.key).cmp(&(b.view, b.key)));
        writes
    }

    /// Encodes and sorts the cells and links of these changes, and nothing else; `more` are cells to write beside them.
    pub fn of_cells(changes: &'a Changes, more: Vec<CellWrite<'a>>) -> Writes<'a> {
        let encoded = |(cell, bytes): &'a (CellKey, Option<Arc<[u8]>>)| {
            Some((address::of_cell(cell)?, bytes.as_deref().map(Cow::Borrowed)))
        };
        let cells = changes.cells.iter().filter_map(encoded).chain(more);
        let links = changes.links.iter().filter_map(|link| Some((address::of_member(&link.set, &link.member)?, link.present)));
        let mut writes = Writes {
            cells: cells.collect(),
            links: links.collect(),
            documents: Vec::new(),
            dead_letters: &[],
            tried: &[],
            enters: None,
        };
        writes.cells.sort_unstable();
        writes.links.sort_unstable();
        writes
    }

    /// Writes everything.
    pub fn write(&self, file: &Transaction<'_>, layout: &Layout, projection: &str, number: u64) -> rusqlite::Result<()> {
        self.write_cells(file, layout)?;
        self.write_links(file, layout)?;
        for document in &self.documents {
            document.write(file, layout.view(document.view))?;
        }
        if let Some(commits) = self.enters {
            let documents = self.documents.iter().map(|document| (document.view, document.key));
            flushing::enter(file, layout, (projection, number), documents, commits)?;
        }
        for letter in self.dead_letters {
            records::put_dead_letter(file, projection, number, letter)?;
        }
        for tried in self.tried {
            records::put_tried(file, projection, number, tried)?;
        }
        Ok(())
    }

    fn write_cells(&self, file: &Transaction<'_>, layout: &Layout) -> rusqlite::Result<()> {
        let mut put = file.prepare_cached(&layout.put_cell)?;
        let mut remove = file.prepare_cached(&layout.remove_cell)?;
        for (key, value) in &self.cells {
            match value {
                Some(value) => put.execute(params![key, value])?,
                None => remove.execute([key])?,
            };
        }
        Ok(())
    }

    fn write_links(&self, file: &Transaction<'_>, layout: &Layout) -> rusqlite::Result<()> {
        let mut put = file.prepare_cached(&layout.put_link)?;
        let mut remove = file.prepare_cached(&layout.remove_link)?;
        for (key, present) in &self.links {
            if *present {
                put.execute([key])?
            } else {
                remove.execute([key])?
            };
        }
        Ok(())
    }
}

// === impl DocumentWrite ===

impl<'a> DocumentWrite<'a> {
    fn prepare(layout: &Layout, change: &'a DocumentChange) -> DocumentWrite<'a> {
        let view = layout.view(change.view);
        let body = match &change.content {
            Content::Absent => Body::Remove,
            Content::Present(row) => Body::Json { text: document::to_json(&view.spec, row), listed: listed(view, row) },
            Content::Broken(reason) => Body::Broken(reason.clone()),
        };
        DocumentWrite { view: change.view, key: &change.key, version: change.version, hash: change.content.hash(), body }
    }

    fn write(&self, file: &Transaction<'_>, view: &ViewLayout) -> rusqlite::Result<()> {
        let key = &self.key[..];
        if let Body::Remove = self.body {
            file.prepare_cached(&view.remove)?.execute([key])?;
            return Ok(());
        }
        let mut put = file.prepare_cached(&view.put)?;
        put.raw_bind_parameter(1, key)?;
        put.raw_bind_parameter(2, self.version)?;
        put.raw_bind_parameter(3, self.hash.to_be_bytes())?;
        let (text, reason, listed): (_, _, &[Key]) = match &self.body {
            Body::Json { text, listed } => (Some(text), None, listed),
            Body::Broken(reason) => (None, Some(reason), &[]),
            Body::Remove => (None, None, &[]),
        };
        put.raw_bind_parameter(4, text)?;
        put.raw_bind_parameter(5, reason)?;
        for at in 0..view.stored.len() {
            put.raw_bind_parameter(at + 6, listed.get(at).map(|key| &key[..]))?;
        }
        put.raw_execute()?;
        Ok(())
    }
}

/// The ordered bytes of the columns that lists filter and sort by.
fn listed(view: &ViewLayout, row: &Row) -> Vec<Key> {
    view.stored.iter().map(|&column| Key::of(&[row.get(column)])).collect()
}
