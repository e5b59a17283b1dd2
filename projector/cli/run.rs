//! `run`: the daemon.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::check::warn_of_none;
use super::context::Context;
use super::deploying::deployed;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::{self, Progress};
use super::say::say;
use super::signals;
use super::telemetry;
use crate::config::{Config, Http, HttpPlace};
use crate::definitions::{self, Definitions};
use crate::deploy::{Mode, propose};
use crate::fault::chain;
use crate::intake::Intake;
use crate::operate::{Plant, Workshop};
use crate::query::{self, Api, Guard, Server};
use crate::run::{Definition, Goal, Observer, Outcome, StopFlag, Supervisor, run_all, until_available};
use crate::stores::Stores;

/// Threads that answer requests: they wait more than they work.
const HTTP_THREADS: usize = 2;
/// Threads that read from the stores for requests.
const READING_THREADS: usize = 12;
/// How long requests that are under way may keep the end waiting: less than an orchestrator waits before it kills.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Apply events to views, and answer over HTTP
#[derive(Debug, Args)]
pub struct Run {
    /// Stop when all events are applied that the log has now; do not answer over HTTP
    #[arg(long)]
    until_caught_up: bool,
}

/// A daemon, ready to run.
pub struct Daemon {
    /// The configuration.
    pub config: Config,
    /// What to run.
    pub definitions: Definitions,
    /// Runs it.
    pub supervisor: Supervisor,
    runtime: Runtime,
    server: Option<JoinHandle<()>>,
    observer: Option<Observer>,
    workshop: Arc<Workshop>,
}

/// Which port to answer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The one that is configured.
    Configured,
    /// The one that is configured, or a free one if somebody has it.
    FreeIfTaken,
}

impl Run {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        telemetry::start(&config.telemetry);
        let definitions = definitions::load(&config)?;
        warn_of_none(&definitions, &config);
        let mut daemon = Daemon::new(config, definitions)?;
        daemon.require_deployed()?;
        let goal = if self.until_caught_up {
            Goal::CatchUp
        } else {
            daemon.listen(context, Port::Configured)?;
            Goal::Follow
        };
        daemon.run(goal, progress::of(goal, context.form()))
    }
}

// === impl Daemon ===

impl Daemon {
    /// Opens the stores, and listens to the signals that end the process.
    pub fn new(config: Config, definitions: Definitions) -> Result<Daemon, Failure> {
        let stores = Stores::open(&config)?;
        let deploying = config.deploying(definitions.mapping);
        let (board, stop) = (Arc::default(), Arc::default());
        let supervisor = Supervisor { stores, limits: config.run, deploying, board, stop };
        for projection in &definitions.projections {
            // Whoever asks before it runs hears that it is starting.
            supervisor.board.place(&projection.plan.name);
        }
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(HTTP_THREADS)
            .max_blocking_threads(READING_THREADS)
            .enable_all()
            .build()
            .map_err(Failure::NoThreads)?;
        signals::raise_at_end(&runtime, supervisor.stop.clone());
        let workshop = Arc::new(Workshop::new(plant(&supervisor)));
        Ok(Daemon { config, definitions, supervisor, runtime, server: None, observer: None, workshop })
    }

    /// Where a person deploys, nothing is run while there is something to deploy: what the files say would not be what readers see.
    fn require_deployed(&self) -> Result<(), Failure> {
        let Supervisor { stores, stop, deploying, .. } = &self.supervisor;
        if deploying.mode == Mode::ByItself {
            return Ok(());
        }
        let deployed = until_available(stop, || deployed(&*stores.builds))?;
        // What it would take is not asked.
        let proposal = propose(&self.definitions, &deployed, 0);
        let changed: Vec<&str> = proposal.changed().collect();
        if changed.is_empty() {
            return Ok(());
        }
        Err(Failure::Refused(format!(
            "not deployed as on disk: {}; `projector plan` shows what would change, `projector apply` does it, and deploy.mode = \"by-itself\" lets \
             `run` do it",
            changed.join(", ")
        )))
    }

    /// Starts to answer over HTTP, and prints where.
    pub fn listen(&mut self, context: &mut Context, port: Port) -> Result<Option<SocketAddr>, Failure> {
        let Http::Listen(place) = self.config.http.clone() else { return Ok(None) };
        let address = place.address;
        let bind = |address| self.runtime.block_on(TcpListener::bind(address));
        let bound = match (bind(address), port) {
            (Err(error), Port::FreeIfTaken) if error.kind() == io::ErrorKind::AddrInUse => bind(SocketAddr::new(address.ip(), 0)),
            (bound, _) => bound,
        };
        let cannot_listen = |error| {
            let advice = "http.listen names another address, port 0 takes a free one";
            Failure::Refused(format!("cannot listen on {address}: {error}; {advice}"))
        };
        let listener = bound.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        self.observer = Some(Observer::start(self.supervisor.stores.clone(), self.supervisor.board.clone()));
        let scheme = if place.identity.is_some() { "https" } else { "http" };
        self.server = Some(self.serve(listener, place)?);
        context.print(format_args!("listening on {scheme}://{address}"))?;
        context.flush()?;
        Ok(Some(address))
    }

    fn serve(&self, listener: TcpListener, place: HttpPlace) -> Result<JoinHandle<()>, Failure> {
        let Supervisor { stores, board, stop, limits, .. } = &self.supervisor;
        let intake = Arc::new(Intake::new(self.definitions.registry.clone()));
        let ending = ending(stop);
        let api = Api::new(stores.clone(), board.clone(), intake, self.workshop.clone(), limits.stall_after, ending.clone());
        let acceptor = place.identity.map(|(certificate, key)| query::acceptor(&certificate, &key)).transpose()?;
        let server = Server { listener, acceptor, connections: place.limits.connections };
        let routes = query::router(api, Guard::new(place.access, place.limits.requests_per_second));
        Ok(self.runtime.spawn(server.serve(routes, ended(ending))))
    }

    /// Runs all projections to their end.
    pub fn run(self, goal: Goal, progress: Progress) -> Result<Exit, Failure> {
        let definitions: Vec<Definition> = self.definitions.all();
        let watching = progress.watch(self.supervisor.board.clone());
        let outcomes = run_all(&self.supervisor, &definitions, goal);
        watching.finish();
        self.supervisor.stop.raise();
        self.workshop.finish();
        self.finish_answers();
        judge(outcomes)
    }

    /// Lets requests that are under way come to their answers, within reason. To be called once the flag is up.
    fn finish_answers(self) {
        if let Some(server) = self.server {
            let finished = self.runtime.block_on(async { tokio::time::timeout(LAST_ANSWERS, server).await });
            if finished.is_err() {
                tracing::warn!("requests that took longer than {LAST_ANSWERS:?} are cut off");
            }
        }
        // A store that does not answer keeps its thread, and must not keep the process.
        self.runtime.shutdown_background();
    }
}

/// What the daemon works with, for what operators have it build.
fn plant(supervisor: &Supervisor) -> Plant {
    let Supervisor { stores, limits, deploying, board, stop } = supervisor;
    let (limits, deploying) = (*limits, deploying.clone());
    Plant { stores: stores.clone(), limits, deploying, board: board.clone(), stop: stop.clone() }
}

/// True once the flag is raised.
fn ending(stop: &Arc<StopFlag>) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    // The flag lives as long as the process, and so may what listens to it.
    stop.listen(move || {
        sender.send_replace(true);
    })
    .forever();
    receiver
}

async fn ended(mut ending: watch::Receiver<bool>) {
    // An error is a flag that is gone, with the process.
    let _ = ending.wait_for(|is_ending| *is_ending).await;
}

/// All that halted are told; the first decides.
fn judge(outcomes: Vec<Outcome>) -> Result<Exit, Failure> {
    let mut failures =
        outcomes.into_iter().filter_map(|Outcome { projection, halt }| Some(Failure::Halted { projection, source: halt? }));
    let Some(first) = failures.next() else { return Ok(Exit::Success) };
    for other in failures {
        say(format_args!("error: {}", chain(&other)));
    }
    Err(first)
}
