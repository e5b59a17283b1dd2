//! A connection that breaks: at the worst moment, in the middle of a request, or after it was carried out and before its answer
//! arrives; or for as long as a test likes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Passes on what clients and a server on this machine say to each other.
pub struct Proxy {
    port: u16,
    cut: Arc<NextCut>,
    line: Arc<Mutex<Line>>,
}

/// Where a connection is to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The next answer does not arrive.
    Answer,
    /// The next request with these bytes in it arrives in half.
    Request(&'static [u8]),
    /// The next request with these bytes in it arrives; its answer does not.
    AnswerTo(&'static [u8]),
    /// The next request with these bytes in it, and what follows on its connection, arrives only after [`Proxy::release`].
    Delay(&'static [u8]),
}

/// The break that is to come, if there is one, and what is delayed.
#[derive(Default)]
struct NextCut {
    next: Mutex<Option<Cut>>,
    is_delaying: Mutex<bool>,
    released: Condvar,
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
        let proxy = Proxy { port, cut: Arc::default(), line: Arc::default() };
        let (cut, line) = (proxy.cut.clone(), proxy.line.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Where the server is gone the client's connection ends here.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                if lock(&line).let_through([&client, &server]) {
                    connect(&client, &server, &cut);
                }
            }
        });
        proxy
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks a connection there, in the place of a break that has not come yet.
    pub fn cut(&self, cut: Cut) {
        *lock(&self.cut.next) = Some(cut);
    }

    /// Whether the break is still to come.
    pub fn is_to_cut(&self) -> bool {
        lock(&self.cut.next).is_some()
    }

    /// What was delayed goes on its way.
    pub fn release(&self) {
        *lock(&self.cut.is_delaying) = false;
        self.cut.released.notify_all();
    }

    /// Cuts all connections, and lets none through until [`Proxy::resume`].
    pub fn interrupt(&self) {
        let mut line = lock(&self.line);
        line.is_down = true;
        line.streams.drain(..).for_each(|stream| close(&stream));
    }

    /// Lets connections through again.
    pub fn resume(&self) {
        *lock(&self.line) = Line::default();
    }

    /// How many connections were let through since it was resumed.
    pub fn connections(&self) -> usize {
        lock(&self.line).connections
    }
}

// === impl NextCut ===

impl NextCut {
    /// Takes the break that is to come, where it is one of these.
    fn take(&self, is_meant: impl FnOnce(&Cut) -> bool) -> bool {
        lock(&self.next).take_if(|cut| is_meant(cut)).is_some()
    }

    /// How much of a request is passed on before the connection breaks; `None` where it does not.
    fn half(&self, request: &[u8]) -> Option<usize> {
        self.take(|cut| matches!(cut, Cut::Request(mark) if contains(request, mark))).then_some(request.len() / 2)
    }

    /// Whether the answer to this is not to arrive.
    fn is_unanswered(&self, request: &[u8]) -> bool {
        self.take(|cut| matches!(cut, Cut::AnswerTo(mark) if contains(request, mark)))
    }

    /// Whether the next answer is not to arrive, whatever it answers.
    fn is_silent(&self) -> bool {
        self.take(|cut| *cut == Cut::Answer)
    }

    /// Waits with a request that is to be late.
    fn delay(&self, request: &[u8]) {
        let mut is_delaying = lock(&self.is_delaying);
        if self.take(|cut| matches!(cut, Cut::Delay(mark) if contains(request, mark))) {
            *is_delaying = true;
            // The lock is only poisoned where the test fails in any case.
            drop(self.released.wait_while(is_delaying, |is_delaying| *is_delaying));
        }
    }
}

// === impl Line ===

impl Line {
    fn let_through(&mut self, streams: [&TcpStream; 2]) -> bool {
        if !self.is_down {
            self.connections += 1;
            self.streams.extend(streams.map(shared));
        }
        !self.is_down
    }
}

fn connect(client: &TcpStream, server: &TcpStream, cut: &Arc<NextCut>) {
    let unanswered = Arc::<AtomicBool>::default();
    let (requests, is_silent) = (cut.clone(), unanswered.clone());
    let request = move |bytes: &[u8]| {
        requests.delay(bytes);
        is_silent.fetch_or(requests.is_unanswered(bytes), Ordering::SeqCst);
        requests.half(bytes)
    };
    let answers = cut.clone();
    let answer = move |_: &[u8]| (unanswered.load(Ordering::SeqCst) || answers.is_silent()).then_some(0);
    let (from_client, to_server, from_server, to_client) = (shared(client), shared(server), shared(server), shared(client));
    thread::spawn(move || pass_on(from_client, to_server, request));
    thread::spawn(move || pass_on(from_server, to_client, answer));
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, breaks_after: impl Fn(&[u8]) -> Option<usize>) {
    let mut bytes = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let breaks_after = breaks_after(&bytes[..length]);
        if to.write_all(&bytes[..breaks_after.unwrap_or(length)]).is_err() || breaks_after.is_some() {
            break;
        }
    }
    close(&from);
    close(&to);
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shared(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a connection can be shared")
}

fn close(stream: &TcpStream) {
    // It may be closed already, from either side.
    let _ = stream.shutdown(Shutdown::Both);
}
