//! A connection that breaks: at the worst moment, after a command was carried out and before its answer arrives; or for as long
//! as a test likes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes on what clients and a server on this machine say to each other.
pub struct Proxy {
    port: u16,
    is_to_cut: Arc<AtomicBool>,
    line: Arc<Mutex<Line>>,
}

/// Who is connected.
#[derive(Default)]
struct Line {
    is_down: bool,
    /// How many connections were let through since it was down last.
    connections: usize,
    streams: Vec<TcpStream>,
}

// === impl Proxy ===

impl Proxy {
    /// In front of the server on this port.
    pub fn start(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let proxy = Proxy { port, is_to_cut: Arc::default(), line: Arc::default() };
        let (is_to_cut, line) = (proxy.is_to_cut.clone(), proxy.line.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                if line.lock().expect("nobody panics there").let_through([&client, &server]) {
                    connect(client, server, is_to_cut.clone());
                }
            }
        });
        proxy
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the connection instead of passing on the next answer.
    pub fn cut_next_answer(&self) {
        self.is_to_cut.store(true, Ordering::SeqCst);
    }

    /// Whether it still has to.
    pub fn is_to_cut(&self) -> bool {
        self.is_to_cut.load(Ordering::SeqCst)
    }

    /// Cuts all connections, and lets none through until [`Proxy::resume`].
    pub fn interrupt(&self) {
        let mut line = self.line.lock().expect("nobody panics there");
        line.is_down = true;
        line.streams.drain(..).for_each(|stream| close(&stream));
    }

    /// Lets connections through again.
    pub fn resume(&self) {
        let mut line = self.line.lock().expect("nobody panics there");
        *line = Line::default();
    }

    /// How many connections were let through since it was resumed.
    pub fn connections(&self) -> usize {
        self.line.lock().expect("nobody panics there").connections
    }
}

// === impl Line ===

impl Line {
    fn let_through(&mut self, streams: [&TcpStream; 2]) -> bool {
        if !self.is_down {
            self.connections += 1;
            self.streams.extend(streams.map(|stream| stream.try_clone().expect("a connection can be shared")));
        }
        !self.is_down
    }
}

fn connect(client: TcpStream, server: TcpStream, is_to_cut: Arc<AtomicBool>) {
    let share = |stream: &TcpStream| stream.try_clone().expect("a connection can be shared");
    let (from_client, to_server) = (share(&client), share(&server));
    thread::spawn(move || pass_on(from_client, to_server, &AtomicBool::new(false)));
    thread::spawn(move || pass_on(server, client, &is_to_cut));
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, is_to_cut: &AtomicBool) {
    let mut bytes = [0; 1 << 16];
    while let Ok(length) = from.read(&mut bytes) {
        if length == 0 || is_to_cut.swap(false, Ordering::SeqCst) || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    close(&from);
    close(&to);
}

fn close(stream: &TcpStream) {
    // It may be closed already, from either side.
    let _ = stream.shutdown(Shutdown::Both);
}
