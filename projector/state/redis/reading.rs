//! What several readers need: keys under a prefix.

use std::collections::BTreeSet;

use redis::{Connection, FromRedisValue, Pipeline, RedisResult};

const SCAN: &str = include_str!("scripts/scan.lua");
/// How many keys Redis looks at before it lets others work.
const LOOKED_AT: usize = 1000;

/// The answers to all commands of a pipeline, which may be empty: Redis would answer such a one by nothing at all.
pub fn all<T: FromRedisValue>(redis: &mut Connection, pipeline: &Pipeline) -> RedisResult<Vec<T>> {
    if pipeline.is_empty() { Ok(Vec::new()) } else { pipeline.query(redis) }
}

/// One step through the database: where the next one starts, 0 at the end, and keys that start so. A key may come more than once;
/// one that is there all the time comes at least once. `absent` is a key of the same slot that is not there: by it the step is refused where a
/// master of a cluster has not, or not yet, or not any more all of the slot.
pub fn step(redis: &mut Connection, absent: &str, prefix: &str, cursor: u64) -> RedisResult<(u64, Vec<Vec<u8>>)> {
    let mut script = redis::cmd("EVAL_RO");
    script.arg(SCAN).arg(1).arg(absent).arg(cursor).arg(pattern(prefix)).arg(LOOKED_AT).query(redis)
}

/// All keys that start so, in order; `absent` as in [`step`].
pub fn keys(redis: &mut Connection, absent: &str, prefix: &str) -> RedisResult<BTreeSet<Vec<u8>>> {
    let (mut cursor, mut found) = step(redis, absent, prefix, 0)?;
    let mut keys = BTreeSet::new();
    loop {
        keys.extend(found);
        if cursor == 0 {
            return Ok(keys);
        }
        (cursor, found) = step(redis, absent, prefix, cursor)?;
    }
}

/// The pattern of what starts with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for char in prefix.chars() {
        if "*?[]\\".contains(char) {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_itself() {
        assert_eq!(pattern("{n:a*b:0}:g1:"), "{n:a\\*b:0}:g1:*");
    }
}
