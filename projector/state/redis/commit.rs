//! A commit as one transaction: strings by plain commands, which cannot fail, and all else by the script that ends it.
//!
//! Lua copies each word that it passes on: strings cost it twice as much, and they are most of what there is.

use redis::{Connection, ErrorKind, RedisResult, Value};

use super::keys::BuildKeys;
use super::packed::Packed;
use super::precondition::{FIELDS, Found, Refusal, judge};
use super::strings;
use super::writes::{TooLarge, Writes};
use crate::state::{Commit, Entering};

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
    pub fn new(keys: &BuildKeys, writer: String, entering: Entering, commit: &'c Commit<'c>) -> Result<Self, TooLarge> {
        let writes = Writes::of(keys, entering, commit)?;
        let mut packed = Packed::default();
        packed.command(&["MULTI"]);
        strings::pack(&mut packed, keys, commit.changes);
        writes.pack(&mut packed, keys, commit.checkpoint);
        packed.command(&["EXEC"]);
        Ok(Transaction { commit, writer, checkpoint: keys.checkpoint(), record: keys.projection().record(), packed })
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
            Some(Value::Array(mut answers)) => match answers.pop().map(Value::extract_error).transpose()? {
                Some(Value::Nil) => Ok(Answer::Done),
                reason => Ok(Answer::Torn(redis::from_redis_value(reason.unwrap_or(Value::Nil))?)),
            },
            _ => Err((ErrorKind::UnexpectedReturnType, "a transaction answers by a list").into()),
        }
    }
}
