//! Everything that can break: servers, the connections to them, and the daemons.

use std::thread;
use std::time::{Duration, Instant};

use projector::demo::Random;
use projector::stores::Stores;

use super::owners::Owners;
use super::plan::{Break, Fault, Target};
use super::publisher::Publisher;
use crate::folder::Folder;
use crate::process::Server;
use crate::proxy::{Cut, Proxy};
use crate::{nats, redis};

/// Longer than any of the daemon's or its stores' timeouts.
const STANDSTILL: Duration = Duration::from_secs(16);
/// Who has not recovered by then never will.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at how far a daemon is.
const GLANCE: Duration = Duration::from_millis(10);
/// A fault comes within so many microseconds.
const LONGEST_WAIT: usize = 400_000;
/// In every script that moves the checkpoint.
const COMMIT: &[u8] = b":g1:cp";

/// Servers and the connections to them.
pub struct Servers {
    log: Server,
    state: Server,
    to_log: Proxy,
    to_state: Proxy,
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
        let (log, state) = (nats::start(), redis::start());
        let (to_log, to_state) = (Proxy::start(log.port()), Proxy::start(state.port()));
        Servers { log, state, to_log, to_state }
    }

    /// A folder whose daemons use the connections that break.
    pub fn folder(&self) -> Folder {
        let (log, state) = (self.to_log.port(), self.to_state.port());
        Folder::at(&format!("nats://127.0.0.1:{log}"), &format!("redis://127.0.0.1:{state}/0"))
    }

    /// A folder whose commands use connections that do not break.
    pub fn sound_folder(&self) -> Folder {
        Folder::on_servers(&self.log, &self.state)
    }

    fn server(&mut self, target: Target) -> Option<&mut Server> {
        match target {
            Target::Owner => None,
            Target::Log => Some(&mut self.log),
            Target::State => Some(&mut self.state),
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

    /// Waits until everything is folded that has been published up to now, and something more; how long that took.
    pub fn recover(&mut self) -> Duration {
        let (start, published) = (Instant::now(), self.publisher.position());
        self.wait("it does not recover", |world| world.position() > published);
        start.elapsed()
    }

    /// Ends publishing and, once everything is folded, the daemons. How many events were published.
    pub fn end(self) -> usize {
        let World { publisher, stores, mut owners, .. } = self;
        let (published, deadline) = (publisher.end(), Instant::now() + PATIENCE);
        while position(&stores) < head(&stores) {
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
        thread::sleep(STANDSTILL);
        server.resume();
    }

    fn cut(&mut self, place: Break) {
        let (proxy, cut) = match place {
            Break::Events => (&self.servers.to_log, Cut::Answer),
            Break::Commit => (&self.servers.to_state, Cut::Request(COMMIT)),
            Break::CommitAnswer => (&self.servers.to_state, Cut::AnswerTo(COMMIT)),
        };
        proxy.cut(cut);
        self.wait("the connection does not break", |world| {
            !world.servers.to_log.is_to_cut() && !world.servers.to_state.is_to_cut()
        });
    }

    /// Its batch is on its way to the store when it falls asleep, and arrives when another one has long gone on.
    fn wake_a_zombie(&mut self) {
        self.servers.to_state.cut(Cut::Delay(COMMIT));
        self.wait("nothing is committed", |world| !world.servers.to_state.is_to_cut());
        self.owners.pause();
        self.owners.add();
        self.recover();
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

    fn position(&self) -> u64 {
        position(&self.stores)
    }
}

/// How far the shop is; 0 where the store does not answer.
fn position(stores: &Stores) -> u64 {
    let projections = stores.builds.projections().unwrap_or_default();
    let shop = projections.iter().find(|projection| projection.name == "shop");
    shop.and_then(|shop| shop.live_build()).map_or(0, |build| build.checkpoint.position)
}

/// The end of the log; beyond everything where it does not answer.
fn head(stores: &Stores) -> u64 {
    stores.log.head().map_or(u64::MAX, |head| head.map_or(0, |head| head.position))
}
