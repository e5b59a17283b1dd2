//! The HTTP API: views, events and how everything stands. One file for each resource, under [`routes`].
//!
//! Every answer about a view carries, in the header `projector-position`, the position that it reflects. Errors are
//! problem+json (RFC 9457) with a stable `code`.

mod code;
mod find;
mod freshness;
mod guard;
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
use tokio::sync::Semaphore;

pub use code::Code;
pub use guard::{Caller, Guard, operators_only};
pub use problem::Problem;
pub use server::{BadIdentity, Server, acceptor};

use crate::intake::Intake;
use crate::operate::Workshop;
use crate::run::Board;
use crate::stores::Stores;

/// The largest body that is taken, in bytes: room for events far above the usual size.
const LARGEST_BODY: usize = 64 << 20;

/// How many requests may be busy with the log: one that does not answer keeps its threads, and others are for the views.
const BUSY_WITH_LOG: usize = 2;

/// What the routes work with.
#[derive(Clone)]
pub struct Api {
    stores: Stores,
    board: Arc<Board>,
    intake: Arc<Intake>,
    workshop: Arc<Workshop>,
    log_turns: Arc<Semaphore>,
    stall_after: Duration,
}

/// All routes, for those whom the guard lets in.
pub fn router(api: Api, guard: Guard) -> Router {
    Router::new()
        .merge(routes::views::routes())
        .merge(routes::events::routes())
        .merge(routes::projections::routes())
        .merge(routes::overview::routes())
        .merge(routes::operations::routes())
        .merge(routes::dead_letters::routes())
        .merge(routes::settling::routes())
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed, "this path takes other methods"))
        .fallback(async || Problem::new(Code::NotFound, "there is nothing at this path"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::new(guard), guard::check))
        .with_state(api)
}

// === impl Api ===

impl Api {
    /// `board`: what the projections of this process are doing. `intake` judges events before they are published; in `workshop`
    /// generations are built. `stall_after`: for how long nothing may go on before a projection counts as stalled.
    pub fn new(stores: Stores, board: Arc<Board>, intake: Arc<Intake>, workshop: Arc<Workshop>, stall_after: Duration) -> Api {
        Api { stores, board, intake, workshop, log_turns: Arc::new(Semaphore::new(BUSY_WITH_LOG)), stall_after }
    }

    /// Runs what asks the log on a thread that may block, once there is one to spare.
    async fn blocking_on_log<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        // The turn ends with the work, which goes on where the client has gone. The semaphore is never closed.
        let turn = self.log_turns.clone().acquire_owned().await;
        self.blocking(move |api| {
            let _turn = turn;
            work(api)
        })
        .await
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
