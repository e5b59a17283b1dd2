//! nats-server with JetStream.

use std::path::Path;

use crate::process::{Kind, Server};

const NATS: Kind = Kind { program: "nats-server", arguments, ready: "Server is ready" };

fn arguments(port: u16, data: &Path) -> Vec<String> {
    let data = data.display().to_string();
    ["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd", &data].map(str::to_owned).to_vec()
}

/// Starts a server.
pub fn start() -> Server {
    Server::start(NATS)
}

/// Its URL.
pub fn url(server: &Server) -> String {
    format!("nats://127.0.0.1:{}", server.port())
}
