//! The definitions, and what runs of them.

use std::time::Duration;

use projections::plan::Plan;

use super::{Finding, Subject};
use crate::config::Config;
use crate::definitions;
use crate::fault::chain;
use crate::state::{Build, Standing};
use crate::status::{ProjectionStatus, Status};
use crate::stores::{CannotOpen, Stores};

/// At this part of the limit of dead letters something is to be done.
const NEAR: f64 = 0.8;

/// Compares the definitions with what is deployed; `oldest`: how old events become, where they expire.
pub fn examine(config: &Config, oldest: Option<Duration>) -> Vec<Finding> {
    let projections = Subject::Projections;
    let plans = match definitions::load(config) {
        Ok(definitions) => definitions.projections,
        Err(unusable) => return vec![projections.fail(format!("{unusable}; `projector check` shows them"))],
    };
    let status = match Stores::open_existing(config) {
        Ok(stores) => Status::gather(&stores).map_err(|fault| chain(&fault)),
        Err(missing @ CannotOpen::Missing(_)) => return vec![projections.warn(missing.to_string())],
        Err(CannotOpen::Fault(fault)) => Err(chain(&fault)),
    };
    let status = match status {
        Ok(status) => status,
        Err(reason) => return vec![projections.fail(format!("it is not known what is deployed: {reason}"))],
    };
    let plans: Vec<&Plan> = plans.iter().map(|projection| &*projection.plan).collect();
    judge(&plans, &status.projections, oldest)
}

/// What there is to say of these definitions, and of what is deployed.
fn judge(plans: &[&Plan], deployed: &[ProjectionStatus], oldest: Option<Duration>) -> Vec<Finding> {
    let projections = Subject::Projections;
    let mut findings = Vec::new();
    if plans.is_empty() {
        findings.push(projections.warn("there are no definitions: each is a folder with a projection.toml"));
    }
    for plan in plans {
        match deployed.iter().find(|status| status.record.name == plan.name) {
            Some(status) => findings.extend(judge_one(plan, status, oldest)),
            None => findings.push(projections.warn(format!("{} is not deployed: `projector run` builds it", plan.name))),
        }
    }
    for status in deployed.iter().filter(|status| !plans.iter().any(|plan| plan.name == status.record.name)) {
        let name = &status.record.name;
        findings.push(projections.warn(format!("{name} is deployed, but not defined here: nothing keeps its views up to date")));
    }
    findings
}

fn judge_one(plan: &Plan, status: &ProjectionStatus, oldest: Option<Duration>) -> Vec<Finding> {
    let name = &plan.name;
    let mut findings = vec![judge_standing(name, status)];
    let Some(live) = status.record.live_build() else { return findings };
    if live.fingerprint != plan.fingerprint {
        findings.push(Subject::Projections.warn(format!(
            "{name} is defined otherwise than what is live: `projector run` builds it anew and then goes live with it"
        )));
    }
    findings.extend(judge_letters(plan, live));
    findings.extend(judge_lag(name, status, oldest));
    findings
}

fn judge_standing(name: &str, status: &ProjectionStatus) -> Finding {
    let (projections, lag) = (Subject::Projections, status.lag.events);
    match &status.record.standing {
        Standing::Running => projections.ok(format!("{name} runs, {lag} events behind")),
        Standing::Stopped => {
            projections.warn(format!("{name} is not run by anybody, {lag} events behind: start `projector run`"))
        }
        Standing::Killed => {
            projections.warn(format!("{name} was killed, {lag} events behind: start `projector run`, which goes on where it was"))
        }
        Standing::Halted(reason) => projections.fail(format!("{name} has halted: {reason}")),
    }
}

fn judge_letters(plan: &Plan, live: &Build) -> Vec<Finding> {
    let (name, limit, projections) = (&plan.name, plan.dead_letters.limit, Subject::Projections);
    let kept: u64 = live.dead_letters.iter().map(|(_, count)| count).sum();
    let mut findings = Vec::new();
    if kept > 0 {
        let is_near = kept as f64 >= limit as f64 * NEAR;
        let limit = if is_near { format!(", at {limit} it halts") } else { String::new() };
        let see = format!("`projector dead-letters list {name}` says why");
        findings.push(projections.warn(format!("{name} has {kept} dead letters{limit}: {see}")));
    }
    if live.parked_keys > 0 {
        findings.push(
            projections.warn(format!("{name} lets {} keys wait for dead letters: their views are behind", live.parked_keys)),
        );
    }
    if live.broken_documents > 0 {
        findings.push(projections.warn(format!(
            "{name} has {} broken documents, whose SELECT fails: reading one by its key says why",
            live.broken_documents
        )));
    }
    findings
}

/// Whether it reads its events before they expire.
fn judge_lag(name: &str, status: &ProjectionStatus, oldest: Option<Duration>) -> Option<Finding> {
    let (oldest, lag) = (oldest?.as_secs_f64(), status.lag.seconds);
    let message =
        || format!("{name} is {lag:.0} s behind, and events expire after {oldest:.0} s: it halts when it comes too late");
    (lag > oldest / 2.0).then(|| Subject::Projections.fail(message()))
}

#[cfg(test)]
mod tests {
    use projections::plan::{DeadLetters, Policy};

    use super::super::{Expected, Level, assert_found};
    use super::*;
    use crate::state::ProjectionRecord;
    use crate::status::{Lag, Margin};

    fn plan() -> Plan {
        Plan {
            name: "shop".to_owned(),
            subjects: vec![],
            entities: vec![],
            indexes: vec![],
            folds: Default::default(),
            blocks: vec![],
            rollups: vec![],
            views: vec![],
            dead_letters: DeadLetters { policy: Policy::Park, limit: 10 },
            duplicate_window: 0,
            fingerprint: 7,
            rows_fingerprint: 7,
        }
    }

    /// The shop as it runs, but for this change.
    fn deployed(change: impl FnOnce(&mut ProjectionStatus, &mut Build)) -> ProjectionStatus {
        let mut build = Build::new(1, 7);
        let record = ProjectionRecord {
            name: "shop".into(),
            live: Some(1),
            switches: 0,
            standing: Standing::Running,
            pause: None,
            builds: vec![],
        };
        let mut status = ProjectionStatus { record, lag: Lag::default(), tables_lag: None, margin: Margin::default() };
        change(&mut status, &mut build);
        status.record.builds.push(build);
        status
    }

    #[test]
    fn what_is_found_of_a_projection() {
        use Level::{Fail, Warn};
        let cases: Vec<(ProjectionStatus, Expected<'_>)> = vec![
            (deployed(|_, _| {}), &[]),
            (deployed(|status, _| status.record.standing = Standing::Stopped), &[(Warn, "not run by anybody")]),
            (deployed(|status, _| status.record.standing = Standing::Killed), &[(Warn, "was killed")]),
            (deployed(|status, _| status.record.standing = Standing::Halted("why".into())), &[(Fail, "has halted: why")]),
            (deployed(|_, build| build.fingerprint = 8), &[(Warn, "defined otherwise")]),
            (deployed(|_, build| build.dead_letters = vec![("a".into(), 3)]), &[(Warn, "has 3 dead letters: ")]),
            (deployed(|_, build| build.dead_letters = vec![("a".into(), 8)]), &[(Warn, "8 dead letters, at 10 it halts")]),
            (deployed(|_, build| build.parked_keys = 2), &[(Warn, "lets 2 keys wait")]),
            (deployed(|_, build| build.broken_documents = 2), &[(Warn, "2 broken documents")]),
            (deployed(|status, _| status.lag.seconds = 49.0), &[]),
            (deployed(|status, _| status.lag.seconds = 51.0), &[(Fail, "51 s behind, and events expire after 100 s")]),
        ];
        for (status, expected) in cases {
            let case = format!("{status:?}");
            assert_found(&judge(&[&plan()], &[status], Some(Duration::from_secs(100))), expected, &case);
        }
    }

    #[test]
    fn what_is_defined_and_what_is_deployed() {
        use Level::Warn;
        assert_found(&judge(&[], &[], None), &[(Warn, "there are no definitions")], "nothing");
        assert_found(&judge(&[&plan()], &[], None), &[(Warn, "shop is not deployed")], "new");
        let other = deployed(|status, _| status.record.name = "old".into());
        assert_found(&judge(&[&plan()], &[other], None), &[(Warn, "shop is not"), (Warn, "old is deployed, but")], "renamed");
    }
}
