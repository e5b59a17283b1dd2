//! The signals that ask the process to end.

use std::io;
use std::sync::Arc;

use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use crate::run::StopFlag;

/// Listens to signals as long as it lives.
pub struct Listening {
    /// Raised at SIGTERM or SIGINT.
    pub stop: Arc<StopFlag>,
    _runtime: Runtime,
}

// === impl Listening ===

impl Listening {
    /// From now on.
    pub fn start() -> Result<Listening, Failure> {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(Failure::NoThreads)?;
        let stop = Arc::default();
        raise_at_end(&runtime, Arc::clone(&stop));
        Ok(Listening { stop, _runtime: runtime })
    }
}

/// Raises the flag at SIGTERM or SIGINT.
pub fn raise_at_end(runtime: &Runtime, stop: Arc<StopFlag>) {
    runtime.spawn(async move {
        match terminated().await {
            Ok(()) => tracing::info!("stopping: finishing what is under way"),
            Err(error) => tracing::error!("cannot listen to signals: {error}"),
        }
        stop.raise();
    });
}

async fn terminated() -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
