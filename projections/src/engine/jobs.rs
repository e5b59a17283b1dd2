//! The jobs that are left, each in its turn.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use schemas::Value;

use crate::codec::{Corrupt, Key, decode_key};

use super::cells::{CellKey, Space};
use super::job::{Job, Way, take_u64};
use super::materialization::{MARK, Materialization};

/// The jobs, by number and by way, and the queue of their numbers.
#[derive(Default)]
pub struct Jobs {
    queue: VecDeque<u64>,
    jobs: BTreeMap<u64, Task>,
    numbers: HashMap<Way, u64>,
}

/// What there is to work off.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// A large set, gone through in pages.
    FanOut(Job),
    /// All of the views.
    Materialize(Materialization),
}

/// A job that a batch worked on, and what is left of it.
pub type Progress = (u64, Option<Task>);

impl Jobs {
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// The job whose turn it is.
    pub fn next(&self) -> Option<(u64, &Task)> {
        let number = self.queue.front()?;
        Some((*number, self.jobs.get(number)?))
    }

    /// Takes in a stored cell of [`Space::Job`].
    pub fn restore(&mut self, key: &Key, bytes: &[u8]) -> Result<(), Corrupt> {
        let number = match decode_key(key)?.as_slice() {
            [Value::Int(number)] => u64::try_from(*number).map_err(|_| Corrupt("bad job number"))?,
            _ => return Err(Corrupt("bad job number")),
        };
        self.add(number, Task::decode(bytes)?);
        Ok(())
    }

    /// Takes note of what a batch did to the job whose turn it was, and of the ways that it left behind; the cells to store.
    /// What is left of the job comes after the new ones, which are parts of it: so there are never many of them.
    pub fn settle(&mut self, progress: Option<Progress>, new: Vec<Way>) -> Vec<(CellKey, Option<Arc<[u8]>>)> {
        let running = progress.map(|(number, left)| (number, self.record(number, left)));
        let started = new.into_iter().map(|way| self.start(way));
        let mut changed: BTreeSet<u64> = started.collect();
        if let Some((number, is_left)) = running {
            // A new job may have taken the number of one that is done, and is queued already.
            self.queue.extend(is_left.then_some(number));
            changed.insert(number);
        }
        changed.into_iter().map(|number| (cell(number), self.jobs.get(&number).map(|job| job.encode().into()))).collect()
    }

    /// Whether anything is left of it.
    fn record(&mut self, number: u64, left: Option<Task>) -> bool {
        self.queue.pop_front();
        let is_left = left.is_some();
        match left {
            Some(job) => _ = self.jobs.insert(number, job),
            None => {
                if let Some(Task::FanOut(done)) = self.jobs.remove(&number) {
                    self.numbers.remove(&done.way);
                }
            }
        }
        is_left
    }

    fn start(&mut self, way: Way) -> u64 {
        if let Some(number) = self.numbers.get(&way) {
            if let Some(Task::FanOut(job)) = self.jobs.get_mut(number) {
                job.set_off_again();
            }
            return *number;
        }
        let number = self.jobs.last_key_value().map_or(1, |(last, _)| last + 1);
        self.add(number, Task::FanOut(Job::new(way)));
        number
    }

    fn add(&mut self, number: u64, task: Task) {
        self.queue.push_back(number);
        if let Task::FanOut(job) = &task {
            self.numbers.insert(job.way.clone(), number);
        }
        self.jobs.insert(number, task);
    }

    // === materialization ===

    /// The materialization that is left, if one is.
    pub fn materialization(&self) -> Option<&Materialization> {
        self.jobs.values().find_map(|task| match task {
            Task::Materialize(at) => Some(at),
            Task::FanOut(_) => None,
        })
    }

    /// Adds the materialization of all views, to be worked off from its start; the cell to store.
    pub fn materialize(&mut self) -> (CellKey, Option<Arc<[u8]>>) {
        let number = self.jobs.last_key_value().map_or(1, |(last, _)| last + 1);
        let task = Task::Materialize(Materialization::default());
        let bytes = task.encode().into();
        self.add(number, task);
        (cell(number), Some(bytes))
    }
}

// === impl Task ===

impl Task {
    fn encode(&self) -> Vec<u8> {
        match self {
            Task::FanOut(job) => job.encode(),
            Task::Materialize(at) => at.encode(),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Task, Corrupt> {
        let mut rest = bytes;
        match take_u64(&mut rest)? {
            MARK => Materialization::decode(rest).map(Task::Materialize),
            _ => Job::decode(bytes).map(Task::FanOut),
        }
    }
}

fn cell(number: u64) -> CellKey {
    CellKey { space: Space::Job, key: Key::of(&[Value::Int(number as i64)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(value: i64) -> Way {
        Way { block: 0, trigger: 0, hop: 0, value: Key::of(&[Value::Int(value)]) }
    }

    #[test]
    fn a_job_that_takes_the_number_of_one_that_ends_is_queued_once() {
        let mut jobs = Jobs::default();
        jobs.settle(None, vec![way(1)]);
        jobs.settle(Some((1, None)), vec![way(2), way(3)]);
        assert_eq!(jobs.len(), 2);
        for number in [1, 2] {
            assert_eq!(jobs.next().map(|(next, _)| next), Some(number));
            jobs.settle(Some((number, None)), Vec::new());
        }
        assert_eq!(jobs.len(), 0);
    }
}
