//! The command line: one file for each command.

mod apply;
mod check;
mod compare;
mod context;
mod dead_letters;
mod demo;
mod deploying;
mod doctor;
mod exit;
mod failure;
mod get;
mod input;
mod log;
mod mistakes;
mod neighbour;
mod openapi;
mod operator;
mod pause;
mod plan;
mod progress;
mod publish;
mod query;
mod rebuild;
mod rounds;
mod run;
mod say;
mod schema;
mod signals;
mod status;
mod telemetry;
mod test;
mod token;
mod top;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use context::{Context, Form};
pub use exit::Exit;
pub use failure::Failure;

/// Joins the events of many services into views that are read by key.
#[derive(Debug, Parser)]
#[command(name = "projector", version, after_help = exit::HELP)]
struct Cli {
    /// The configuration; where none is given, `projector.toml` in the present folder, if there is one
    #[arg(long, global = true, env = "PROJECTOR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, errors too
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Check(check::Check),
    Test(test::Test),
    Publish(publish::Publish),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Run(run::Run),
    Get(get::Get),
    Query(query::Query),
    Status(status::Status),
    Top(top::Top),
    Verify(verify::Verify),
    Compare(compare::Compare),
    Rebuild(rebuild::Rebuild),
    Rollback(rebuild::Rollback),
    Gc(rebuild::Gc),
    History(rebuild::History),
    DeadLetters(dead_letters::DeadLetters),
    Pause(pause::Pause),
    Resume(pause::Resume),
    Schema(schema::Schema),
    Log(log::Log),
    Doctor(doctor::Doctor),
    Token(token::Token),
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
}

/// Runs the command line that the process was given.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let form = if cli.json { Form::Json } else { Form::Text };
    let mut context = Context::new(cli.config, form);
    let exit = match cli.command.run(&mut context).and_then(|exit| context.flush().map(|()| exit)) {
        Ok(exit) => exit,
        Err(failure) => failure.report(form),
    };
    exit.into()
}

// === impl Command ===

impl Command {
    fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self {
            Command::Demo(command) => command.run(context),
            Command::Check(command) => command.run(context),
            Command::Test(command) => command.run(context),
            Command::Publish(command) => command.run(context),
            Command::Plan(command) => command.run(context),
            Command::Apply(command) => command.run(context),
            Command::Run(command) => command.run(context),
            Command::Get(command) => command.run(context),
            Command::Query(command) => command.run(context),
            Command::Status(command) => command.run(context),
            Command::Top(command) => command.run(context),
            Command::Verify(command) => command.run(context),
            Command::Compare(command) => command.run(context),
            Command::Rebuild(command) => command.run(context),
            Command::Rollback(command) => command.run(context),
            Command::Gc(command) => command.run(context),
            Command::History(command) => command.run(context),
            Command::Schema(command) => command.run(context),
            Command::DeadLetters(command) => command.run(context),
            Command::Pause(command) => command.run(context),
            Command::Resume(command) => command.run(context),
            Command::Log(command) => command.run(context),
            Command::Doctor(command) => command.run(context),
            Command::Token(command) => command.run(context),
            Command::OpenApi(command) => command.run(context),
        }
    }
}
