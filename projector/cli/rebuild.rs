//! `rebuild`, `rollback`, `gc` and `history`: the generations of a projection.

use clap::Args;
use serde_json::json;

use super::context::{Context, Form};
use super::deploying::{Builder, GoingLive};
use super::exit::Exit;
use super::failure::Failure;
use super::operator::Operator;
use super::say::printable;
use crate::clock;
use crate::deploy::superfluous;
use crate::run::build::Origin;
use crate::state::Deed;

/// Fold the log anew into a generation beside the live one, which then takes its place
///
/// For definitions that are deployed, and those that are not. What is interrupted is gone on with by the next call.
#[derive(Debug, Args)]
pub struct Rebuild {
    /// The projection
    projection: String,
    /// Drop what has been built and is not live
    #[arg(long, conflicts_with_all = ["hold", "anyway", "dry_run"])]
    cancel: bool,
    /// Only print what it would take
    #[arg(long)]
    dry_run: bool,
    /// Only limit how many events a second are read at most for generations of it, by whoever builds one now or later; 0: no limit
    #[arg(long, value_name = "EVENTS", conflicts_with_all = ["hold", "anyway", "dry_run", "cancel"])]
    rate: Option<u64>,
    #[command(flatten)]
    going_live: GoingLive,
    #[command(flatten)]
    operator: Operator,
}

/// Let the generation before be live again, brought up to date first
///
/// It goes on with the definitions it was built of, whatever is on disk.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The projection
    projection: String,
    /// Go back to this generation instead
    #[arg(long, value_name = "GENERATION")]
    to: Option<u64>,
    #[command(flatten)]
    operator: Operator,
}

/// Drop generations that were live before, but the last
#[derive(Debug, Args)]
pub struct Gc {
    /// The projections; without any, all
    #[arg(value_name = "PROJECTION")]
    projections: Vec<String>,
    /// Keep so many to go back to
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    keep: usize,
    /// Only print what would be dropped
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    operator: Operator,
}

/// Print what was done to a projection, when and by whom
#[derive(Debug, Args)]
pub struct History {
    /// The projection
    projection: String,
}

impl Rebuild {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        if let Some(events) = self.rate {
            return limit_rate(context, &self.projection, events);
        }
        let builder = Builder::new(&context.config()?)?;
        let (projection, by) = (&self.projection, &self.operator.by);
        if self.cancel {
            let dropped = builder.of(projection, by).cancel()?;
            return print_dropped(context, projection, &dropped);
        }
        let definition = builder.definition(projection)?;
        if self.dry_run {
            let effort = builder.effort(&definition)?;
            match context.form() {
                Form::Json => context.print(json!({ "projection": projection, "effort": effort }))?,
                Form::Text => context.print(super::plan::rebuilding(projection, &effort))?,
            }
            return Ok(Exit::Success);
        }
        builder.rebuild(context, &definition, by, (Origin::Log, self.going_live.then()))
    }
}

impl Rollback {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        Builder::new(&context.config()?)?.rollback(context, &self.projection, &self.operator.by, self.to)
    }
}

impl Gc {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let records = context.existing_stores()?.builds.projections()?;
        let is_known = |name: &&String| records.iter().any(|record| record.name == **name);
        if let Some(unknown) = self.projections.iter().find(|name| !is_known(name)) {
            return Err(Failure::Refused(format!("there is no projection {unknown}")));
        }
        let builder = Builder::new(&config)?;
        let is_meant = |name: &String| self.projections.is_empty() || self.projections.contains(name);
        for record in records.iter().filter(|record| is_meant(&record.name)) {
            let dropped = match self.dry_run {
                true => superfluous(record, self.keep),
                false => builder.of(&record.name, &self.operator.by).collect(self.keep)?,
            };
            print_dropped(context, &record.name, &dropped)?;
        }
        Ok(Exit::Success)
    }
}

impl History {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let builds = context.existing_stores()?.builds;
        if builds.projections()?.iter().all(|record| record.name != self.projection) {
            return Err(Failure::Refused(format!("there is no projection {}", self.projection)));
        }
        for deed in builds.deeds(&self.projection)? {
            match context.form() {
                Form::Json => context.print(json!(deed))?,
                Form::Text => context.print(printable(&line(&deed)))?,
            }
        }
        Ok(Exit::Success)
    }
}

fn limit_rate(context: &mut Context, projection: &str, events: u64) -> Result<Exit, Failure> {
    let builds = context.existing_stores()?.builds;
    if !builds.limit_rate(projection, (events > 0).then_some(events))? {
        return Err(Failure::Refused(format!("there is no projection {projection}")));
    }
    match (context.form(), events) {
        (Form::Json, _) => context.print(json!({ "projection": projection, "rate": events }))?,
        (Form::Text, 0) => context.print(format_args!("{projection}: events are read as fast as that goes"))?,
        (Form::Text, _) => context.print(format_args!("{projection}: at most {events} events a second are read"))?,
    }
    Ok(Exit::Success)
}

fn line(deed: &Deed) -> String {
    let Deed { what, generation, before, events, by, at, took } = deed;
    let before = before.map(|before| format!(" from {before}")).unwrap_or_default();
    let events = if *events > 0 { format!(", {events} events") } else { String::new() };
    format!("{}  {} {generation}{before} by {by} in {:.1} s{events}", clock::shown(*at), what.words(), *took as f64 / 1e6)
}

fn print_dropped(context: &mut Context, projection: &str, dropped: &[u64]) -> Result<Exit, Failure> {
    match context.form() {
        Form::Json => context.print(json!({ "projection": projection, "dropped": dropped }))?,
        Form::Text if dropped.is_empty() => context.print(format_args!("{projection}: nothing to drop"))?,
        Form::Text => {
            let numbers: Vec<String> = dropped.iter().map(u64::to_string).collect();
            context.print(format_args!("{projection}: generation {} dropped", numbers.join(", ")))?;
        }
    }
    Ok(Exit::Success)
}
