//! `demo`: the daemon with the shop, and services that publish events to it.

use std::env;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use projections::codec::print_key;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use super::progress::Progress;
use super::run::{Daemon, Port};
use super::say::say;
use super::telemetry;
use crate::config::{Config, LogPlace, StatePlace, Telemetry};
use crate::definitions::{self, Definitions, Unusable};
use crate::demo::{Generated, Shop};
use crate::fault::Fault;
use crate::log::{EventLog, NewEvent};
use crate::run::{Board, Goal, StopFlag, until_available};
use crate::stores::Stores;
use crate::tables::Request;

/// The projection that is shown.
const PROJECTION: &str = "shop";
/// The view whose documents the printed lines read.
const VIEW: &str = "order_overview";
/// The same events each time, so that a second demo goes on where the first one ended.
const SEED: u64 = 7;
/// How often events are published: as if they came one by one, to the eye.
const TICK: Duration = Duration::from_millis(50);
/// Events published at once at most, however far behind its rate it is.
const AT_ONCE: usize = 50_000;
/// What to do where the demo cannot run.
const ELSEWHERE: &str = "run it in an empty folder";
/// How often progress is shown.
const PERIOD: Duration = Duration::from_millis(500);
/// How often a line is written where there is no terminal.
const LINE_PERIOD: Duration = Duration::from_secs(5);

/// Run the shop: the daemon, and services that publish events to it
#[derive(Debug, Args)]
pub struct Demo {
    /// Events published each second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: u64,
    /// Print so many events, one a line, and do nothing else
    #[arg(long, value_name = "COUNT")]
    print: Option<usize>,
}

impl Demo {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        if let Some(count) = self.print {
            return print(context, count);
        }
        let config = context.config()?;
        refuse_servers(&config)?;
        // Progress is shown instead of log lines.
        telemetry::start(&Telemetry { filter: "warn".to_owned(), ..config.telemetry.clone() });
        let definitions = definitions(&config)?;
        let mut daemon = Daemon::new(config, definitions)?;
        let stores = daemon.supervisor.stores.clone();
        let events = resume(&*stores.log)?;
        let address = daemon.listen(context, Port::FreeIfTaken)?;
        let (board, stop) = (daemon.supervisor.board.clone(), daemon.supervisor.stop.clone());
        let publisher = thread::spawn({
            let (log, stop) = (stores.log.clone(), stop.clone());
            // Without events, or without a word, there is nothing to see: then the demo ends, and says why.
            move || publish(&*log, events, self.rate, &stop).inspect_err(|_| stop.raise())
        });
        let form = context.form();
        let watcher = thread::spawn(move || watch(&stores, &board, &stop, address, form).inspect_err(|_| stop.raise()));
        let exit = daemon.run(Goal::Follow, Progress::Silent);
        for thread in [publisher, watcher] {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        exit
    }
}

/// The shop as its files are now, where they are at hand, or as it was when the program was built.
fn definitions(config: &Config) -> Result<Definitions, Unusable> {
    if !config.projections.join(PROJECTION).is_dir() {
        return definitions::built_in_shop();
    }
    let mut definitions = definitions::load(config)?;
    definitions.projections.retain(|projection| projection.plan.name == PROJECTION);
    if definitions.projections.is_empty() { definitions::built_in_shop() } else { Ok(definitions) }
}

fn print(context: &mut Context, count: usize) -> Result<Exit, Failure> {
    for event in Shop::new(SEED).take(count) {
        context.print(String::from_utf8_lossy(&event.bytes))?;
    }
    Ok(Exit::Success)
}

/// What the demo makes up must not get among the events of others.
fn refuse_servers(config: &Config) -> Result<(), Failure> {
    match (&config.log, &config.state) {
        (LogPlace::Embedded(_), StatePlace::Embedded(_)) => Ok(()),
        _ => Err(Failure::Refused(format!(
            "the demo publishes orders that nobody placed, and does so into no server: {ELSEWHERE}, where log and state are embedded"
        ))),
    }
}

/// The events that follow those that an earlier demo has published to the log.
fn resume(log: &dyn EventLog) -> Result<Shop, Failure> {
    let mut events = Shop::new(SEED);
    let Some(head) = log.head()? else { return Ok(events) };
    let expected = usize::try_from(head.position - 1).ok().and_then(|before| events.nth(before));
    let found = log.fetch(head.position)?;
    if found.as_ref().map(|event| &*event.data) == expected.as_ref().map(|event| &*event.bytes) {
        return Ok(events);
    }
    Err(Failure::Refused(format!("the log holds events that are not the demo's, which would get among them: {ELSEWHERE}")))
}

/// Publishes events at this rate until the flag is raised.
fn publish(log: &dyn EventLog, mut events: Shop, rate: u64, stop: &StopFlag) -> Result<(), Fault> {
    let (start, mut published) = (Instant::now(), 0);
    while !stop.is_up() {
        let batch: Vec<Generated> = events.by_ref().take(due(rate, start.elapsed(), published)).collect();
        let new: Vec<_> = batch.iter().map(|event| NewEvent { subject: None, data: &event.bytes }).collect();
        if !new.is_empty() {
            until_available(stop, || log.publish(&new))?;
        }
        published += batch.len();
        thread::sleep(TICK);
    }
    Ok(())
}

/// How many events to publish now, so that there are `rate` each second.
fn due(rate: u64, elapsed: Duration, published: usize) -> usize {
    let due = u128::from(rate) * elapsed.as_millis() / 1000;
    usize::try_from(due).unwrap_or(usize::MAX).saturating_sub(published).min(AT_ONCE)
}

/// Shows how far the projection is, and, as soon as there is a document, how to read it.
fn watch(stores: &Stores, board: &Arc<Board>, stop: &StopFlag, address: Option<SocketAddr>, form: Form) -> Result<(), Fault> {
    let style = ProgressStyle::with_template("{spinner} {msg}");
    let is_terminal = io::stderr().is_terminal();
    let bar = if form == Form::Text && is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let mut last_line = None;
    let mut has_told = false;
    while !stop.is_up() {
        thread::sleep(PERIOD);
        let head = until_available(stop, || stores.log.head())?.map_or(0, |head| head.position);
        if let Some((_, now)) = board.all().into_iter().find(|(name, _)| name == PROJECTION) {
            let lag = head.saturating_sub(now.position);
            let message = format!("{head} events published, {} applied, lag {lag}", now.position);
            if form == Form::Text && !is_terminal && last_line.is_none_or(|at: Instant| at.elapsed() >= LINE_PERIOD) {
                say(&message);
                last_line = Some(Instant::now());
            }
            bar.set_message(message);
            bar.tick();
        }
        if !has_told && let Some(key) = until_available(stop, || first_key(stores))? {
            has_told = true;
            bar.suspend(|| say(lines(&key, address)));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// The key of a document that there is.
fn first_key(stores: &Stores) -> Result<Option<String>, Fault> {
    let views = stores.views.views()?;
    let Some(view) = views.iter().find(|view| view.projection == PROJECTION && view.spec.name == VIEW) else { return Ok(None) };
    let Ok(list) = (Request { limit: 1, ..Request::default() }).resolve(&view.spec) else { return Ok(None) };
    let Ok(lists) = stores.lists() else { return Ok(None) };
    let page = lists.select(view, &list)?.value;
    Ok(page.documents.first().and_then(|document| print_key(&document.key).ok()))
}

/// What to type to read views.
fn lines(key: &str, address: Option<SocketAddr>) -> String {
    let program = env::args().next().unwrap_or_else(|| "projector".to_owned());
    let mut text = format!(
        "\nRead a view, in another terminal:\n\n  {program} get {VIEW} {key}\n  {program} query {VIEW} --limit 3\n  {program} status\n"
    );
    if let Some(address) = address {
        text += &format!("\nOr look at it in a browser:\n\n  http://{address}/\n");
        text += &format!(
            "\n  curl -s http://{address}/v1/views/{VIEW}/{key}\n  curl -s 'http://{address}/v1/views/{VIEW}?limit=3'\n"
        );
    }
    text + "\nEnd with Ctrl-C.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept() {
        let after = |millis: u64| Duration::from_millis(millis);
        assert_eq!(due(30, after(50), 0), 1);
        assert_eq!(due(30, after(60), 1), 0);
        assert_eq!(due(30, after(1000), 1), 29);
        assert_eq!(due(30, after(1050), 30), 1);
    }
}
