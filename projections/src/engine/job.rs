//! Fan-out that is too large for one batch: a walk that waits before a set, and how far through the set it got.

use crate::codec::{Corrupt, Key};
use crate::plan::{Block, HopTo};

use super::cells::{SetKey, SetSpace};

/// Which set a job goes through, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    /// The block whose units are affected.
    pub block: usize,
    /// The trigger's number in the block.
    pub trigger: usize,
    /// The number of the hop that leads to the set.
    pub hop: usize,
    /// The value whose set it is.
    pub value: Key,
}

/// A way, gone in pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The way.
    pub way: Way,
    /// The last member that was dealt with; `None`: none yet.
    pub cursor: Option<Key>,
    lap: Lap,
}

/// How far the job has to go. One that is set off again while it runs need not start over, and must not: something that changes
/// without pause would keep it from ever coming to the end of its set.
#[derive(Clone, Debug, PartialEq)]
enum Lap {
    /// To the end of the set.
    ToEnd,
    /// To the end of the set, and then again from the first member up to this one.
    ToEndAndUpTo(Key),
    /// Up to this member.
    UpTo(Key),
}

/// What is left of a job after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    More,
}

// === impl Way ===

impl Way {
    /// The set that the way leads through.
    pub fn set(&self, block: &Block) -> Option<SetKey> {
        match block.triggers.get(self.trigger)?.hops.get(self.hop)?.to {
            HopTo::Index(index) => Some(SetKey { space: SetSpace::Index(index), value: self.value.clone() }),
            HopTo::Key(_) => None,
        }
    }
}

// === impl Job ===

impl Job {
    pub fn new(way: Way) -> Job {
        Job { way, cursor: None, lap: Lap::ToEnd }
    }

    /// It is set off again: everything that it is past has to be dealt with once more.
    pub fn set_off_again(&mut self) {
        self.lap = match &self.cursor {
            None => Lap::ToEnd,
            Some(past) => Lap::ToEndAndUpTo(past.clone()),
        };
    }

    /// Moves over the page of at most `limit` members behind the cursor; those of the page that are to be dealt with.
    pub fn take_page(&mut self, mut page: Vec<Key>, limit: usize) -> (Vec<Key>, Left) {
        let mut is_end = page.len() < limit;
        if let Lap::UpTo(last) = &self.lap {
            is_end |= page.last().is_some_and(|member| member >= last);
            page.truncate(page.partition_point(|member| member <= last));
        }
        let left = if is_end { self.next_lap() } else { Left::More };
        if !is_end {
            self.cursor = page.last().cloned();
        }
        (page, left)
    }

    fn next_lap(&mut self) -> Left {
        let Lap::ToEndAndUpTo(past) = std::mem::replace(&mut self.lap, Lap::ToEnd) else { return Left::Nothing };
        self.lap = Lap::UpTo(past);
        self.cursor = None;
        Left::More
    }

    /// The bytes to store: four little-endian u64 (block, trigger, hop, lap), then the value, the cursor and the member that the
    /// lap names, each with its length. No cursor and no such member are empty: no key is.
    pub fn encode(&self) -> Vec<u8> {
        let Way { block, trigger, hop, value } = &self.way;
        let (lap, bound) = match &self.lap {
            Lap::ToEnd => (0, None),
            Lap::ToEndAndUpTo(past) => (1, Some(past)),
            Lap::UpTo(last) => (2, Some(last)),
        };
        let mut out = Vec::new();
        for number in [*block, *trigger, *hop, lap] {
            out.extend_from_slice(&(number as u64).to_le_bytes());
        }
        for key in [Some(value), self.cursor.as_ref(), bound] {
            let bytes: &[u8] = key.map_or(&[], |key| key);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        out
    }

    /// A job that was stored.
    pub fn decode(mut bytes: &[u8]) -> Result<Job, Corrupt> {
        let bytes = &mut bytes;
        let mut number = || take_u64(bytes);
        let (block, trigger, hop, lap) = (number()? as usize, number()? as usize, number()? as usize, number()?);
        let (value, cursor, bound) = (take_bytes(bytes)?, take_bytes(bytes)?, take_bytes(bytes)?);
        let lap = match lap {
            0 => Lap::ToEnd,
            1 => Lap::ToEndAndUpTo(Key::from_bytes(bound)),
            2 => Lap::UpTo(Key::from_bytes(bound)),
            _ => return Err(Corrupt("bad lap of a job")),
        };
        let cursor = (!cursor.is_empty()).then(|| Key::from_bytes(cursor));
        Ok(Job { way: Way { block, trigger, hop, value: Key::from_bytes(value) }, cursor, lap })
    }
}

/// The next eight bytes of a stored job.
pub fn take_u64(bytes: &mut &[u8]) -> Result<u64, Corrupt> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Corrupt("job ends early"))?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*head))
}

/// The next bytes of a stored job, which come after their length.
pub fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Corrupt> {
    let length = take_u64(bytes)? as usize;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Corrupt("job ends early"))?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;

    fn key(number: i64) -> Key {
        Key::of(&[Value::Int(number)])
    }

    fn job() -> Job {
        Job::new(Way { block: 3, trigger: 1, hop: 2, value: key(7) })
    }

    /// Works off the next page of the set 0..10; its members.
    fn page(job: &mut Job) -> (Vec<Key>, Left) {
        let cursor = job.cursor.clone();
        let behind = (0..10).map(key).filter(|member| cursor.as_ref().is_none_or(|cursor| member > cursor));
        let page = behind.take(3).collect();
        job.take_page(page, 3)
    }

    fn keys(numbers: std::ops::Range<i64>) -> Vec<Key> {
        numbers.map(key).collect()
    }

    #[test]
    fn jobs_come_back() {
        for lap in [Lap::ToEnd, Lap::ToEndAndUpTo(key(2)), Lap::UpTo(key(3))] {
            for cursor in [None, Some(key(5))] {
                let job = Job { cursor, lap: lap.clone(), ..job() };
                assert_eq!(Job::decode(&job.encode()), Ok(job.clone()));
                assert!(Job::decode(&job.encode()[..40]).is_err());
            }
        }
    }

    #[test]
    fn a_job_goes_once_through_its_set() {
        let mut job = job();
        let pages: Vec<_> = (0..4).map(|_| page(&mut job)).collect();
        let more = |numbers| (keys(numbers), Left::More);
        assert_eq!(pages, [more(0..3), more(3..6), more(6..9), (keys(9..10), Left::Nothing)]);
    }

    #[test]
    fn one_that_is_set_off_again_goes_on_and_then_once_more_to_where_it_was() {
        let mut job = job();
        job.set_off_again();
        assert_eq!(job.lap, Lap::ToEnd);
        page(&mut job);
        page(&mut job);
        job.set_off_again();
        let pages: Vec<_> = (0..4).map(|_| page(&mut job)).collect();
        let more = |numbers| (keys(numbers), Left::More);
        assert_eq!(pages, [more(6..9), more(9..10), more(0..3), (keys(3..6), Left::Nothing)]);
    }

    #[test]
    fn one_that_is_set_off_without_pause_still_comes_round() {
        let mut job = job();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..5 {
            seen.extend(page(&mut job).0);
            job.set_off_again();
        }
        assert_eq!(seen.len(), 10);
    }
}
