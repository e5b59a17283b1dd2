//! What a session does next: a pure function of how things stand.
//!
//! At any time at most one batch is being read, one waits to be folded, a few wait to be committed and one is being committed;
//! that bounds the memory, and lets each part work while the others do. A batch is whatever the log has when it is read: one event when
//! they come one by one, a large commit under a backlog.

/// When a session has reached its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Never: it follows the log.
    Forever,
    /// When all events up to this position are applied, and no job is left.
    Position(u64),
}

/// How things stand.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// Where it ends.
    pub until: Until,
    /// Whether an event at the position where it ends, or after it, has been read: there may be none at the position itself.
    pub passed: bool,
    /// Whether it should end as soon as what is folded is committed.
    pub ending: bool,
    /// Whether the reader has been asked for events.
    pub reading: bool,
    /// Whether events wait to be folded.
    pub buffered: bool,
    /// Folded batches that wait to be committed.
    pub computed: usize,
    /// Whether a commit is under way.
    pub committing: bool,
    /// Jobs that are left.
    pub jobs: usize,
    /// What was folded last.
    pub last: Work,
    /// The position up to which events have been folded.
    pub folded: u64,
}

/// Something that ends in a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A batch of events.
    Events,
    /// A page of a job.
    Job,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Ask the reader for events.
    Read,
    /// Fold this.
    Fold(Work),
    /// Hand the folded changes to the committer.
    Commit,
    /// Wait for the reader or the committer.
    Wait,
    /// It is done.
    End,
}

/// So many folded batches may wait for the committer: a page of a job and the batch of events after it, lest small pages keep
/// the next large batch from being folded while one is committed.
const WAITING: usize = 2;

/// What to do next.
pub fn decide(now: &Situation) -> Step {
    let is_idle = now.computed == 0 && !now.committing;
    let has_reached = now.passed || matches!(now.until, Until::Position(end) if now.folded >= end);
    if now.computed > 0 && !now.committing {
        Step::Commit
    } else if now.ending {
        if now.committing { Step::Wait } else { Step::End }
    } else if !now.reading && !now.buffered && !has_reached {
        Step::Read
    } else if let (true, Some(work)) = (now.computed < WAITING, next_work(now)) {
        Step::Fold(work)
    } else if has_reached && is_idle && now.jobs == 0 {
        Step::End
    } else {
        Step::Wait
    }
}

/// Events and jobs take turns, so that neither keeps the other waiting for long.
fn next_work(now: &Situation) -> Option<Work> {
    match (now.buffered, now.jobs > 0) {
        (true, true) if now.last == Work::Events => Some(Work::Job),
        (true, _) => Some(Work::Events),
        (false, true) => Some(Work::Job),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Situation = Situation {
        until: Until::Forever,
        passed: false,
        ending: false,
        reading: false,
        buffered: false,
        computed: 0,
        committing: false,
        jobs: 0,
        last: Work::Job,
        folded: 5,
    };

    #[test]
    fn decisions() {
        let reading = Situation { reading: true, ..START };
        let cases = [
            ("at the start it reads", START, Step::Read),
            ("then it waits", reading, Step::Wait),
            ("the next is read before the last is folded", Situation { buffered: false, ..START }, Step::Read),
            ("it folds what is there", Situation { buffered: true, ..reading }, Step::Fold(Work::Events)),
            ("also while it commits", Situation { buffered: true, committing: true, ..reading }, Step::Fold(Work::Events)),
            ("also ahead", Situation { buffered: true, committing: true, computed: 1, ..reading }, Step::Fold(Work::Events)),
            ("but not too far", Situation { buffered: true, committing: true, computed: 2, ..reading }, Step::Wait),
            ("it commits as soon as it can", Situation { buffered: true, computed: 1, ..reading }, Step::Commit),
            ("jobs fill the gaps", Situation { jobs: 1, ..reading }, Step::Fold(Work::Job)),
            (
                "jobs take turns with events",
                Situation { jobs: 1, buffered: true, last: Work::Events, ..reading },
                Step::Fold(Work::Job),
            ),
            ("and events with jobs", Situation { jobs: 1, buffered: true, ..reading }, Step::Fold(Work::Events)),
            ("an end commits what is folded", Situation { ending: true, computed: 1, ..START }, Step::Commit),
            ("waits for it", Situation { ending: true, committing: true, ..START }, Step::Wait),
            ("and drops what is not", Situation { ending: true, buffered: true, ..START }, Step::End),
            ("at its position it ends", Situation { until: Until::Position(5), ..START }, Step::End),
            ("not before the jobs are done", Situation { until: Until::Position(5), jobs: 1, ..START }, Step::Fold(Work::Job)),
            ("nor before the commit", Situation { until: Until::Position(5), committing: true, ..START }, Step::Wait),
            ("nor before the position", Situation { until: Until::Position(6), ..START }, Step::Read),
            ("unless there is nothing at it", Situation { until: Until::Position(6), passed: true, ..START }, Step::End),
            (
                "but what was read before it counts",
                Situation { until: Until::Position(6), passed: true, buffered: true, ..START },
                Step::Fold(Work::Events),
            ),
        ];
        for (what, situation, expected) in cases {
            assert_eq!(decide(&situation), expected, "{what}");
        }
    }
}
