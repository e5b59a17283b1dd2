//! `dead-letters list`, `show` and `settled`.

use clap::Args;

use super::selection::Selection;
use crate::cli::context::{Context, Form};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::say::{printable, say};
use crate::clock;
use crate::dead_letters::{Filter, order_to_json, to_json};
use crate::state::views::StoredDeadLetter;
use crate::state::{Order, ProjectionRecord};
use crate::stores::Stores;

/// How much of an event a list shows.
const GLIMPSE: usize = 60;

/// Print a projection's, one a line
#[derive(Debug, Args)]
pub struct List {
    /// The projection
    projection: String,
    /// Those of this generation, in the place of the live one
    #[arg(long, value_name = "GENERATION")]
    generation: Option<u64>,
    #[command(flatten)]
    selection: Selection,
}

/// Print one with its event
#[derive(Debug, Args)]
pub struct Show {
    /// The projection
    projection: String,
    /// The event's position in the log
    position: u64,
}

/// Print what operators have discarded and repaired, one a line
#[derive(Debug, Args)]
pub struct Settled {
    /// The projection
    projection: String,
}

impl List {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let record = require(&stores, &self.projection)?;
        let is_there = |number: &u64| record.builds.iter().any(|build| build.number == *number);
        if let Some(number) = self.generation.filter(|number| !is_there(number)) {
            return Err(Failure::Refused(format!("there is no generation {number} of {}", self.projection)));
        }
        let filter = Filter::from(&self.selection);
        filter.scan(&*stores.views, (&self.projection, self.generation), 0, usize::MAX, |letter| match context.form() {
            Form::Json => context.print(to_json(&letter)),
            Form::Text => context.print(line(&letter)),
        })?;
        Ok(Exit::Success)
    }
}

impl Show {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let Some(letter) = stores.views.dead_letter(&self.projection, self.position)? else {
            say(format_args!("{}: there is no dead letter at position {}", self.projection, self.position));
            return Ok(Exit::No);
        };
        match context.form() {
            Form::Json => context.print(to_json(&letter))?,
            Form::Text => show(context, &letter)?,
        }
        Ok(Exit::Success)
    }
}

impl Settled {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let record = require(&stores, &self.projection)?;
        let Some(live) = record.live_build() else { return Ok(Exit::Success) };
        for order in stores.builds.open(&self.projection, live.number, &live.catalogue)?.settled()? {
            match context.form() {
                Form::Json => context.print(order_to_json(&order))?,
                Form::Text => context.print(printable(&order_line(&order)))?,
            }
        }
        Ok(Exit::Success)
    }
}

fn require(stores: &Stores, projection: &str) -> Result<ProjectionRecord, Failure> {
    let record = stores.builds.projections()?.into_iter().find(|record| record.name == projection);
    record.ok_or_else(|| Failure::Refused(format!("there is no projection {projection}")))
}

fn show(context: &mut Context, letter: &StoredDeadLetter) -> Result<(), Failure> {
    context.print(format_args!("position  {}", letter.position))?;
    context.print(format_args!("time      {}", clock::shown(letter.time)))?;
    context.print(format_args!("kind      {}", letter.kind))?;
    context.print(format_args!("reason    {}", printable(&letter.reason)))?;
    for key in &letter.keys {
        context.print(format_args!("key       {}", printable(key)))?;
    }
    context.print(format_args!("event     {}", printable(&String::from_utf8_lossy(&letter.event))))
}

fn line(letter: &StoredDeadLetter) -> String {
    let text = String::from_utf8_lossy(&letter.event);
    let glimpse: String = text.chars().take(GLIMPSE).collect();
    let dots = if text.chars().nth(GLIMPSE).is_some() { "…" } else { "" };
    let line = format!("{}  {}  {}  {glimpse}{dots}", letter.position, letter.kind, letter.reason);
    printable(&line)
}

fn order_line(order: &Order) -> String {
    let reason = order.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}  {}  {} by {}{reason}", order.position, order.action.word(), clock::shown(order.at), order.by)
}
