//! A PostgreSQL server for the tests of this process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use postgres::{Client, NoTls};

const SCRIPT: &str = include_str!("postgres.sh");

/// A running server. It ends with this process, even with one that is killed: its standard input is our pipe.
struct Server {
    _script: Child,
    socket: String,
}

// === impl Server ===

impl Server {
    fn start() -> Server {
        let mut script = Command::new("bash")
            .args(["-c", SCRIPT])
            .env("SCRIPT", SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let stdout = script.stdout.take().expect("stdout is piped");
        let mut socket = String::new();
        BufReader::new(stdout).read_line(&mut socket).expect("the script answers");
        assert!(!socket.is_empty(), "PostgreSQL does not start; tests/run installs it");
        Server { _script: script, socket: socket.trim_end().to_owned() }
    }
}

/// A connection to an empty database of its own.
pub fn fresh_database() -> Client {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(Server::start);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    connect(server, "postgres").batch_execute(&format!("CREATE DATABASE {name}")).expect("a database is created");
    connect(server, &name)
}

fn connect(server: &Server, database: &str) -> Client {
    let config = format!("host={} user=oracle dbname={database}", server.socket);
    Client::connect(&config, NoTls).expect("the server takes connections")
}
