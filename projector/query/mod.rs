//! The HTTP API: views, events and how everything stands. One file for each resource, under [`routes`].
//!
//! Every answer about a view carries, in the headers `projector-position` and `projector-generation`, the position that it reflects and the
//! generation that it is of. Errors are problem+json (RFC 9457) with a stable `code`.

mod bodies;
mod code;
mod fields;
mod find;
mod freshness;
mod guard;
mod lanes;
mod live;
pub mod openapi;
mod problem;
mod refused;
mod routes;
mod server;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;

pub use code::Code;
pub use guard::{Caller, Guard, operators_only};
pub use problem::Problem;
pub use server::{BadIdentity, Server, acceptor};

use lanes::Lanes;

use crate::dashboard;
use crate::intake::Intake;
use crate::operate::Workshop;
use crate::run::Board;
use crate::stores::Stores;

/// What the routes work with.
#[derive(Clone)]
pub struct Api {
    stores: Stores,
    board: Arc<Board>,
    intake: Arc<Intake>,
    workshop: Arc<Workshop>,
    lanes: Arc<Lanes>,
    stall_after: Duration,
    ending: watch::Receiver<bool>,
}

/// All routes, for those whom the guard lets in.
pub fn router(api: Api, guard: Guard) -> Router {
    Router::new()
        .merge(dashboard::routes())
        .merge(routes::views::routes())
        .merge(routes::events::routes())
        .merge(routes::projections::routes())
        .merge(routes::overview::routes())
        .merge(routes::operations::routes())
        .merge(routes::dead_letters::routes())
        .merge(routes::settling::routes())
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .merge(routes::openapi::routes())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed, "this path takes other methods"))
        .fallback(async || Problem::new(Code::NotFound, "there is nothing at this path"))
        .layer(DefaultBodyLimit::max(bodies::LARGEST))
        .layer(middleware::from_fn_with_state(bodies::room(), bodies::limit))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(Arc::new(guard), guard::check))
        .with_state(api)
}

// === impl Api ===

impl Api {
    /// `board`: what the projections of this process are doing. `intake` judges events before they are published; in `workshop`
    /// generations are built. `stall_after`: for how long nothing may go on before a projection counts as stalled. `ending` is true once
    /// the process is to end.
    pub fn new(
        stores: Stores,
        board: Arc<Board>,
        intake: Arc<Intake>,
        workshop: Arc<Workshop>,
        stall_after: Duration,
        ending: watch::Receiver<bool>,
    ) -> Api {
        Api { stores, board, intake, workshop, lanes: Arc::default(), stall_after, ending }
    }

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
