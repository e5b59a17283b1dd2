//! `test`: the tests beside the definitions.

use clap::Args;
use projections::definition::testing::{Test as Case, load_tests, run_test};
use schemas::Diagnostic;
use serde_json::json;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use crate::definitions::{self, Definitions, Projection};

/// Run the tests beside the definitions, also in other interleavings of the services' events
#[derive(Debug, Args)]
pub struct Test {
    /// Run only tests with this in `projection: name`
    filter: Option<String>,
}

impl Test {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let definitions = definitions::load(&context.config()?)?;
        let filter = self.filter.unwrap_or_default();
        let (mut passed, mut failed) = (0, 0);
        for (projection, cases) in load(&definitions)? {
            for case in cases.iter().filter(|case| title(projection, case).contains(&filter)) {
                let count = if run(context, &definitions, projection, case)? { &mut passed } else { &mut failed };
                *count += 1;
            }
        }
        if context.form() == Form::Text {
            context.print(format_args!("passed {passed}, failed {failed}"))?;
        }
        Ok(if failed == 0 { Exit::Success } else { Exit::No })
    }
}

/// All tests, by projection; the mistakes in them all at once.
pub fn load(definitions: &Definitions) -> Result<Vec<(&Projection, Vec<Case>)>, Failure> {
    let (mut loaded, mut mistakes): (Vec<_>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for projection in &definitions.projections {
        match load_tests(&projection.folder, &projection.files, &projection.plan, &definitions.registry) {
            Ok(cases) => loaded.push((projection, cases)),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() {
        return Ok(loaded);
    }
    let sources = definitions.projections.iter().flat_map(|projection| projection.files.iter().cloned()).collect();
    Err(Failure::Mistakes { mistakes, sources, exit: Exit::No })
}

/// Runs a test and prints what came of it; whether it passed.
fn run(context: &mut Context, definitions: &Definitions, projection: &Projection, case: &Case) -> Result<bool, Failure> {
    let outcome = run_test(case, &projection.plan, &definitions.registry)
        .map_err(|corrupt| Failure::Refused(format!("{}: {corrupt}", title(projection, case))))?;
    let (title, has_passed) = (title(projection, case), outcome.failures.is_empty());
    match context.form() {
        Form::Json => context.print(json!({
            "projection": projection.plan.name,
            "test": case.name,
            "path": case.path,
            "orders": outcome.orders,
            "failures": outcome.failures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?,
        Form::Text if has_passed => context.print(format_args!("ok    {title} (orders {})", outcome.orders))?,
        Form::Text => {
            context.print(format_args!("FAIL  {title}"))?;
            for failure in &outcome.failures {
                context.print(format_args!("  {}", failure.to_string().replace('\n', "\n  ")))?;
            }
        }
    }
    Ok(has_passed)
}

fn title(projection: &Projection, case: &Case) -> String {
    format!("{}: {}", projection.plan.name, case.name)
}
