//! `/v1/views`: documents by key, and lists.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use projections::codec::parse_key;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::query::freshness::{Freshness, Source};
use crate::query::{Api, Caller, Code, Problem};
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

async fn document(
    State(api): State<Api>,
    caller: Caller,
    place: Result<Path<(String, String)>, PathRejection>,
    parameters: Result<Parameters, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (Path((view, key)), Query(parameters)) = (place?, parameters?);
    let mut freshness = Freshness::default();
    for (name, value) in &parameters {
        if !freshness.take(name, value)? {
            return Err(Problem::bad_request(format!("there is no parameter {name} here")));
        }
    }
    let wanted = key.clone();
    let read = move |api: &Api, view: &LiveView| {
        let key = parse_key(&wanted, &view.spec.key_types()).map_err(|error| Problem::new(Code::BadKey, error.to_string()))?;
        Ok(api.stores.views.documents(view, &[key])?)
    };
    Ok(answer(&key, freshness.read(&api, &caller, &view, Source::State, read).await?, &headers))
}

fn answer(key: &str, reading: Reading<Vec<Option<Document>>>, headers: &HeaderMap) -> Response {
    let problem = |code, detail: String| Problem::new(code, detail).with("position", reading.position).into_response();
    let answer = match reading.value.into_iter().next().flatten().map(|document| document.body) {
        Some(DocumentBody::Json(json)) => unless_known(json, headers),
        Some(DocumentBody::Broken(reason)) => problem(Code::DocumentBroken, reason),
        None => problem(Code::NoDocument, format!("there is no document {key}")),
    };
    ([(POSITION, reading.position.to_string())], answer).into_response()
}

/// The document, or that it is the one that the client has. Its tag is its hash: a version may come again with another content, in
/// another generation, and within a fan-out.
fn unless_known(json: String, headers: &HeaderMap) -> Response {
    let tag = format!("\"{:016x}\"", xxh3_64(json.as_bytes()));
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let tag = [(header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

async fn list(
    State(api): State<Api>,
    caller: Caller,
    view: Result<Path<String>, PathRejection>,
    parameters: Result<Parameters, QueryRejection>,
) -> Result<Response, Problem> {
    let (Path(view), Query(parameters)) = (view?, parameters?);
    let (request, freshness) = request(parameters)?;
    let read = move |api: &Api, view: &LiveView| Ok(api.stores.lists()?.select(view, &request.resolve(&view.spec)?)?);
    let reading = freshness.read(&api, &caller, &view, Source::of_lists(&api.stores), read).await?;
    let position = [(POSITION, reading.position.to_string())];
    Ok((position, [(header::CONTENT_TYPE, "application/json")], documents(&reading)).into_response())
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

/// The page as JSON. Its documents are JSON as they are.
fn documents(reading: &Reading<Page>) -> String {
    let json = |document: &Document| match &document.body {
        DocumentBody::Json(json) => Some(json.clone()),
        DocumentBody::Broken(_) => None,
    };
    let documents: Vec<String> = reading.value.documents.iter().filter_map(json).collect();
    let next = json!(reading.value.next.as_ref().map(ToString::to_string));
    format!(r#"{{"position":{},"documents":[{}],"next":{next}}}"#, reading.position, documents.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

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
