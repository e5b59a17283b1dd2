//! What commits change, for those who watch views: the last ones, so that who was away for a moment goes on where it was.
//!
//! The committer hands over each commit once, whoever watches, and waits for nobody: what is not fetched in time is gone, and who wants it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use projections::codec::Key;
use projections::engine::{Content, DocumentChange};
use projections::plan::ViewId;
use tokio::sync::watch;

use crate::view::Catalogue;

/// Bytes of documents that are kept.
const KEPT: usize = 32 << 20;
/// What a change takes beside its document, about.
const OVERHEAD: usize = 100;
/// For how long changes are kept when nobody watches any more: who is cut off comes back.
const LINGERING: Duration = Duration::from_secs(60);

/// Which commit of which history; the state may lose its newest commits, and others come in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitId {
    /// The generation.
    pub generation: u64,
    /// The fence of who committed.
    pub fence: u64,
    /// The number of the commit.
    pub number: u64,
}

/// What a commit changed.
#[derive(Debug)]
pub struct Told {
    /// The commit.
    pub id: CommitId,
    /// The position that it led to.
    pub position: u64,
    /// The names behind the numbers.
    pub catalogue: Arc<Catalogue>,
    /// The documents, each once.
    pub documents: Vec<DocumentChange>,
    /// Where which document is; made for the first who wants to know.
    places: OnceLock<HashMap<(ViewId, Key), usize>>,
}

/// Commits that can no longer be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten;

/// The last commits of a projection.
#[derive(Debug)]
pub struct Feed {
    kept: Mutex<Kept>,
    /// The last commit and the position that it led to.
    last: watch::Sender<Option<(CommitId, u64)>>,
}

#[derive(Debug, Default)]
struct Kept {
    commits: VecDeque<Arc<Told>>,
    bytes: usize,
    /// How many watch.
    watchers: usize,
    /// Until when commits are kept though nobody does.
    until: Option<Instant>,
}

/// Somebody who watches, as long as this is kept.
#[derive(Debug)]
pub struct Interest(Arc<Feed>);

// === impl Feed ===

impl Default for Feed {
    fn default() -> Feed {
        Feed { kept: Mutex::default(), last: watch::Sender::new(None) }
    }
}

impl Feed {
    /// From now on commits are kept, for as long as the answer is, and a while longer.
    pub fn watch(self: &Arc<Feed>) -> Interest {
        self.lock().watchers += 1;
        Interest(self.clone())
    }

    /// Follows which commit is the last.
    pub fn last(&self) -> watch::Receiver<Option<(CommitId, u64)>> {
        self.last.subscribe()
    }

    /// From this commit and position on commits are told; of what was before, what leads to it.
    pub fn begin(&self, id: CommitId, position: u64) {
        self.lock().begin(id);
        self.last.send_replace(Some((id, position)));
    }

    /// Takes what a commit changed.
    pub fn tell(&self, told: Told) {
        let (id, position) = (told.id, told.position);
        self.lock().add(told);
        self.last.send_replace(Some((id, position)));
    }

    /// The commit after this one, if there has been one.
    pub fn after(&self, id: CommitId) -> Result<Option<Arc<Told>>, Forgotten> {
        if self.last.borrow().is_some_and(|(last, _)| last == id) {
            return Ok(None);
        }
        let kept = self.lock();
        let first = kept.commits.front().filter(|first| first.id.is_of_history(id)).ok_or(Forgotten)?;
        let place = (id.number + 1).checked_sub(first.id.number).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| kept.commits.get(place)).cloned().map(Some).ok_or(Forgotten)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl CommitId ===

impl CommitId {
    /// Whether both are of one history.
    fn is_of_history(self, other: CommitId) -> bool {
        (self.generation, self.fence) == (other.generation, other.fence)
    }
}

// === impl Told ===

impl Told {
    /// What this commit changed.
    pub fn new(id: CommitId, position: u64, catalogue: Arc<Catalogue>, documents: Vec<DocumentChange>) -> Told {
        Told { id, position, catalogue, documents, places: OnceLock::new() }
    }

    /// What became of one document, if anything did.
    pub fn of(&self, view: ViewId, key: &Key) -> Option<&DocumentChange> {
        let places = self.places.get_or_init(|| {
            let numbered = self.documents.iter().enumerate();
            numbered.map(|(place, change)| ((change.view, change.key.clone()), place)).collect()
        });
        places.get(&(view, key.clone())).map(|place| &self.documents[*place])
    }

    fn bytes(&self) -> usize {
        let content = |content: &Content| match content {
            Content::Present(row) => row.bytes().len(),
            Content::Broken(reason) => reason.len(),
            Content::Absent => 0,
        };
        self.documents.iter().map(|change| OVERHEAD + change.key.len() + content(&change.content)).sum::<usize>() + OVERHEAD
    }
}

// === impl Kept ===

impl Kept {
    fn begin(&mut self, id: CommitId) {
        if self.commits.back().is_none_or(|last| last.id != id) {
            self.commits.clear();
            self.bytes = 0;
        }
    }

    fn add(&mut self, told: Told) {
        let is_wanted = self.watchers > 0 || self.until.is_some_and(|until| Instant::now() < until);
        let follows = |last: &Arc<Told>| last.id.is_of_history(told.id) && last.id.number + 1 == told.id.number;
        if !is_wanted || !self.commits.back().is_none_or(follows) {
            self.commits.clear();
            self.bytes = 0;
        }
        if !is_wanted {
            return;
        }
        self.bytes += told.bytes();
        self.commits.push_back(Arc::new(told));
        while self.bytes > KEPT
            && let Some(oldest) = self.commits.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let mut kept = self.0.lock();
        kept.watchers -= 1;
        kept.until = Some(Instant::now() + LINGERING);
    }
}

#[cfg(test)]
mod tests {
    use projections::codec::{Key, Row};
    use schemas::Value;

    use super::*;

    fn id(fence: u64, number: u64) -> CommitId {
        CommitId { generation: 1, fence, number }
    }

    /// A commit with a document of so many bytes.
    fn told(fence: u64, number: u64, bytes: usize) -> Told {
        let content = Content::Present(Row::of(&[Value::Text("x".repeat(bytes).into())]));
        let documents = vec![DocumentChange { view: 0, key: Key::of(&[Value::Int(1)]), version: number, content }];
        Told::new(id(fence, number), number, Arc::default(), documents)
    }

    fn numbers(feed: &Feed, mut after: CommitId) -> Result<Vec<u64>, Forgotten> {
        let mut numbers = Vec::new();
        while let Some(told) = feed.after(after)? {
            numbers.push(told.id.number);
            after = told.id;
        }
        Ok(numbers)
    }

    #[test]
    fn who_was_away_hears_what_came_or_that_it_is_forgotten() {
        let feed = Arc::new(Feed::default());
        feed.tell(told(1, 1, 1));
        assert_eq!(numbers(&feed, id(1, 1)), Ok(vec![]));
        assert_eq!(numbers(&feed, id(1, 0)), Err(Forgotten), "nobody watched");
        let watching = feed.watch();
        for number in 2..5 {
            feed.tell(told(1, number, 1));
        }
        assert_eq!(numbers(&feed, id(1, 1)), Ok(vec![2, 3, 4]));
        assert_eq!(numbers(&feed, id(1, 3)), Ok(vec![4]));
        assert_eq!(numbers(&feed, id(1, 9)), Err(Forgotten), "it has not come, or is lost");
        drop(watching);
        feed.tell(told(1, 5, 1));
        assert_eq!(numbers(&feed, id(1, 4)), Ok(vec![5]), "who watched may come back");
        feed.tell(told(2, 6, 1));
        assert_eq!(numbers(&feed, id(1, 5)), Err(Forgotten), "another history");
    }

    #[test]
    fn a_document_is_found_in_a_commit() {
        let told = told(1, 1, 1);
        assert!(told.of(0, &Key::of(&[Value::Int(1)])).is_some());
        assert!(told.of(1, &Key::of(&[Value::Int(1)])).is_none() && told.of(0, &Key::of(&[Value::Int(2)])).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let feed = Arc::new(Feed::default());
        let _watching = feed.watch();
        for number in 1..=9 {
            feed.tell(told(1, number, KEPT / 4));
        }
        assert_eq!(numbers(&feed, id(1, 6)), Ok(vec![7, 8, 9]));
        assert_eq!(numbers(&feed, id(1, 5)), Err(Forgotten));
    }
}
