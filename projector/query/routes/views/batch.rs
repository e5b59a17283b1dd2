//! `POST /v1/views/VIEW/batch`: many documents by their keys, all of one moment.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::document::{key, wanted};
use super::{Parameters, moment};
use crate::query::fields::Fields;
use crate::query::freshness::Source;
use crate::query::{Api, Caller, Problem};
use crate::state::{Document, DocumentBody, LiveView};

/// Keys of a request at most.
const LARGEST: usize = 1000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    keys: Vec<String>,
}

/// The documents in the order of their keys; `null` where there is none.
pub async fn answer(
    State(api): State<Api>,
    caller: Caller,
    view: Result<Path<String>, PathRejection>,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (Path(view), (freshness, fields)) = (view?, wanted(parameters)?);
    let asked: Asked = serde_json::from_slice(&body?)
        .map_err(|error| Problem::bad_request(format!("the body is not {{\"keys\": [\"…\"]}}: {error}")))?;
    if asked.keys.len() > LARGEST {
        return Err(Problem::bad_request(format!("there are {} keys, and at most {LARGEST} may be", asked.keys.len())));
    }
    let (keys, checked) = (asked.keys.clone(), fields.clone());
    let read = move |api: &Api, view: &LiveView| {
        checked.require(&view.spec)?;
        let keys = keys.iter().map(|text| key(view, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(api.stores.views.documents(view, &keys)?)
    };
    let shown = freshness.read(&api, &caller, &view, Source::State, read).await?;
    let head = moment(&shown);
    let entries = asked.keys.iter().zip(shown.value).map(|(key, document)| entry(key, document, &fields));
    let entries = entries.collect::<Result<Vec<String>, Problem>>()?.join(",");
    let (position, generation) = (shown.position, shown.generation);
    let json = format!(r#"{{"position":{position},"generation":{generation},"documents":[{entries}]}}"#);
    Ok((head, [(header::CONTENT_TYPE, "application/json")], json).into_response())
}

fn entry(key: &str, document: Option<Document>, fields: &Fields) -> Result<String, Problem> {
    let key = json!(key);
    Ok(match document.map(|document| document.body) {
        Some(DocumentBody::Json(json)) => format!(r#"{{"key":{key},"document":{}}}"#, fields.of(json)?),
        Some(DocumentBody::Broken(reason)) => format!(r#"{{"key":{key},"document":null,"broken":{}}}"#, json!(reason)),
        None => format!(r#"{{"key":{key},"document":null}}"#),
    })
}
