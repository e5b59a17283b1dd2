//! A session: from the store's checkpoint on, until there is a reason to end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

use projections::engine::LogEvent;
use projections::plan::Policy;
use tokio::sync::watch;

use super::board::Progress;
use super::committer::{self, Committed};
use super::continuity::Continuity;
use super::halt::Halt;
use super::pace::{Situation, Step, Until, Work, decide};
use super::processor::{Computed, Definition, Processor};
use super::reader;
use super::recovery::{judge, observe};
use super::retry::{StopFlag, until_available};
use crate::config::RunLimits;
use crate::log::{EventLog, LogIdentity, ReadLimit};
use crate::state::{Claim, Outcome, StateStore};

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
    /// Where progress is shown.
    pub progress: &'s watch::Sender<Progress>,
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
    /// The reader waits at the end of the log.
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
    /// An event cannot be applied, and the policy is to stop before it.
    BadEvent {
        /// Its position.
        position: u64,
        /// Why.
        reason: String,
    },
}

/// A session under way.
struct Session<'s> {
    setting: &'s Setting<'s>,
    processor: Processor<'s>,
    until: Until,
    fence: u64,
    requests: Sender<u64>,
    commits: Sender<Computed>,
    is_reading: bool,
    is_committing: bool,
    last: Work,
    buffered: Vec<LogEvent>,
    /// In the order of their positions.
    computed: VecDeque<Computed>,
    dead_letters: u64,
    ending: Option<Result<End, Halt>>,
}

/// Runs a session to its end.
pub fn run(setting: &Setting<'_>, until: Until) -> Result<End, Halt> {
    let (log, store, stop) = (setting.log, setting.store, setting.stop);
    let Claim { fence, checkpoint } = until_available(stop, || store.claim())?;
    judge(setting.folded_from, &checkpoint, &until_available(stop, || observe(log, &checkpoint))?)?;
    let dead_letters = until_available(stop, || store.dead_letters())?;
    refuse_flood(setting, dead_letters)?;
    setting.progress.send_modify(|progress| progress.position = checkpoint.position);
    let continuity = Continuity::new(log, setting.folded_from, checkpoint.clone());
    let processor = Processor::load(setting.definition, setting.limits, log, store, checkpoint, stop)?;

    let (inbox_sender, inbox) = channel();
    let (requests, request_receiver) = channel();
    let (commits, commit_receiver) = channel();
    let stop_sender = inbox_sender.clone();
    let _listening = stop.listen(move || {
        // The session may have ended before the process.
        let _ = stop_sender.send(Event::Stop);
    });
    let ended = Arc::new(StopFlag::default());
    let limit = ReadLimit { events: setting.limits.commit_events, bytes: setting.limits.commit_bytes };
    thread::scope(|scope| {
        let reader_inbox = inbox_sender.clone();
        let reader_ended = ended.clone();
        spawn(scope, setting, "read", move || reader::serve(continuity, limit, &request_receiver, &reader_inbox, &reader_ended))?;
        spawn(scope, setting, "commit", move || committer::serve(store, fence, &commit_receiver, &inbox_sender, stop))?;
        let session = Session {
            setting,
            processor,
            until,
            fence,
            requests,
            commits,
            is_reading: false,
            is_committing: false,
            last: Work::Job,
            buffered: Vec::new(),
            computed: VecDeque::new(),
            dead_letters,
            ending: None,
        };
        let end = session.work(&inbox);
        ended.raise();
        end
    })
}

/// Starts a thread that is named after the projection and what it does: operators see the names.
fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    setting: &Setting<'_>,
    does: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), Halt> {
    let name = format!("{} {does}", setting.definition.plan.name);
    let started = thread::Builder::new().name(name).spawn_scoped(scope, work);
    started.map(|_| ()).map_err(Halt::NoThread)
}

fn refuse_flood(setting: &Setting<'_>, kept: u64) -> Result<(), Halt> {
    let limit = setting.definition.plan.dead_letters.limit;
    if kept >= limit { Err(Halt::Flood { kept, limit }) } else { Ok(()) }
}

// === impl Session ===

impl Session<'_> {
    fn work(mut self, inbox: &Receiver<Event>) -> Result<End, Halt> {
        loop {
            while let Ok(event) = inbox.try_recv() {
                self.handle(event)?;
            }
            match decide(&self.situation()) {
                Step::Read => self.read(),
                Step::Fold(work) => self.fold(work)?,
                Step::Commit => self.commit(),
                Step::Wait => match inbox.recv() {
                    Ok(event) => self.handle(event)?,
                    Err(_) => return Ok(End::Stopped),
                },
                Step::End => return self.ending.take().unwrap_or(Ok(End::Reached)),
            }
        }
    }

    fn situation(&self) -> Situation {
        Situation {
            until: self.until,
            ending: self.ending.is_some(),
            reading: self.is_reading,
            buffered: !self.buffered.is_empty(),
            computed: self.computed.len(),
            committing: self.is_committing,
            jobs: self.processor.pending_jobs(),
            last: self.last,
            folded: self.processor.folded(),
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), Halt> {
        match event {
            Event::Read { events, head } => self.take(events, head),
            Event::Idle => return self.check_owner(),
            Event::Committed(committed) => return self.committed(committed),
            Event::Failed(halt) => return Err(halt),
            Event::Stop => self.end(Ok(End::Stopped)),
        }
        Ok(())
    }

    fn take(&mut self, mut events: Vec<LogEvent>, head: u64) {
        self.is_reading = false;
        if let Until::Position(end) = self.until {
            events.retain(|event| event.position <= end);
        }
        self.buffered = events;
        self.setting.progress.send_if_modified(|progress| {
            progress.head = progress.head.max(head);
            false
        });
    }

    /// A session that has nothing to commit would not notice that it was replaced, or that the store lost what was committed.
    fn check_owner(&mut self) -> Result<(), Halt> {
        let found = until_available(self.setting.stop, || self.setting.store.look())?;
        if found.fence > self.fence {
            return Err(Halt::Fenced { ours: self.fence, newer: found.fence });
        }
        let is_settled = !self.is_committing && self.computed.is_empty();
        if found.fence < self.fence || is_settled && found.checkpoint != *self.processor.checkpoint() {
            self.restart();
        }
        Ok(())
    }

    /// Ends without a further commit: the store is not where what is folded would follow.
    fn restart(&mut self) {
        self.computed.clear();
        self.end(Ok(End::Restart));
    }

    fn committed(&mut self, committed: Committed) -> Result<(), Halt> {
        self.is_committing = false;
        match committed.outcome {
            Outcome::Committed | Outcome::AlreadyCommitted => {
                self.processor.committed(committed.number);
                let jobs = self.processor.pending_jobs();
                self.setting.progress.send_modify(|progress| {
                    progress.position = committed.position;
                    progress.head = progress.head.max(committed.position);
                    progress.pending_jobs = jobs;
                    progress.add(&committed.tally, committed.took);
                });
                Ok(())
            }
            Outcome::Fenced(newer) => Err(Halt::Fenced { ours: self.fence, newer }),
            Outcome::Stale(_) => {
                self.restart();
                Ok(())
            }
        }
    }

    fn read(&mut self) {
        // The reader ends only with the session, or after it has said why.
        self.is_reading = self.requests.send(self.processor.folded() + 1).is_ok();
    }

    fn fold(&mut self, work: Work) -> Result<(), Halt> {
        self.last = work;
        let computed = match work {
            Work::Job => self.processor.work_off()?,
            Work::Events => {
                let events = std::mem::take(&mut self.buffered);
                self.prefetch(&events);
                Some(self.processor.fold(&events)?)
            }
        };
        match computed {
            Some(computed) => self.keep(computed),
            None => Ok(()),
        }
    }

    /// Lets the reader work while these events are folded.
    fn prefetch(&mut self, events: &[LogEvent]) {
        let Some(last) = events.last() else { return };
        let is_last = matches!(self.until, Until::Position(end) if last.position >= end);
        if !self.is_reading && !is_last {
            self.is_reading = self.requests.send(last.position + 1).is_ok();
        }
    }

    /// Keeps what is folded for the committer, as far as its dead letters allow.
    fn keep(&mut self, computed: Computed) -> Result<(), Halt> {
        let letters = &computed.changes.dead_letters;
        let first = letters.iter().min_by_key(|letter| letter.position);
        if let (Some(first), Policy::Halt) = (first, self.setting.definition.plan.dead_letters.policy) {
            self.end(Ok(End::BadEvent { position: first.position, reason: format!("{}: {}", first.kind, first.reason) }));
            return Ok(());
        }
        self.dead_letters += letters.len() as u64;
        self.computed.push_back(computed);
        if let Err(flood) = refuse_flood(self.setting, self.dead_letters) {
            self.end(Err(flood));
        }
        Ok(())
    }

    fn commit(&mut self) {
        if let Some(computed) = self.computed.pop_front() {
            // The committer ends only with the session, or after it has said why.
            self.is_committing = self.commits.send(computed).is_ok();
        }
    }

    /// Ends when what is folded is committed. The first reason counts.
    fn end(&mut self, end: Result<End, Halt>) {
        self.ending.get_or_insert(end);
    }
}
