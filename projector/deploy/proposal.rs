//! What deploying the definitions on disk would do: decided purely, from what is deployed, and printed before anything is done.

use serde::{Deserialize, Serialize};

use super::differences::{Difference, differences};
use super::next_number;
use crate::definitions::{Definitions, Projection, Sources};
use crate::state::{Build, Deed, ProjectionRecord};

/// The form of a proposal that is kept in a file.
const FORMAT: u32 = 1;

/// What would be done to all projections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The version of this form.
    pub format: u32,
    /// For each projection, by name.
    pub projections: Vec<Step>,
}

/// What would be done to one projection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The projection.
    pub projection: String,
    /// What.
    pub action: Action,
    /// The generation that readers see, and the fingerprint of its definitions.
    pub live: Option<Known>,
    /// The fingerprint of the definitions on disk, if they are there.
    pub definitions: Option<String>,
    /// What differs between the two.
    pub differences: Vec<Difference>,
}

/// A generation, by what it is a build of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its number.
    pub generation: u64,
    /// The fingerprint of its definitions.
    pub fingerprint: String,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: what is on disk is live.
    Nothing,
    /// It is deployed for the first time.
    Deploy(Effort),
    /// A generation is built from the log beside the live one, and takes its place.
    Rebuild(Effort),
    /// The same, from the rows of the live one: no event is read.
    Materialize(Copy),
    /// Nothing: it is deployed, but not on disk. It stays as it is, and nobody keeps it current.
    Forsaken,
}

/// What an action takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// The number of the generation that is built.
    pub generation: u64,
    /// Up to where it has been built already.
    pub built: u64,
    /// Events that have to be read.
    pub events: u64,
    /// About how long that takes, in seconds; nothing where nothing like it has been measured yet.
    pub seconds: Option<f64>,
}

/// What it takes where rows are copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The number of the generation that is built.
    pub generation: u64,
    /// About how many rows there are.
    pub rows: u64,
}

/// A projection as it is deployed.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// What is known of it.
    pub record: ProjectionRecord,
    /// The definitions of what is live, where they are known.
    pub sources: Option<Sources>,
    /// What has been done to it.
    pub deeds: Vec<Deed>,
    /// How many rows are live, where a build of the definitions on disk can be made of them ([`with_same_rows`](super::with_same_rows)).
    pub rows: Option<u64>,
}

/// What would be done; `head`: the position at which the log ends.
pub fn propose(definitions: &Definitions, deployed: &[Deployed], head: u64) -> Proposal {
    let of = |name: &str| deployed.iter().find(|deployed| deployed.record.name == name);
    let on_disk = |name: &str| definitions.projections.iter().any(|projection| projection.plan.name == name);
    let steps = definitions.projections.iter().map(|projection| step(projection, of(&projection.plan.name), head));
    let forsaken = deployed.iter().filter(|deployed| !on_disk(&deployed.record.name)).map(|deployed| Step {
        projection: deployed.record.name.clone(),
        action: Action::Forsaken,
        live: deployed.record.live_build().map(known),
        definitions: None,
        differences: Vec::new(),
    });
    let mut projections: Vec<Step> = steps.chain(forsaken).collect();
    projections.sort_by(|a, b| a.projection.cmp(&b.projection));
    Proposal { format: FORMAT, projections }
}

fn step(projection: &Projection, deployed: Option<&Deployed>, head: u64) -> Step {
    let (name, fingerprint) = (projection.plan.name.clone(), projection.plan.fingerprint);
    let live = deployed.and_then(|deployed| deployed.record.live_build());
    let before = deployed.and_then(|deployed| deployed.sources.as_ref());
    let action = match live {
        None => Action::Deploy(effort(deployed, fingerprint, head)),
        Some(live) if live.fingerprint == fingerprint => Action::Nothing,
        Some(_) => replace(effort(deployed, fingerprint, head), deployed.and_then(|deployed| deployed.rows)),
    };
    let differences = match (&action, before) {
        (Action::Rebuild(_) | Action::Materialize(_), Some(before)) => differences(before, &projection.sources),
        _ => Vec::new(),
    };
    Step { projection: name, action, live: live.map(known), definitions: Some(format!("{fingerprint:016x}")), differences }
}

/// How the live generation is replaced; `rows`: those that there are to be copied, if they can be. What has been begun from the log is gone on with.
fn replace(effort: Effort, rows: Option<u64>) -> Action {
    match rows {
        Some(rows) if effort.built == 0 => Action::Materialize(Copy { generation: effort.generation, rows }),
        _ => Action::Rebuild(effort),
    }
}

/// What it takes to build a generation of definitions with this fingerprint.
pub fn effort(deployed: Option<&Deployed>, fingerprint: u64, head: u64) -> Effort {
    let record = deployed.map(|deployed| &deployed.record);
    let begun = record.and_then(|record| candidate(record, fingerprint));
    let built = begun.map_or(0, |build| build.checkpoint.position);
    let events = head.saturating_sub(built);
    let rate = deployed.and_then(|deployed| rate(&deployed.deeds));
    Effort {
        generation: begun.map_or_else(|| next_number(record), |build| build.number),
        built,
        events,
        seconds: rate.map(|rate| events as f64 / rate),
    }
}

/// The build of these definitions that has been begun to take the place of the live one.
pub fn candidate(record: &ProjectionRecord, fingerprint: u64) -> Option<&Build> {
    let is_candidate = |build: &&Build| build.fingerprint == fingerprint && Some(build.number) > record.live && !build.went_live;
    record.builds.iter().filter(is_candidate).max_by_key(|build| build.number)
}

/// Events a second of the last build that tells something.
fn rate(deeds: &[Deed]) -> Option<f64> {
    let measured = deeds.iter().rev().find(|deed| deed.events > 0 && deed.took > 0)?;
    Some(measured.events as f64 / (measured.took as f64 / 1e6))
}

fn known(build: &Build) -> Known {
    Known { generation: build.number, fingerprint: format!("{:016x}", build.fingerprint) }
}

// === impl Proposal ===

impl Proposal {
    /// Whether anything would be done.
    pub fn has_changes(&self) -> bool {
        self.changed().next().is_some()
    }

    /// The projections that are not live as they are on disk.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.projections.iter().filter(|step| step.action.is_change()).map(|step| step.projection.as_str())
    }

    /// The first projection for which another proposal was made, of another world; nothing where both are about the same one. What they expect it to take
    /// does not count.
    pub fn moved_since<'p>(&'p self, before: &'p Proposal) -> Option<&'p str> {
        let basis = |step: &Step| (step.projection.clone(), step.live.clone(), step.definitions.clone());
        let names = |proposal: &'p Proposal| proposal.projections.iter().map(|step| step.projection.as_str());
        let step = |proposal: &Proposal, name: &str| proposal.projections.iter().find(|step| step.projection == name).map(basis);
        names(self).chain(names(before)).find(|name| step(self, name) != step(before, name))
    }
}

// === impl Action ===

impl Action {
    /// Whether it changes anything.
    pub fn is_change(&self) -> bool {
        matches!(self, Action::Deploy(_) | Action::Rebuild(_) | Action::Materialize(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::definitions::built_in_shop;
    use crate::deploy::tests::record;
    use crate::state::What;

    fn deployed(live: u64, fingerprints: &[(u64, u64)]) -> Deployed {
        let deed = Deed { events: 500, took: 1_000_000, ..Deed::now(What::CutOver, 1, "ann", clock::now_micros()) };
        Deployed { record: record(live, fingerprints), sources: Some(Sources::default()), deeds: vec![deed], rows: None }
    }

    fn action(deployed: &[Deployed]) -> Action {
        propose(&built_in_shop().unwrap(), deployed, 1000).projections.swap_remove(0).action
    }

    #[test]
    fn what_would_be_done() {
        let shop = built_in_shop().unwrap().projections[0].plan.fingerprint;
        let effort = |generation, built, seconds| Effort { generation, built, events: 1000 - built, seconds };
        assert_eq!(action(&[]), Action::Deploy(effort(1, 0, None)));
        assert_eq!(action(&[deployed(1, &[(1, shop)])]), Action::Nothing);
        assert_eq!(action(&[deployed(3, &[(3, 7)])]), Action::Rebuild(effort(4, 0, Some(2.0))));
        let mut begun = deployed(3, &[(3, 7), (4, shop)]);
        begun.record.builds[1].checkpoint.position = 600;
        begun.rows = Some(9);
        assert_eq!(action(&[begun.clone()]), Action::Rebuild(effort(4, 600, Some(0.8))));
        begun.record.builds[1].checkpoint.position = 0;
        assert_eq!(action(&[begun]), Action::Materialize(Copy { generation: 4, rows: 9 }));
    }

    #[test]
    fn what_is_not_on_disk_is_said() {
        let mut other = deployed(1, &[(1, 7)]);
        other.record.name = "a".into();
        assert_eq!(action(&[other]), Action::Forsaken);
    }

    #[test]
    fn a_world_that_moved_is_noticed() {
        let definitions = built_in_shop().unwrap();
        let first = propose(&definitions, &[deployed(1, &[(1, 7)])], 1000);
        let later = propose(&definitions, &[deployed(1, &[(1, 7)])], 2000);
        assert_eq!(later.moved_since(&first), None, "more events are no other world");
        let moved = propose(&definitions, &[deployed(2, &[(2, 8)])], 1000);
        assert_eq!((moved.moved_since(&first), first.moved_since(&moved)), (Some("shop"), Some("shop")));
    }
}
