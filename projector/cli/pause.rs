//! `pause` and `resume`: a projection that applies nothing for a while.

use clap::Args;
use serde_json::json;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::operator::Operator;
use crate::clock;
use crate::operate::{self, CannotPause};
use crate::state;

/// Let a projection apply nothing until `resume`; reads go on
///
/// Also after a restart. A running daemon notices within a second.
#[derive(Debug, Args)]
pub struct Pause {
    /// The projection
    projection: String,
    #[command(flatten)]
    operator: Operator,
}

/// Let a paused projection go on
#[derive(Debug, Args)]
pub struct Resume {
    /// The projection
    projection: String,
}

impl Pause {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let Operator { reason, by } = self.operator;
        let pause = state::Pause { since: clock::now_micros(), by, reason };
        note(context, &self.projection, Some(&pause))?;
        match context.form() {
            Form::Json => context.print(json!({ "projection": self.projection, "paused": true }))?,
            Form::Text => context.print(format_args!("{}: paused", self.projection))?,
        }
        Ok(Exit::Success)
    }
}

impl Resume {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        note(context, &self.projection, None)?;
        match context.form() {
            Form::Json => context.print(json!({ "projection": self.projection, "paused": false }))?,
            Form::Text => context.print(format_args!("{}: goes on", self.projection))?,
        }
        Ok(Exit::Success)
    }
}

fn note(context: &Context, projection: &str, pause: Option<&state::Pause>) -> Result<(), Failure> {
    let builds = context.existing_stores()?.builds;
    operate::pause(&*builds, projection, pause).map_err(|cannot| match cannot {
        CannotPause::Fault(fault) => Failure::Fault(fault),
        refused @ CannotPause::NoProjection(_) => Failure::Refused(refused.to_string()),
    })
}
