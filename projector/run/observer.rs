//! Asks the log and the stores from time to time how everything stands, for who wants to know at once, also while they do not answer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::board::Board;
use crate::fault::chain;
use crate::status::Status;
use crate::stores::Stores;

/// How often it asks.
const PERIOD: Duration = Duration::from_secs(5);

/// Asks until it is dropped.
pub struct Observer {
    _ended: Sender<()>,
}

// === impl Observer ===

impl Observer {
    /// Starts to ask, and to show the answers on the board. Nobody waits for its thread, which may be waiting for a store.
    pub fn start(stores: Stores, board: Arc<Board>) -> Observer {
        let (sender, ended) = channel();
        let started = thread::Builder::new().name("observer".to_owned()).spawn(move || serve(&stores, &board, &ended));
        if let Err(error) = started {
            tracing::warn!("cannot observe the stores; metrics will lack what they would say: {error}");
        }
        Observer { _ended: sender }
    }
}

fn serve(stores: &Stores, board: &Board, ended: &Receiver<()>) {
    loop {
        match Status::gather(stores) {
            Ok(status) => board.observe(status),
            // Those who work with them say it louder.
            Err(fault) => tracing::debug!("cannot observe: {}", chain(&fault)),
        }
        if ended.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
