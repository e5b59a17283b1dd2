//! The HTTP API: views, events and how everything stands. One file for each resource, under [`routes`].
//!
//! Every answer about a view carries, in the header `projector-position`, the position that it reflects. Errors are
//! problem+json (RFC 9457) with a stable `code`.

mod freshness;
mod problem;
mod routes;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;

pub use problem::Problem;

use crate::intake::Intake;
use crate::run::Board;
use crate::stores::Stores;

/// The largest body that is taken, in bytes: room for events far above the usual size.
const LARGEST_BODY: usize = 64 << 20;

/// What the routes work with.
#[derive(Clone)]
pub struct Api {
    /// Where everything is.
    pub stores: Stores,
    /// What the projections of this process are doing.
    pub board: Arc<Board>,
    /// Judges events before they are published.
    pub intake: Arc<Intake>,
}

/// Answers until `stop` is done, then finishes the answers that are under way.
pub async fn serve(listener: TcpListener, api: Api, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    axum::serve(listener, router(api)).with_graceful_shutdown(stop).await
}

/// All routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .merge(routes::views::routes())
        .merge(routes::events::routes())
        .merge(routes::projections::routes())
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .fallback(async || Problem::not_found("there is nothing at this path"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(api)
}

// === impl Api ===

impl Api {
    /// Runs what blocks on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let api = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&api)).await;
        done.unwrap_or_else(|_| Err(Problem::internal("the request could not be finished")))
    }
}
