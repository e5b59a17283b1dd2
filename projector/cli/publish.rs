//! `publish`: events into the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use clap::Args;
use serde_json::json;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use crate::log::{EventLog, NewEvent};

/// Events appended at once: enough that the disk is not what takes the time.
const BATCH_EVENTS: usize = 2000;
/// Bytes appended at once, so that large events do not fill the memory.
const BATCH_BYTES: usize = 8 << 20;

/// Append CloudEvents, one JSON a line, to the log; print the last position
///
/// Whatever a line holds is appended, for other publishers do so too; a line that projections will refuse is warned about.
#[derive(Debug, Args)]
pub struct Publish {
    /// NDJSON files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

impl Publish {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.stores()?;
        let mut appender = Appender { log: &*stores.log, lines: Vec::new(), bytes: 0, count: 0, last: None };
        for path in &self.files {
            for_each_line(path, |line| appender.add(line))?;
        }
        appender.flush()?;
        let (last, count) = (appender.last, appender.count);
        match (context.form(), last) {
            (Form::Json, _) => context.print(json!({ "position": last, "published": count }))?,
            (Form::Text, Some(last)) => context.print(last)?,
            (Form::Text, None) => {}
        }
        Ok(Exit::Success)
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

/// Hands each line that is not blank to `each`, as bytes: a line need not be UTF-8 to be an event, if a refused one.
fn for_each_line(path: &str, mut each: impl FnMut(Vec<u8>) -> Result<(), Failure>) -> Result<(), Failure> {
    let unreadable = |source| Failure::Unreadable { path: path.to_owned(), source };
    let mut reader: Box<dyn BufRead> = match path {
        "-" => Box::new(BufReader::new(io::stdin())),
        path => Box::new(BufReader::new(File::open(path).map_err(unreadable)?)),
    };
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            return Ok(());
        }
        line.truncate(line.trim_ascii_end().len());
        if !line.is_empty() {
            each(line)?;
        }
    }
}
