//! A Redis Cluster: three masters that share all slots and, where a test wants them, a replica of each.

use std::thread;
use std::time::{Duration, Instant};

use redis::{Cmd, Connection, FromRedisValue, cmd};

use crate::process::{Server, free_port};
use crate::redis as server;

/// How many masters agree on who takes over from one of them: fewer could not.
const MASTERS: usize = 3;
const SLOTS: usize = 1 << 14;
/// The nodes know each other by then, or never will.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before looking again.
const GLANCE: Duration = Duration::from_millis(20);
/// How many keys move at once.
const MOVED_AT_ONCE: usize = 100;
const PASSWORD: &str = "let-me-in";

/// Nodes that make a cluster. Who is a master and who a replica changes as tests kill them.
pub struct Cluster {
    nodes: Vec<Server>,
}

/// Who takes over from a master.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Replicas {
    /// Nobody; a master is never thought to be gone.
    None,
    /// One replica of each, a second after the master was heard of last.
    One,
}

/// A replica that stands still.
#[must_use]
pub struct CutOff(usize);

/// Starts one, and waits until it answers for all slots.
pub fn start(replicas: Replicas) -> Cluster {
    let (nodes, timeout) = match replicas {
        Replicas::None => (MASTERS, "60000"),
        Replicas::One => (2 * MASTERS, "1000"),
    };
    let cluster = Cluster { nodes: (0..nodes).map(|_| node(timeout)).collect() };
    cluster.share_slots();
    cluster.meet();
    cluster.attach_replicas();
    cluster
}

/// The arguments that make a server a node of a cluster, which listens to the other nodes on a port of its own.
fn arguments(timeout: &str) -> Vec<String> {
    let (port, replica) =
        (free_port().to_string(), ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]);
    let cluster = ["--cluster-enabled", "yes", "--cluster-port", &port, "--cluster-node-timeout", timeout];
    cluster.into_iter().chain(replica).map(str::to_owned).collect()
}

fn node(timeout: &str) -> Server {
    let mut all = arguments(timeout);
    all.extend(["--requirepass", PASSWORD, "--masterauth", PASSWORD, "--maxmemory", "1gb"].map(str::to_owned));
    server::start_with(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

// === impl Cluster ===

impl Cluster {
    /// Its URL, which names two of its nodes.
    pub fn url(&self) -> String {
        format!("redis-cluster://:{PASSWORD}@127.0.0.1:{},127.0.0.1:{}", self.nodes[0].port(), self.nodes[1].port())
    }

    /// Stops the replica of the master of this key's slot, which has everything up to now and hears of nothing any more.
    pub fn cut_off_replica(&self, key: &str) -> CutOff {
        let master = &self.nodes[self.owner(key)];
        let id: String = ask(master, cmd("CLUSTER").arg("MYID"));
        let follows = |node: &&Server| {
            let told: String = ask(node, cmd("CLUSTER").arg("NODES"));
            told.lines().any(|line| line.contains("myself,slave") && line.split(' ').nth(3) == Some(&id))
        };
        let at = self.nodes.iter().position(|node| follows(&node)).expect("the master has a replica");
        let heard: u64 = ask(master, cmd("WAIT").arg(1).arg(PATIENCE.as_millis() as u64));
        assert_eq!(heard, 1, "the replica follows");
        self.nodes[at].pause();
        // It would read what is sent meanwhile when it runs again.
        run(master, cmd("CLIENT").arg("KILL").arg("TYPE").arg("replica"));
        CutOff(at)
    }

    /// It runs on, and finds out what has become of its master.
    pub fn resume(&self, CutOff(at): CutOff) {
        self.nodes[at].resume();
    }

    /// Kills the master of this key's slot.
    pub fn kill_master(&mut self, key: &str) {
        let at = self.owner(key);
        self.nodes[at].kill();
    }

    /// Starts what was killed again, and waits until it has what the others have.
    pub fn restart_killed(&mut self) {
        self.nodes.iter_mut().filter(|node| !node.is_running()).for_each(Server::restart);
        self.settle();
    }

    /// Waits until all nodes agree on who has what, and replicas have it too.
    fn settle(&self) {
        until("the cluster does not settle", || self.nodes.iter().all(is_settled));
    }

    /// The slot of this key starts to move to another master: what is there stays where it is as yet.
    pub fn begin_move(&self, key: &str) -> Move<'_> {
        let from = self.owner(key);
        let to = self.nodes.iter().position(|node| is_master(node) && node.port() != self.nodes[from].port());
        let (from, to) = (&self.nodes[from], &self.nodes[to.expect("there are several masters")]);
        let moving = Move { cluster: self, from, to, slot: slot(from, key) };
        let (source, target) = (moving.id(from), moving.id(to));
        moving.set(to, &["IMPORTING", &source]);
        moving.set(from, &["MIGRATING", &target]);
        moving
    }

    fn share_slots(&self) {
        for (number, node) in self.nodes.iter().take(MASTERS).enumerate() {
            let (first, end) = (number * SLOTS / MASTERS, (number + 1) * SLOTS / MASTERS);
            run(node, cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(first).arg(end - 1));
            run(node, cmd("CLUSTER").arg("SET-CONFIG-EPOCH").arg(number + 1));
        }
    }

    fn meet(&self) {
        for node in &self.nodes[1..] {
            let (_, bus): (String, String) = ask(node, cmd("CONFIG").arg("GET").arg("cluster-port"));
            run(&self.nodes[0], cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(node.port()).arg(bus));
        }
        let all = format!("cluster_known_nodes:{}\r", self.nodes.len());
        until("the nodes do not meet", || {
            self.nodes.iter().all(|node| ask::<String>(node, cmd("CLUSTER").arg("INFO")).contains(&all))
        });
    }

    fn attach_replicas(&self) {
        for (master, replica) in self.nodes.iter().zip(&self.nodes[MASTERS..]) {
            let id: String = ask(master, cmd("CLUSTER").arg("MYID"));
            // The replica has met the master, and may yet have to learn its number.
            until("a replica does not find its master", || {
                cmd("CLUSTER").arg("REPLICATE").arg(&id).exec(&mut client(replica)).is_ok()
            });
        }
        self.settle();
    }

    /// The number of the node that is the master of this key's slot.
    fn owner(&self, key: &str) -> usize {
        let has = |node: &Server| is_master(node) && try_ask::<u64>(node, cmd("EXISTS").arg(key)).is_ok();
        let found = self.nodes.iter().position(has);
        found.expect("a master has the slot")
    }
}

/// A slot on its way.
pub struct Move<'c> {
    cluster: &'c Cluster,
    from: &'c Server,
    to: &'c Server,
    slot: u64,
}

// === impl Move ===

impl Move<'_> {
    /// Moves so many keys; how many there were to be moved.
    pub fn carry(&self, count: usize) -> usize {
        let keys: Vec<Vec<u8>> = ask(self.from, cmd("CLUSTER").arg("GETKEYSINSLOT").arg(self.slot).arg(count));
        if !keys.is_empty() {
            let mut migrate = cmd("MIGRATE");
            migrate.arg("127.0.0.1").arg(self.to.port()).arg("").arg(0).arg(5000).arg("AUTH").arg(PASSWORD);
            run(self.from, migrate.arg("KEYS").arg(&keys));
        }
        keys.len()
    }

    /// Moves what is left, and with it the slot.
    pub fn finish(self) {
        while self.carry(MOVED_AT_ONCE) > 0 {}
        let id = self.id(self.to);
        self.set(self.to, &["NODE", &id]);
        self.set(self.from, &["NODE", &id]);
        self.cluster.settle();
    }

    fn id(&self, node: &Server) -> String {
        ask(node, cmd("CLUSTER").arg("MYID"))
    }

    fn set(&self, node: &Server, state: &[&str]) {
        run(node, cmd("CLUSTER").arg("SETSLOT").arg(self.slot).arg(state));
    }
}

/// Waits until it is so.
pub fn until(complaint: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{complaint}");
        thread::sleep(GLANCE);
    }
}

fn is_settled(node: &Server) -> bool {
    let cluster: String = ask(node, cmd("CLUSTER").arg("INFO"));
    let replication: String = ask(node, cmd("INFO").arg("replication"));
    cluster.contains("cluster_state:ok") && !replication.contains("master_link_status:down")
}

fn is_master(node: &Server) -> bool {
    node.is_running() && ask::<String>(node, cmd("INFO").arg("replication")).contains("role:master")
}

fn slot(node: &Server, key: &str) -> u64 {
    ask(node, cmd("CLUSTER").arg("KEYSLOT").arg(key))
}

fn client(node: &Server) -> Connection {
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", node.port());
    redis::Client::open(url).and_then(|client| client.get_connection()).expect("the node takes connections")
}

fn run(node: &Server, command: &Cmd) {
    command.exec(&mut client(node)).expect("the node does as it is told");
}

fn try_ask<T: FromRedisValue>(node: &Server, command: &Cmd) -> redis::RedisResult<T> {
    command.query(&mut client(node))
}

fn ask<T: FromRedisValue>(node: &Server, command: &Cmd) -> T {
    try_ask(node, command).expect("the node answers")
}
