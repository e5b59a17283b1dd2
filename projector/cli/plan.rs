//! `plan`: what `apply` would do.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::{Context, Form};
use super::deploying::{deployed_for, head};
use super::exit::Exit;
use super::failure::Failure;
use super::say::printable;
use crate::definitions;
use crate::deploy::{Action, Change, Copy, Difference, Effort, Part, Proposal, Step, propose};
use crate::stores::{CannotOpen, Stores};

/// Print what deploying the definitions on disk would do, and what it takes; nothing is changed
///
/// Exit 0 where there is nothing to do, 5 where there is.
#[derive(Debug, Args)]
pub struct Plan {
    /// Keep it in a file, for `projector apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Plan {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let definitions = definitions::load(&config)?;
        let (deployed, head) = match Stores::open_existing(&config) {
            Ok(stores) => (deployed_for(&stores, &definitions)?, head(&*stores.log)?),
            // Where there is nothing yet nothing is made, either.
            Err(CannotOpen::Missing(_)) => (Vec::new(), 0),
            Err(CannotOpen::Fault(fault)) => return Err(fault.into()),
        };
        let proposal = propose(&definitions, &deployed, head);
        print(context, &proposal)?;
        if let Some(path) = self.out {
            let unwritable = |source| Failure::Unwritable { path: path.display().to_string(), source };
            fs::write(&path, format!("{:#}\n", json!(proposal))).map_err(unwritable)?;
        }
        Ok(if proposal.has_changes() { Exit::Changes } else { Exit::Success })
    }
}

/// Prints a proposal.
pub fn print(context: &mut Context, proposal: &Proposal) -> Result<(), Failure> {
    if context.form() == Form::Json {
        return context.print(json!(proposal));
    }
    for step in &proposal.projections {
        context.print(printable(&format!("{}: {}", step.projection, action(step))))?;
        for difference in &step.differences {
            context.print(printable(&format!("  {}", shown(difference))))?;
        }
    }
    Ok(())
}

fn action(step: &Step) -> String {
    let live = step.live.as_ref().map_or(0, |live| live.generation);
    match &step.action {
        Action::Nothing => format!("nothing to do, generation {live} is live"),
        Action::Deploy(effort) => format!("first deployment, as generation {}{}", effort.generation, taking(effort)),
        Action::Rebuild(effort) => {
            let why =
                if step.differences.is_empty() { "; the files are the same, what they mean to this program is not" } else { "" };
            format!("rebuild as generation {} beside {live}, then cut over{}{why}", effort.generation, taking(effort))
        }
        Action::Materialize(Copy { generation, rows }) => {
            format!("materialize as generation {generation} beside {live}, then cut over; no replay: {rows} rows")
        }
        Action::Forsaken => format!("deployed as generation {live}, but not on disk: it stays, and nobody keeps it current"),
    }
}

/// What a rebuild takes.
pub fn rebuilding(projection: &str, effort: &Effort) -> String {
    format!("{projection}: rebuild as generation {}{}", effort.generation, taking(effort))
}

fn taking(effort: &Effort) -> String {
    let events = effort.events;
    let begun = if effort.built > 0 { format!(" after position {}, where it was left", effort.built) } else { String::new() };
    match effort.seconds {
        Some(seconds) => format!(": {events} events to read{begun}, about {seconds:.0} s as the last time"),
        None => format!(": {events} events to read{begun}"),
    }
}

fn shown(Difference { part, name, change, places }: &Difference) -> String {
    let part = match part {
        Part::Setting => "setting",
        Part::Schema => "schema",
        Part::Entity => "entity",
        Part::View => "view",
    };
    let change = match change {
        Change::Added => "is new",
        Change::Removed => "is gone",
        Change::Changed => "differs",
    };
    let places: Vec<&str> = places.iter().map(String::as_str).filter(|place| !place.is_empty() && *place != name).collect();
    let at = if places.is_empty() { String::new() } else { format!(" in {}", places.join(", ")) };
    format!("{part} {name} {change}{at}")
}
