//! What commands have in common that build generations and switch between them.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::signals::Listening;
use super::{progress, telemetry};
use crate::config::Config;
use crate::definitions::{self, Definitions, Sources};
use crate::deploy::{CannotRebuild, Deployed, Effort, Proposal, Rebuild, Rebuilt, Shown, Then, effort, propose, with_same_rows};
use crate::fault::Fault;
use crate::log::EventLog;
use crate::run::build::Origin;
use crate::run::{Definition, Goal, Supervisor};
use crate::state::{Build, Builds};
use crate::stores::Stores;

/// How a generation goes live
#[derive(Clone, Copy, Debug, Args)]
pub struct GoingLive {
    /// Build it, and stop before it goes live
    #[arg(long, conflicts_with = "anyway")]
    hold: bool,
    /// Let it go live even if it has more dead letters or broken documents than the one before
    #[arg(long)]
    anyway: bool,
}

/// Who builds.
pub struct Builder {
    /// What is on disk.
    pub definitions: Definitions,
    supervisor: Supervisor,
    _listening: Listening,
}

// === impl GoingLive ===

impl GoingLive {
    /// What becomes of a generation that has come up.
    pub fn then(self) -> Then {
        match self {
            GoingLive { hold: true, .. } => Then::Hold,
            GoingLive { anyway: true, .. } => Then::CutOverAnyway,
            GoingLive { .. } => Then::CutOver,
        }
    }
}

// === impl Builder ===

impl Builder {
    /// With the definitions on disk, and stores that there are.
    pub fn new(config: &Config) -> Result<Builder, Failure> {
        telemetry::start(&config.telemetry);
        let definitions = definitions::load(config)?;
        let stores = Stores::open(config)?;
        let deploying = config.deploying(definitions.mapping);
        let listening = Listening::start()?;
        let (board, stop) = (Arc::default(), listening.stop.clone());
        let supervisor = Supervisor { stores, limits: config.run, deploying, board, stop };
        Ok(Builder { definitions, supervisor, _listening: listening })
    }

    /// What deploying the definitions on disk would do.
    pub fn proposal(&self) -> Result<Proposal, Failure> {
        let log = &self.supervisor.stores.log;
        Ok(propose(&self.definitions, &deployed_for(&self.supervisor.stores, &self.definitions)?, head(&**log)?))
    }

    /// What a rebuild of these definitions takes.
    pub fn effort(&self, definition: &Definition) -> Result<Effort, Failure> {
        let (projection, fingerprint) = (&definition.plan.name, definition.plan.fingerprint);
        let Stores { builds, log, .. } = &self.supervisor.stores;
        let deployed = deployed(&**builds)?;
        let deployed = deployed.iter().find(|deployed| deployed.record.name == *projection);
        Ok(effort(deployed, fingerprint, head(&**log)?))
    }

    /// The definition on disk of this name.
    pub fn definition(&self, projection: &str) -> Result<Definition, Failure> {
        let refused = || Failure::Refused(format!("there is no projection {projection} in the definitions"));
        self.definitions.named(projection).ok_or_else(refused)
    }

    /// Builds a generation of these definitions, lets it go live, and prints what came of it.
    pub fn rebuild(
        &self,
        context: &mut Context,
        definition: &Definition,
        by: &str,
        (origin, then): (Origin, Then),
    ) -> Result<Exit, Failure> {
        let projection = &definition.plan.name;
        self.watched(context, projection, || self.of(projection, by).rebuild(definition, origin, then))
    }

    /// Lets an earlier generation be live again, and prints what came of it.
    pub fn rollback(&self, context: &mut Context, projection: &str, by: &str, to: Option<u64>) -> Result<Exit, Failure> {
        self.watched(context, projection, || self.of(projection, by).rollback(to))
    }

    /// The generations of a projection, in somebody's name.
    pub fn of<'b>(&'b self, projection: &'b str, by: &'b str) -> Rebuild<'b> {
        Rebuild { supervisor: &self.supervisor, projection, by, shown: Shown::Alone }
    }

    fn watched(
        &self,
        context: &mut Context,
        projection: &str,
        work: impl FnOnce() -> Result<Rebuilt, CannotRebuild>,
    ) -> Result<Exit, Failure> {
        let watching = progress::of(Goal::CatchUp, context.form()).watch(self.supervisor.board.clone());
        let result = work();
        watching.finish();
        let rebuilt = result?;
        match context.form() {
            Form::Json => context.print(to_json(projection, rebuilt))?,
            Form::Text => context.print(text(projection, rebuilt))?,
        }
        Ok(if matches!(rebuilt, Rebuilt::Stopped(_)) { Exit::No } else { Exit::Success })
    }
}

/// All projections as they are deployed.
pub fn deployed(builds: &dyn Builds) -> Result<Vec<Deployed>, Fault> {
    let mut deployed = Vec::new();
    for record in builds.projections()? {
        let live = record.live.map(|live| builds.definitions(&record.name, live)).transpose()?.flatten();
        // Where they cannot be read it is not said what differs, and that something does is known without them.
        let sources = live.and_then(|text| Sources::from_text(&text).ok());
        let deeds = builds.deeds(&record.name)?;
        deployed.push(Deployed { record, sources, deeds, rows: None });
    }
    Ok(deployed)
}

/// The same, with what there is in them for these definitions.
pub fn deployed_for(stores: &Stores, definitions: &Definitions) -> Result<Vec<Deployed>, Fault> {
    let (builds, log) = (&*stores.builds, stores.log.identity()?);
    let mut deployed = deployed(builds)?;
    for deployed in &mut deployed {
        let Some(definition) = definitions.named(&deployed.record.name) else { continue };
        let is_other = |live: &Build| live.fingerprint != definition.plan.fingerprint;
        if deployed.record.live_build().is_some_and(is_other)
            && let Some(live) = with_same_rows(builds, &definition.plan, &log, definitions.mapping)?
        {
            deployed.rows = Some(builds.count_rows(&definition.plan.name, live.number, &live.catalogue)?);
        }
    }
    Ok(deployed)
}

/// The position at which the log ends.
pub fn head(log: &dyn EventLog) -> Result<u64, Fault> {
    Ok(log.head()?.map_or(0, |head| head.position))
}

fn to_json(projection: &str, rebuilt: Rebuilt) -> Value {
    let (generation, state) = match rebuilt {
        Rebuilt::Live(number) => (number, "live"),
        Rebuilt::Held(number) => (number, "held"),
        Rebuilt::Stopped(number) => (number, "stopped"),
    };
    json!({ "projection": projection, "generation": generation, "state": state })
}

fn text(projection: &str, rebuilt: Rebuilt) -> String {
    match rebuilt {
        Rebuilt::Live(number) => format!("{projection}: generation {number} is live"),
        Rebuilt::Held(number) => format!(
            "{projection}: generation {number} is built and waits; `projector rebuild {projection}` lets it go live, with --cancel drops it"
        ),
        Rebuilt::Stopped(number) => {
            format!(
                "{projection}: stopped; `projector rebuild {projection}` goes on with generation {number}, with --cancel drops it"
            )
        }
    }
}
