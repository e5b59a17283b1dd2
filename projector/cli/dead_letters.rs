//! `dead-letters`: events that could not be applied.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::say::{printable, say};
use crate::state::views::StoredDeadLetter;

/// How many are read at once.
const PAGE: usize = 100;
/// How much of an event a list shows.
const GLIMPSE: usize = 60;

/// Look at the events that could not be applied
#[derive(Debug, Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print all of a projection, one a line
    List {
        /// The projection
        projection: String,
    },
    /// Print one with its event
    Show {
        /// The projection
        projection: String,
        /// The event's position in the log
        position: u64,
    },
}

impl DeadLetters {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self.action {
            Action::List { projection } => list(context, &projection),
            Action::Show { projection, position } => show(context, &projection, position),
        }
    }
}

fn list(context: &mut Context, projection: &str) -> Result<Exit, Failure> {
    let stores = context.existing_stores()?;
    if !stores.builds.projections()?.iter().any(|record| record.name == projection) {
        return Err(Failure::Refused(format!("there is no projection {projection}")));
    }
    let mut after = 0;
    loop {
        let letters = stores.views.dead_letters(projection, after, PAGE)?;
        let Some(last) = letters.last() else { return Ok(Exit::Success) };
        after = last.position;
        for letter in &letters {
            match context.form() {
                Form::Json => context.print(to_json(letter))?,
                Form::Text => context.print(format_args!("{}", line(letter)))?,
            }
        }
    }
}

fn show(context: &mut Context, projection: &str, position: u64) -> Result<Exit, Failure> {
    let stores = context.existing_stores()?;
    let Some(letter) = stores.views.dead_letter(projection, position)? else {
        say(format_args!("{projection}: there is no dead letter at position {position}"));
        return Ok(Exit::No);
    };
    match context.form() {
        Form::Json => context.print(to_json(&letter))?,
        Form::Text => {
            context.print(format_args!("position  {}", letter.position))?;
            context.print(format_args!("kind      {}", letter.kind))?;
            context.print(format_args!("reason    {}", printable(&letter.reason)))?;
            for key in &letter.keys {
                context.print(format_args!("key       {}", printable(key)))?;
            }
            context.print(format_args!("event     {}", printable(&String::from_utf8_lossy(&letter.event))))?;
        }
    }
    Ok(Exit::Success)
}

fn line(letter: &StoredDeadLetter) -> String {
    let text = String::from_utf8_lossy(&letter.event);
    let glimpse: String = text.chars().take(GLIMPSE).collect();
    let dots = if text.chars().nth(GLIMPSE).is_some() { "…" } else { "" };
    let line = format!("{}  {}  {}  {glimpse}{dots}", letter.position, letter.kind, letter.reason);
    printable(&line)
}

/// The event is text where it can be, and otherwise its bytes as numbers: nothing of it is lost.
fn to_json(letter: &StoredDeadLetter) -> Value {
    let event = match str::from_utf8(&letter.event) {
        Ok(text) => json!(text),
        Err(_) => json!(letter.event),
    };
    json!({
        "position": letter.position,
        "kind": letter.kind,
        "reason": letter.reason,
        "keys": letter.keys,
        "event": event,
    })
}
