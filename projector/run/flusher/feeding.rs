//! What is entered into the outbox although no commit changes it: all documents, where the tables were made; and those whose rows may have
//! been taken from commits that the state has lost.

use projections::codec::Key;
use projections::plan::ViewId;

use super::{Task, Trouble};
use crate::state::outbox::{Entry, Note, Place};
use crate::tables::Lost;

/// How many rows are looked for at once.
const ROWS: usize = 5000;

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Feeding {
    /// At the page of all documents that starts here.
    Documents(Option<Place>),
    /// At the rows of a view after a key.
    Rows(ViewId, Option<Key>),
    /// All is entered.
    Done,
}

// === impl Feeding ===

impl Feeding {
    /// The next step. `audit_from`: of rows, those with a higher commit number; `None`: none at all.
    pub fn step(self, task: &Task, epoch: u64, audit_from: Option<u64>) -> Result<Feeding, Trouble> {
        match self {
            Feeding::Documents(from) => match task.outbox.enter_page(epoch, from.as_ref())? {
                Some(next) => Ok(Feeding::Documents(Some(next))),
                None => {
                    task.outbox.note(epoch, Note::Filled)?;
                    Ok(Feeding::Rows(0, None))
                }
            },
            Feeding::Rows(view, after) => match audit_from {
                Some(commits) if view < task.build.catalogue.views.len() => {
                    audit(task, view, Lost { commits, epoch }, after.as_ref())
                }
                _ => Ok(Feeding::Done),
            },
            Feeding::Done => Ok(Feeding::Done),
        }
    }
}

fn audit(task: &Task, view: ViewId, lost: Lost, after: Option<&Key>) -> Result<Feeding, Trouble> {
    let keys = task.tables(|writer, build| writer.written_after(build, view, lost, after, ROWS))?;
    let next = match keys.last() {
        Some(last) if keys.len() == ROWS => Feeding::Rows(view, Some(last.clone())),
        _ => Feeding::Rows(view + 1, None),
    };
    if !keys.is_empty() {
        let entries: Vec<Entry> = keys.into_iter().map(|key| Entry { view, key }).collect();
        task.outbox.enter(lost.epoch, &entries)?;
    }
    Ok(next)
}
