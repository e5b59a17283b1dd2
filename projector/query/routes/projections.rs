//! `/v1/projections` and `/v1/status`: how everything stands.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::query::standing::standing;
use crate::query::{Api, Problem};
use crate::status::{ProjectionStatus, Status};

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
    found.map(|found| Json(described(&api, found))).ok_or_else(|| Problem::not_found(format!("there is no projection {name}")))
}

fn all_of(api: &Api, status: &Status) -> Value {
    status.projections.iter().map(|projection| described(api, projection)).collect()
}

/// What is stored, and as `daemon` what this process knows of it, as `status --json` prints it.
fn described(api: &Api, projection: &ProjectionStatus) -> Value {
    let (mut json, name) = (projection.to_json(), &projection.record.name);
    let place = api.board.places().into_iter().find(|(of, _)| of == name).map(|(_, place)| place);
    json["daemon"] = place.map(|place| standing(name, &place, &place.health(api.stall_after))).into();
    json
}

async fn gather(api: &Api) -> Result<Status, Problem> {
    api.blocking_on_log(|api| Ok(Status::gather(&api.stores)?)).await
}
