//! ClickHouse, with a client that is not ours.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use projector::config::{ClickHousePlace, Config, Settings, TablesPlace};
use projector::tables::ClickHouse;
use schemas::SourceFile;

use crate::process::{Kind, Server};

const CLICKHOUSE: Kind = Kind { program: "clickhouse-server", arguments, ready: "Ready for connections" };

fn arguments(port: u16, data: &Path) -> Vec<String> {
    vec![port.to_string(), data.display().to_string()]
}

/// Starts a server, and makes the database of all tests.
pub fn start() -> Server {
    let server = Server::start(CLICKHOUSE);
    ask(&server, "CREATE DATABASE shop");
    server
}

/// The URL of its database.
pub fn url(server: &Server) -> String {
    format!("http://127.0.0.1:{}/shop", server.port())
}

/// The database as the configuration names it.
pub fn place(server: &Server) -> ClickHousePlace {
    let text = format!("[tables]\nurl = \"{}\"\n", url(server));
    let (mut all, mut mistakes) = (Settings::defaults(), Vec::new());
    all.overlay_file(&SourceFile { path: "projector.toml".into(), text }, &mut mistakes);
    match Config::check(&all, Path::new(""), &mut mistakes).map(|config| config.tables) {
        Some(TablesPlace::ClickHouse(place)) if mistakes.is_empty() => *place,
        _ => panic!("{mistakes:?}"),
    }
}

/// The database as a table store.
pub fn tables(server: &Server) -> ClickHouse {
    ClickHouse::new(&place(server)).expect("a runtime starts")
}

/// What the server answers to a statement in the database, as it prints it, line by line.
pub fn ask(server: &Server, statement: &str) -> String {
    let database = if statement.starts_with("CREATE DATABASE") { "default" } else { "shop" };
    let (status, body) = post(server, database, statement);
    assert!(status.contains(" 200 "), "{statement}: {status}\n{body}");
    body
}

fn post(server: &Server, database: &str, statement: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).expect("the server takes connections");
    let length = statement.len();
    // With 1.0 the answer ends with the connection, and comes in one piece.
    write!(stream, "POST /?database={database} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{statement}")
        .expect("the server listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers with text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("the answer has a head");
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}
