//! Somebody who watches: commit after commit, at the watcher's own pace.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::narrator::{Narrator, Piece, end, reached};
use crate::query::Problem;
use crate::run::{CommitId, Feed, Forgotten, Interest};

/// How often a watcher hears how far the view is where nothing of its own changes: less than proxies wait before they give up a connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a watcher is told at most: what comes faster is told together, so that many of them cost little.
const PACE: Duration = Duration::from_millis(50);

/// Where somebody starts to watch.
pub struct Start {
    /// Where the commits come from.
    pub feed: Arc<Feed>,
    /// The last commit that is known, and its position.
    pub at: (CommitId, u64),
    /// What is said first.
    pub greeting: String,
    /// Done when the process ends.
    pub ending: watch::Receiver<bool>,
}

/// Somebody who watches.
pub struct Watching {
    feed: Arc<Feed>,
    last: watch::Receiver<Option<(CommitId, u64)>>,
    ending: watch::Receiver<bool>,
    at: (CommitId, u64),
    narrator: Narrator,
    greeting: Option<String>,
    looked: Instant,
    is_over: bool,
    /// Commits are kept as long as this is.
    _interest: Interest,
}

/// What a wait ended with.
enum Woken {
    News,
    Heartbeat,
    Ending,
}

// === impl Watching ===

impl Watching {
    /// From here on. `interest`: taken before the start was found, so that nothing is missed in between.
    pub fn new(Start { feed, at, greeting, ending }: Start, narrator: Narrator, interest: Interest) -> Watching {
        let (last, looked) = (feed.last(), Instant::now());
        let greeting = Some(greeting).filter(|greeting| !greeting.is_empty());
        Watching { feed, last, ending, at, narrator, greeting, looked, is_over: false, _interest: interest }
    }

    /// What is to be said next, once there is something; `None` after the end.
    pub async fn next(&mut self) -> Result<Option<String>, Problem> {
        if let Some(greeting) = self.greeting.take() {
            return Ok(Some(greeting));
        }
        while !self.is_over {
            match self.feed.after(self.at.0) {
                Ok(Some(told)) => match self.narrator.tell(&told)? {
                    Piece::Part(text) => return Ok(Some(text)),
                    Piece::Last(text) => {
                        self.at = (told.id, told.position);
                        if !text.is_empty() {
                            return Ok(Some(text));
                        }
                        // Others want to be told, too.
                        tokio::task::yield_now().await;
                    }
                },
                Ok(None) => match self.wait().await {
                    Woken::News => {}
                    Woken::Heartbeat => return Ok(Some(reached(self.at.0, self.at.1))),
                    Woken::Ending => return Ok(Some(self.end("the daemon ends; watch again"))),
                },
                Err(Forgotten) => {
                    let reason = "too far behind, or another generation is live; read anew and watch again";
                    return Ok(Some(self.end(reason)));
                }
            }
        }
        Ok(None)
    }

    async fn wait(&mut self) -> Woken {
        let pace = async {
            // An error is a feed that is gone, with the process.
            let _ = self.last.changed().await;
            sleep_until(self.looked + PACE).await;
        };
        let woken = tokio::select! {
            () = pace => Woken::News,
            () = sleep(HEARTBEAT) => Woken::Heartbeat,
            _ = self.ending.wait_for(|is_ending| *is_ending) => Woken::Ending,
        };
        self.looked = Instant::now();
        woken
    }

    fn end(&mut self, reason: &str) -> String {
        self.is_over = true;
        end(reason)
    }
}
