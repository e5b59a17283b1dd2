//! Everything that can break: servers, the connections to them, and the daemons.

use std::thread;
use std::time::{Duration, Instant};

use projector::demo::Random;
use projector::state::Build;
use projector::stores::Stores;

use super::owners::Owners;
use super::plan::{Break, Fault, Target};
use super::publisher::Publisher;
use crate::folder::Folder;
use crate::process::Server;
use crate::proxy::{Cut, Proxy};
use crate::{clickhouse, nats, redis};

/// Longer than anybody waits for an answer.
const STANDSTILL: Duration = Duration::from_secs(16);
/// Longer than anybody waits for rows to be written.
const STANDSTILL_OF_TABLES: Duration = Duration::from_secs(31);
/// Who has not recovered by then never will.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at how far a daemon is.
const GLANCE: Duration = Duration::from_millis(10);
/// A fault comes within so many microseconds.
const LONGEST_WAIT: usize = 400_000;
/// Ends every transaction that moves the checkpoint.
const COMMIT: &[u8] = b"\r\nEXEC\r\n";
/// In every request that writes rows.
const ROWS: &[u8] = b"INSERT";

/// Servers and the connections to them.
pub struct Servers {
    log: Server,
    state: Server,
    tables: Server,
    to_log: Proxy,
    to_state: Proxy,
    to_tables: Proxy,
}

/// A world in which things break.
pub struct World<'w> {
    servers: &'w mut Servers,
    owners: Owners<'w>,
    /// Past the connections that break.
    stores: Stores,
    publisher: Publisher,
    random: Random,
}

// === impl Servers ===

impl Servers {
    /// Starts them.
    pub fn start() -> Servers {
        let (log, state, tables) = (nats::start(), redis::start(), clickhouse::start());
        let [to_log, to_state, to_tables] = [&log, &state, &tables].map(|server| Proxy::start(server.port()));
        Servers { log, state, tables, to_log, to_state, to_tables }
    }

    /// A folder whose daemons use the connections that break.
    pub fn folder(&self) -> Folder {
        let [log, state, tables] = [&self.to_log, &self.to_state, &self.to_tables].map(Proxy::port);
        Folder::on_all([
            &format!("nats://127.0.0.1:{log}"),
            &format!("redis://127.0.0.1:{state}/0"),
            &format!("http://127.0.0.1:{tables}/shop"),
        ])
    }

    /// A folder whose commands use connections that do not break.
    pub fn sound_folder(&self) -> Folder {
        Folder::on_all([&nats::url(&self.log), &redis::url(&self.state), &clickhouse::url(&self.tables)])
    }

    fn server(&mut self, target: Target) -> Option<&mut Server> {
        match target {
            Target::Owner => None,
            Target::Log => Some(&mut self.log),
            Target::State => Some(&mut self.state),
            Target::Tables => Some(&mut self.tables),
        }
    }
}

// === impl World ===

impl<'w> World<'w> {
    /// A daemon folds what a publisher publishes.
    pub fn start(servers: &'w mut Servers, folder: &'w Folder, sound: &Folder, seed: u64) -> World<'w> {
        let (publisher, owners) = (Publisher::start(sound.stores().log, seed), Owners::start(folder));
        World { owners, servers, stores: sound.stores(), publisher, random: Random::new(!seed) }
    }

    /// Makes it happen, some time soon.
    pub fn strike(&mut self, fault: Fault) {
        thread::sleep(Duration::from_micros(self.random.below(LONGEST_WAIT) as u64));
        match fault {
            Fault::Kill(target) => self.kill(target),
            Fault::Pause(target) => self.pause(target),
            Fault::Cut(place) => self.cut(place),
            Fault::Rival => self.owners.add(),
            Fault::Zombie => self.wake_a_zombie(),
        }
    }

    /// Waits until everything that has been published up to now, and something more, is in the documents; after faults of tables,
    /// in the tables. How long that took.
    pub fn recover(&mut self, fault: Fault) -> Duration {
        let (start, published) = (Instant::now(), self.publisher.position());
        let reached = if fault.is_of_tables() { flushed } else { folded };
        self.wait("it does not recover", |world| reached(&world.stores) > published);
        start.elapsed()
    }

    /// Ends publishing and, once everything is in the tables, the daemons. How many events were published.
    pub fn end(self) -> usize {
        let World { publisher, stores, mut owners, .. } = self;
        let (published, deadline) = (publisher.end(), Instant::now() + PATIENCE);
        while flushed(&stores) < head(&stores) {
            assert!(Instant::now() < deadline, "it does not catch up");
            owners.tend();
            thread::sleep(GLANCE);
        }
        owners.end();
        published
    }

    fn kill(&mut self, target: Target) {
        match self.servers.server(target) {
            Some(server) => server.restart(),
            None => self.owners.kill(),
        }
        self.owners.tend();
    }

    fn pause(&mut self, target: Target) {
        let Some(server) = self.servers.server(target) else {
            self.owners.pause();
            thread::sleep(STANDSTILL);
            return self.owners.resume();
        };
        server.pause();
        thread::sleep(if target == Target::Tables { STANDSTILL_OF_TABLES } else { STANDSTILL });
        server.resume();
    }

    fn cut(&mut self, place: Break) {
        let Servers { to_log, to_state, to_tables, .. } = &self.servers;
        match place {
            Break::Events => to_log.cut(Cut::Answer),
            Break::Commit => to_state.cut(Cut::Request(COMMIT)),
            Break::CommitAnswer => to_state.cut(Cut::AnswerTo(COMMIT)),
            Break::RowsAnswer => to_tables.cut(Cut::AnswerTo(ROWS)),
        }
        self.wait("the connection does not break", |world| {
            let Servers { to_log, to_state, to_tables, .. } = &world.servers;
            ![to_log, to_state, to_tables].into_iter().any(Proxy::is_to_cut)
        });
    }

    /// Its batch is on its way to the store when it falls asleep, and arrives when another one has long gone on.
    fn wake_a_zombie(&mut self) {
        self.servers.to_state.cut(Cut::Delay(COMMIT));
        self.wait("nothing is committed", |world| !world.servers.to_state.is_to_cut());
        self.owners.pause();
        self.owners.add();
        self.recover(Fault::Zombie);
        self.servers.to_state.release();
        self.owners.resume();
    }

    fn wait(&mut self, complaint: &str, mut is_over: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_over(self) {
            assert!(Instant::now() < deadline, "{complaint}");
            self.owners.tend();
            thread::sleep(GLANCE);
        }
    }
}

/// How far the shop's documents are; 0 where the store does not answer.
fn folded(stores: &Stores) -> u64 {
    shop(stores).map_or(0, |build| build.checkpoint.position)
}

/// The same of its tables.
fn flushed(stores: &Stores) -> u64 {
    shop(stores).and_then(|build| build.backlog).map_or(0, |backlog| backlog.flushed)
}

fn shop(stores: &Stores) -> Option<Build> {
    let projections = stores.builds.projections().unwrap_or_default();
    projections.iter().find(|projection| projection.name == "shop")?.live_build().cloned()
}

/// The end of the log; beyond everything where it does not answer.
fn head(stores: &Stores) -> u64 {
    stores.log.head().map_or(u64::MAX, |head| head.map_or(0, |head| head.position))
}
