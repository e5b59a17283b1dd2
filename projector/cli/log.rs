//! `log`: the log itself.

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use crate::config::{JetStreamPlace, LogPlace};
use crate::deploy::{Accepted, accept};
use crate::log::{JetStreamLog, NewStream};

/// Make the log, or accept another one
#[derive(Debug, Args)]
pub struct Log {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    Accept(Accept),
}

/// Make the JetStream stream that log.stream names, with settings under which no event is ever dropped
///
/// Without effect where it is there with the same settings.
#[derive(Debug, Args)]
struct Create {
    /// A subject that the stream takes, wildcards allowed, as in "shop.>"; without any those that log.subject makes
    #[arg(long = "subject", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Keep each event on so many servers
    #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: u8,
}

/// Go on from the log that is configured, in the place of the one that a projection was folded from
///
/// For a mirror that was promoted, or a stream that was restored. Refused unless the log has the same events at the same positions, as far as
/// the one shows that was folded last. A daemon that has halted is to be started again.
#[derive(Debug, Args)]
struct Accept {
    /// The projections
    #[arg(required = true, value_name = "PROJECTION")]
    projections: Vec<String>,
}

// === impl Log ===

impl Log {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Create(create) => create.run(context),
            Command::Accept(accept) => accept.run(context),
        }
    }
}

// === impl Create ===

impl Create {
    fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match context.config()?.log {
            LogPlace::JetStream(place) => self.make(context, &place),
            LogPlace::Embedded(_) => Err(Failure::Refused("the embedded log is made when it is first used".to_owned())),
        }
    }

    fn make(self, context: &mut Context, place: &JetStreamPlace) -> Result<Exit, Failure> {
        let subjects = if self.subjects.is_empty() { vec![place.subject.wildcard()] } else { self.subjects };
        JetStreamLog::create(place, &NewStream { subjects: subjects.clone(), replicas: self.replicas.into() })?;
        context.print(format_args!("{place} takes {}", subjects.join(", ")))?;
        Ok(Exit::Success)
    }
}

// === impl Accept ===

impl Accept {
    fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        for projection in &self.projections {
            let accepted = accept(&*stores.builds, &*stores.log, projection)?;
            if accepted.is_empty() && context.form() == Form::Text {
                context.print(format_args!("{projection} is folded from this log already"))?;
            }
            for build in &accepted {
                print(context, projection, build)?;
            }
        }
        Ok(Exit::Success)
    }
}

fn print(context: &mut Context, projection: &str, build: &Accepted) -> Result<(), Failure> {
    let Accepted { generation, position, before, now } = build;
    match context.form() {
        Form::Text => context.print(format_args!(
            "{projection}: generation {generation} goes on after position {position} of {now}, in the place of {before}"
        )),
        Form::Json => context.print(json!({
            "projection": projection, "generation": generation, "position": position, "log": now.0, "before": before.0
        })),
    }
}
