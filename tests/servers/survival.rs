//! What the harness itself promises.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use crate::nats;
use crate::process::Server;

/// The first line that the server says to who connects.
fn greeting(server: &Server) -> String {
    let mut line = String::new();
    let stream = TcpStream::connect(("127.0.0.1", server.port())).expect("the server takes connections");
    BufReader::new(stream).read_line(&mut line).expect("the server greets");
    line
}

#[test]
fn a_killed_server_comes_back_where_it_was() {
    let mut server = nats::start();
    let (url, data) = (nats::url(&server), server.data().to_owned());
    assert!(greeting(&server).contains("\"jetstream\":true"));
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err(), "it is gone");
    server.restart();
    assert!(greeting(&server).contains("\"jetstream\":true"));
    assert_eq!((nats::url(&server), server.data()), (url, &*data));
}

#[test]
fn a_paused_server_answers_when_it_is_resumed() {
    let server = nats::start();
    server.pause();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).expect("the kernel takes the connection");
    server.resume();
    let mut first = [0; 4];
    stream.read_exact(&mut first).expect("the server greets");
    assert_eq!(&first, b"INFO");
}
