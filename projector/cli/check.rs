//! `check`: definitions and schemas, without touching anything.

use std::path::PathBuf;

use clap::Args;
use projections::plan::Plan;
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::say::say;
use super::test;
use crate::config::Config;
use crate::definitions::{self, Definitions};

/// Check definitions and event schemas; nothing is touched
#[derive(Debug, Args)]
pub struct Check {
    /// The folder that holds `projector.toml`, or `projections` and `schemas`
    dir: Option<PathBuf>,
}

impl Check {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config_of(&self.dir.unwrap_or_default())?;
        let definitions = definitions::load(&config)?;
        warn_of_none(&definitions, &config);
        let tests: usize = test::load(&definitions)?.iter().map(|(_, cases)| cases.len()).sum();
        let plans = || definitions.projections.iter().map(|projection| &*projection.plan);
        if context.form() == Form::Json {
            let event_types = definitions.registry.event_types().count();
            context.print(
                json!({ "event_types": event_types, "tests": tests, "projections": plans().map(describe).collect::<Vec<_>>() }),
            )?;
            return Ok(Exit::Success);
        }
        for plan in plans() {
            let views: Vec<&str> = plan.views.iter().map(|view| view.name.as_str()).collect();
            let (entities, types) = (plan.entities.len(), plan.folds.len());
            context.print(format_args!("{}: event types {types}, entities {entities}, views {}", plan.name, views.join(", ")))?;
        }
        context.print(format_args!("tests {tests}, no mistakes found"))?;
        Ok(Exit::Success)
    }
}

/// An empty folder has no mistakes; but who names one hardly means it.
pub fn warn_of_none(definitions: &Definitions, config: &Config) {
    if definitions.projections.is_empty() {
        let folder = config.projections.display();
        say(format_args!("warning: there is no projection in {folder}: none of its folders has a projection.toml"));
    }
}

fn describe(plan: &Plan) -> Value {
    let columns = |columns: &[projections::plan::Column]| -> Value {
        columns.iter().map(|column| json!({ "name": column.name, "type": column.ty.to_string() })).collect()
    };
    json!({
        "name": plan.name,
        "fingerprint": format!("{:016x}", plan.fingerprint),
        "entities": plan.entities.iter().map(|e| json!({ "name": e.name, "columns": columns(&e.columns) })).collect::<Vec<_>>(),
        "views": plan.views.iter().map(|v| json!({ "name": v.name, "columns": columns(&v.columns) })).collect::<Vec<_>>(),
    })
}
