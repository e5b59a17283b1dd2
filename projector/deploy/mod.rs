//! Which build a projection runs: decided purely, from what builds there are.
//!
//! In embedded mode the daemon deploys by itself: definitions that are not live are built from the first event on, beside what is
//! live, and take its place when they have caught up. Elsewhere `apply` and `rebuild` do that, and the daemon runs what is live,
//! whatever the files say by then.

mod accept;
mod choice;
mod differences;
mod proposal;
mod rebuild;
mod recall;
mod same_rows;

use crate::clock;
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::run::Definition;
use crate::state::{Build, Builds, Creation, Deed, NewBuild, Order, ProjectionRecord, What};
use crate::view::Catalogue;

pub use accept::{Accepted, CannotAccept, accept};
pub use choice::{earlier, superfluous};
pub use differences::{Change, Difference, Part};
pub use proposal::{Action, Copy, Deployed, Effort, Known, Proposal, Step, effort, propose};
pub use rebuild::{CannotRebuild, Rebuild, Rebuilt, Shown, Then};
pub use recall::{CannotRecall, recall, recall_live};
pub use same_rows::with_same_rows;

/// There are never so many orders.
const EVERYTHING: usize = usize::MAX >> 1;

/// Who decides that other definitions take the place of those that are live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whoever runs them: the files on disk are what is to be live.
    ByItself,
    /// A person, by a command: what is live stays so, whatever is on disk.
    ByApply,
}

/// The build to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The number of the generation.
    pub number: u64,
    /// How it stands to what readers see.
    pub role: Role,
    /// How far it had come when it was looked at.
    pub position: u64,
    /// The log it is folded from.
    pub log: LogIdentity,
    /// Where its definitions are.
    pub definitions: Whose,
}

/// How a build stands to what readers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Readers see it.
    Live,
    /// It goes live once it has caught up.
    Candidate,
}

/// Where the definitions of a build are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is of those on disk.
    Files,
    /// It is of others, which are stored with it.
    Stored,
}

/// What to do about a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    /// Run this build.
    Run(Deployment),
    /// Make this build, and run it.
    Make(Deployment),
    /// Nothing: nobody has deployed it.
    Wait,
}

/// Nobody has deployed a projection, and that is for a person to do.
#[derive(Debug, thiserror::Error)]
pub enum CannotSettle {
    /// So it is.
    #[error("it is not deployed: `projector plan` shows what that takes, `projector apply` does it")]
    Undeployed,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Finds the build to run, and makes it where there is none and the mode allows it; `by`: for whom.
pub fn settle(
    builds: &dyn Builds,
    definition: &Definition,
    log: &LogIdentity,
    mode: Mode,
    by: &str,
) -> Result<Deployment, CannotSettle> {
    loop {
        let record = record_of(builds, &definition.plan.name)?;
        let deployment = match choose(record.as_ref(), definition.plan.fingerprint, log, mode) {
            Choice::Run(deployment) => return Ok(deployment),
            Choice::Wait => return Err(CannotSettle::Undeployed),
            Choice::Make(deployment) => deployment,
        };
        let since = clock::now_micros();
        if make(builds, definition, deployment.number, log)? == Creation::Made {
            if deployment.role == Role::Live {
                builds.record(&definition.plan.name, &Deed::now(What::Deployed, deployment.number, by, since))?;
            }
            return Ok(deployment);
        }
        // Another process with other definitions was faster: there is more to choose from now.
    }
}

/// Makes a build of these definitions.
pub fn make(builds: &dyn Builds, definition: &Definition, number: u64, log: &LogIdentity) -> Result<Creation, Fault> {
    let plan = &definition.plan;
    builds.create(&NewBuild {
        projection: plan.name.clone(),
        number,
        fingerprint: plan.fingerprint,
        catalogue: Catalogue::of(plan),
        log: log.clone(),
        definitions: definition.sources.to_string(),
    })
}

/// The generation that readers see.
pub fn live(builds: &dyn Builds, projection: &str) -> Result<Option<u64>, Fault> {
    Ok(record_of(builds, projection)?.and_then(|record| record.live))
}

/// The build of this number.
pub fn build(builds: &dyn Builds, projection: &str, number: u64) -> Result<Option<Build>, Fault> {
    let builds = record_of(builds, projection)?.map(|record| record.builds).unwrap_or_default();
    Ok(builds.into_iter().find(|build| build.number == number))
}

/// Drops the builds from before the live one, but `kept`, to which one could go back; newer ones are for whoever builds them. May be repeated.
pub fn tidy(builds: &dyn Builds, projection: &str, kept: Option<u64>) -> Result<(), Fault> {
    let Some(record) = record_of(builds, projection)? else { return Ok(()) };
    let is_old = |build: &&Build| Some(build.number) < record.live && Some(build.number) != kept;
    record.builds.iter().filter(is_old).try_for_each(|build| builds.drop_build(projection, build.number))
}

/// How operators have settled events of the live build, or want to, for one that is to take its place.
pub fn inherited(builds: &dyn Builds, projection: &str, number: u64) -> Result<Vec<Order>, Fault> {
    let Some(live) = live(builds, projection)?.filter(|live| *live != number) else { return Ok(Vec::new()) };
    let store = builds.open(projection, live, &Catalogue::default())?;
    let mut orders = store.settled()?;
    let asked = store.asked(EVERYTHING)?;
    orders.extend(asked.orders.into_iter().filter(Order::is_ruling));
    Ok(orders)
}

/// What is known of a projection, if it is known.
pub fn record_of(builds: &dyn Builds, projection: &str) -> Result<Option<ProjectionRecord>, Fault> {
    Ok(builds.projections()?.into_iter().find(|record| record.name == projection))
}

/// What to do, from what there is.
///
/// The live build goes on if it is of these definitions. Otherwise, where it is decided here: the newest build of them, if it is newer than the
/// live one and readers have never seen it; an older one is what the live one replaced, and it has not followed the log since. One that
/// readers have seen, and that is newer, somebody has gone back from: what they went back to stays. Otherwise a new one.
fn choose(record: Option<&ProjectionRecord>, fingerprint: u64, log: &LogIdentity, mode: Mode) -> Choice {
    let builds: &[Build] = record.map_or(&[], |record| &record.builds);
    let live = record.and_then(|record| record.live_build());
    let run = |build: &Build, role, definitions| {
        let (number, position, log) = (build.number, build.checkpoint.position, build.log.clone());
        Choice::Run(Deployment { number, role, position, log, definitions })
    };
    let is_newer = |build: &&Build| live.is_none_or(|live| build.number > live.number);
    let newest = builds.iter().filter(|build| build.fingerprint == fingerprint).filter(is_newer).max_by_key(|build| build.number);
    match (live, newest) {
        (Some(live), _) if live.fingerprint == fingerprint => run(live, Role::Live, Whose::Files),
        (Some(live), _) if mode == Mode::ByApply => run(live, Role::Live, Whose::Stored),
        (Some(live), Some(newest)) if newest.went_live => run(live, Role::Live, Whose::Stored),
        (_, Some(newest)) if mode == Mode::ByItself => run(newest, Role::Candidate, Whose::Files),
        (None, _) if mode == Mode::ByApply => Choice::Wait,
        _ => {
            let role = if live.is_none() { Role::Live } else { Role::Candidate };
            let (number, log) = (next_number(record), log.clone());
            Choice::Make(Deployment { number, role, position: 0, log, definitions: Whose::Files })
        }
    }
}

/// A number that no build of the projection has had.
pub fn next_number(record: Option<&ProjectionRecord>) -> u64 {
    let Some(record) = record else { return 1 };
    record.builds.iter().map(|build| build.number).chain(record.live).max().unwrap_or(0) + 1
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::state::Standing;

    /// The shop with builds of these numbers and fingerprints; those up to the live one have been live.
    pub fn record(live: u64, fingerprints: &[(u64, u64)]) -> ProjectionRecord {
        let build = |&(number, fingerprint): &(u64, u64)| Build { went_live: number <= live, ..Build::new(number, fingerprint) };
        let builds = fingerprints.iter().map(build).collect();
        ProjectionRecord { name: "shop".into(), live: Some(live), switches: 0, standing: Standing::Stopped, pause: None, builds }
    }

    const LOG: &str = "l";

    fn chosen(record: Option<&ProjectionRecord>, fingerprint: u64, mode: Mode) -> String {
        let of = |verb: &str, deployment: Deployment| {
            let Deployment { number, role, definitions, .. } = deployment;
            format!("{verb} {number} {role:?} {definitions:?}")
        };
        match choose(record, fingerprint, &LogIdentity(LOG.into()), mode) {
            Choice::Run(deployment) => of("run", deployment),
            Choice::Make(deployment) => of("make", deployment),
            Choice::Wait => "wait".to_owned(),
        }
    }

    #[test]
    fn the_build_to_run() {
        type Case = (u64, &'static [(u64, u64)], u64, &'static str);
        let cases: [Case; 6] = [
            (1, &[(1, 7)], 7, "run 1 Live Files"),
            (1, &[(1, 7)], 8, "make 2 Candidate Files"),
            (1, &[(1, 7), (2, 8)], 8, "run 2 Candidate Files"),
            (1, &[(1, 7), (2, 8)], 7, "run 1 Live Files"),
            (2, &[(1, 7), (2, 8)], 7, "make 3 Candidate Files"),
            (2, &[(1, 7), (2, 8), (3, 7)], 7, "run 3 Candidate Files"),
        ];
        for (live, builds, fingerprint, expected) in cases {
            let found = chosen(Some(&record(live, builds)), fingerprint, Mode::ByItself);
            assert_eq!(found, expected, "live {live} of {builds:?}, now {fingerprint}");
        }
    }

    #[test]
    fn where_a_person_deploys_what_is_live_is_run() {
        for (builds, fingerprint, expected) in [
            (&[(1, 7)][..], 7, "run 1 Live Files"),
            (&[(1, 7)], 8, "run 1 Live Stored"),
            (&[(1, 7), (2, 8)], 8, "run 1 Live Stored"),
        ] {
            assert_eq!(chosen(Some(&record(1, builds)), fingerprint, Mode::ByApply), expected, "{builds:?}, now {fingerprint}");
        }
        assert_eq!(chosen(None, 7, Mode::ByApply), "wait");
    }

    #[test]
    fn what_somebody_went_back_to_stays() {
        let mut record = record(1, &[(1, 7), (2, 8)]);
        record.builds[1].went_live = true;
        assert_eq!(chosen(Some(&record), 8, Mode::ByItself), "run 1 Live Stored");
        assert_eq!(chosen(Some(&record), 9, Mode::ByItself), "make 3 Candidate Files");
    }

    #[test]
    fn the_first_build_is_live_at_once() {
        assert_eq!(chosen(None, 7, Mode::ByItself), "make 1 Live Files");
    }
}
