//! What is entered into the outbox although no commit changes it: all documents, where the tables were made; and those whose rows may have
//! been taken from commits that the state has lost.

use projections::codec::Key;
use projections::plan::ViewId;

use super::{Task, Trouble};
use crate::state::outbox::{Entered, Entry};
use crate::tables::{Lost, Suspects};

/// How many rows are looked for at once.
const ROWS: usize = 5000;

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Feeding {
    /// At all documents.
    Documents,
    /// At the rows that one of the audits is about.
    Rows(Rows),
    /// All is entered.
    Done,
}

/// A place among the rows that have to be audited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The audit.
    audit: usize,
    /// The view.
    view: ViewId,
    /// The last key of those that are done.
    after: Option<Key>,
}

// === impl Feeding ===

impl Feeding {
    /// When documents have been entered so far.
    pub fn after(entered: Entered) -> Feeding {
        if entered.is_all { Feeding::Rows(Rows::default()) } else { Feeding::Documents }
    }

    /// The next step.
    pub fn step(self, task: &Task, epoch: u64, audits: &[Lost]) -> Result<Feeding, Trouble> {
        match self {
            Feeding::Documents => Ok(Feeding::after(task.outbox.enter_page(epoch)?)),
            Feeding::Rows(rows) => match audits.get(rows.audit) {
                Some(_) if rows.view == task.build.catalogue.views.len() => {
                    Ok(Feeding::Rows(Rows { audit: rows.audit + 1, ..Rows::default() }))
                }
                Some(lost) => rows.enter(task, epoch, *lost).map(Feeding::Rows),
                None => Ok(Feeding::Done),
            },
            Feeding::Done => Ok(Feeding::Done),
        }
    }
}

// === impl Rows ===

impl Rows {
    /// Enters what is found from here on. Where the next ones are.
    fn enter(self, task: &Task, epoch: u64, lost: Lost) -> Result<Rows, Trouble> {
        let suspects = Suspects { view: self.view, lost, after: self.after.as_ref(), limit: ROWS };
        let keys = task.tables(|writer, build| writer.suspects(build, &suspects))?;
        let next = match keys.last() {
            Some(last) if keys.len() == ROWS => Rows { after: Some(last.clone()), ..self },
            _ => Rows { view: self.view + 1, after: None, ..self },
        };
        if !keys.is_empty() {
            let entries: Vec<Entry> = keys.into_iter().map(|key| Entry { view: self.view, key }).collect();
            task.outbox.enter(epoch, &entries)?;
        }
        Ok(next)
    }
}
