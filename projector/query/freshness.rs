//! Reads that wait: `?min_position=N&timeout=2s` answers when the view has reached position N.

use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::lanes::Lane;
use super::{Api, Caller, Code, Problem};
use crate::duration;
use crate::run::{Progress, Stage, TableProgress};
use crate::state::{Backlog, Build, LiveView, Reading};
use crate::stores::Stores;

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

    /// What `read` reads from the view of this name once that shows the wanted position: everything up to there is in the source, and no
    /// fan-out of it is left. The view is found anew after each wait: a rebuild may have put another generation in its place.
    pub async fn read<T, R>(self, api: &Api, caller: &Caller, name: &str, source: Source, read: R) -> Result<Shown<T>, Problem>
    where
        T: Send + 'static,
        R: Fn(&Api, &LiveView) -> Result<Reading<T>, Problem> + Clone + Send + 'static,
    {
        let (caller, name) = (caller.clone(), name.to_owned());
        let Some(wanted) = self.min_position else {
            let now = move |api: &Api| {
                let view = api.find(&caller, &name)?;
                Ok(Shown::of(&view, read(api, &view)?))
            };
            return api.blocking_on(source.lane(), now).await;
        };
        let deadline = Instant::now() + self.timeout.unwrap_or(TIMEOUT);
        let mut moved = Moved::Far;
        loop {
            let (caller, name, read) = (caller.clone(), name.clone(), read.clone());
            let look = move |api: &Api| {
                let view = api.find(&caller, &name)?;
                // Followed before it is looked at: what changes meanwhile ends the wait at once.
                let progress = api.board.follow(&view.projection);
                let seen = progress.as_ref().map(|progress| progress.borrow().clone());
                let reached = Reached::of(api, &view, source, seen.as_ref())?;
                let shown = if reached.settled >= wanted { Some(Shown::of(&view, read(api, &view)?)) } else { None };
                Ok((view.projection, progress, reached, shown))
            };
            let (projection, mut progress, reached, shown) = api.blocking_on(source.lane(), look).await?;
            if let Some(shown) = shown.filter(|shown| shown.position >= wanted) {
                return Ok(shown);
            }
            if moved == Moved::NoMore {
                return Err(late(&projection, source, reached, wanted));
            }
            moved = match &mut progress {
                Some(progress) => timeout_at(deadline, reaches(progress, source, wanted)).await.unwrap_or(Moved::NoMore),
                None => Moved::NoMore,
            };
        }
    }
}

/// What was read, and which moment of what it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown<T> {
    /// The generation that was live.
    pub generation: u64,
    /// The position whose effect it shows.
    pub position: u64,
    /// What was read.
    pub value: T,
}

/// Where something is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The state, which commits write.
    State,
    /// Lists in the same store.
    Lists,
    /// Lists in another store, which come after.
    Tables,
}

/// How far a source has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    /// The position up to which it has every event.
    position: u64,
    /// The same, as far as no fan-out is left.
    settled: u64,
}

/// Whether a wait was worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    /// Readers may see the position now.
    Far,
    /// It does not move any more, or not in time.
    NoMore,
}

// === impl Shown ===

impl<T> Shown<T> {
    fn of(view: &LiveView, Reading { position, value }: Reading<T>) -> Shown<T> {
        Shown { generation: view.generation, position, value }
    }
}

// === impl Source ===

impl Source {
    /// Where lists come from.
    pub fn of_lists(stores: &Stores) -> Source {
        if stores.writer.is_some() { Source::Tables } else { Source::Lists }
    }

    /// Whom it keeps waiting.
    fn lane(self) -> Lane {
        match self {
            Source::State => Lane::Documents,
            Source::Lists | Source::Tables => Lane::Lists,
        }
    }
}

// === impl Reached ===

impl Reached {
    /// How far the view has come: as this process has seen it, where it runs that generation, else as it is stored. To be asked before the
    /// view is read.
    fn of(api: &Api, view: &LiveView, source: Source, seen: Option<&Progress>) -> Result<Reached, Problem> {
        if let Some(seen) = seen.filter(|seen| seen.generation == view.generation && seen.stage == Stage::Live) {
            return Ok(Reached::seen(seen, source));
        }
        let records = api.stores.builds.projections()?;
        let builds = records.into_iter().filter(|record| record.name == view.projection).flat_map(|record| record.builds);
        let build = builds.into_iter().find(|build| build.number == view.generation);
        Ok(build.map(|build| Reached::stored(&build, source)).unwrap_or_default())
    }

    fn seen(live: &Progress, source: Source) -> Reached {
        match source {
            Source::State | Source::Lists => Reached::of_state(live.position, live.pending_jobs == 0),
            Source::Tables => {
                let TableProgress { flushed, settled, .. } = live.tables.unwrap_or_default();
                Reached { position: flushed, settled }
            }
        }
    }

    fn stored(build: &Build, source: Source) -> Reached {
        match source {
            Source::State | Source::Lists => Reached::of_state(build.checkpoint.position, build.pending_jobs == 0),
            Source::Tables => {
                let Backlog { flushed, settled, .. } = build.backlog.unwrap_or_default();
                Reached { position: flushed, settled }
            }
        }
    }

    fn of_state(position: u64, is_settled: bool) -> Reached {
        Reached { position, settled: if is_settled { position } else { 0 } }
    }
}

/// Waits for a change after which readers may see the position.
async fn reaches(progress: &mut Receiver<Progress>, source: Source, wanted: u64) -> Moved {
    loop {
        let stage = progress.borrow().stage.clone();
        if matches!(stage, Stage::Stopped | Stage::Halted { .. }) || progress.changed().await.is_err() {
            return Moved::NoMore;
        }
        let now = progress.borrow();
        // A generation under construction says nothing about what readers see.
        if now.stage == Stage::Live && Reached::seen(&now, source).settled >= wanted {
            return Moved::Far;
        }
    }
}

fn late(projection: &str, source: Source, Reached { position, .. }: Reached, wanted: u64) -> Problem {
    let who = match source {
        Source::State | Source::Lists => format!("{projection} has"),
        Source::Tables => format!("the tables of {projection} have"),
    };
    let detail = if position < wanted {
        format!("{who} reached position {position}, not {wanted}")
    } else {
        format!("{who} reached position {position}, but there is fan-out of it to work off")
    };
    Problem::new(Code::PositionNotReached, detail).with("position", position)
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
        let ended = |source, change: fn(&mut Progress)| {
            let mut progress = board.follow("shop").unwrap();
            shop.progress.send_modify(change);
            async move { timeout_at(Instant::now(), reaches(&mut progress, source, 7)).await.ok() }
        };
        let (state, tables) = (Source::State, Source::Tables);
        let live = |now: &mut Progress| *now = Progress { stage: Stage::Live, position: 6, ..Progress::default() };
        assert_eq!(
            ended(state, |now| *now = Progress { stage: Stage::Building, position: 9, ..Progress::default() }).await,
            None
        );
        assert_eq!(ended(state, live).await, None);
        assert_eq!(ended(state, |now| (now.position, now.pending_jobs) = (7, 1)).await, None);
        assert_eq!(ended(state, |now| now.pending_jobs = 0).await, Some(Moved::Far));
        assert_eq!(ended(tables, |now| now.position = 8).await, None, "what is committed is not in the tables yet");
        let in_tables = |now: &mut Progress| now.tables = Some(TableProgress { written: 1, flushed: 8, settled: 6 });
        assert_eq!(ended(tables, in_tables).await, None, "it was written while there was fan-out");
        assert_eq!(ended(tables, |now| now.tables.as_mut().unwrap().settled = 7).await, Some(Moved::Far));
        assert_eq!(ended(tables, |now| now.stage = Stage::Stopped).await, Some(Moved::NoMore));
    }
}
