//! `top`: how all projections go, again and again.

mod frame;
mod screen;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::neighbour;
use super::rounds::{Rounds, every};
use crate::clock;
use crate::config::Config;
use crate::fault::chain;
use crate::status::Status;
use crate::stores::Stores;
use screen::Screen;

/// Show how all projections go, again and again, until Ctrl-C
///
/// As the daemon says that answers at http.listen, or, where none does, as it is stored. In a pipe a line for each projection and round.
#[derive(Debug, Args)]
pub struct Top {
    /// How often
    #[arg(long, default_value = "1s", value_parser = every, value_name = "DURATION")]
    every: Duration,
    /// End after so many rounds
    #[arg(long, value_name = "COUNT")]
    rounds: Option<u64>,
    /// A file with a token that the daemon knows, where it asks for one
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Top {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let (config, token) = (context.config()?, self.token()?);
        let mut rounds = Rounds::new(self.every, self.rounds)?;
        let mut screen = Screen::open(context.form());
        // What has been seen once is waited for; what has never been there is a mistake.
        let mut seen = look(&config, token.as_deref())?;
        loop {
            show(context, screen.as_mut(), &seen)?;
            if !rounds.goes_on() {
                return Ok(Exit::Success);
            }
            seen = look(&config, token.as_deref()).unwrap_or_else(|failure| unknown(&seen, &failure));
        }
    }

    fn token(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let unreadable = |source| Failure::Unreadable { path: path.display().to_string(), source };
        Ok(Some(fs::read_to_string(path).map_err(unreadable)?.trim().to_owned()))
    }
}

fn look(config: &Config, token: Option<&str>) -> Result<Value, Failure> {
    let told = config.http.address().and_then(|address| neighbour::overview(address, token));
    if let Some(told) = told {
        return Ok(told);
    }
    let mut stored = Status::gather(&Stores::open_existing(config)?)?.to_json();
    stored["now"] = clock::shown(clock::now_micros()).into();
    Ok(stored)
}

/// What was seen last, and why nothing newer is.
fn unknown(before: &Value, failure: &Failure) -> Value {
    let mut json = before.clone();
    json["error"] = chain(failure).into();
    json
}

fn show(context: &mut Context, screen: Option<&mut Screen>, seen: &Value) -> Result<(), Failure> {
    match (context.form(), screen) {
        (_, Some(screen)) => screen.draw(&frame::table(seen))?,
        (Form::Json, None) => context.print(frame::without_trails(seen))?,
        (Form::Text, None) => frame::lines(seen).iter().try_for_each(|line| context.print(line))?,
    }
    context.flush()
}
