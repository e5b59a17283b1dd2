//! `compare`: the documents of two generations.

use clap::Args;
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::say::printable;
use crate::compare::{Counts, Pair};
use crate::deploy::record_of;
use crate::verify::{Difference, Mismatch};

/// Compare the documents of two generations of a projection, field by field
///
/// Of what somebody holds (apply --hold), and what is live. They may be at different positions: what has changed since the smaller one is counted,
/// and not compared. Exit 1 where anything differs.
#[derive(Debug, Args)]
pub struct Compare {
    /// The projection
    projection: String,
    /// The number of a generation
    old: u64,
    /// The number of the one to compare it with
    new: u64,
    /// Print at most so many documents that differ; all are counted
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u64,
}

impl Compare {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let record = record_of(&*stores.builds, &self.projection)?;
        let record = record.ok_or_else(|| Failure::Refused(format!("there is no projection {}", self.projection)))?;
        let missing = |number| Failure::Refused(format!("there is no generation {number} of {}", self.projection));
        let pair = Pair::of(&record, self.old, self.new).map_err(missing)?;
        let (mut left, mut printed) = (self.limit, Ok(()));
        let mut print = |difference: &Difference| {
            if left > 0 && printed.is_ok() {
                left -= 1;
                printed = self.show(context, difference);
            }
        };
        let counts = pair.compare(&stores, &mut print)?;
        printed?;
        counts.iter().try_for_each(|counts| self.sum_up(context, counts))?;
        let is_same = counts.iter().all(|counts| counts.differences == 0 && counts.old.is_some() == counts.new.is_some());
        Ok(if is_same { Exit::Success } else { Exit::No })
    }

    fn show(&self, context: &mut Context, difference: &Difference) -> Result<(), Failure> {
        let Difference { view, key, mismatch } = difference;
        let (old, new) = (self.old, self.new);
        if context.form() == Form::Json {
            return context.print(to_json(difference));
        }
        context.print(printable(&format!("{view} {key}")))?;
        match mismatch {
            Mismatch::Missing(text) => context.print(printable(&format!("  only in {new}: {text}"))),
            Mismatch::Surplus(text) => context.print(printable(&format!("  only in {old}: {text}"))),
            Mismatch::Fields(fields) => fields.iter().try_for_each(|(field, one, other)| {
                context.print(printable(&format!("  {field}: {one} in {old}, {other} in {new}")))
            }),
        }
    }

    fn sum_up(&self, context: &mut Context, counts: &Counts) -> Result<(), Failure> {
        let Counts { view, old, new, differences, moved } = counts;
        if context.form() == Form::Json {
            return context.print(json!({ "view": view, "old": old, "new": new, "differences": differences, "moved": moved }));
        }
        let documents = |count: &Option<u64>, number| match count {
            Some(count) => format!("{count} documents in {number}"),
            None => format!("no such view in {number}"),
        };
        let moved = if *moved > 0 { format!(", {moved} have changed meanwhile") } else { String::new() };
        let (old, new) = (documents(old, self.old), documents(new, self.new));
        context.print(printable(&format!("{view}: {old}, {new}: {differences} differ{moved}")))
    }
}

fn to_json(Difference { view, key, mismatch }: &Difference) -> Value {
    match mismatch {
        Mismatch::Missing(text) => json!({ "view": view, "key": key, "only_new": text }),
        Mismatch::Surplus(text) => json!({ "view": view, "key": key, "only_old": text }),
        Mismatch::Fields(fields) => {
            let fields = fields.iter().map(|(name, old, new)| json!({ "field": name, "old": old, "new": new }));
            json!({ "view": view, "key": key, "fields": fields.collect::<Value>() })
        }
    }
}
