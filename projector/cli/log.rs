//! `log`: the log itself.

use clap::{Args, Subcommand};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::config::{JetStreamPlace, LogPlace};
use crate::log::{JetStreamLog, NewStream};

/// Make the log
#[derive(Debug, Args)]
pub struct Log {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
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

impl Log {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let Command::Create(create) = self.command;
        match context.config()?.log {
            LogPlace::JetStream(place) => create.run(context, &place),
            LogPlace::Embedded(_) => Err(Failure::Refused("the embedded log is made when it is first used".to_owned())),
        }
    }
}

impl Create {
    fn run(self, context: &mut Context, place: &JetStreamPlace) -> Result<Exit, Failure> {
        let subjects = if self.subjects.is_empty() { vec![place.subject.wildcard()] } else { self.subjects };
        JetStreamLog::create(place, &NewStream { subjects: subjects.clone(), replicas: self.replicas.into() })?;
        context.print(format_args!("{place} takes {}", subjects.join(", ")))?;
        Ok(Exit::Success)
    }
}
