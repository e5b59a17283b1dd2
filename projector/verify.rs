//! Compares every stored document of a projection with the one that the log, folded afresh in memory, comes to: the log as operators have
//! settled it, without the events that they discarded, and with those that they repaired.

mod fresh;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use projections::codec::{Key, print_key};
use projections::engine::Content;
use projections::plan::Plan;
use schemas::Registry;
use serde_json::value::RawValue;

use crate::document;
use crate::fault::Fault;
use crate::log::EventLog;
use crate::run::{Halt, judge, observe};
use crate::state::views::Scan;
use crate::state::{Build, Checkpoint, Document, DocumentBody, LiveView};
use crate::stores::Stores;
use crate::view::ViewSpec;
use fresh::Fresh;

/// What came of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The position at which the last view was compared.
    pub position: u64,
    /// Documents that were compared.
    pub documents: u64,
    /// Documents that differ.
    pub differences: u64,
}

/// A document that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its view.
    pub view: String,
    /// Its key.
    pub key: String,
    /// How it differs.
    pub mismatch: Mismatch,
}

/// How a document differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It should be there, and be this.
    Missing(String),
    /// It is there, as this, and should not be.
    Surplus(String),
    /// These fields differ: name, stored, fresh. A broken document has the one field `$broken`.
    Fields(Vec<(String, String, String)>),
}

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
pub enum CannotVerify {
    /// The definitions are not those that are live.
    #[error("{0} is not live with these definitions: run it first")]
    NotLive(String),
    /// Documents are known to be behind.
    #[error("{0} has fan-out to work off, until then documents differ: run it until it has caught up")]
    PendingJobs(String),
    /// Operators have asked for something that is not done yet.
    #[error("{0} has orders of operators to carry out, until then documents differ: run it until it has caught up")]
    OpenOrders(String),
    /// A store or the log failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The log cannot be folded.
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// Compares all views of a projection, and hands each difference to `each`.
pub fn verify(
    stores: &Stores,
    plan: Arc<Plan>,
    registry: Arc<Registry>,
    each: &mut dyn FnMut(&Difference),
) -> Result<Report, CannotVerify> {
    let build = ready_build(stores, &plan)?;
    require_history(&*stores.log, &build)?;
    let settled = stores.builds.open(&plan.name, build.number, &build.catalogue)?.settled()?;
    let mut fresh = Fresh::new(plan.clone(), registry, &*stores.log, &settled);
    // Most of the log is folded before any view is held still.
    fresh.fold_to(build.checkpoint.position)?;
    let mut report = Report::default();
    for view in stores.views.views()?.iter().filter(|view| view.projection == plan.name) {
        compare(stores, view, &mut fresh, &mut report, each)?;
    }
    if report.differences > 0 {
        // The projection may have run on meanwhile, and its documents may be behind for that.
        ready_build(stores, &plan)?;
    }
    Ok(report)
}

/// The fresh documents are worth something only if the log is the one that the build was folded from, from its first event on.
fn require_history(log: &dyn EventLog, build: &Build) -> Result<(), CannotVerify> {
    let observed = observe(log, &build.checkpoint)?;
    judge(&build.log, &build.checkpoint, &observed)?;
    Ok(judge(&build.log, &Checkpoint::default(), &observed)?)
}

fn ready_build(stores: &Stores, plan: &Plan) -> Result<Build, CannotVerify> {
    let records = stores.builds.projections()?;
    let live = records.iter().find(|record| record.name == plan.name).and_then(|record| record.live_build());
    match live.filter(|build| build.fingerprint == plan.fingerprint) {
        None => Err(CannotVerify::NotLive(plan.name.clone())),
        Some(build) if build.pending_jobs > 0 => Err(CannotVerify::PendingJobs(plan.name.clone())),
        Some(build) if build.open_orders > 0 => Err(CannotVerify::OpenOrders(plan.name.clone())),
        Some(build) => Ok(build.clone()),
    }
}

fn compare(
    stores: &Stores,
    view: &LiveView,
    fresh: &mut Fresh<'_>,
    report: &mut Report,
    each: &mut dyn FnMut(&Difference),
) -> Result<(), CannotVerify> {
    let mut comparison = Comparison { fresh, view, expected: BTreeMap::new(), report, each, failed: None };
    stores.views.scan(view, &mut comparison)?;
    comparison.finish()
}

/// The stored documents of a view, one after another, against the fresh ones.
struct Comparison<'c, 'l> {
    fresh: &'c mut Fresh<'l>,
    view: &'c LiveView,
    /// Fresh documents that have not been met yet.
    expected: BTreeMap<Key, Content>,
    report: &'c mut Report,
    each: &'c mut dyn FnMut(&Difference),
    failed: Option<Halt>,
}

// === impl Comparison ===

impl Scan for Comparison<'_, '_> {
    fn begin(&mut self, position: u64) {
        self.report.position = position;
        match self.fresh.fold_to(position) {
            Ok(()) => self.expected = self.fresh.documents(&self.view.spec.name),
            Err(halt) => self.failed = Some(halt),
        }
    }

    fn document(&mut self, document: Document) -> ControlFlow<()> {
        if self.failed.is_some() {
            return ControlFlow::Break(());
        }
        self.report.documents += 1;
        let stored = text(document.body);
        let mismatch = match self.expected.remove(&document.key) {
            None => Some(Mismatch::Surplus(stored)),
            Some(content) => {
                let fresh = fresh_text(&self.view.spec, &content);
                (stored != fresh).then(|| Mismatch::Fields(differing_fields(&stored, &fresh)))
            }
        };
        if let Some(mismatch) = mismatch {
            self.tell(&document.key, mismatch);
        }
        ControlFlow::Continue(())
    }
}

impl Comparison<'_, '_> {
    fn finish(mut self) -> Result<(), CannotVerify> {
        if let Some(halt) = self.failed {
            return Err(halt.into());
        }
        for (key, content) in std::mem::take(&mut self.expected) {
            self.report.documents += 1;
            self.tell(&key, Mismatch::Missing(fresh_text(&self.view.spec, &content)));
        }
        Ok(())
    }

    fn tell(&mut self, key: &Key, mismatch: Mismatch) {
        self.report.differences += 1;
        let key = print_key(key).unwrap_or_else(|corrupt| corrupt.to_string());
        (self.each)(&Difference { view: self.view.spec.name.clone(), key, mismatch });
    }
}

fn text(body: DocumentBody) -> String {
    match body {
        DocumentBody::Json(json) => json,
        DocumentBody::Broken(reason) => broken_text(&reason),
    }
}

fn fresh_text(view: &ViewSpec, content: &Content) -> String {
    match content {
        Content::Present(row) => document::to_json(view, row),
        Content::Broken(reason) => broken_text(reason),
        Content::Absent => "null".to_owned(),
    }
}

fn broken_text(reason: &str) -> String {
    serde_json::json!({ "$broken": reason }).to_string()
}

/// The fields of two JSON objects that are not the same text; all of it, where one is no object.
fn differing_fields(stored: &str, fresh: &str) -> Vec<(String, String, String)> {
    type Fields<'t> = BTreeMap<String, &'t RawValue>;
    let (Ok(mut before), Ok(after)) = (serde_json::from_str::<Fields<'_>>(stored), serde_json::from_str::<Fields<'_>>(fresh))
    else {
        return vec![("document".to_owned(), stored.to_owned(), fresh.to_owned())];
    };
    let shown = |value: Option<&RawValue>| value.map_or("nothing".to_owned(), |value| value.get().to_owned());
    let mut fields = Vec::new();
    for (name, value) in after {
        let stored = before.remove(&name);
        if stored.map(RawValue::get) != Some(value.get()) {
            fields.push((name, shown(stored), shown(Some(value))));
        }
    }
    fields.extend(before.into_iter().map(|(name, value)| (name, shown(Some(value)), shown(None))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_fields_are_told_one_by_one() {
        let field = |name: &str, stored: &str, fresh: &str| (name.to_owned(), stored.to_owned(), fresh.to_owned());
        for (stored, fresh, fields) in [
            (r#"{"a":1,"b":[1]}"#, r#"{"a":1,"b":[2]}"#, vec![field("b", "[1]", "[2]")]),
            (r#"{"a":1.0}"#, r#"{"a":1.00}"#, vec![field("a", "1.0", "1.00")]),
            (r#"{"a":1}"#, r#"{"b":1}"#, vec![field("b", "nothing", "1"), field("a", "1", "nothing")]),
            ("1", "2", vec![field("document", "1", "2")]),
        ] {
            assert_eq!(differing_fields(stored, fresh), fields, "{stored} {fresh}");
        }
    }
}
