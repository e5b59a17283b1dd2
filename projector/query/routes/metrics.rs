//! `/metrics`: for Prometheus.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::metrics;
use crate::query::{Api, Problem};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/metrics", get(scrape))
}

async fn scrape(State(api): State<Api>) -> Result<impl IntoResponse, Problem> {
    let text = metrics::render(&api.board, api.stall_after).map_err(|_| Problem::internal("the metrics cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text))
}
