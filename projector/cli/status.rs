//! `status`: how all projections stand.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::neighbour;
use super::rounds::{Rounds, every};
use super::say::printable;
use crate::state::Backlog;
use crate::status::{Lag, ProjectionStatus, Status as Standing};
use crate::stores::Stores;

/// Print positions, lag, generation and state of every projection
///
/// What is stored, and what the daemon says that answers at http.listen: how fast it goes, and what it waits for.
#[derive(Debug, Args)]
pub struct Status {
    /// Again and again, until Ctrl-C; every two seconds where nothing is said
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "2s", value_parser = every, value_name = "DURATION")]
    watch: Option<Duration>,
}

impl Status {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let Some(every) = self.watch else { return show(context) };
        let mut rounds = Rounds::new(every, None)?;
        loop {
            match show(context) {
                Err(Failure::Output(error)) => return Err(error.into()),
                // What does not answer now may do so in the next round.
                Err(failure) => {
                    failure.report(context.form());
                }
                Ok(_) => {}
            }
            context.flush()?;
            if !rounds.goes_on() {
                return Ok(Exit::Success);
            }
            if context.form() == Form::Text {
                context.print("")?;
            }
        }
    }
}

fn show(context: &mut Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let running = config.http.address().map(neighbour::projections).unwrap_or_default();
    let gathered = Stores::open_existing(&config).map_err(Failure::from).and_then(|stores| Ok(Standing::gather(&stores)?));
    match gathered {
        Ok(status) if context.form() == Form::Json => context.print(to_json(&status, &running))?,
        Ok(status) => print_all(context, &status, &running)?,
        Err(failure) if context.form() == Form::Json => return Err(failure),
        Err(failure) => {
            // Above all then it counts what the daemon makes of it.
            print_running(context, &running)?;
            return Err(failure);
        }
    }
    Ok(Exit::Success)
}

fn to_json(status: &Standing, running: &[Value]) -> Value {
    let mut json = status.to_json();
    for projection in json["projections"].as_array_mut().into_iter().flatten() {
        projection["daemon"] = projection["name"].as_str().and_then(|name| of(running, name)).cloned().into();
    }
    json
}

fn print_all(context: &mut Context, status: &Standing, running: &[Value]) -> Result<(), Failure> {
    context.print(format_args!("log head {}", status.head.map_or(0, |head| head.position)))?;
    status.projections.iter().try_for_each(|projection| print(context, projection, of(running, &projection.record.name)))
}

/// What the daemon says of the projection of this name.
fn of<'r>(running: &'r [Value], name: &str) -> Option<&'r Value> {
    running.iter().find(|projection| projection["projection"] == name)
}

fn print(context: &mut Context, status: &ProjectionStatus, daemon: Option<&Value>) -> Result<(), Failure> {
    let record = &status.record;
    let reason = record.standing.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    context.print(format_args!("\n{}  {}{reason}", record.name, record.standing.word()))?;
    if let Some(pause) = &record.pause {
        context.print(printable(&format!("  paused {pause}")))?;
    }
    for build in &record.builds {
        let role = if Some(build.number) == record.live { "live" } else { "not live" };
        context.print(format_args!("  generation {}  position {}  {role}", build.number, build.checkpoint.position))?;
    }
    context.print(format_args!("  lag {}", shown(status.lag)))?;
    if let (Some(lag), Some(backlog)) = (status.tables_lag, record.live_build().and_then(|live| live.backlog)) {
        print_tables(context, lag, backlog, status.oldest_seconds())?;
    }
    print_counts(context, status)?;
    daemon.map_or(Ok(()), |daemon| print_daemon(context, daemon))
}

fn print_tables(context: &mut Context, lag: Lag, backlog: Backlog, oldest: f64) -> Result<(), Failure> {
    let Backlog { entries, flushed, filling, .. } = backlog;
    let oldest = if entries > 0 { format!(", the oldest for {oldest:.1} s") } else { String::new() };
    context.print(format_args!("  tables at position {flushed}, lag {}, {entries} documents wait{oldest}", shown(lag)))?;
    filling.map_or(Ok(()), |entered| context.print(format_args!("  tables are being filled, {entered} documents so far")))
}

fn shown(lag: Lag) -> String {
    format!("{} events, {:.1} s", lag.events, lag.seconds)
}

fn print_counts(context: &mut Context, status: &ProjectionStatus) -> Result<(), Failure> {
    let Some(live) = status.record.live_build() else { return Ok(()) };
    for (kind, count) in &live.dead_letters {
        context.print(format_args!("  dead letters: {count} {kind}"))?;
    }
    for (what, count) in [
        ("broken documents", live.broken_documents),
        ("parked keys", live.parked_keys),
        ("open orders", live.open_orders),
        ("pending jobs", live.pending_jobs),
    ] {
        if count > 0 {
            context.print(format_args!("  {what}: {count}"))?;
        }
    }
    Ok(())
}

/// Where nothing else is known.
fn print_running(context: &mut Context, running: &[Value]) -> Result<(), Failure> {
    for projection in running {
        let [name, position, head] = ["projection", "position", "head"].map(|field| plain(&projection[field]));
        context.print(format_args!("{name}  position {position} of {head} as the daemon has seen it"))?;
        print_daemon(context, projection)?;
    }
    Ok(())
}

fn print_daemon(context: &mut Context, daemon: &Value) -> Result<(), Failure> {
    let reason = daemon["reason"].as_str().map(|reason| format!(": {}", printable(reason))).unwrap_or_default();
    let rate = daemon["events_per_second"].as_f64().map(|rate| format!(", {rate:.0} events/s")).unwrap_or_default();
    let to_go = daemon["seconds_to_go"].as_f64().filter(|&seconds| seconds > 0.0);
    let to_go = to_go.map(|seconds| format!(", caught up in {seconds:.0} s")).unwrap_or_default();
    context.print(format_args!("  daemon: {}{rate}{to_go}{reason}", plain(&daemon["state"])))?;
    for wait in daemon["retrying"].as_array().into_iter().flatten() {
        let (port, seconds, error) = (plain(&wait["port"]), wait["seconds"].as_f64().unwrap_or(0.0), plain(&wait["error"]));
        let error = if error.is_empty() { error } else { format!(": {}", printable(&error)) };
        context.print(format_args!("  waits for the {port}, {seconds:.0} s so far{error}"))?;
    }
    Ok(())
}

/// As text without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
