//! `/v1/views`: documents by key, and lists.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use projections::codec::parse_key;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::query::freshness::Freshness;
use crate::query::{Api, Problem};
use crate::run::{Board, Stage};
use crate::state::{Document, DocumentBody, LiveView, Reading};
use crate::tables::{Page, Request};

/// The header that says which position an answer reflects.
const POSITION: &str = "projector-position";
/// Documents of a page where nothing is said.
const LIMIT: usize = 50;
/// Documents of a page at most.
const LARGEST_LIMIT: usize = 1000;

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/v1/views", get(all)).route("/v1/views/{view}", get(list)).route("/v1/views/{view}/{key}", get(document))
}

/// Parameters of a query, in order; a name may come again.
type Parameters = Query<Vec<(String, String)>>;

/// Documents of a list.
#[derive(Serialize)]
struct Documents {
    position: u64,
    documents: Vec<Box<RawValue>>,
    next: Option<String>,
}

async fn all(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    let views = api.blocking(|api| Ok(api.stores.views.views()?)).await?;
    Ok(Json(json!({ "views": views.iter().map(describe).collect::<Vec<_>>() })))
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

async fn document(
    State(api): State<Api>,
    Path((view, key)): Path<(String, String)>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut freshness = Freshness::default();
    for (name, value) in &parameters {
        if !freshness.take(name, value)? {
            return Err(Problem::bad_request(format!("there is no parameter {name} here")));
        }
    }
    let view = find(&api, view).await?;
    freshness.wait(&api, &view.projection).await?;
    let wanted = parse_key(&key, &view.spec.key_types()).map_err(|error| Problem::bad_request(error.to_string()))?;
    let reading = api.blocking(move |api| Ok(api.stores.views.documents(&view, &[wanted])?)).await?;
    answer(&key, reading, &headers)
}

fn answer(key: &str, reading: Reading<Vec<Option<Document>>>, headers: &HeaderMap) -> Result<Response, Problem> {
    let position = [(POSITION, reading.position.to_string())];
    let Some(document) = reading.value.into_iter().next().flatten() else {
        let problem = Problem::new(StatusCode::NOT_FOUND, "no_document", format!("there is no document {key}"));
        return Ok((position, problem.with("position", reading.position)).into_response());
    };
    let tag = format!("\"{}\"", document.version);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, position, [(header::ETAG, tag)]).into_response());
    }
    match document.body {
        DocumentBody::Json(json) => {
            let headers = [(header::ETAG, tag), (header::CONTENT_TYPE, "application/json".to_owned())];
            Ok((position, headers, json).into_response())
        }
        DocumentBody::Broken(reason) => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "document_broken", reason);
            Ok((position, problem.with("position", reading.position)).into_response())
        }
    }
}

async fn list(State(api): State<Api>, Path(view): Path<String>, Query(parameters): Parameters) -> Result<Response, Problem> {
    let (request, freshness) = request(parameters)?;
    let view = find(&api, view).await?;
    freshness.wait(&api, &view.projection).await?;
    let list = request.resolve(&view.spec)?;
    let reading = api.blocking(move |api| Ok(api.stores.lists()?.select(&view, &list)?)).await?;
    let position = [(POSITION, reading.position.to_string())];
    Ok((position, Json(documents(reading)?)).into_response())
}

/// What is neither of the list's own parameters nor about freshness is a condition: `status=paid`, `total>=10`.
fn request(parameters: Vec<(String, String)>) -> Result<(Request, Freshness), Problem> {
    let (mut request, mut freshness) = (Request { limit: LIMIT, ..Request::default() }, Freshness::default());
    for (name, value) in parameters {
        match name.as_str() {
            "order" => request.order.extend(value.split(',').map(str::to_owned)),
            "cursor" => request.cursor = Some(value),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
                request.limit =
                    limit.ok_or_else(|| Problem::bad_request(format!("limit is a number from 1 to {LARGEST_LIMIT}")))?;
            }
            name if freshness.take(name, &value)? => {}
            // `total>10` has no equals sign, so all of it is the name.
            name if value.is_empty() && name.contains(['<', '>']) => request.conditions.push(name.to_owned()),
            name => request.conditions.push(format!("{name}={value}")),
        }
    }
    Ok((request, freshness))
}

fn documents(reading: Reading<Page>) -> Result<Documents, Problem> {
    let json = |document: Document| match document.body {
        DocumentBody::Json(json) => RawValue::from_string(json).ok(),
        DocumentBody::Broken(_) => None,
    };
    Ok(Documents {
        position: reading.position,
        documents: reading.value.documents.into_iter().filter_map(json).collect(),
        next: reading.value.next.map(|next| next.to_string()),
    })
}

/// The view of this name, or of this name after its projection's and a dot.
async fn find(api: &Api, name: String) -> Result<LiveView, Problem> {
    let views = api.blocking(|api| Ok(api.stores.views.views()?)).await?;
    let is_named = |view: &LiveView| match name.split_once('.') {
        Some((projection, name)) => view.projection == projection && view.spec.name == name,
        None => view.spec.name == name,
    };
    let mut named = views.into_iter().filter(is_named);
    match (named.next(), named.next()) {
        (Some(view), None) => Ok(view),
        (Some(_), Some(_)) => Err(Problem::bad_request(format!("several projections have a view {name}: write projection.view"))),
        (None, _) => Err(no_view(&api.board, &name)),
    }
}

/// What a projection shows is known once it has started.
fn no_view(board: &Board, name: &str) -> Problem {
    let projections = board.all();
    match projections.iter().find(|(_, progress)| progress.stage == Stage::Starting) {
        Some((projection, _)) => {
            let detail = format!("there is no view {name} yet; {projection} is starting");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail)
        }
        None => Problem::new(StatusCode::NOT_FOUND, "no_view", format!("there is no view {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_known_once_projections_have_started() {
        let board = Board::default();
        let shop = board.place("shop");
        let status = || no_view(&board, "orders").into_response().status();
        assert_eq!(status(), StatusCode::SERVICE_UNAVAILABLE);
        shop.send_modify(|progress| progress.stage = Stage::Live);
        assert_eq!(status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn parameters_of_a_list() {
        let parameters =
            [("status", "paid"), ("total>", "10"), ("age>7", ""), ("order", "-a,b"), ("limit", "3"), ("min_position", "9")];
        let (request, freshness) = request(parameters.map(|(name, value)| (name.into(), value.into())).into()).unwrap();
        assert_eq!(request.conditions, ["status=paid", "total>=10", "age>7"]);
        assert_eq!((request.order, request.limit), (vec!["-a".to_owned(), "b".to_owned()], 3));
        assert_eq!(freshness.min_position, Some(9));
    }
}
