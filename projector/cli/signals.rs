//! The signals that ask the process to end.

use std::io;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::run::StopFlag;

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
