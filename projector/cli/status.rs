//! `status`: how all projections stand.

use clap::Args;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use crate::status::{ProjectionStatus, Status as Standing};

/// Print positions, lag, generation and state of every projection
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let status = Standing::gather(&context.existing_stores()?)?;
        if context.form() == Form::Json {
            context.print(status.to_json())?;
            return Ok(Exit::Success);
        }
        context.print(format_args!("log head {}", status.head.map_or(0, |head| head.position)))?;
        for projection in &status.projections {
            print(context, projection)?;
        }
        Ok(Exit::Success)
    }
}

fn print(context: &mut Context, status: &ProjectionStatus) -> Result<(), Failure> {
    let (record, lag) = (&status.record, status.lag);
    let reason = record.standing.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    context.print(format_args!("\n{}  {}{reason}", record.name, record.standing.word()))?;
    for build in &record.builds {
        let role = if Some(build.number) == record.live { "live" } else { "not live" };
        context.print(format_args!("  generation {}  position {}  {role}", build.number, build.checkpoint.position))?;
    }
    context.print(format_args!("  lag {} events, {:.1} s", lag.events, lag.seconds))?;
    let Some(live) = record.live_build() else { return Ok(()) };
    if let Some(tables) = live.backlog {
        context.print(format_args!("  tables at position {}, {} documents wait", tables.flushed, tables.entries))?;
    }
    for (kind, count) in &live.dead_letters {
        context.print(format_args!("  dead letters: {count} {kind}"))?;
    }
    for (what, count) in
        [("broken documents", live.broken_documents), ("parked keys", live.parked_keys), ("pending jobs", live.pending_jobs)]
    {
        if count > 0 {
            context.print(format_args!("  {what}: {count}"))?;
        }
    }
    Ok(())
}
