//! `apply`: the definitions on disk, deployed.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::deploying::{Builder, GoingLive};
use super::exit::Exit;
use super::failure::Failure;
use super::operator::Operator;
use super::plan;
use super::say::say;
use crate::deploy::Proposal;
use crate::run::build::Origin;

/// Deploy the definitions on disk: build what has changed beside what is live, and cut over
///
/// What is interrupted is gone on with by the next call. Readers see what was live until the new generation has caught up.
#[derive(Debug, Args)]
pub struct Apply {
    /// What `projector plan --out` has kept: refused if the definitions or what is deployed have changed since
    file: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    going_live: GoingLive,
    #[command(flatten)]
    operator: Operator,
}

impl Apply {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let kept = self.file.as_deref().map(read).transpose()?;
        let builder = Builder::new(&context.config()?)?;
        let proposal = builder.proposal()?;
        if let Some(moved) = kept.as_ref().and_then(|kept| proposal.moved_since(kept)) {
            return Err(Failure::Refused(format!(
                "{moved} is not what it was when the plan was made: `projector plan` makes another one"
            )));
        }
        if kept.is_none() {
            plan::print(context, &proposal)?;
            context.flush()?;
        }
        if !proposal.has_changes() {
            return Ok(Exit::Success);
        }
        if kept.is_none() && !self.yes && !is_agreed()? {
            return Ok(Exit::No);
        }
        for step in proposal.projections.iter().filter(|step| step.action.is_change()) {
            let definition = builder.definition(&step.projection)?;
            let how = (Origin::LiveRows, self.going_live.then());
            let exit = builder.rebuild(context, &definition, &self.operator.by, how)?;
            if exit != Exit::Success {
                return Ok(exit);
            }
        }
        Ok(Exit::Success)
    }
}

fn read(path: &Path) -> Result<Proposal, Failure> {
    let shown = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: shown(), source })?;
    let foreign = |error| Failure::Refused(format!("{} was not made by `projector plan --out`: {error}", shown()));
    serde_json::from_str(&text).map_err(foreign)
}

fn is_agreed() -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Refused(
            "nobody is there to ask: --yes goes on without, and so does a file of `projector plan --out`".to_owned(),
        ));
    }
    say("Do this? [y/N]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
