//! What a session does, step by step.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

use projections::engine::LogEvent;
use projections::plan::Policy;

use super::super::board::Stage;
use super::super::committer::Committed;
use super::super::halt::Halt;
use super::super::pace::{Situation, Step, Until, Work, decide};
use super::super::processor::{Computed, Processor};
use super::super::supervisor::Goal;
use super::super::waits::Port;
use super::orders::{Desk, GLANCE};
use super::{End, Event, Setting};
use crate::state::Outcome;

/// A build that is ours, loaded.
pub struct Claimed<'s> {
    /// Our fence.
    pub fence: u64,
    /// What folds into it.
    pub processor: Processor<'s>,
    /// Dead letters that are kept.
    pub dead_letters: u64,
}

/// A session under way.
pub struct Session<'s> {
    setting: &'s Setting<'s>,
    processor: Processor<'s>,
    until: Until,
    passed: bool,
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
    desk: Desk,
    ending: Option<Result<End, Halt>>,
}

// === impl Session ===

impl<'s> Session<'s> {
    /// A session that has not begun; `requests` go to the reader, `commits` to the committer.
    pub fn new(
        setting: &'s Setting<'s>,
        Claimed { fence, processor, dead_letters }: Claimed<'s>,
        until: Until,
        requests: Sender<u64>,
        commits: Sender<Computed>,
    ) -> Session<'s> {
        Session {
            setting,
            processor,
            until,
            passed: false,
            fence,
            requests,
            commits,
            is_reading: false,
            is_committing: false,
            last: Work::Job,
            buffered: Vec::new(),
            computed: VecDeque::new(),
            dead_letters,
            desk: Desk::default(),
            ending: None,
        }
    }

    /// Does what there is to do, until there is a reason to end.
    pub fn work(mut self, inbox: &Receiver<Event>) -> Result<End, Halt> {
        self.glance()?;
        loop {
            while let Ok(event) = inbox.try_recv() {
                self.handle(event)?;
            }
            self.refuse_flood();
            match decide(&self.situation()) {
                Step::Read => self.read(),
                Step::Fold(work) => self.fold(work)?,
                Step::Commit => self.commit(),
                Step::Wait => match inbox.recv() {
                    Ok(event) => self.handle(event)?,
                    Err(_) => return Ok(End::Stopped),
                },
                Step::Rest => match inbox.recv_timeout(GLANCE) {
                    Ok(event) => self.handle(event)?,
                    Err(RecvTimeoutError::Timeout) => self.glance()?,
                    Err(RecvTimeoutError::Disconnected) => return Ok(End::Stopped),
                },
                Step::End => return self.ending.take().unwrap_or(Ok(End::Reached)),
            }
        }
    }

    fn situation(&mut self) -> Situation {
        Situation {
            until: self.until,
            passed: self.passed,
            ending: self.ending.is_some(),
            reading: self.is_reading,
            buffered: !self.buffered.is_empty(),
            computed: self.computed.len(),
            committing: self.is_committing,
            jobs: self.processor.pending_jobs(),
            job_after_commits: self.processor.is_job_after_commits(),
            letters: self.has_letters(),
            flooded: self.is_flooded(),
            paused: self.desk.pause().is_some(),
            last: self.last,
            folded: self.processor.folded(),
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), Halt> {
        match event {
            Event::Read { events, head } => self.take(events, head),
            Event::Idle => {
                self.is_reading = false;
                self.check_owner()?;
                return self.glance();
            }
            Event::Committed(committed) => return self.committed(committed),
            Event::Failed(halt) => return Err(halt),
            Event::Stop => self.end(Ok(End::Stopped)),
        }
        Ok(())
    }

    fn take(&mut self, mut events: Vec<LogEvent>, head: u64) {
        self.is_reading = false;
        if let Until::Position(end) = self.until {
            self.passed = events.last().is_some_and(|last| last.position >= end);
            events.retain(|event| event.position <= end);
        }
        self.buffered = events;
        self.setting.place.progress.send_if_modified(|progress| {
            progress.head = progress.head.max(head);
            false
        });
    }

    /// A session that has nothing to commit would not notice that it was replaced, or that the store lost what was committed.
    fn check_owner(&mut self) -> Result<(), Halt> {
        let found = self.setting.patience().ask(Port::State, || self.setting.store.look())?;
        if found.fence > self.fence {
            return Err(Halt::Fenced { ours: self.fence, newer: found.fence });
        }
        let is_settled = !self.is_committing && self.computed.is_empty();
        if found.fence < self.fence || is_settled && found.checkpoint != *self.processor.checkpoint() {
            self.restart();
        } else if is_settled && self.processor.pending_jobs() == 0 {
            self.rests();
        }
        Ok(())
    }

    /// There is nothing to do, as the log and the store have said just now.
    fn rests(&self) {
        self.setting.place.progress.send_if_modified(|progress| {
            progress.moved = Instant::now();
            // Nobody waits for that.
            false
        });
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
                self.desk.carried(&committed.orders);
                self.processor.committed(committed.number);
                self.setting.place.meters.committed(&committed);
                self.setting.place.progress.send_modify(|progress| {
                    progress.position = committed.position;
                    progress.head = progress.head.max(committed.position);
                    progress.pending_jobs = committed.pending_jobs;
                    progress.add(&committed.tally);
                });
                if self.desk.is_time_to_look() { self.glance() } else { Ok(()) }
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
            Work::Letters => self.processor.settle(self.desk.orders(), self.setting.limits.commit_events)?,
            Work::Events => {
                let events = std::mem::take(&mut self.buffered);
                self.prefetch(&events);
                self.processor.fold(&events)?
            }
        };
        self.setting.place.meters.folded(self.processor.cache_bytes(), self.processor.take_fetched());
        match computed {
            Some(computed) => self.keep(computed),
            None => Ok(()),
        }
    }

    /// Lets the reader work while these events are folded.
    fn prefetch(&mut self, events: &[LogEvent]) {
        let Some(last) = events.last() else { return };
        if !self.is_reading && !self.passed {
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
        let gone = computed.changes.tried.iter().filter(|tried| tried.stays.is_none()).count();
        self.dead_letters = (self.dead_letters + letters.len() as u64).saturating_sub(gone as u64);
        self.desk.take(&computed.carried.done);
        self.computed.push_back(computed);
        Ok(())
    }

    fn has_letters(&mut self) -> bool {
        !self.desk.orders().is_empty() || self.processor.is_any_free()
    }

    fn is_flooded(&self) -> bool {
        self.dead_letters >= self.setting.definition.plan.dead_letters.limit
    }

    /// Ends where there are too many dead letters, and nobody has said what should become of them.
    fn refuse_flood(&mut self) {
        if self.is_flooded() && !self.has_letters() {
            let limit = self.setting.definition.plan.dead_letters.limit;
            self.end(Err(Halt::Flood { kept: self.dead_letters, limit }));
        }
    }

    /// Looks at what operators ask for.
    fn glance(&mut self) -> Result<(), Halt> {
        let (store, limit) = (self.setting.store, self.setting.limits.commit_events);
        let asked = self.setting.patience().ask(Port::State, || store.asked(limit))?;
        if self.setting.stage == Stage::Live && asked.live.is_some_and(|live| live != self.setting.generation) {
            self.end(Ok(End::Moved));
        }
        self.desk.put(asked);
        let pause = self.desk.pause().cloned();
        self.setting.place.progress.send_if_modified(|progress| {
            // A look at the store that finds nothing to do is what goes on in a pause.
            progress.moved = Instant::now();
            std::mem::replace(&mut progress.pause, pause.clone()) != pause
        });
        if let (Some(pause), Goal::CatchUp | Goal::Settle) = (pause, self.setting.goal) {
            self.end(Ok(End::Paused(pause)));
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
