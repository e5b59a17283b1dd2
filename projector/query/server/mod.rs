//! Takes connections, each within its bounds, and hands what they ask for to the routes.

mod identity;
mod patient;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

pub use identity::{BadIdentity, acceptor};
use patient::Patient;

/// How long a client may take to say what it wants, once it is connected or has its last answer.
const ASKING: Duration = Duration::from_secs(30);
/// How long the two may take to agree how to encrypt.
const GREETING: Duration = Duration::from_secs(10);
/// For how long a client may take nothing of what it asked for.
const TAKING: Duration = Duration::from_secs(30);
/// Bytes of what a client asks for, its body apart.
const LARGEST_HEAD: usize = 64 << 10;
/// How long to wait where the system has no more connections to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How connections are taken.
pub struct Server {
    /// Where from.
    pub listener: TcpListener,
    /// How they are encrypted, if they are.
    pub acceptor: Option<TlsAcceptor>,
    /// How many there are at a time; more wait in the system's queue.
    pub connections: usize,
}

// === impl Server ===

impl Server {
    /// Answers until `stop` is done, then finishes the answers that are under way.
    pub async fn serve(self, routes: Router, stop: impl Future<Output = ()>) {
        let turns = Arc::new(Semaphore::new(self.connections));
        let (ending, ended) = watch::channel(());
        let (mut stop, mut under_way) = (std::pin::pin!(stop), JoinSet::new());
        loop {
            let next = tokio::select! {
                () = &mut stop => break,
                Some(_) = under_way.join_next() => continue,
                next = next(&self.listener, &turns) => next,
            };
            let Some((stream, turn)) = next else { continue };
            let (acceptor, routes, ended) = (self.acceptor.clone(), routes.clone(), ended.clone());
            under_way.spawn(async move {
                converse(stream, acceptor, routes, ended).await;
                drop(turn);
            });
        }
        // Who comes now is to hear that nobody is here.
        drop(self.listener);
        ending.send_replace(());
        while under_way.join_next().await.is_some() {}
    }
}

/// The next connection, once there may be one more, with its turn; `None` where it failed.
async fn next(listener: &TcpListener, turns: &Arc<Semaphore>) -> Option<(TcpStream, impl Send + use<>)> {
    let turn = turns.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, turn)),
        Err(error) => {
            // One that is gone again is none of our business; too many open files are, until there are fewer.
            if !is_gone(&error) {
                tracing::warn!("cannot take a connection: {error}");
                sleep(EXHAUSTED).await;
            }
            None
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(stream: TcpStream, acceptor: Option<TlsAcceptor>, routes: Router, ended: watch::Receiver<()>) {
    // Without it answers may wait for the client's system; where it cannot be had they do.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, TAKING);
    match acceptor {
        None => answer(stream, routes, ended).await,
        Some(acceptor) => match timeout(GREETING, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => answer(stream, routes, ended).await,
            Ok(Err(error)) => tracing::debug!("connection refused: {error}"),
            Err(_) => tracing::debug!("connection refused: it took too long to agree how to encrypt"),
        },
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, routes: Router, mut ended: watch::Receiver<()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(ASKING).max_buf_size(LARGEST_HEAD);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = std::pin::pin!(connection);
    let done = tokio::select! {
        done = connection.as_mut() => done,
        _ = ended.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Clients go as they like, and what they get wrong they have been told.
    if let Err(error) = done {
        tracing::debug!("connection ended: {error}");
    }
}
