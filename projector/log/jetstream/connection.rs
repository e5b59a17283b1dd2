//! The connection to the servers: how it is made, and how often it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{ConnectOptions, Event};
use tokio::sync::watch;

use super::problem::Problem;
use crate::config::{Auth, JetStreamPlace};

/// What is not answered by then is asked again.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A server that has gone without a word is noticed after two of these.
const PING: Duration = Duration::from_secs(5);
/// The longest pause between two attempts to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// So many publications may be on their way at once, of all who publish.
const ACKS_AHEAD: usize = 1 << 16;

/// Rises whenever the stream may have changed in a way that a reader would not see.
#[derive(Clone, Default)]
pub struct Epoch(Arc<AtomicU64>);

/// A connection that renews itself.
pub struct Connection {
    /// To talk to JetStream.
    pub context: Context,
    /// Changes when it was made anew: what was asked before is void then.
    pub renewals: watch::Receiver<u64>,
    /// Where tails say that the stream may have changed.
    pub epoch: Epoch,
}

// === impl Epoch ===

impl Epoch {
    /// Lets it rise.
    pub fn rise(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// How far it has risen.
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

// === impl Connection ===

impl Connection {
    /// Connects. Fails where no server answers; once it has succeeded, the connection is made anew as often as it takes.
    pub async fn open(place: &JetStreamPlace) -> Result<Connection, Problem> {
        let (sender, renewals) = watch::channel(0);
        let options = authenticated(place)?
            .name("projector")
            .connection_timeout(TIMEOUT)
            .request_timeout(Some(TIMEOUT))
            .ping_interval(PING)
            .max_reconnects(None)
            .reconnect_delay_callback(pause)
            .event_callback(move |event| {
                note(&sender, &event);
                async {}
            });
        let client = options.connect(&place.servers[..]).await.map_err(Problem::of_connecting)?;
        let context = ContextBuilder::new().timeout(TIMEOUT).max_ack_inflight(ACKS_AHEAD).build(client);
        Ok(Connection { context, renewals, epoch: Epoch::default() })
    }
}

fn authenticated(place: &JetStreamPlace) -> Result<ConnectOptions, Problem> {
    let options = ConnectOptions::new();
    let mut options = match &place.auth {
        Auth::None => options,
        // The client finds the last part only where its last line has an end.
        Auth::Credentials(text) => options.credentials(&format!("{}\n", text.reveal())).map_err(Problem::of)?,
        Auth::Nkey(seed) => options.nkey(seed.reveal().to_owned()),
        Auth::User { name, password } => options.user_and_password(name.clone(), password.reveal().to_owned()),
        Auth::Token(token) => options.token(token.reveal().to_owned()),
    };
    if let Some(authority) = &place.tls.authority {
        options = options.add_root_certificates(authority.clone()).require_tls(true);
    }
    if let Some((certificate, key)) = &place.tls.identity {
        options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
    }
    Ok(options)
}

fn pause(attempt: usize) -> Duration {
    let steps = u32::try_from(attempt).unwrap_or(u32::MAX);
    Duration::from_millis(50).saturating_mul(steps).min(LONGEST_PAUSE)
}

/// What happens to the connection is told to the operator; requests that the server forbids only time out otherwise.
fn note(renewals: &watch::Sender<u64>, event: &Event) {
    match event {
        Event::Connected => {
            tracing::info!("connected to nats");
            renewals.send_if_modified(|connections| {
                *connections += 1;
                // The first one is no renewal.
                *connections > 1
            });
        }
        Event::Disconnected => tracing::warn!("the connection to nats was lost"),
        other => tracing::warn!("nats: {other}"),
    }
}
