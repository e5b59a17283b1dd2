//! `dead-letters`: events that could not be applied, looked at and settled.

mod read;
mod selection;
mod settle;

use clap::{Args, Subcommand};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Look at the events that could not be applied, and settle them
#[derive(Debug, Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(read::List),
    Show(read::Show),
    Settled(read::Settled),
    Retry(settle::Retry),
    Discard(settle::Discard),
}

impl DeadLetters {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self.action {
            Action::List(command) => command.run(context),
            Action::Show(command) => command.run(context),
            Action::Settled(command) => command.run(context),
            Action::Retry(command) => command.run(context),
            Action::Discard(command) => command.run(context),
        }
    }
}
