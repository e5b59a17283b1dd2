//! `verify`: the log folded afresh, in a file, and every document compared with the stored one.
//!
//! Memory is bounded, whatever there is, and the projection may run on. For the stored documents of a page are read as of one moment, and what is
//! folded afresh is folded on to exactly that moment before they are compared. Views are gone over twice: by what is fresh, which finds
//! what differs and what is missing, and by what is stored, which finds what should not be there.

mod difference;
mod fresh;

use std::path::PathBuf;

use projections::codec::Key;
use projections::engine::Content;
use projections::plan::ViewId;

use crate::config::RunLimits;
use crate::document;
use crate::fault::Fault;
use crate::log::EventLog;
use crate::run::{Definition, Halt, Patience, Port, StopFlag, Waits, judge, observe};
use crate::state::{Build, Checkpoint, Document, LiveView, Reading};
use crate::stores::Stores;
use crate::view::ViewSpec;
pub use difference::{Difference, Mismatch, document_text, mismatch_of, shown_key};
use fresh::Fresh;

/// How many documents are compared at once.
const PAGE: usize = 1000;

/// What is verified, and with what.
pub struct Verification<'v> {
    /// Where everything is.
    pub stores: &'v Stores,
    /// The definitions of what is live.
    pub definition: &'v Definition,
    /// A file for what is folded afresh, which nobody else uses; it is removed at the end.
    pub file: PathBuf,
    /// About how many bytes of memory it takes at most.
    pub memory: usize,
    /// Bounds of what is folded while documents are compared.
    pub limits: RunLimits,
    /// Raised when it should end.
    pub stop: &'v StopFlag,
    /// Where it is seen what is waited for.
    pub waits: &'v Waits,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The position at which documents were compared last.
    pub position: u64,
    /// Documents that were compared.
    pub documents: u64,
    /// Documents that differ.
    pub differences: u64,
}

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
pub enum CannotVerify {
    /// Another generation is live than the one whose definitions these are.
    #[error("{0} is not live with these definitions any more: run it again")]
    NotLive(String),
    /// Documents are known to be behind.
    #[error("{0} has fan-out to work off, until then documents differ: run it until it has caught up")]
    PendingJobs(String),
    /// Operators have asked for something that is not done yet.
    #[error("{0} has orders of operators to carry out, until then documents differ: run it until it has caught up")]
    OpenOrders(String),
    /// The state has lost commits, and is behind what was compared.
    #[error("{0} went back while it was compared: the state has lost commits; run it again")]
    WentBack(String),
    /// It was asked to end.
    #[error("it was asked to end before its end")]
    Stopped,
    /// A store or the log failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The log cannot be folded.
    #[error(transparent)]
    Halt(#[from] Halt),
}

// === impl Verification ===

impl Verification<'_> {
    /// Compares all views of the projection, and hands each difference to `each`.
    pub fn run(&self, each: &mut dyn FnMut(&Difference)) -> Result<Report, CannotVerify> {
        let build = self.ready_build()?;
        require_history(&*self.stores.log, &build)?;
        let settled = self.stores.builds.open(self.name(), build.number, &build.catalogue)?.settled()?;
        let file = fresh::File::new(&self.file)?;
        fresh::make(self, &file, &build, &settled)?;
        let fresh = Fresh::load(self, &file, &settled)?;
        let mut comparison = Comparison { work: self, build: &build, fresh, report: Report::default(), each };
        for (number, spec) in build.catalogue.views.iter().enumerate() {
            let view = LiveView { projection: self.name().to_owned(), generation: build.number, spec: spec.clone() };
            comparison.by_fresh(number, &view)?;
            comparison.by_stored(number, &view)?;
        }
        Ok(comparison.report)
    }

    /// The live build, where its documents are what they should be.
    fn ready_build(&self) -> Result<Build, CannotVerify> {
        let (records, name) = (self.stores.builds.projections()?, || self.name().to_owned());
        let live = records.iter().find(|record| record.name == self.name()).and_then(|record| record.live_build());
        match live.filter(|build| build.fingerprint == self.definition.plan.fingerprint) {
            None => Err(CannotVerify::NotLive(name())),
            Some(build) if build.pending_jobs > 0 => Err(CannotVerify::PendingJobs(name())),
            Some(build) if build.open_orders > 0 => Err(CannotVerify::OpenOrders(name())),
            Some(build) => Ok(build.clone()),
        }
    }

    fn patience(&self) -> Patience<'_> {
        Patience { stop: self.stop, waits: self.waits }
    }

    fn name(&self) -> &str {
        &self.definition.plan.name
    }
}

/// The fresh documents are worth something only if the log is the one that the build was folded from, from its first event on.
fn require_history(log: &dyn EventLog, build: &Build) -> Result<(), CannotVerify> {
    let observed = observe(log, &build.checkpoint)?;
    judge(&build.log, &build.checkpoint, &observed)?;
    Ok(judge(&build.log, &Checkpoint::default(), &observed)?)
}

/// The documents of all views, compared page by page.
struct Comparison<'c, 'v> {
    work: &'c Verification<'v>,
    build: &'c Build,
    fresh: Fresh<'c>,
    report: Report,
    each: &'c mut dyn FnMut(&Difference),
}

// === impl Comparison ===

impl Comparison<'_, '_> {
    /// What is fresh, and whether it is stored.
    fn by_fresh(&mut self, number: ViewId, view: &LiveView) -> Result<(), CannotVerify> {
        let mut after = None;
        loop {
            let keys = self.fresh.keys(number, after.as_ref(), PAGE)?;
            let Some(last) = keys.last().cloned() else { return Ok(()) };
            self.check(number, view, &keys)?;
            after = Some(last);
        }
    }

    /// What is stored, and is not fresh.
    fn by_stored(&mut self, number: ViewId, view: &LiveView) -> Result<(), CannotVerify> {
        let mut place = None;
        loop {
            let read = || self.work.stores.views.keys(view, place.as_ref());
            let page = self.work.patience().ask(Port::State, read)?;
            let fresh = self.fresh.documents(number, &page.keys)?;
            let unknown = page.keys.into_iter().zip(fresh).filter(|(_, content)| *content == Content::Absent);
            let keys: Vec<Key> = unknown.map(|(key, _)| key).collect();
            keys.chunks(PAGE).try_for_each(|keys| self.check(number, view, keys))?;
            place = page.next;
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// Compares documents, and once more those that differ: the projection runs on, and some may have been behind.
    fn check(&mut self, number: ViewId, view: &LiveView, keys: &[Key]) -> Result<(), CannotVerify> {
        let (compared, differing) = self.compare(number, view, keys)?;
        self.report.documents += compared;
        if differing.is_empty() {
            return Ok(());
        }
        if self.work.ready_build()?.number != self.build.number {
            return Err(CannotVerify::NotLive(self.work.name().to_owned()));
        }
        let keys: Vec<Key> = differing.into_iter().map(|(key, _)| key).collect();
        for (key, mismatch) in self.compare(number, view, &keys)?.1 {
            self.report.differences += 1;
            (self.each)(&Difference { view: view.spec.name.clone(), key: shown_key(&key), mismatch });
        }
        Ok(())
    }

    /// How many of these documents there are, stored or fresh, and those that differ.
    fn compare(&mut self, number: ViewId, view: &LiveView, keys: &[Key]) -> Result<(u64, Vec<(Key, Mismatch)>), CannotVerify> {
        if self.work.stop.is_up() {
            return Err(CannotVerify::Stopped);
        }
        let read = || self.work.stores.views.documents(view, keys);
        let Reading { position, value: stored } = self.work.patience().ask(Port::State, read)?;
        if position < self.fresh.position() {
            return Err(CannotVerify::WentBack(self.work.name().to_owned()));
        }
        self.fresh.follow(position)?;
        self.report.position = position;
        let pairs = stored.into_iter().zip(self.fresh.documents(number, keys)?);
        let (mut compared, mut differing) = (0, Vec::new());
        for (key, (stored, fresh)) in keys.iter().zip(pairs) {
            compared += u64::from(stored.is_some() || fresh != Content::Absent);
            differing.extend(mismatch(&view.spec, stored, &fresh).map(|mismatch| (key.clone(), mismatch)));
        }
        Ok((compared, differing))
    }
}

fn mismatch(view: &ViewSpec, stored: Option<Document>, fresh: &Content) -> Option<Mismatch> {
    mismatch_of(stored.map(document_text), fresh_text(view, fresh))
}

fn fresh_text(view: &ViewSpec, content: &Content) -> Option<String> {
    match content {
        Content::Present(row) => Some(document::to_json(view, row)),
        Content::Broken(reason) => Some(difference::broken(reason)),
        Content::Absent => None,
    }
}
