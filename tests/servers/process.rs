//! A server that a test starts for itself: on a free port, with a folder of its own, killed, paused and started again as the
//! test likes, and gone when the test is.

use std::fs;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Between asking for a free port and using it somebody else may take it.
const ATTEMPTS: usize = 3;
/// A server that is not ready by then never will be.
const START: Duration = Duration::from_secs(60);

/// How to start a kind of server, and how to see that it is ready.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The program in `target/servers/bin`.
    pub program: &'static str,
    /// Arguments to answer on this port of 127.0.0.1 and to keep its data in this folder.
    pub arguments: fn(port: u16, data: &Path) -> Vec<String>,
    /// What it prints, on either output, once it takes connections.
    pub ready: &'static str,
}

/// A running server. It ends when this is dropped.
pub struct Server {
    kind: Kind,
    extra: Vec<String>,
    data: TempDir,
    port: u16,
    process: Option<Child>,
}

// === impl Server ===

impl Server {
    /// Starts a server with an empty folder, and waits until it is ready.
    pub fn start(kind: Kind) -> Server {
        Server::start_with(kind, Vec::new())
    }

    /// The same, with more arguments.
    pub fn start_with(kind: Kind, extra: Vec<String>) -> Server {
        let data = tempfile::tempdir().expect("a folder can be made");
        let mut server = Server { kind, extra, data, port: 0, process: None };
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            match server.launch() {
                Ok(process) => {
                    server.process = Some(process);
                    return server;
                }
                Err(output) => said = output,
            }
        }
        panic!("{} does not start:\n{said}", kind.program);
    }

    /// The port of 127.0.0.1 that it answers on; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder; the same after a restart.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Kills it as a power cut would, and waits until it is gone. Without effect where it is gone.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the server can be killed");
            process.wait().expect("the server is ours");
        }
    }

    /// Starts it again on the same port and folder, and waits until it is ready.
    pub fn restart(&mut self) {
        self.kill();
        let started = self.launch();
        self.process = Some(started.unwrap_or_else(|said| panic!("{} does not start again:\n{said}", self.kind.program)));
    }

    /// Stops it from running, without a word to those that are connected, until [`Server::resume`].
    pub fn pause(&self) {
        pause(self.id());
    }

    /// Lets it run on.
    pub fn resume(&self) {
        resume(self.id());
    }

    /// Whether it was started and not killed since.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    fn id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// The process, once it is ready; or all that it said.
    fn launch(&self) -> Result<Child, String> {
        let (output, writer) = io::pipe().expect("a pipe can be made");
        let mut command = Command::new(program(self.kind.program));
        command.args((self.kind.arguments)(self.port, self.data.path())).args(&self.extra).stdin(Stdio::null());
        command.stdout(writer.try_clone().expect("the pipe can be shared")).stderr(writer);
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{} cannot be run: {error}", self.kind.program));
        // The command holds the pipe's other end: without it the end of the process is the end of what is read.
        drop(command);
        match wait_until_ready(output, self.kind.ready) {
            Ok(()) => Ok(process),
            Err(said) => {
                process.kill().expect("the server can be killed");
                process.wait().expect("the server is ours");
                Err(said)
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Stops a process from running, until [`resume`].
pub fn pause(process: u32) {
    signal(process, "-STOP");
    // The signal reaches the threads one after another; one that still runs may answer.
    while !stands_still(process) {
        thread::yield_now();
    }
}

/// Lets a process run on.
pub fn resume(process: u32) {
    signal(process, "-CONT");
}

/// Asks a process to end.
pub fn terminate(process: u32) {
    signal(process, "-TERM");
}

fn stands_still(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs");
    threads.map_while(Result::ok).all(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        // One that has ended stands still for ever.
        status.contains("State:\tT") || status.contains("State:\tZ")
    })
}

fn signal(process: u32, signal: &str) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().expect("kill can be run");
    assert!(status.success(), "kill {signal}: {status}");
}

/// A program that `tests/servers/install` has put in its place.
pub fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/bin").join(name);
    assert!(path.exists(), "{} is missing: tests/servers/install puts it there, and so does tests/run", path.display());
    path
}

/// A port of 127.0.0.1 that nobody listens on just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Waits for a line with `ready` in it; otherwise all lines. Reads on afterwards: a full pipe would stop the server.
fn wait_until_ready(output: PipeReader, ready: &'static str) -> Result<(), String> {
    let (sender, told) = channel();
    thread::spawn(move || read_lines(output, ready, &sender));
    told.recv_timeout(START).unwrap_or_else(|_| Err(format!("it does not say '{ready}'")))
}

fn read_lines(output: PipeReader, ready: &str, tell: &Sender<Result<(), String>>) {
    let mut said = String::new();
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    for line in lines.by_ref() {
        if line.contains(ready) {
            // Nobody waits any more where it took too long.
            let _ = tell.send(Ok(()));
            lines.by_ref().for_each(drop);
            return;
        }
        said += &line;
        said.push('\n');
    }
    let _ = tell.send(Err(said));
}
