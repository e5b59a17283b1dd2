//! `/v1/events`: publishing.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use schemas::Envelope;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::log::NewEvent;
use crate::query::lanes::Lane;
use crate::query::{Api, Caller, Code, Problem};

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/v1/events", post(publish))
}

/// Parameters of a publication.
#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    accept: Accept,
}

/// Which events are taken.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Accept {
    /// Those that projections will apply, as far as schemas tell. One that is not refuses all.
    #[default]
    Valid,
    /// Whatever comes.
    Any,
}

/// Takes one event, an array of events, or NDJSON. A refusal takes none of them; where the log fails, some may be in it.
async fn publish(
    State(api): State<Api>,
    caller: Caller,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Problem> {
    let (Query(parameters), body) = (parameters?, body?);
    let (positions, published) = api
        .blocking_on(Lane::Log, move |api| {
            let events = split(&headers, &body)?;
            if events.is_empty() {
                return Err(Problem::bad_request("there is no event in the body"));
            }
            require_owner(&caller, &events)?;
            if parameters.accept == Accept::Valid {
                refuse_invalid(api, &events)?;
            }
            let events: Vec<_> = events.into_iter().map(|data| NewEvent { subject: None, data }).collect();
            Ok((api.stores.log.publish(&events)?, events.len()))
        })
        .await?;
    Ok(Json(json!({ "position": positions.end(), "first": positions.start(), "published": published })))
}

/// That each event is published as a service that the caller is allowed to be.
fn require_owner(caller: &Caller, events: &[&[u8]]) -> Result<(), Problem> {
    if matches!(caller, Caller::Anyone) {
        return Ok(());
    }
    events.iter().try_for_each(|event| {
        let envelope = Envelope::parse(event).ok();
        caller.may_publish(envelope.as_ref().map(Envelope::service))
    })
}

fn refuse_invalid(api: &Api, events: &[&[u8]]) -> Result<(), Problem> {
    let judged = events.iter().enumerate().filter_map(|(index, event)| Some((index, api.intake.judge(event).err()?)));
    let refused: Vec<Value> =
        judged.map(|(index, violation)| json!({ "event": index, "kind": violation.kind, "reason": violation.reason })).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let detail = format!("{} of {} events would become dead letters; nothing was published", refused.len(), events.len());
    Err(Problem::new(Code::InvalidEvents, detail).with("events", refused))
}

/// The events of a body, each as the bytes that it came in.
fn split<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Vec<&'b [u8]>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.contains("ndjson") || kind.contains("jsonl") {
        return Ok(body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect());
    }
    let body = body.trim_ascii();
    if body.first() != Some(&b'[') {
        return Ok(if body.is_empty() { Vec::new() } else { vec![body] });
    }
    let events: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is no JSON array of events: {error}")))?;
    Ok(events.into_iter().map(|event| event.get().as_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_taken_apart() {
        for (kind, body, events) in [
            ("application/json", " {\"a\": 1} ", vec!["{\"a\": 1}"]),
            ("application/json", "[{\"a\": 1}, {}]", vec!["{\"a\": 1}", "{}"]),
            ("application/json", "  ", vec![]),
            ("application/x-ndjson", "{}\n\n[1]\r\n", vec!["{}", "[1]"]),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            let found: Vec<_> = split(&headers, body.as_bytes()).unwrap();
            assert_eq!(found, events.iter().map(|event| event.as_bytes()).collect::<Vec<_>>(), "{body}");
        }
        assert!(split(&HeaderMap::new(), b"[1,").is_err());
    }
}
