//! Reads that wait: `?min_position=N&timeout=2s` answers when the view has reached position N.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::{Api, Problem};
use crate::duration;
use crate::run::{Progress, Stage};
use crate::state::{LiveView, Reading};

/// How long a read waits where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read may wait at most: clients and proxies give up around then.
const LONGEST: Duration = Duration::from_secs(60);

/// What a read wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The position that must be reached; `None`: whatever is there.
    pub min_position: Option<u64>,
    /// How long to wait for it.
    pub timeout: Option<Duration>,
}

// === impl Freshness ===

impl Freshness {
    /// Takes a parameter of the query, if it is one of these.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match name {
            "min_position" => {
                let position = value.parse().map_err(|_| Problem::bad_request(format!("'{value}' is no position")))?;
                self.min_position = Some(position);
            }
            "timeout" => self.timeout = Some(timeout(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What `read` reads from the view of this name once that shows the wanted position: everything up to there is folded, and no
    /// fan-out of it is left. The view is found anew after each wait: a rebuild may have put another generation in its place.
    pub async fn read<T, R>(self, api: &Api, name: &str, read: R) -> Result<Reading<T>, Problem>
    where
        T: Send + 'static,
        R: Fn(&Api, &LiveView) -> Result<Reading<T>, Problem> + Clone + Send + 'static,
    {
        let deadline = Instant::now() + self.timeout.unwrap_or(TIMEOUT);
        loop {
            let view = api.find(name).await?;
            let Some(wanted) = self.min_position else { return api.blocking(move |api| read(api, &view)).await };
            // Followed before it is read: what changes meanwhile ends the wait at once.
            let mut progress = api.board.follow(&view.projection);
            let seen = progress.as_ref().map(|progress| progress.borrow().clone());
            let (read, projection) = (read.clone(), view.projection.clone());
            let look = move |api: &Api| Ok((is_settled(api, &view, wanted, seen.as_ref())?, read(api, &view)?));
            let (settled, reading) = api.blocking(look).await?;
            if settled && reading.position >= wanted {
                return Ok(reading);
            }
            let moved = match &mut progress {
                Some(progress) => timeout_at(deadline, shown(progress, wanted)).await.unwrap_or(Moved::NoMore),
                None => Moved::NoMore,
            };
            if moved == Moved::NoMore {
                return Err(late(&projection, reading.position, wanted));
            }
        }
    }
}

/// Whether a wait was worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    /// Readers may see the position now.
    Far,
    /// It does not move any more, or not in time.
    NoMore,
}

/// Whether the view is folded up to the position, with no fan-out left: as this process has seen it, where it runs that generation,
/// else as it is stored. To be asked before the view is read.
fn is_settled(api: &Api, view: &LiveView, wanted: u64, seen: Option<&Progress>) -> Result<bool, Problem> {
    if let Some(seen) = seen.filter(|seen| seen.generation == view.generation && seen.stage == Stage::Live) {
        return Ok(shows(seen, wanted));
    }
    let records = api.stores.builds.projections()?;
    let builds = records.into_iter().filter(|record| record.name == view.projection).flat_map(|record| record.builds);
    let mut builds = builds.filter(|build| build.number == view.generation);
    Ok(builds.any(|build| build.checkpoint.position >= wanted && build.pending_jobs == 0))
}

fn shows(live: &Progress, wanted: u64) -> bool {
    live.position >= wanted && live.pending_jobs == 0
}

/// Waits for a change after which readers may see the position.
async fn shown(progress: &mut Receiver<Progress>, wanted: u64) -> Moved {
    loop {
        let stage = progress.borrow().stage.clone();
        if matches!(stage, Stage::Stopped | Stage::Halted { .. }) || progress.changed().await.is_err() {
            return Moved::NoMore;
        }
        let now = progress.borrow();
        // A generation under construction says nothing about what readers see.
        if now.stage == Stage::Live && shows(&now, wanted) {
            return Moved::Far;
        }
    }
}

fn late(projection: &str, position: u64, wanted: u64) -> Problem {
    let detail = if position < wanted {
        format!("{projection} has reached position {position}, not {wanted}")
    } else {
        format!("{projection} has reached position {position}, but has fan-out of it to work off")
    };
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "position_not_reached", detail).with("position", position)
}

/// How long a request is willing to wait.
pub fn timeout(text: &str) -> Result<Duration, Problem> {
    let timeout = duration::parse(text);
    let bad = || Problem::bad_request(format!("'{text}' is no duration: write 2s or 500ms"));
    timeout.map(|timeout| timeout.min(LONGEST)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Board;

    #[tokio::test]
    async fn a_wait_ends_with_the_position_and_without_fan_out_or_with_the_projection() {
        let board = Board::default();
        let shop = board.place("shop");
        let ended = |change: fn(&mut Progress)| {
            let mut progress = board.follow("shop").unwrap();
            shop.progress.send_modify(change);
            async move { timeout_at(Instant::now(), shown(&mut progress, 7)).await.ok() }
        };
        assert_eq!(ended(|now| *now = Progress { stage: Stage::Building, position: 9, ..Progress::default() }).await, None);
        assert_eq!(ended(|now| *now = Progress { stage: Stage::Live, position: 6, ..Progress::default() }).await, None);
        assert_eq!(ended(|now| (now.position, now.pending_jobs) = (7, 1)).await, None);
        assert_eq!(ended(|now| now.pending_jobs = 0).await, Some(Moved::Far));
        assert_eq!(ended(|now| now.stage = Stage::Stopped).await, Some(Moved::NoMore));
    }
}
