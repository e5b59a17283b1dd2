//! The next page of a job, on its way through a batch.

use crate::codec::Key;

use super::cache::KnownSet;
use super::cells::MembersWanted;
use super::jobs::Job;
use super::walk::{Walk, Walker};

/// A job whose next page this batch works off.
pub struct RunningJob {
    /// The job's number.
    pub id: u64,
    /// The job.
    pub job: Job,
    has_page: bool,
    /// Members of the page that are still to be walked on from.
    arrivals: Vec<Key>,
    /// Whether the set ends with the page.
    pub is_last: bool,
}

/// The page of a set that a job waits for; it does not go into the cache, for it may be from the middle of the set.
#[derive(Default)]
pub struct Page {
    wanted: Option<MembersWanted>,
    here: Option<Vec<Key>>,
}

// === impl RunningJob ===

impl RunningJob {
    pub fn new(id: u64, job: Job) -> RunningJob {
        RunningJob { id, job, has_page: false, arrivals: Vec::new(), is_last: false }
    }

    /// Walks on from the next page of the set; whether the page is there and none of its members is stuck.
    pub fn advance(&mut self, walker: &mut Walker<'_>, walks: &mut Vec<Walk>, page: &mut Page) -> bool {
        if !self.has_page && !self.find_page(walker, page) {
            return false;
        }
        let arrivals = std::mem::take(&mut self.arrivals);
        self.arrivals = arrivals.into_iter().filter(|member| !walker.arrive(&self.job.walk, member, walks)).collect();
        self.arrivals.is_empty()
    }

    /// Takes the page from the cache, if it holds the whole set, or from the store.
    fn find_page(&mut self, walker: &mut Walker<'_>, page: &mut Page) -> bool {
        let limit = walker.fan_out;
        let members = match page.here.take() {
            Some(members) => members,
            None => {
                let set = self.job.set(walker.block);
                match set.as_ref().map(|set| walker.cache.set(set)) {
                    None | Some(KnownSet::All(None)) => Vec::new(),
                    Some(KnownSet::All(Some(members))) => members.page(self.job.cursor.as_ref(), limit),
                    Some(KnownSet::UpTo(..)) => {
                        let wanted = set.map(|set| MembersWanted { set, after: self.job.cursor.clone(), limit });
                        walker.missing.sets.extend(wanted.clone());
                        page.wanted = wanted;
                        return false;
                    }
                }
            }
        };
        self.has_page = true;
        self.is_last = members.len() < limit;
        self.job.cursor = members.last().cloned().or(self.job.cursor.take());
        self.arrivals = members;
        true
    }
}

// === impl Page ===

impl Page {
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
