//! The next page of a job, on its way through a batch.

use crate::codec::Key;

use super::cache::KnownSet;
use super::cells::{MembersWanted, Missing};
use super::job::{Job, Left};
use super::jobs::{Progress, Task};
use super::walk::{Place, Walk, Walker};

/// A job whose next page this batch works off.
pub struct RunningJob {
    number: u64,
    job: Job,
    /// What is left of the job behind the page, once that is here.
    left: Option<Left>,
}

/// The page of a set that a job waits for; it does not go into the cache, for it may be from the middle of the set.
#[derive(Default)]
pub struct Page {
    wanted: Option<MembersWanted>,
    here: Option<Vec<Key>>,
}

// === impl RunningJob ===

impl RunningJob {
    pub fn new(number: u64, job: Job) -> RunningJob {
        RunningJob { number, job, left: None }
    }

    /// The block whose units the job affects.
    pub fn block(&self) -> usize {
        self.job.way.block
    }

    /// Adds the walks on from the next page of the set, at `position`; whether the page is here.
    pub fn advance(&mut self, walker: &mut Walker<'_>, walks: &mut Vec<Walk>, position: u64, page: &mut Page) -> bool {
        if self.left.is_some() {
            return true;
        }
        let Some(members) = self.find_page(walker, page) else { return false };
        let (members, left) = self.job.take_page(members, walker.fan_out);
        self.left = Some(left);
        *walker.room = walker.room.saturating_sub(members.len());
        let (trigger, hop) = (self.job.way.trigger, self.job.way.hop);
        walks.extend(members.into_iter().map(|member| Walk { trigger, hop, place: Place::At(member), position }));
        true
    }

    /// What came of it.
    pub fn finish(self) -> Progress {
        (self.number, (self.left == Some(Left::More)).then_some(Task::FanOut(self.job)))
    }

    /// Takes the page from the cache, if it holds the whole set, or from the store.
    fn find_page(&self, walker: &mut Walker<'_>, page: &mut Page) -> Option<Vec<Key>> {
        if page.here.is_some() {
            return page.here.take();
        }
        let (after, limit) = (&self.job.cursor, walker.fan_out);
        let Some(set) = self.job.way.set(walker.block) else { return Some(Vec::new()) };
        match walker.cache.set(&set) {
            KnownSet::All(members) => Some(members.map_or_else(Vec::new, |members| members.page(after.as_ref(), limit))),
            KnownSet::UpTo(..) => page.take(MembersWanted { set, after: after.clone(), limit }, walker.missing),
        }
    }
}

// === impl Page ===

impl Page {
    /// Takes out the page, if it is here; otherwise it is missing from now on.
    pub fn take(&mut self, wanted: MembersWanted, missing: &mut Missing) -> Option<Vec<Key>> {
        let here = self.here.take();
        if here.is_none() {
            missing.sets.push(wanted.clone());
            self.wanted = Some(wanted);
        }
        here
    }

    /// Takes the answer, if it is the one that was waited for.
    pub fn takes(&mut self, wanted: &MembersWanted, page: &mut Vec<Key>) -> bool {
        if self.wanted.as_ref() != Some(wanted) {
            return false;
        }
        self.wanted = None;
        self.here = Some(std::mem::take(page));
        true
    }
}
