//! What the log comes to, folded afresh in a file: rows first, then on, event by event.

use std::path::{Path, PathBuf};

use projections::codec::Key;
use projections::engine::{Content, LogEvent};
use projections::plan::ViewId;

use super::{CannotVerify, Verification};
use crate::fault::Fault;
use crate::log::ReadLimit;
use crate::rebuild::{self, End, Origin, Place, RateLimit, Rebuild};
use crate::run::{Computed, Halt, Port, Processor};
use crate::state::{Build, Commit, Order, Outcome, Staging, StateStore};
use crate::token;

/// A file that is removed when it is dropped.
pub struct File {
    path: PathBuf,
    staging: Staging,
}

/// A projection that is folded on to where it is wanted.
pub struct Fresh<'v> {
    work: &'v Verification<'v>,
    staging: &'v Staging,
    processor: Processor<'v>,
    fence: u64,
}

// === impl File ===

impl File {
    /// An empty one.
    pub fn new(path: &Path) -> Result<File, Fault> {
        Ok(File { staging: Staging::open(path, &token::unique())?, path: path.to_owned() })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What is left is in nobody's way.
        let _ = Staging::remove(&self.path);
    }
}

/// Folds the log up to where the build is, and makes all views. `settled`: how operators have settled events of it.
pub fn make(work: &Verification<'_>, file: &File, build: &Build, settled: &[Order]) -> Result<(), CannotVerify> {
    let end = rebuild::run(&Rebuild {
        definition: work.definition,
        log: &*work.stores.log,
        folded_from: &build.log,
        target: &file.staging,
        origin: Origin::Log,
        place: Place::InPlace,
        inherited: settled,
        until: build.checkpoint.position,
        memory: work.memory,
        rate: &RateLimit::default(),
        progress: &|_| {},
        stop: work.stop,
        waits: work.waits,
    })?;
    if end == End::Stopped { Err(CannotVerify::Stopped) } else { Ok(()) }
}

// === impl Fresh ===

impl<'v> Fresh<'v> {
    /// What is in the file, to be folded on.
    pub fn load(work: &'v Verification<'v>, file: &'v File, settled: &[Order]) -> Result<Fresh<'v>, CannotVerify> {
        let (staging, log) = (&file.staging, &*work.stores.log);
        let claim = staging.claim()?;
        let fence = claim.fence;
        let (definition, limits, patience) = (work.definition, work.limits, work.patience());
        let processor = Processor::load(definition, limits, log, staging, claim.checkpoint, settled, patience)?;
        Ok(Fresh { work, staging, processor, fence })
    }

    /// The position that it is folded to.
    pub fn position(&self) -> u64 {
        self.processor.folded()
    }

    /// The keys of documents behind this one, or of the first ones, in order.
    pub fn keys(&self, view: ViewId, after: Option<&Key>, limit: usize) -> Result<Vec<Key>, Fault> {
        self.staging.document_keys(view, after, limit)
    }

    /// The documents of these keys.
    pub fn documents(&self, view: ViewId, keys: &[Key]) -> Result<Vec<Content>, Fault> {
        self.staging.documents(view, keys)
    }

    /// Folds on, up to this position, and works off what large sets make of it.
    pub fn follow(&mut self, position: u64) -> Result<(), CannotVerify> {
        while self.position() < position {
            let events = self.read(position)?;
            match self.processor.fold(&events)? {
                Some(computed) => self.commit(computed)?,
                // The log has nothing up to there.
                None => return Ok(()),
            }
            while let Some(computed) = self.processor.work_off()? {
                self.commit(computed)?;
            }
        }
        Ok(())
    }

    fn read(&self, until: u64) -> Result<Vec<LogEvent>, Fault> {
        let limit = ReadLimit { events: self.work.limits.commit_events, bytes: self.work.limits.commit_bytes };
        let log = &self.work.stores.log;
        let mut events = self.work.patience().ask(Port::Log, || log.read(self.position() + 1, limit))?;
        events.truncate(events.partition_point(|event| event.position <= until));
        Ok(events)
    }

    fn commit(&mut self, computed: Computed) -> Result<(), CannotVerify> {
        let Computed { number, follows, checkpoint, changes, carried, .. } = computed;
        let commit = Commit { fence: self.fence, follows, checkpoint: &checkpoint, changes: &changes, carried: &carried };
        match self.staging.commit(&commit)? {
            Outcome::Committed | Outcome::AlreadyCommitted => self.processor.committed(number),
            // The file is nobody else's.
            Outcome::Fenced(newer) => return Err(Halt::Fenced { ours: self.fence, newer }.into()),
            Outcome::Stale(_) => return Err(CannotVerify::WentBack(self.work.definition.plan.name.clone())),
        }
        Ok(())
    }
}
