//! `schema`: compatibility of event schemas, and schemas guessed from events.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use schemas::Inference;
use schemas::compatibility::{self, Break, Compatibility};
use serde_json::{Value, json};

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::input::Input;
use super::say::say;
use crate::definitions;

/// Compare event schemas with older ones, or guess them from events
#[derive(Debug, Args)]
pub struct Schema {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check the event schemas; with --against, also that they are compatible with older ones
    Check {
        /// The folder of the older schemas
        #[arg(long, value_name = "OLD_DIR")]
        against: Option<PathBuf>,
        /// What must be possible
        #[arg(long, value_enum, default_value_t = Level::Backward)]
        compatibility: Level,
    },
    /// Guess schemas from events, one JSON a line; print them, or write them into a folder
    Infer {
        /// NDJSON files; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// Write the schemas into this folder; files that are there stay as they are
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

/// What must be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// The newer schemas read what the older allow
    Backward,
    /// The older schemas read what the newer allow
    Forward,
    /// Both
    Full,
}

impl Schema {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self.action {
            Action::Check { against, compatibility } => check(context, against.as_deref(), compatibility.into()),
            Action::Infer { files, into } => infer(context, &files, into.as_deref()),
        }
    }
}

impl From<Level> for Compatibility {
    fn from(level: Level) -> Compatibility {
        match level {
            Level::Backward => Compatibility::Backward,
            Level::Forward => Compatibility::Forward,
            Level::Full => Compatibility::Full,
        }
    }
}

fn check(context: &mut Context, against: Option<&Path>, asked: Compatibility) -> Result<Exit, Failure> {
    let newer = definitions::registry(&context.config()?.schemas)?;
    let breaks = match against {
        Some(older) => compatibility::compare(&definitions::registry(older)?, &newer, asked),
        None => Vec::new(),
    };
    for found in &breaks {
        match context.form() {
            Form::Json => context.print(to_json(found))?,
            Form::Text => context.print(found)?,
        }
    }
    if context.form() == Form::Text {
        let types = newer.event_types().count();
        context.print(format_args!("event types {types}, breaks {}", breaks.len()))?;
    }
    Ok(if breaks.is_empty() { Exit::Success } else { Exit::No })
}

fn to_json(found: &Break) -> Value {
    json!({
        "event_type": found.event_type,
        "version": found.version,
        "field": found.field,
        "rule": found.rule.to_string(),
        "message": found.message,
    })
}

fn infer(context: &mut Context, files: &[String], into: Option<&Path>) -> Result<Exit, Failure> {
    let mut inference = Inference::default();
    for path in files {
        Input::of(path).for_each_line(|number, line| {
            if let Err(violation) = inference.add(&line) {
                say(format_args!("warning: {path}:{number}: {}: {violation}", violation.kind));
            }
            Ok(())
        })?;
    }
    for file in inference.files() {
        match (into, context.form()) {
            (Some(folder), _) => write(context, &folder.join(&file.path), &file.text)?,
            (None, Form::Json) => context.print(json!({ "path": file.path, "text": file.text }))?,
            (None, Form::Text) => context.print(format_args!("// {}\n{}", file.path, file.text.trim_end()))?,
        }
    }
    Ok(Exit::Success)
}

/// Writes a file that is not there yet: a guess never replaces what somebody wrote.
fn write(context: &mut Context, path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let unwritable = |source| Failure::Unwritable { path: path.display().to_string(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    match std::fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(unwritable)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            say(format_args!("warning: {} is there already, and stays as it is", path.display()));
            return Ok(());
        }
        Err(error) => return Err(unwritable(error)),
    }
    context.print(path.display())
}
