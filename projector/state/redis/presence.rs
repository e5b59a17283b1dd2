//! Whether somebody runs a projection: a key that its owner renews, and that expires by itself, whatever ends the owner.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redis::Connection;

use super::server::Server;
use crate::fault::{Fault, chain};

const ATTEND: &str = include_str!("scripts/attend.lua");
const LEAVE: &str = include_str!("scripts/leave.lua");
/// An owner that has not been heard of for so long is gone.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often an owner says that it is there: several times before patience ends.
const PULSE: Duration = Duration::from_secs(4);

/// Somebody is there, until this is dropped.
pub struct Presence {
    // Dropped before the thread is waited for, which ends it.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An owner, and where it says that it is there.
pub struct Owner {
    /// What it calls itself.
    pub name: String,
    /// The projection that it runs.
    pub projection: String,
    /// Its key.
    pub key: String,
    /// The server that has its key.
    pub server: Arc<Server>,
    /// The list of projections.
    pub list: String,
    /// The server that has the list.
    pub registry: Arc<Server>,
}

/// Says that somebody is there, from now on, whoever was there before.
pub fn announce(owner: Owner) -> Result<Presence, Fault> {
    owner.arrive()?;
    let (stop, stopped) = channel();
    let pulse = move || {
        while stopped.recv_timeout(PULSE) == Err(RecvTimeoutError::Timeout) {
            owner.stay();
        }
        owner.leave();
    };
    let thread = thread::Builder::new().name("presence".to_owned()).spawn(pulse).ok();
    Ok(Presence { stop: Some(stop), thread })
}

// === impl Presence ===

impl Drop for Presence {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A pulse that panicked has left nothing to undo.
            let _ = thread.join();
        }
    }
}

// === impl Owner ===

impl Owner {
    fn arrive(&self) -> Result<(), Fault> {
        self.server.ask("announcing an owner", |redis| {
            redis::cmd("SET").arg(&self.key).arg(&self.name).arg("PX").arg(PATIENCE.as_millis() as u64).exec(redis)
        })
    }

    fn stay(&self) {
        let script = |redis: &mut Connection| {
            redis::cmd("EVAL").arg(ATTEND).arg(1).arg(&self.key).arg(&self.name).arg(PATIENCE.as_millis() as u64).exec(redis)
        };
        self.note(self.server.ask("announcing an owner", script));
        self.note(self.enlist());
    }

    /// Another master of a cluster may have the list, and may have lost it alone.
    fn enlist(&self) -> Result<(), Fault> {
        let list = |redis: &mut Connection| redis::cmd("SADD").arg(&self.list).arg(&self.projection).exec(redis);
        self.registry.ask("listing a projection", list)
    }

    fn leave(&self) {
        let script = |redis: &mut Connection| redis::cmd("EVAL").arg(LEAVE).arg(1).arg(&self.key).arg(&self.name).exec(redis);
        self.note(self.server.ask("taking an owner's leave", script));
    }

    /// Nothing depends on it but what `status` says meanwhile; the next pulse tries again.
    fn note(&self, outcome: Result<(), Fault>) {
        if let Err(fault) = outcome {
            tracing::debug!("{}", chain(&fault));
        }
    }
}
