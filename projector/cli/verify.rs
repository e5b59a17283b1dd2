//! `verify`: the log folded afresh, and every document compared with the stored one.

use clap::Args;
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::signals::Listening;
use super::telemetry;
use crate::deploy::recall_live;
use crate::log::Mapping;
use crate::run::Waits;
use crate::stores::Stores;
use crate::token;
use crate::verify::{Difference, Mismatch, Verification};

/// Fold the log afresh and compare every document of a projection with the stored one
///
/// By the definitions that are live. The projection may run on meanwhile. What is folded goes into a file in deploy.folder, within deploy.memory, which is
/// removed at the end. Exit 1 where anything differs.
#[derive(Debug, Args)]
pub struct Verify {
    /// The projection
    projection: String,
}

impl Verify {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        telemetry::start(&config.telemetry);
        let stores = Stores::open_existing(&config)?;
        let mapping = config.log.mapping().map_or(0, Mapping::fingerprint);
        let definition = recall_live(&*stores.builds, &self.projection, mapping)?;
        let listening = Listening::start()?;
        let form = context.form();
        let mut printed = Ok(());
        let mut print = |difference: &Difference| {
            if printed.is_ok() {
                printed = show(context, form, difference);
            }
        };
        let verification = Verification {
            stores: &stores,
            definition: &definition,
            file: config.making_folder.join(format!("{}.{}.verify.db", self.projection, token::unique())),
            memory: config.making_memory,
            limits: config.run,
            stop: &listening.stop,
            waits: &Waits::default(),
        };
        let report = verification.run(&mut print);
        printed?;
        let report = report?;
        match form {
            Form::Json => context.print(json!({
                "position": report.position, "documents": report.documents, "differences": report.differences
            }))?,
            Form::Text => context.print(format_args!(
                "{} documents compared at position {}: {} differ",
                report.documents, report.position, report.differences
            ))?,
        }
        Ok(if report.differences == 0 { Exit::Success } else { Exit::No })
    }
}

fn show(context: &mut Context, form: Form, difference: &Difference) -> Result<(), Failure> {
    let Difference { view, key, mismatch } = difference;
    if form == Form::Json {
        return context.print(to_json(difference));
    }
    context.print(format_args!("{view} {key}"))?;
    match mismatch {
        Mismatch::Missing(fresh) => context.print(format_args!("  is missing: {fresh}")),
        Mismatch::Surplus(stored) => context.print(format_args!("  should not be there: {stored}")),
        Mismatch::Fields(fields) => {
            for (field, stored, fresh) in fields {
                context.print(format_args!("  {field}: stored {stored}, should be {fresh}"))?;
            }
            Ok(())
        }
    }
}

fn to_json(difference: &Difference) -> Value {
    let mut value = json!({ "view": difference.view, "key": difference.key });
    match &difference.mismatch {
        Mismatch::Missing(fresh) => value["missing"] = json!(fresh),
        Mismatch::Surplus(stored) => value["surplus"] = json!(stored),
        Mismatch::Fields(fields) => {
            let fields = fields.iter().map(|(name, stored, fresh)| json!({ "field": name, "stored": stored, "fresh": fresh }));
            value["fields"] = fields.collect();
        }
    }
    value
}
