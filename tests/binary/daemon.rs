//! A daemon that answers over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// The headers that are ours.
const HEADERS: [&str; 5] = ["etag", "projector-position", "projector-generation", "content-type", "content-security-policy"];

/// A daemon that runs, until dropped.
pub struct Daemon {
    /// Its process.
    pub process: Child,
    /// Where it answers.
    pub address: String,
}

// === impl Daemon ===

impl Daemon {
    /// Starts it, and waits until it has said where it answers.
    pub fn start(mut command: Command) -> Daemon {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let (_, address) = line.trim().split_once("://").expect("it says where it listens");
        let address = address.to_owned();
        Daemon { process, address }
    }

    /// A request; status line, the headers that are ours, and the body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        self.ask_with(method, path, "", body)
    }

    /// The same with more headers, each with its end of line.
    pub fn ask_with(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        self.ask_as("localhost", method, path, headers, body)
    }

    /// The same of a host of this name.
    pub fn ask_as(&self, host: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the daemon takes connections");
        let request = head(method, path, headers, body.len()).replace("host: localhost", &format!("host: {host}")) + body;
        stream.write_all(request.as_bytes()).expect("the daemon reads");
        answer(&mut stream)
    }

    /// Asks it to end, and does not wait.
    pub fn ask_to_end(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill can be run");
        assert!(asked.success());
    }

    /// Asks it to end; its exit code.
    pub fn terminate(self) -> Option<i32> {
        self.ask_to_end();
        self.wait()
    }

    /// Waits until it ends by itself; its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.process.wait().expect("the process is ours").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What comes before the body of a request.
pub fn head(method: &str, path: &str, headers: &str, length: usize) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n")
}

/// The rest of the connection: status line, the headers that are ours, and the body.
pub fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the daemon answers in text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("there is an answer");
    let is_ours = |line: &&str| line.starts_with("HTTP") || HEADERS.iter().any(|name| line.starts_with(name));
    format!("{}\n\n{body}", head.lines().filter(is_ours).collect::<Vec<_>>().join("\n"))
}
