//! What operators do to a projection: `POST /v1/projections/NAME/pause`, `resume`, `rebuild`, `rebuild/cancel`, `rollback` and `gc`; and what was
//! done to it, `GET …/history`. Each body is a JSON object, and may be left out.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock;
use crate::deploy::{Then, recall, record_of};
use crate::operate::{self, Task};
use crate::query::{Api, Caller, Code, Problem, operators_only};
use crate::state::Pause;

/// Generations that were live before and are kept where nothing is said.
const KEEP: usize = 1;
/// Who asks for something where that is not said.
const SOMEBODY: &str = "http";

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/projections/{name}/pause", post(pause))
        .route("/v1/projections/{name}/resume", post(resume))
        .route("/v1/projections/{name}/rebuild", post(rebuild))
        .route("/v1/projections/{name}/rebuild/cancel", post(cancel))
        .route("/v1/projections/{name}/rollback", post(rollback))
        .route("/v1/projections/{name}/gc", post(gc))
        .route_layer(from_fn(operators_only))
        .route("/v1/projections/{name}/history", get(history))
        .route("/v1/projections/{name}/lineage", get(lineage))
}

/// A projection's name.
type Name = Result<Path<String>, PathRejection>;
/// A body.
type Body = Result<Bytes, BytesRejection>;
/// An answer, with what it means.
type Answer = Result<(StatusCode, Json<Value>), Problem>;

/// Who asks for something, and what for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    by: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RebuildAsked {
    by: Option<String>,
    #[serde(default)]
    go_live: GoLive,
}

/// When a generation goes live that is built.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GoLive {
    #[default]
    UnlessWorse,
    Anyway,
    Hold,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackAsked {
    by: Option<String>,
    to: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GcAsked {
    by: Option<String>,
    keep: Option<usize>,
}

async fn pause(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Result<Json<Value>, Problem> {
    let Asked { by, reason } = parse(&body?)?;
    note(&api, name?.0, Some(Pause { since: clock::now_micros(), by: somebody(&caller, by), reason })).await
}

async fn resume(State(api): State<Api>, name: Name, body: Body) -> Result<Json<Value>, Problem> {
    let Asked { .. } = parse(&body?)?;
    note(&api, name?.0, None).await
}

async fn note(api: &Api, name: String, pause: Option<Pause>) -> Result<Json<Value>, Problem> {
    let answer = json!({ "projection": name, "paused": pause.is_some() });
    api.blocking(move |api| Ok(operate::pause(&*api.stores.builds, &name, pause.as_ref())?)).await?;
    Ok(Json(answer))
}

async fn rebuild(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Answer {
    let RebuildAsked { by, go_live } = parse(&body?)?;
    begin(&api, name?.0, Task::Rebuild(go_live.into()), somebody(&caller, by)).await
}

async fn rollback(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Answer {
    let RollbackAsked { by, to } = parse(&body?)?;
    begin(&api, name?.0, Task::Rollback(to), somebody(&caller, by)).await
}

/// It has begun when this is answered; the projection's `operation` says how it goes on.
async fn begin(api: &Api, name: String, task: Task, by: String) -> Answer {
    let begun = move |api: &Api| {
        api.workshop.begin(&name, task, &by)?;
        Ok(json!({ "projection": name, "operation": api.workshop.describe(&name) }))
    };
    Ok((StatusCode::ACCEPTED, Json(api.blocking(begun).await?)))
}

async fn cancel(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Result<Json<Value>, Problem> {
    let (Path(name), Asked { by, .. }) = (name?, parse(&body?)?);
    let by = somebody(&caller, by);
    drop_generations(&api, name, move |api, name| Ok(api.workshop.cancel(name, &by)?)).await
}

async fn gc(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Result<Json<Value>, Problem> {
    let (Path(name), GcAsked { by, keep }) = (name?, parse(&body?)?);
    let by = somebody(&caller, by);
    let collect = move |api: &Api, name: &str| Ok(api.workshop.collect(name, keep.unwrap_or(KEEP), &by)?);
    drop_generations(&api, name, collect).await
}

async fn drop_generations(
    api: &Api,
    name: String,
    drop: impl FnOnce(&Api, &str) -> Result<Vec<u64>, Problem> + Send + 'static,
) -> Result<Json<Value>, Problem> {
    let done = api.blocking(move |api| Ok(json!({ "dropped": drop(api, &name)?, "projection": name })));
    Ok(Json(done.await?))
}

async fn history(State(api): State<Api>, name: Name) -> Result<Json<Value>, Problem> {
    let Path(name) = name?;
    let told = move |api: &Api| {
        record_of(&*api.stores.builds, &name)?.ok_or_else(|| no_projection(&name))?;
        Ok(json!({ "projection": name, "history": api.stores.builds.deeds(&name)? }))
    };
    Ok(Json(api.blocking(told).await?))
}

/// Of what is live, from the definitions that are stored with it.
async fn lineage(State(api): State<Api>, name: Name) -> Result<Json<Value>, Problem> {
    let Path(name) = name?;
    let drawn = move |api: &Api| {
        let live = record_of(&*api.stores.builds, &name)?.and_then(|record| record.live);
        let live = live.ok_or_else(|| no_projection(&name))?;
        let definition = recall(&*api.stores.builds, &name, live, api.workshop.mapping())?;
        let mut json = operate::lineage(&definition.plan, &definition.registry);
        json["projection"] = name.into();
        json["generation"] = live.into();
        Ok(json)
    };
    Ok(Json(api.blocking(drawn).await?))
}

/// What a body says; nothing where it is left out.
pub fn parse<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))
}

/// Who asks for it: whose token it is, and, where tokens are not needed, who the body says.
pub fn somebody(caller: &Caller, by: Option<String>) -> String {
    match caller {
        Caller::Holder(holder) => holder.name.clone(),
        Caller::Anyone | Caller::Nobody => by.unwrap_or_else(|| SOMEBODY.to_owned()),
    }
}

fn no_projection(name: &str) -> Problem {
    Problem::new(Code::NoProjection, format!("there is no projection {name}"))
}

impl From<GoLive> for Then {
    fn from(go_live: GoLive) -> Then {
        match go_live {
            GoLive::UnlessWorse => Then::CutOver,
            GoLive::Anyway => Then::CutOverAnyway,
            GoLive::Hold => Then::Hold,
        }
    }
}
