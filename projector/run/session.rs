//! A session: from the store's checkpoint on, until there is a reason to end.

mod orders;
mod work;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, Scope};

use super::board::{Place, Stage};
use super::committer::{Committed, Committer, Teller};
use super::continuity::Continuity;
use super::halt::{Halt, caught};
use super::pace::Until;
use super::processor::{Definition, Processor};
use super::reader;
use super::recovery::{judge, observe};
use super::retry::{Patience, RaisedAtEnd, StopFlag};
use super::supervisor::Goal;
use super::waits::Port;
use crate::config::RunLimits;
use crate::log::{EventLog, LogIdentity, ReadLimit};
use crate::state::{Claim, Order, Pause, StateStore};
use crate::view::Catalogue;
use projections::engine::LogEvent;
use work::{Claimed, Session};

/// What a session works with.
pub struct Setting<'s> {
    /// The definitions.
    pub definition: &'s Definition,
    /// Bounds.
    pub limits: RunLimits,
    /// Where events come from.
    pub log: &'s dyn EventLog,
    /// The log that the build is folded from.
    pub folded_from: &'s LogIdentity,
    /// The build.
    pub store: &'s dyn StateStore,
    /// Its number.
    pub generation: u64,
    /// How operators have settled events of the build in whose place this one is to come.
    pub inherited: &'s [Order],
    /// What for: who follows the log waits until a pause ends, others do not.
    pub goal: Goal,
    /// What the session does, once it is known to go on.
    pub stage: Stage,
    /// Where it is shown how far it is.
    pub place: &'s Place,
    /// Raised when the process should end.
    pub stop: &'s StopFlag,
}

/// What happens to a session.
#[derive(Debug)]
pub enum Event {
    /// The reader has events; at least one.
    Read {
        /// The events.
        events: Vec<LogEvent>,
        /// The end of the log.
        head: u64,
    },
    /// The reader found nothing, and waits to be asked again.
    Idle,
    /// The committer is done with a batch.
    Committed(Committed),
    /// One of them cannot go on.
    Failed(Halt),
    /// The process should end.
    Stop,
}

/// How a session ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to.
    Stopped,
    /// It is where it should come to.
    Reached,
    /// The store is not where it was: it has to be looked at again.
    Restart,
    /// Readers see another build now.
    Moved,
    /// It cannot come to its end while it is paused.
    Paused(Pause),
    /// An event cannot be applied, and the policy is to stop before it.
    BadEvent {
        /// Its position.
        position: u64,
        /// Why.
        reason: String,
    },
}

/// Runs a session to its end.
pub fn run(setting: &Setting<'_>, until: Until) -> Result<End, Halt> {
    let (claimed, continuity) = claim(setting)?;
    let (store, fence, patience) = (setting.store, claimed.fence, setting.patience());
    let committer = Committer { store, fence, patience, teller: setting.teller() };
    let (inbox_sender, inbox) = channel();
    let (requests, request_receiver) = channel();
    let (commits, commit_receiver) = channel();
    let stop_sender = inbox_sender.clone();
    let _listening = setting.stop.listen(move || {
        // The session may have ended before the process.
        let _ = stop_sender.send(Event::Stop);
    });
    let ended = &StopFlag::default();
    let reading = Patience { stop: ended, ..patience };
    let limit = ReadLimit { events: setting.limits.commit_events, bytes: setting.limits.commit_bytes };
    thread::scope(|scope| {
        // However the session ends, by a panic too: the reader ends with it.
        let _raised = RaisedAtEnd(ended);
        let reader_inbox = inbox_sender.clone();
        let read = move || reader::serve(continuity, limit, &request_receiver, &reader_inbox, reading);
        spawn(scope, setting, "read", inbox_sender.clone(), read)?;
        let committer_inbox = inbox_sender.clone();
        let commit = move || committer.serve(&commit_receiver, &committer_inbox);
        spawn(scope, setting, "commit", inbox_sender, commit)?;
        Session::new(setting, claimed, until, requests, commits).work(&inbox)
    })
}

/// Takes the build over, and makes sure that it can go on from this log; only then it is shown to have started.
fn claim<'s>(setting: &Setting<'s>) -> Result<(Claimed<'s>, Continuity<'s>), Halt> {
    let (log, store, patience) = (setting.log, setting.store, setting.patience());
    let Claim { fence, checkpoint } = patience.ask(Port::State, || store.claim())?;
    let observed = patience.ask(Port::Log, || observe(log, &checkpoint))?;
    judge(setting.folded_from, &checkpoint, &observed)?;
    let dead_letters = patience.ask(Port::State, || store.dead_letters())?;
    let continuity = Continuity::new(log, setting.folded_from, checkpoint.clone());
    let processor = Processor::load(setting.definition, setting.limits, log, store, checkpoint, setting.inherited, patience)?;
    // Before it is shown to have started: who sees that may watch at once.
    if let Some(teller) = setting.teller() {
        teller.begin(fence, processor.checkpoint());
    }
    setting.show_start(&processor, observed.head);
    Ok((Claimed { fence, processor, dead_letters }, continuity))
}

/// Starts a thread that is named after the projection and what it does: operators see the names. Should it panic, the session is told.
fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    setting: &Setting<'_>,
    does: &str,
    inbox: Sender<Event>,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), Halt> {
    let name = format!("{} {does}", setting.definition.plan.name);
    let watched = move || {
        if let Err(halt) = caught(work) {
            // Nobody listens any more: the session has ended before.
            let _ = inbox.send(Event::Failed(halt));
        }
    };
    let started = thread::Builder::new().name(name).spawn_scoped(scope, watched);
    started.map(|_| ()).map_err(Halt::NoThread)
}

// === impl Setting ===

impl<'s> Setting<'s> {
    /// How it asks the log and the store.
    pub fn patience(&self) -> Patience<'s> {
        Patience { stop: self.stop, waits: &self.place.waits }
    }

    /// Who tells of its commits, where readers see them.
    fn teller(&self) -> Option<Teller> {
        let (feed, generation) = (self.place.feed.clone(), self.generation);
        let catalogue = || Arc::new(Catalogue::of(&self.definition.plan));
        (self.stage == Stage::Live).then(|| Teller { feed, generation, catalogue: catalogue() })
    }

    /// Shows that it goes on from where it was.
    fn show_start(&self, processor: &Processor<'_>, head: u64) {
        self.place.progress.send_modify(|progress| {
            progress.generation = self.generation;
            progress.stage = self.stage.clone();
            progress.position = processor.folded();
            progress.head = head;
            progress.pending_jobs = processor.pending_jobs();
        });
    }
}
