//! Which build a projection runs: decided purely, from what builds there are.
//!
//! In embedded mode the daemon deploys by itself. Definitions that are already live go on; others are built from the first event
//! on, beside what is live, which readers see as it was until the new build has caught up and takes its place.

mod accept;

use std::cmp::Ordering;

use projections::plan::Plan;

use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::{Build, Builds, Creation, NewBuild, ProjectionRecord};
use crate::view::Catalogue;

pub use accept::{Accepted, CannotAccept, accept};

/// The build to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The number of the generation.
    pub number: u64,
    /// How it stands to what readers see.
    pub role: Role,
    /// The log it is folded from.
    pub log: LogIdentity,
}

/// How a build stands to what readers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Readers see it.
    Live,
    /// It goes live once it has caught up.
    Candidate,
}

/// Finds the build of these definitions, and makes it where there is none.
pub fn settle(builds: &dyn Builds, plan: &Plan, log: &LogIdentity) -> Result<Deployment, Fault> {
    loop {
        let record = record_of(builds, &plan.name)?;
        let (deployment, exists) = choose(record.as_ref(), plan.fingerprint, log);
        if exists || make(builds, plan, &deployment)? == Creation::Made {
            return Ok(deployment);
        }
        // Another process with other definitions was faster: there is more to choose from now.
    }
}

fn make(builds: &dyn Builds, plan: &Plan, deployment: &Deployment) -> Result<Creation, Fault> {
    builds.create(&NewBuild {
        projection: plan.name.clone(),
        number: deployment.number,
        fingerprint: plan.fingerprint,
        catalogue: Catalogue::of(plan),
        log: deployment.log.clone(),
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

/// Makes a build live, and drops those from before it but `before`, which was live until then: to that one could go back. Newer ones are
/// for whoever builds them. May be repeated.
pub fn cut_over(builds: &dyn Builds, projection: &str, number: u64, before: Option<u64>) -> Result<(), Fault> {
    builds.go_live(projection, number)?;
    let after = record_of(builds, projection)?.map(|record| record.builds).unwrap_or_default();
    for build in after.iter().filter(|build| build.number < number && Some(build.number) != before) {
        builds.drop_build(projection, build.number)?;
    }
    Ok(())
}

fn record_of(builds: &dyn Builds, projection: &str) -> Result<Option<ProjectionRecord>, Fault> {
    Ok(builds.projections()?.into_iter().find(|record| record.name == projection))
}

/// The build to run, and whether it is there already.
///
/// The live build goes on if it is of these definitions. Otherwise the newest build of them, if it is newer than the live one: an
/// older one is what the live one replaced, and it has not followed the log since. Otherwise a new one.
fn choose(record: Option<&ProjectionRecord>, fingerprint: u64, log: &LogIdentity) -> (Deployment, bool) {
    let builds: &[Build] = record.map_or(&[], |record| &record.builds);
    let live = record.and_then(|record| record.live);
    let role_of = |number: u64| match number.cmp(&live.unwrap_or(0)) {
        Ordering::Equal => Some(Role::Live),
        Ordering::Greater => Some(Role::Candidate),
        Ordering::Less => None,
    };
    let same = builds.iter().filter(|build| build.fingerprint == fingerprint);
    let usable = same.filter_map(|build| Some((build, role_of(build.number)?)));
    if let Some((build, role)) = usable.max_by_key(|(build, role)| (*role == Role::Live, build.number)) {
        return (Deployment { number: build.number, role, log: build.log.clone() }, true);
    }
    let number = builds.iter().map(|build| build.number).chain(live).max().unwrap_or(0) + 1;
    let role = if live.is_none() { Role::Live } else { Role::Candidate };
    (Deployment { number, role, log: log.clone() }, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Standing;

    fn record(live: u64, fingerprints: &[(u64, u64)]) -> ProjectionRecord {
        let builds = fingerprints.iter().map(|&(number, fingerprint)| Build::new(number, fingerprint)).collect();
        ProjectionRecord { name: "shop".into(), live: Some(live), standing: Standing::Stopped, pause: None, builds }
    }

    #[test]
    fn the_build_to_run() {
        use Role::{Candidate, Live};
        type Case = (u64, &'static [(u64, u64)], u64, (u64, Role, bool));
        let cases: [Case; 6] = [
            (1, &[(1, 7)], 7, (1, Live, true)),
            (1, &[(1, 7)], 8, (2, Candidate, false)),
            (1, &[(1, 7), (2, 8)], 8, (2, Candidate, true)),
            (1, &[(1, 7), (2, 8)], 7, (1, Live, true)),
            (2, &[(1, 7), (2, 8)], 7, (3, Candidate, false)),
            (2, &[(1, 7), (2, 8), (3, 7)], 7, (3, Candidate, true)),
        ];
        for (live, builds, fingerprint, expected) in cases {
            let (found, exists) = choose(Some(&record(live, builds)), fingerprint, &LogIdentity("l".into()));
            assert_eq!((found.number, found.role, exists), expected, "live {live} of {builds:?}, now {fingerprint}");
        }
    }

    #[test]
    fn the_first_build_is_live_at_once() {
        let (found, exists) = choose(None, 7, &LogIdentity("l".into()));
        assert_eq!((found.number, found.role, exists), (1, Role::Live, false));
    }
}
