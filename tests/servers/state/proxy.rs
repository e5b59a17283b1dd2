//! A connection that breaks at the worst moment: after a command was carried out, before its answer arrives.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Passes on what clients and a server on this machine say to each other.
pub struct Proxy {
    port: u16,
    is_to_cut: Arc<AtomicBool>,
}

// === impl Proxy ===

impl Proxy {
    /// In front of the server on this port.
    pub fn start(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy { port: listener.local_addr().unwrap().port(), is_to_cut: Arc::default() };
        let is_to_cut = proxy.is_to_cut.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let is_to_cut = is_to_cut.clone();
                thread::spawn(move || pass_on(from_client, to_server, &AtomicBool::new(false)));
                thread::spawn(move || pass_on(server, client, &is_to_cut));
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
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, is_to_cut: &AtomicBool) {
    let mut bytes = [0; 1 << 16];
    while let Ok(length) = from.read(&mut bytes) {
        if length == 0 || is_to_cut.swap(false, Ordering::SeqCst) || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    // Either side may be gone already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
