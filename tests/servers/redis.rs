//! redis-server, with everything written to its append-only file.

use std::path::Path;

use crate::process::{Kind, Server};

const REDIS: Kind = Kind { program: "redis-server", arguments, ready: "Ready to accept connections" };

fn arguments(port: u16, data: &Path) -> Vec<String> {
    let (port, data) = (port.to_string(), data.display().to_string());
    let settings = [
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--dir",
        &data,
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
    ];
    settings.map(str::to_owned).to_vec()
}

/// Starts a server.
pub fn start() -> Server {
    start_with(&[])
}

/// The same, with more arguments; they come last, and count.
pub fn start_with(arguments: &[&str]) -> Server {
    Server::start_with(REDIS, arguments.iter().map(|&argument| argument.to_owned()).collect())
}

/// Its URL.
pub fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}/0", server.port())
}

/// A client that is not ours.
pub fn client(server: &Server) -> redis::Connection {
    redis::Client::open(url(server)).and_then(|client| client.get_connection()).expect("the server takes connections")
}
