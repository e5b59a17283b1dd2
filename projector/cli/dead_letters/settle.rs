//! `dead-letters retry` and `discard`.

use std::sync::Arc;

use clap::Args;

use super::selection::Selection;
use crate::cli::context::{Context, Form};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::operator::Operator;
use crate::cli::telemetry;
use crate::config::Config;
use crate::dead_letters::{CannotSettle, Carried, Desk, Filter, Report, kinds, parse_repairs, report_to_json};
use crate::definitions;
use crate::run::Supervisor;
use crate::state::{Action, Order};
use crate::stores::Stores;

/// Try dead letters again, in the order of their events, and what waits behind them
///
/// An event is applied when none before it waits at a row that it touches; what fails again stays, with its new reason.
/// Where no daemon runs the projection, the command does it itself.
#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    which: Which,
    /// NDJSON of repaired events, `{"position": 7, "event": {…}}` a line, that are applied in the place of what the log has
    #[arg(long, value_name = "FILE", conflicts_with_all = ["positions", "all"])]
    with: Option<String>,
    #[command(flatten)]
    operator: Operator,
}

/// Give dead letters up: their events are not applied, now or by later generations, and what waited behind them goes on
///
/// What was discarded, by whom and why, stays on record: `dead-letters settled`.
#[derive(Debug, Args)]
pub struct Discard {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
struct Which {
    /// The projection
    projection: String,
    /// The events' positions in the log
    #[arg(value_name = "POSITION")]
    positions: Vec<u64>,
    /// All of them
    #[arg(long, conflicts_with = "positions")]
    all: bool,
    #[command(flatten)]
    selection: Selection,
}

impl Retry {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let (config, desk) = open(context, &self.which.projection)?;
        let actions = match &self.with {
            None => self.which.actions(&desk, &Action::Retry)?,
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|source| Failure::Unreadable { path: path.clone(), source })?;
                desk.repairs(parse_repairs(&text).map_err(CannotSettle::from)?)?
            }
        };
        settle(
            context,
            &config,
            &desk,
            Asked { projection: &self.which.projection, verb: "retried", actions, operator: &self.operator },
        )
    }
}

impl Discard {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let (config, desk) = open(context, &self.which.projection)?;
        let actions = self.which.actions(&desk, &Action::Discard)?;
        settle(
            context,
            &config,
            &desk,
            Asked { projection: &self.which.projection, verb: "discarded", actions, operator: &self.operator },
        )
    }
}

impl Which {
    /// The dead letters that are meant, each with this action.
    fn actions(&self, desk: &Desk, action: &Action) -> Result<Vec<(u64, Action)>, Failure> {
        let filter = Filter::from(&self.selection);
        if self.positions.is_empty() && filter.is_empty() && !self.all {
            return Err(Failure::Refused("name positions, say which are meant (--kind, --key…), or write --all".to_owned()));
        }
        let letters = desk.select(&self.positions, &filter)?;
        Ok(letters.iter().map(|letter| (letter.position, action.clone())).collect())
    }
}

/// What is asked for.
struct Asked<'a> {
    projection: &'a str,
    /// What has been done when it is done.
    verb: &'static str,
    actions: Vec<(u64, Action)>,
    operator: &'a Operator,
}

fn open(context: &Context, projection: &str) -> Result<(Config, Desk), Failure> {
    let config = context.config()?;
    telemetry::start(&config.telemetry);
    let desk = Desk::open(Stores::open_existing(&config)?, projection)?;
    Ok((config, desk))
}

/// Gives the orders, and sees to it that they are carried out.
fn settle(context: &mut Context, config: &Config, desk: &Desk, asked: Asked<'_>) -> Result<Exit, Failure> {
    let Asked { projection, verb, actions, operator } = asked;
    let orders = desk.give(actions, &operator.by, operator.reason.as_deref())?;
    let carried = match desk.wait(&orders)? {
        Carried::ByNobody => carry_out(config, desk, projection, &orders)?,
        carried => carried,
    };
    let report = desk.report(&orders)?;
    match context.form() {
        Form::Json => context.print(report_to_json(projection, &carried, &report))?,
        Form::Text => context.print(text(projection, verb, &carried, &report))?,
    }
    Ok(Exit::Success)
}

fn carry_out(config: &Config, desk: &Desk, projection: &str, orders: &[Order]) -> Result<Carried, Failure> {
    let definitions = definitions::load(config)?;
    let Some(definition) = definitions.named(projection) else {
        return Ok(Carried::ByNextGeneration);
    };
    let stores = Stores::open(config)?;
    let deploying = config.deploying(definitions.mapping);
    let (board, stop) = (Arc::default(), Arc::default());
    let supervisor = Supervisor { stores, limits: config.run, deploying, board, stop };
    match desk.carry_out(&supervisor, &definition)? {
        Carried::ByOwner => Ok(desk.wait(orders)?),
        carried => Ok(carried),
    }
}

fn text(projection: &str, verb: &str, carried: &Carried, report: &Report) -> String {
    let Report { asked, gone, stay, left } = report;
    let letters = |count: usize| if count == 1 { "1 dead letter".to_owned() } else { format!("{count} dead letters") };
    match carried {
        Carried::Out if stay.is_empty() => format!("{projection}: {} {verb}; {left} left", letters(*asked)),
        Carried::Out => {
            let kinds: Vec<String> = kinds(report).into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            format!("{projection}: {gone} of {} {verb}; these stay: {}; {left} left", letters(*asked), kinds.join(", "))
        }
        Carried::AfterPause(pause) => {
            format!("{projection}: {} to be {verb} when `projector resume` ends the pause ({pause})", letters(*asked))
        }
        Carried::ByOwner => format!("{projection}: {} to be {verb}; the daemon has not come to it yet", letters(*asked)),
        Carried::ByNobody => format!("{projection}: {} to be {verb} by the next run", letters(*asked)),
        Carried::ByNextGeneration => format!(
            "{projection}: the definitions have changed; the next run builds a new generation, which keeps to what is discarded or repaired"
        ),
    }
}
