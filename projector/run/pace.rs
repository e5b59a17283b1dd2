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
    /// Whether the next job needs everything to be committed first.
    pub job_after_commits: bool,
    /// Whether there are orders to carry out, or dead letters that wait for nothing any more.
    pub letters: bool,
    /// Whether there are too many dead letters: until there are fewer, nothing else is done than to settle them.
    pub flooded: bool,
    /// Whether it should do nothing for a while.
    pub paused: bool,
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
    /// Dead letters that are tried again.
    Letters,
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
    /// Wait for somebody who ends the pause.
    Rest,
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
    } else if now.paused {
        Step::Rest
    } else if !now.reading && !now.buffered && !has_reached && !now.flooded {
        Step::Read
    } else if let (true, Some(work)) = (now.computed < WAITING, next_work(now)) {
        // Dead letters are read from the store, which must be where the engine is; so is what some jobs go by.
        let reads_store = work == Work::Letters || work == Work::Job && now.job_after_commits;
        if reads_store && !is_idle { Step::Wait } else { Step::Fold(work) }
    } else if has_reached && is_idle && now.jobs == 0 {
        Step::End
    } else {
        Step::Wait
    }
}

/// Events, jobs and dead letters take turns, so that none keeps the others waiting for long.
fn next_work(now: &Situation) -> Option<Work> {
    if now.flooded {
        return now.letters.then_some(Work::Letters);
    }
    let turns = match now.last {
        Work::Events => [Work::Job, Work::Letters, Work::Events],
        Work::Job => [Work::Letters, Work::Events, Work::Job],
        Work::Letters => [Work::Events, Work::Job, Work::Letters],
    };
    turns.into_iter().find(|work| match work {
        Work::Events => now.buffered,
        Work::Job => now.jobs > 0,
        Work::Letters => now.letters,
    })
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
        job_after_commits: false,
        letters: false,
        flooded: false,
        paused: false,
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
                "some when all is committed",
                Situation { jobs: 1, job_after_commits: true, committing: true, ..reading },
                Step::Wait,
            ),
            (
                "jobs take turns with events",
                Situation { jobs: 1, buffered: true, last: Work::Events, ..reading },
                Step::Fold(Work::Job),
            ),
            ("and events with jobs", Situation { jobs: 1, buffered: true, ..reading }, Step::Fold(Work::Events)),
            ("dead letters have their turn", Situation { letters: true, buffered: true, ..reading }, Step::Fold(Work::Letters)),
            ("when all is committed", Situation { letters: true, buffered: true, committing: true, ..reading }, Step::Wait),
            (
                "and give it away",
                Situation { letters: true, buffered: true, last: Work::Letters, ..reading },
                Step::Fold(Work::Events),
            ),
            (
                "in a flood they alone are dealt with",
                Situation { letters: true, flooded: true, ..START },
                Step::Fold(Work::Letters),
            ),
            ("an end waits for them", Situation { until: Until::Position(5), letters: true, ..START }, Step::Fold(Work::Letters)),
            ("a pause does nothing", Situation { paused: true, letters: true, buffered: true, jobs: 1, ..START }, Step::Rest),
            ("but commits what is folded", Situation { paused: true, computed: 1, ..START }, Step::Commit),
            ("and ends", Situation { paused: true, ending: true, ..START }, Step::End),
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
