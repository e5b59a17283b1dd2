//! `publish`: events into the log.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use schemas::Violation;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::input::Input;
use super::say::{printable, say};
use crate::config::Config;
use crate::definitions;
use crate::fault::chain;
use crate::intake::Intake;
use crate::log::{EventLog, NewEvent};
use crate::stores::Stores;

/// Events appended at once: enough that the disk is not what takes the time.
const BATCH_EVENTS: usize = 2000;
/// Bytes appended at once, so that large events do not fill the memory.
const BATCH_BYTES: usize = 8 << 20;

/// How many bad lines are told one by one.
const TOLD: u64 = 20;

/// Append CloudEvents, one JSON a line, to the log; print the last position
///
/// Whatever a line holds is appended, as other publishers would; of a line that projections will refuse a warning says so.
#[derive(Debug, Args)]
pub struct Publish {
    /// NDJSON files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Append nothing, and exit 1, where there is a line that projections will refuse; what is no regular file is then read whole first
    #[arg(long)]
    strict: bool,
}

impl Publish {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut judge = Judge::new(&config);
        let inputs = if self.strict {
            inspected(&self.files, &mut judge)?
        } else {
            self.files.iter().map(|path| Input::of(path)).collect()
        };
        if judge.refused > 0 {
            judge.summarize("nothing was published");
            return Ok(Exit::No);
        }
        let stores = Stores::open(&config)?;
        // Before anything is read: the log answers, and can be relied on.
        stores.log.state()?;
        let mut appender = Appender { log: &*stores.log, lines: Vec::new(), bytes: 0, count: 0, last: None };
        for input in inputs {
            let name = input.name().to_owned();
            input.for_each_line(|number, line| {
                if !self.strict {
                    judge.judge(&name, number, &line);
                }
                appender.add(line)
            })?;
        }
        appender.flush()?;
        judge.summarize("published all the same");
        let (last, count) = (appender.last, appender.count);
        match (context.form(), last) {
            (Form::Json, _) => {
                context.print(json!({ "position": last, "published": count, "will_be_dead_letters": judge.refused }))?;
            }
            (Form::Text, Some(last)) => context.print(last)?,
            (Form::Text, None) => {}
        }
        Ok(Exit::Success)
    }
}

/// The inputs, after all their lines were judged.
fn inspected<'p>(paths: &'p [String], judge: &mut Judge) -> Result<Vec<Input<'p>>, Failure> {
    let inspect = |path: &'p String| {
        let input = Input::of(path).repeatable()?;
        input.clone().for_each_line(|number, line| {
            judge.judge(path, number, &line);
            Ok(())
        })?;
        Ok(input)
    };
    paths.iter().map(inspect).collect()
}

/// Judges lines, and tells of those that projections will refuse.
struct Judge {
    /// `None` where the schemas themselves have mistakes: then nothing can be said.
    intake: Option<Intake>,
    refused: u64,
}

// === impl Judge ===

impl Judge {
    fn new(config: &Config) -> Judge {
        let intake = match definitions::registry(&config.schemas) {
            Ok(registry) => Some(Intake::new(Arc::new(registry))),
            Err(unusable) => {
                say(format_args!("warning: lines are not checked: {}; see `projector check`", chain(&unusable)));
                None
            }
        };
        Judge { intake, refused: 0 }
    }

    fn judge(&mut self, path: &str, number: u64, line: &[u8]) {
        let Some(Err(Violation { kind, reason })) = self.intake.as_ref().map(|intake| intake.judge(line)) else { return };
        self.refused += 1;
        if self.refused <= TOLD {
            say(printable(&format!("warning: {path}:{number}: {kind}: {reason}")));
        }
    }

    fn summarize(&self, what_became: &str) {
        if self.refused > 0 {
            let lines = if self.refused == 1 { "line" } else { "lines" };
            say(format_args!("warning: {} {lines} will be refused by projections; {what_became}", self.refused));
        }
    }
}

/// Collects lines and appends them in batches.
struct Appender<'l> {
    log: &'l dyn EventLog,
    lines: Vec<Vec<u8>>,
    bytes: usize,
    count: u64,
    last: Option<u64>,
}

// === impl Appender ===

impl Appender<'_> {
    fn add(&mut self, line: Vec<u8>) -> Result<(), Failure> {
        self.bytes += line.len();
        self.lines.push(line);
        if self.lines.len() >= BATCH_EVENTS || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let events: Vec<NewEvent<'_>> = self.lines.iter().map(|line| NewEvent { subject: None, data: line }).collect();
        self.last = Some(*self.log.publish(&events)?.end());
        self.count += self.lines.len() as u64;
        self.lines.clear();
        self.bytes = 0;
        Ok(())
    }
}
