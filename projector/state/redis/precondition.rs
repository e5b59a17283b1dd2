//! Whether a commit may be written: a pure function of what the record of the build says.

use super::checkpoint;
use crate::state::Commit;

/// The fields of a build's record that are looked at before a commit, in this order.
pub const FIELDS: [&str; 7] = ["fence", "writer", "commits", "position", "hash", "time", "torn"];

/// What a commit finds.
#[derive(Clone, Debug)]
pub struct Found {
    /// The fields of the build's record; all are `None` where there is none.
    pub fields: [Option<String>; 7],
    /// Whether there is a record of the projection: a build that was dropped leaves it behind.
    pub is_projection_there: bool,
    /// Whether somebody copies rows of the build: then a commit says which it changes.
    pub is_copied: bool,
}

/// Why a commit is not written.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This writer has written it.
    Repeated,
    /// The build is at another checkpoint, of these fields.
    Stale(Vec<Option<String>>),
    /// There is another owner, with this fence.
    Fenced(String),
    /// A commit was written in part, for this reason.
    Torn(String),
    /// There is no such build any more.
    Dropped,
    /// There is nothing of the projection any more.
    Lost,
}

/// Whether a commit of this writer may be written.
pub fn judge(found: &Found, commit: &Commit<'_>, writer: &str) -> Result<(), Refusal> {
    let [fence, owner, checkpoint @ .., torn] = &found.fields;
    let Some(fence) = fence else {
        return Err(if found.is_projection_there { Refusal::Dropped } else { Refusal::Lost });
    };
    if let Some(reason) = torn {
        return Err(Refusal::Torn(reason.clone()));
    }
    // What cannot be read is no fence of ours.
    let number = fence.parse().unwrap_or(u64::MAX);
    if number > commit.fence || number == commit.fence && owner.as_deref() != Some(writer) {
        return Err(Refusal::Fenced(fence.clone()));
    }
    let is_ours = number == commit.fence;
    if is_ours && *checkpoint == checkpoint::fields(commit.checkpoint).map(Some) {
        return Err(Refusal::Repeated);
    }
    // A fence below ours: Redis has lost our claim, and with it whatever came after.
    let is_before = checkpoint.first().is_some_and(|commits| *commits == Some(commit.follows.to_string()));
    if is_ours && is_before { Ok(()) } else { Err(Refusal::Stale(checkpoint.to_vec())) }
}

#[cfg(test)]
mod tests {
    use projections::engine::Changes;

    use super::*;
    use crate::state::{Carried, Checkpoint, EventMark};

    const EVENT: EventMark = EventMark { hash: 0xab, time: 5 };

    fn fields(fence: &str, writer: &str, commits: &str, position: &str) -> [Option<String>; 7] {
        let [fence, writer, commits, position] = [fence, writer, commits, position].map(|field| Some(field.to_owned()));
        [fence, writer, commits, position, Some("00000000000000ab".to_owned()), Some("5".to_owned()), None]
    }

    #[test]
    fn a_commit_is_written_only_where_it_belongs() {
        let checkpoint = Checkpoint { position: 20, commits: 8, event: Some(EVENT) };
        let (changes, carried) = (&Changes::default(), &Carried::default());
        let commit = Commit { fence: 3, follows: 7, checkpoint: &checkpoint, changes, carried };
        let judged = |fields: [Option<String>; 7], is_projection_there| {
            judge(&Found { fields, is_projection_there, is_copied: false }, &commit, "we")
        };
        let stale = |fields: [Option<String>; 7]| Err(Refusal::Stale(fields[2..6].to_vec()));
        let mut torn = fields("3", "we", "7", "10");
        torn[6] = Some("half".to_owned());
        for (fields, expected) in [
            (fields("3", "we", "7", "10"), Ok(())),
            (fields("3", "we", "8", "20"), Err(Refusal::Repeated)),
            (fields("3", "we", "8", "21"), stale(fields("3", "we", "8", "21"))),
            (fields("3", "we", "6", "10"), stale(fields("3", "we", "6", "10"))),
            // Our claim is lost.
            (fields("2", "we", "7", "10"), stale(fields("2", "we", "7", "10"))),
            (fields("2", "we", "8", "20"), stale(fields("2", "we", "8", "20"))),
            (fields("4", "we", "7", "10"), Err(Refusal::Fenced("4".to_owned()))),
            (fields("3", "they", "7", "10"), Err(Refusal::Fenced("3".to_owned()))),
            (fields("what", "we", "7", "10"), Err(Refusal::Fenced("what".to_owned()))),
            (torn, Err(Refusal::Torn("half".to_owned()))),
            ([const { None }; 7], Err(Refusal::Dropped)),
        ] {
            assert_eq!(judged(fields.clone(), true), expected, "{fields:?}");
        }
        assert_eq!(judged([const { None }; 7], false), Err(Refusal::Lost));
    }
}
