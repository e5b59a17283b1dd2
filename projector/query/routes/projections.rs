//! `/v1/projections` and `/v1/status`: how everything stands.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::query::lanes::Lane;
use crate::query::standing::described;
use crate::query::{Api, Code, Problem};
use crate::status::Status;

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new().route("/v1/status", get(status)).route("/v1/projections", get(all)).route("/v1/projections/{name}", get(one))
}

async fn status(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    let status = gather(&api).await?;
    let mut json = status.to_json();
    json["projections"] = all_of(&api, &status);
    Ok(Json(json))
}

async fn all(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    let status = gather(&api).await?;
    Ok(Json(json!({ "projections": all_of(&api, &status) })))
}

async fn one(State(api): State<Api>, name: Result<Path<String>, PathRejection>) -> Result<Json<Value>, Problem> {
    let Path(name) = name?;
    let status = gather(&api).await?;
    let found = status.projections.iter().find(|projection| projection.record.name == name);
    found
        .map(|found| Json(described(&api, &name, found.to_json())))
        .ok_or_else(|| Problem::new(Code::NoProjection, format!("there is no projection {name}")))
}

fn all_of(api: &Api, status: &Status) -> Value {
    status.projections.iter().map(|stored| described(api, &stored.record.name, stored.to_json())).collect()
}

async fn gather(api: &Api) -> Result<Status, Problem> {
    api.blocking_on(Lane::Log, |api| Ok(Status::gather(&api.stores)?)).await
}
