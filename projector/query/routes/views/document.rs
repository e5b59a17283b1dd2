//! `GET /v1/views/VIEW/KEY`: a document.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use projections::codec::{Key, parse_key};

use super::{Parameters, moment, unless_known};
use crate::query::fields::Fields;
use crate::query::freshness::{Freshness, Shown, Source};
use crate::query::{Api, Caller, Code, Problem};
use crate::state::{Document, DocumentBody, LiveView};

/// The document of the key that the path names.
pub async fn answer(
    State(api): State<Api>,
    caller: Caller,
    place: Result<Path<(String, String)>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((view, key)) = place?;
    read(&api, &caller, (view, key), parameters, &headers).await
}

/// The document whose key is `batch`.
pub async fn answer_batch(
    State(api): State<Api>,
    caller: Caller,
    view: Result<Path<String>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(view) = view?;
    read(&api, &caller, (view, "batch".to_owned()), parameters, &headers).await
}

/// The key that a text says, of a document of this view.
pub fn key(view: &LiveView, text: &str) -> Result<Key, Problem> {
    parse_key(text, &view.spec.key_types()).map_err(|error| Problem::new(Code::BadKey, error.to_string()))
}

/// What parameters say that are about freshness and columns only.
pub fn wanted(parameters: Parameters) -> Result<(Freshness, Fields), Problem> {
    let (mut freshness, mut fields) = (Freshness::default(), Fields::default());
    for (name, value) in &parameters?.0 {
        if !freshness.take(name, value)? && !fields.take(name, value) {
            return Err(Problem::bad_request(format!("there is no parameter {name} here")));
        }
    }
    Ok((freshness, fields))
}

async fn read(
    api: &Api,
    caller: &Caller,
    (view, text): (String, String),
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (freshness, fields) = wanted(parameters)?;
    let (named, asked) = (text.clone(), fields.clone());
    let read = move |api: &Api, view: &LiveView| {
        asked.require(&view.spec)?;
        Ok(api.stores.views.documents(view, &[key(view, &named)?])?)
    };
    shown(&text, freshness.read(api, caller, &view, Source::State, read).await?, &fields, headers)
}

fn shown(key: &str, mut shown: Shown<Vec<Option<Document>>>, fields: &Fields, headers: &HeaderMap) -> Result<Response, Problem> {
    let problem = |code, detail: String| Problem::new(code, detail).with("position", shown.position).into_response();
    let answer = match shown.value.pop().flatten().map(|document| document.body) {
        Some(DocumentBody::Json(json)) => {
            let json = fields.of(json)?;
            let tagged = json.clone();
            unless_known(json, &tagged, headers)
        }
        Some(DocumentBody::Broken(reason)) => problem(Code::DocumentBroken, reason),
        None => problem(Code::NoDocument, format!("there is no document {key}")),
    };
    Ok((moment(&shown), answer).into_response())
}
