//! What a build has folded, read while its owner goes on.
//!
//! Redis has no view of one moment over many keys. So whoever copies begins a *journal*, which is said in the record of the build: each commit
//! from then on enters the rows that it changes. Then all rows are read, in whatever order, and after that those in the journal, until it is empty; at
//! that moment, which one script sees with the checkpoint, what was read is the build. Dead letters, and who waits, are few: they
//! are read whole, and again where a commit has touched them ([`REST`]).

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use projections::codec::Key;
use projections::engine::{CellKey, Changes, Space};
use projections::plan::EntityId;
use redis::{Connection, RedisResult};

use super::keys::{BuildKeys, Slot};
use super::node::Run;
use super::packed::Packed;
use super::server::Server;
use super::{checkpoint, dead_letters, fetch, orders, reading};
use crate::fault::Fault;
use crate::state::{Carried, Checkpoint, Commit, CopiedRows, Folded, TakeRows};
use crate::token;

const BEGIN: &str = include_str!("scripts/copy_begin.lua");
const TAKE: &str = include_str!("scripts/copy_take.lua");
const END: &str = include_str!("scripts/copy_end.lua");
/// How many rows one script reads: others wait for it.
const TAKEN_AT_ONCE: usize = 1000;
/// What stands in the journal for dead letters and all that belongs to them; no row's name is like it.
const REST: &str = "*";

/// What is in the journal: names of rows, their bytes, the checkpoint, the fence, and why the build is torn, if it is.
type Taken = (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>, [Option<String>; 6]);

/// As [`Builds::copy`](crate::state::Builds::copy).
pub fn copy(server: &Server, keys: &BuildKeys, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
    let copying = Copying::begin(server, keys)?;
    let copied = copying.run(to);
    copying.end()?;
    copied
}

/// About how many rows there are: one may be counted twice while Redis makes room for more keys.
pub fn count(server: &Server, keys: &BuildKeys) -> Result<u64, Fault> {
    let (absent, prefix, mut cursor, mut rows) = (keys.projection().absent(), keys.all_rows(), 0, 0);
    loop {
        let (next, names) = server.ask("counting rows", |redis| reading::step(redis, &absent, &prefix, cursor))?;
        rows += names.len() as u64;
        if next == 0 {
            return Ok(rows);
        }
        cursor = next;
    }
}

/// What a commit enters into the journal; to be done in its transaction.
pub fn journal(keys: &BuildKeys, commit: &Commit<'_>) -> Packed {
    let (changes, number) = (commit.changes, commit.checkpoint.commits.to_string());
    let rows = changes.cells.iter().filter(|(cell, _)| matches!(cell.space, Space::Row(_)));
    let names = rows.filter_map(|(cell, _)| match keys.cell(cell) {
        Slot::String(key) => Some(key[keys.prefix().len()..].to_vec()),
        Slot::Field(..) => None,
    });
    let rest = touches_rest(changes, commit.carried).then(|| REST.as_bytes().to_vec());
    let names: Vec<Vec<u8>> = names.chain(rest).collect();
    let mut packed = Packed::default();
    for names in names.chunks(TAKEN_AT_ONCE) {
        packed.begin(2 + 2 * names.len());
        packed.word(b"ZADD");
        packed.word(keys.journal().as_bytes());
        for name in names {
            packed.word(number.as_bytes());
            packed.word(name);
        }
    }
    packed
}

fn touches_rest(changes: &Changes, carried: &Carried) -> bool {
    let is_parked = changes.cells.iter().any(|(cell, _)| cell.space == Space::Parked);
    is_parked || !changes.dead_letters.is_empty() || !changes.tried.is_empty() || !carried.settled.is_empty()
}

/// A copy that is made.
struct Copying<'c> {
    server: &'c Server,
    keys: &'c BuildKeys,
    /// Who copies.
    name: String,
    /// The owner when it began.
    fence: String,
    /// The last commit then.
    commits: u64,
    /// The run of Redis then. Another one may have lost commits of which rows were handed out, and knows no place in the middle of all keys.
    run: Run,
    /// How the names of rows start, by entity.
    heads: Vec<Vec<u8>>,
}

/// A row's name in the journal, and its bytes, if it is there.
type Found = (Vec<u8>, Option<Vec<u8>>);

// === impl Copying ===

impl<'c> Copying<'c> {
    fn begin(server: &'c Server, keys: &'c BuildKeys) -> Result<Copying<'c>, Fault> {
        let name = token::unique();
        let mut script = redis::cmd("EVAL");
        script.arg(BEGIN).arg(3).arg(keys.checkpoint()).arg(keys.journal()).arg(keys.projection().absent()).arg(&name);
        let (found, run) = server.ask_in_run("beginning a copy", |redis| script.query::<Option<(String, u64)>>(redis))?;
        let (fence, commits) = found.ok_or_else(|| server.gone(keys.checkpoint()))?;
        let head = |entity| keys.strings_of(Space::Row(entity)).as_bytes()[keys.prefix().len()..].to_vec();
        let heads = (0..keys.catalogue().entities.len()).map(head).collect();
        Ok(Copying { server, keys, name, fence, commits, run, heads })
    }

    fn run(&self, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
        if self.hand_out_all(to)?.is_break() {
            return Ok(None);
        }
        let mut rest = self.rest()?;
        let (mut names, mut taken_at) = (Vec::new(), self.commits);
        loop {
            let (checkpoint, found) = self.take(&names, taken_at)?;
            if found.is_empty() {
                return Ok(Some(Folded { checkpoint, ..rest }));
            }
            if found.iter().any(|(name, _)| name == REST.as_bytes()) {
                rest = self.rest()?;
            }
            let rows = found.iter().filter_map(|(name, bytes)| Some((self.cell(name)?, bytes.as_deref().map(Into::into))));
            if to(rows.collect()).is_break() {
                return Ok(None);
            }
            names = found.into_iter().map(|(name, _)| name).collect();
            taken_at = checkpoint.commits;
        }
    }

    fn end(&self) -> Result<(), Fault> {
        let mut script = self.script(END);
        script.arg(&self.name);
        self.server.ask("ending a copy", |redis| script.exec(redis))
    }

    /// All rows that are there all the time, and others.
    fn hand_out_all(&self, to: &mut TakeRows<'_>) -> Result<ControlFlow<()>, Fault> {
        let mut cursor = 0;
        loop {
            let (next, rows) = self.ask(|redis| self.page(redis, cursor))?;
            if !rows.is_empty() && to(rows).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if next == 0 {
                return Ok(ControlFlow::Continue(()));
            }
            cursor = next;
        }
    }

    fn page(&self, redis: &mut Connection, cursor: u64) -> RedisResult<(u64, CopiedRows)> {
        let (absent, prefix) = (self.keys.projection().absent(), self.keys.all_rows());
        let (next, names) = reading::step(redis, &absent, &prefix, cursor)?;
        // Redis may name one twice.
        let names: BTreeSet<Vec<u8>> = names.into_iter().collect();
        if names.is_empty() {
            return Ok((next, CopiedRows::new()));
        }
        let found: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(&names).query(redis)?;
        let row = |(name, bytes): (&Vec<u8>, Option<Vec<u8>>)| {
            Some((self.cell(&name[self.keys.prefix().len()..])?, bytes.map(Into::into)))
        };
        Ok((next, names.iter().zip(found).filter_map(row).collect()))
    }

    /// What has changed since, up to a limit; before, it is told that these names are done with, as of this commit.
    fn take(&self, done: &[Vec<u8>], taken_at: u64) -> Result<(Checkpoint, Vec<Found>), Fault> {
        let mut script = self.script(TAKE);
        script.arg(&self.name).arg(self.keys.prefix()).arg(TAKEN_AT_ONCE).arg(taken_at).arg(done);
        let found: Option<Taken> = self.ask(|redis| script.query(redis))?;
        let (names, rows, [record @ .., fence, torn]) = found.ok_or_else(|| self.is_disturbed("somebody else copies it"))?;
        if let Some(reason) = torn {
            return Err(self.server.damaged(format!("a commit under {} was done in part: {reason}", self.keys.prefix())));
        }
        let unreadable = || self.server.damaged(format!("{} holds {record:?}", self.keys.checkpoint()));
        let checkpoint = checkpoint::parse(&record).ok_or_else(unreadable)?;
        if fence.as_ref() != Some(&self.fence) {
            return Err(self.is_disturbed("it has changed hands"));
        }
        Ok((checkpoint, names.into_iter().zip(rows).collect()))
    }

    /// What is handed out beside rows, but not of which moment it is.
    fn rest(&self) -> Result<Folded, Fault> {
        let (server, keys) = (self.server, self.keys);
        Ok(Folded {
            checkpoint: Checkpoint::default(),
            parked: fetch::cells(server, keys, Space::Parked)?,
            dead_letters: dead_letters::all(server, keys)?,
            settled: orders::settled(server, keys)?,
        })
    }

    /// The row of this name; `None`: it is no row.
    fn cell(&self, name: &[u8]) -> Option<CellKey> {
        let of = |(entity, head): (EntityId, &Vec<u8>)| {
            let key = Key::from_bytes(name.strip_prefix(&head[..])?);
            Some(CellKey { space: Space::Row(entity), key })
        };
        self.heads.iter().enumerate().find_map(of)
    }

    /// Asks the run in which it began.
    fn ask<T>(&self, question: impl Fn(&mut Connection) -> RedisResult<T>) -> Result<T, Fault> {
        let (answer, run) = self.server.ask_in_run("copying rows", question)?;
        if run == self.run { Ok(answer) } else { Err(self.is_disturbed("Redis was started anew, or another master answers")) }
    }

    fn script(&self, text: &str) -> redis::Cmd {
        let mut script = redis::cmd("EVAL");
        let keys = self.keys;
        script.arg(text).arg(3).arg(keys.checkpoint()).arg(keys.journal()).arg(keys.projection().absent());
        script
    }

    fn is_disturbed(&self, why: &str) -> Fault {
        self.server.unavailable("copying rows", why)
    }
}
