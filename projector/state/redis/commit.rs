//! A commit as one transaction of plain commands, and two short scripts around them that see whether all of them were done.
//!
//! A script that did the writes itself would take twice as long: Lua copies each word that it passes on.

use redis::{Connection, ErrorKind, RedisError, RedisResult, Value};

use super::keys::BuildKeys;
use super::packed::Packed;
use super::precondition::{FIELDS, Found, Refusal, judge};
use super::strings;
use super::{checkpoint, writes};
use crate::state::{Commit, Entering};

const BEGIN: &str = include_str!("scripts/commit_begin.lua");
const END: &str = include_str!("scripts/commit_end.lua");

/// A commit, ready to be sent.
pub struct Transaction<'c> {
    commit: &'c Commit<'c>,
    writer: String,
    checkpoint: String,
    record: String,
    packed: Packed,
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
    pub fn new(keys: &BuildKeys, writer: String, entering: Entering, commit: &'c Commit<'c>) -> Self {
        let (record, fields) = (keys.checkpoint(), checkpoint::fields(commit.checkpoint));
        let mut packed = Packed::default();
        packed.command(&["MULTI"]);
        packed.command(&["EVAL", BEGIN, "2", &record, &keys.projection().absent()]);
        strings::pack(&mut packed, keys, commit.changes);
        writes::pack(&mut packed, keys, entering, commit);
        packed.command(&[&["EVAL", END, "1", &record], &fields.each_ref().map(String::as_str)[..]].concat());
        packed.command(&["EXEC"]);
        Transaction { commit, writer, checkpoint: record, record: keys.projection().record(), packed }
    }

    /// Writes everything, or nothing where it does not belong.
    pub fn run(&self, redis: &mut Connection) -> RedisResult<Answer> {
        match judge(&self.look(redis)?, self.commit, &self.writer) {
            Ok(()) => self.execute(redis),
            Err(refusal) => {
                redis::cmd("UNWATCH").exec(redis)?;
                Ok(Answer::Refused(refusal))
            }
        }
    }

    /// Looks at the record of the build. From here on it is watched: a transaction runs only if it stays as it is.
    fn look(&self, redis: &mut Connection) -> RedisResult<Found> {
        let mut look = Packed::default();
        look.command(&["WATCH", &self.checkpoint]);
        look.command(&[&["HMGET", &self.checkpoint], &FIELDS[..]].concat());
        look.command(&["EXISTS", &self.record]);
        let (_, fields, is_projection_there): (Value, _, _) = redis::from_redis_value(Value::Array(look.ask(redis)?))?;
        Ok(Found { fields, is_projection_there })
    }

    fn execute(&self, redis: &mut Connection) -> RedisResult<Answer> {
        match self.packed.ask(redis)?.pop() {
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

/// An error as Redis has said it.
fn said(error: &RedisError) -> String {
    [error.code(), error.detail()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
