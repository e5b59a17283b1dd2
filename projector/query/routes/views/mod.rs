//! `/v1/views`: documents by key, one or many, and lists.

mod batch;
mod document;
mod list;
mod stream;
mod watch;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::query::freshness::Shown;
use crate::query::{Api, Caller, Problem};
use crate::state::LiveView;

/// The header that says which position an answer reflects.
const POSITION: HeaderName = HeaderName::from_static("projector-position");
/// The header that says of which generation an answer is.
const GENERATION: HeaderName = HeaderName::from_static("projector-generation");
/// One JSON object a line.
const NDJSON: &str = "application/x-ndjson";

/// The routes of this resource. A document whose key is `batch` is still read by GET; one whose key is `watch` as `%77atch`.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/views", get(all))
        .route("/v1/views/{view}", get(list::answer))
        .route("/v1/views/{view}/batch", get(document::answer_batch).post(batch::answer))
        .route("/v1/views/{view}/watch", get(watch::list))
        .route("/v1/views/{view}/{key}", get(document::answer))
        .route("/v1/views/{view}/{key}/watch", get(watch::document))
}

/// Parameters of a query, in order; a name may come again.
type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// Those that the caller may read.
async fn all(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    let views = api.blocking(|api| Ok(api.stores.views.views()?)).await?;
    let readable = views.iter().filter(|view| caller.may_read(view).is_ok());
    Ok(Json(json!({ "views": readable.map(describe).collect::<Vec<_>>() })))
}

fn describe(view: &LiveView) -> Value {
    let name = |column: &usize| view.spec.columns[*column].name.clone();
    json!({
        "name": view.spec.name,
        "projection": view.projection,
        "generation": view.generation,
        "columns": view.spec.columns,
        "key": view.spec.key.iter().map(name).collect::<Vec<_>>(),
        "filters": view.spec.listed.iter().map(name).collect::<Vec<_>>(),
        "order_by": view.spec.order_by.iter().map(name).collect::<Vec<_>>(),
    })
}

/// What every answer about a view says in its head.
fn moment<T>(shown: &Shown<T>) -> [(HeaderName, String); 2] {
    [(POSITION, shown.position.to_string()), (GENERATION, shown.generation.to_string())]
}

/// JSON, or that it is what the client has. `tagged`: what is the same as long as that is. The tag is a hash of it: a version may come again with
/// another content, in another generation, and within a fan-out. It is a weak one, for the same may be sent compressed.
fn unless_known(json: String, tagged: &str, headers: &HeaderMap) -> Response {
    let tag = format!("W/\"{:016x}\"", xxh3_64(tagged.as_bytes()));
    let is_known = is_among(&tag, headers);
    let tag = [(header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Whether the client says that it has what has this tag.
fn is_among(tag: &str, headers: &HeaderMap) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    known.flat_map(|known| known.split(',')).any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_has_is_recognized() {
        for (known, expected) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            assert_eq!(is_among("W/\"a\"", &headers), expected, "{known}");
        }
        assert!(!is_among("W/\"a\"", &HeaderMap::new()));
    }
}
