//! `doctor`: whether everything is as it has to be, and what to do where it is not.

use clap::Args;
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::say::printable;
use crate::doctor::{self, Finding, Level};

/// Check configuration, log, stores and what runs, and say what to do
///
/// Exit 1 where something fails. In Redis it tries all commands that it needs, under keys of its own.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let findings = doctor::examine(&context.config()?);
        let fails = findings.iter().any(|finding| finding.level == Level::Fail);
        if context.form() == Form::Json {
            let findings: Vec<Value> = findings.iter().map(to_json).collect();
            context.print(json!({ "ok": !fails, "findings": findings }))?;
        } else {
            for Finding { subject, level, message } in &findings {
                context.print(format_args!("{:4}  {:13}  {}", level.word(), subject.word(), printable(message)))?;
            }
        }
        Ok(if fails { Exit::No } else { Exit::Success })
    }
}

fn to_json(finding: &Finding) -> Value {
    json!({ "subject": finding.subject.word(), "level": finding.level.word(), "message": finding.message })
}
