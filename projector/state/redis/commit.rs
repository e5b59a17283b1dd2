//! A commit as one transaction of plain commands, and two short scripts around them that see whether all of them were done.
//!
//! A script that did the writes itself would take twice as long: Lua copies each word that it passes on.

use redis::{ErrorKind, RedisError, RedisResult, Value};

use super::keys::BuildKeys;
use super::node::Line;
use super::packed::Packed;
use super::precondition::{FIELDS, Found, Refusal, judge};
use super::strings;
use super::{checkpoint, copies, writes};
use crate::state::{Commit, Entering};

const BEGIN: &str = include_str!("scripts/commit_begin.lua");
const END: &str = include_str!("scripts/commit_end.lua");

/// A commit, ready to be sent.
pub struct Transaction<'c> {
    commit: &'c Commit<'c>,
    writer: String,
    checkpoint: String,
    record: String,
    keys: &'c BuildKeys,
    /// From the transaction's begin to all that is written.
    writes: Packed,
    /// What moves the checkpoint, and looks at the record then.
    end: Packed,
}

/// The record of a build as a transaction has left it. It is watched by the same connection since, so that the next commit need not look
/// before it writes.
#[derive(Debug)]
pub struct Watched {
    record: String,
    found: Found,
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Answer {
    /// It was not sent.
    Refused(Refusal),
    /// The record of the build changed before it could run.
    Overtaken,
    /// It is done.
    Done,
    /// It is done in part, for this reason.
    Torn(String),
}

// === impl Transaction ===

impl<'c> Transaction<'c> {
    /// All that the commit writes.
    pub fn new(keys: &'c BuildKeys, writer: String, entering: Entering, commit: &'c Commit<'c>) -> Self {
        let (record, fields) = (keys.checkpoint(), checkpoint::fields(commit.checkpoint));
        let (mut writes, mut end) = (Packed::default(), Packed::default());
        writes.command(&["MULTI"]);
        writes.command(&["EVAL", BEGIN, "2", &record, &keys.projection().absent()]);
        strings::pack(&mut writes, keys, commit.changes);
        writes::pack(&mut writes, keys, entering, commit);
        end.command(&[&["EVAL", END, "1", &record], &fields.each_ref().map(String::as_str)[..]].concat());
        end.command(&["EXEC"]);
        let (checkpoint, record) = (record, keys.projection().record());
        look(&mut end, &checkpoint, &record);
        Transaction { commit, writer, checkpoint, record, keys, writes, end }
    }

    /// Writes everything, or nothing where it does not belong.
    pub fn run(&self, line: &mut Line) -> RedisResult<Answer> {
        let watched = line.watched.take().filter(|watched| watched.record == self.checkpoint);
        if let Some(Watched { found, .. }) = watched.filter(|watched| judge(&watched.found, self.commit, &self.writer).is_ok()) {
            match self.execute(line, &found)? {
                // Not what it was; what it is now tells why.
                Answer::Overtaken => {}
                answer => return Ok(answer),
            }
        }
        let found = self.look(line)?;
        match judge(&found, self.commit, &self.writer) {
            Ok(()) => self.execute(line, &found),
            Err(refusal) => {
                redis::cmd("UNWATCH").exec(&mut line.connection)?;
                Ok(Answer::Refused(refusal))
            }
        }
    }

    /// Looks at the record of the build. From here on it is watched, and nothing else: a transaction runs only if it stays as it is.
    fn look(&self, line: &mut Line) -> RedisResult<Found> {
        line.watched = None;
        let mut packed = Packed::default();
        packed.command(&["UNWATCH"]);
        look(&mut packed, &self.checkpoint, &self.record);
        found(&mut packed.ask(&mut line.connection)?)
    }

    /// Writes all; `before`: what was found, which is as it was if it is done.
    fn execute(&self, line: &mut Line, before: &Found) -> RedisResult<Answer> {
        let journal = if before.is_copied { copies::journal(self.keys, self.commit) } else { Packed::default() };
        let mut answers = Packed::ask_all(&[&self.writes, &journal, &self.end], &mut line.connection)?;
        line.watched = Some(Watched { record: self.checkpoint.clone(), found: found(&mut answers)? });
        match answers.pop() {
            Some(Value::Nil) => Ok(Answer::Overtaken),
            Some(Value::Array(answers)) if answers.last() == Some(&Value::Int(1)) => Ok(Answer::Done),
            Some(Value::Array(answers)) => {
                let error = answers.into_iter().find_map(|answer| answer.extract_error().err());
                Ok(Answer::Torn(error.as_ref().map(said).unwrap_or_default()))
            }
            _ => Err((ErrorKind::UnexpectedReturnType, "a transaction answers by a list").into()),
        }
    }
}

/// Commands that watch the record of a build, and look at it.
fn look(packed: &mut Packed, checkpoint: &str, record: &str) {
    packed.command(&["WATCH", checkpoint]);
    packed.command(&[&["HMGET", checkpoint], &FIELDS[..]].concat());
    packed.command(&["EXISTS", record]);
    packed.command(&["HEXISTS", checkpoint, "copying"]);
}

/// What these commands have found, which were the last of all that have been answered.
fn found(answers: &mut Vec<Value>) -> RedisResult<Found> {
    let own = answers.split_off(answers.len().saturating_sub(4));
    let (_, fields, is_projection_there, is_copied): (Value, _, _, _) = redis::from_redis_value(Value::Array(own))?;
    Ok(Found { fields, is_projection_there, is_copied })
}

/// An error as Redis has said it.
fn said(error: &RedisError) -> String {
    [error.code(), error.detail()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
