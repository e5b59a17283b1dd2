//! `POST /v1/projections/NAME/dead-letters/retry` and `discard`: dead letters tried again, repaired or given up.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::operations::{parse, somebody};
use crate::dead_letters::{Carried, Desk, Filter, parse_repair, report_to_json};
use crate::query::{Api, Caller, Problem, operators_only};
use crate::state::{Action, Order};

/// How long the owner may take before it is answered that it has not come to it yet.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/projections/{name}/dead-letters/retry", post(retry))
        .route("/v1/projections/{name}/dead-letters/discard", post(discard))
        .route_layer(from_fn(operators_only))
}

/// Which dead letters are meant, by whom and what for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    by: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    positions: Vec<u64>,
    /// Those of any position and any kind.
    #[serde(default)]
    all: bool,
    #[serde(default)]
    kinds: Vec<String>,
    matching: Option<String>,
    key: Option<String>,
    /// Events to be applied in the place of what the log has.
    #[serde(default)]
    repairs: Vec<Box<RawValue>>,
}

/// A projection's name.
type Name = Result<Path<String>, PathRejection>;
/// A body.
type Body = Result<Bytes, BytesRejection>;
/// An answer, with what it means.
type Answer = Result<(StatusCode, Json<Value>), Problem>;

async fn retry(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Answer {
    settle(&api, &caller, name?.0, parse(&body?)?, Action::Retry).await
}

async fn discard(State(api): State<Api>, caller: Caller, name: Name, body: Body) -> Answer {
    let asked: Asked = parse(&body?)?;
    if !asked.repairs.is_empty() {
        return Err(Problem::bad_request("who repairs an event does not discard it: ask for a retry"));
    }
    settle(&api, &caller, name?.0, asked, Action::Discard).await
}

/// Gives the orders, and answers what came of them as soon as they are carried out; or, after a while, that they will be.
async fn settle(api: &Api, caller: &Caller, name: String, asked: Asked, action: Action) -> Answer {
    let (projection, by) = (name.clone(), somebody(caller, asked.by.clone()));
    let give = move |api: &Api| {
        let desk = Desk::open(api.stores.clone(), &projection)?;
        let orders = desk.give(asked.actions(&desk, &action)?, &by, asked.reason.as_deref())?;
        Ok((Arc::new(desk), Arc::<[Order]>::from(orders)))
    };
    let (desk, orders) = api.blocking(give).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (looking, given) = (desk.clone(), orders.clone());
        let carried = api.blocking(move |_| Ok(looking.look(&given)?)).await?;
        if carried != Carried::ByOwner || Instant::now() >= deadline {
            let report = api.blocking(move |_| Ok(desk.report(&orders)?)).await?;
            let status = if carried == Carried::Out { StatusCode::OK } else { StatusCode::ACCEPTED };
            let mut json = report_to_json(&name, &carried, &report);
            json["waits_for"] = waits_for(&carried).into();
            return Ok((status, Json(json)));
        }
        sleep(LOOK).await;
    }
}

/// What has to happen before orders are carried out.
fn waits_for(carried: &Carried) -> Option<&'static str> {
    match carried {
        Carried::Out => None,
        Carried::AfterPause(_) => Some("resume"),
        Carried::ByOwner => Some("daemon"),
        Carried::ByNobody | Carried::ByNextGeneration => Some("next_run"),
    }
}

// === impl Asked ===

impl Asked {
    /// The dead letters that are meant, each with what is to be done.
    fn actions(&self, desk: &Desk, action: &Action) -> Result<Vec<(u64, Action)>, Problem> {
        let filter = self.filter();
        let says_which = self.all || !self.positions.is_empty() || !filter.is_empty();
        if self.repairs.is_empty() != says_which {
            return Err(Problem::bad_request("say which are meant, by one of positions, kinds, matching, key, all and repairs"));
        }
        if !self.repairs.is_empty() {
            let repairs = self.repairs.iter().enumerate().map(|(at, repair)| parse_repair(at + 1, repair.get()));
            return Ok(desk.repairs(repairs.collect::<Result<_, _>>()?)?);
        }
        let letters = desk.select(&self.positions, &filter)?;
        Ok(letters.iter().map(|letter| (letter.position, action.clone())).collect())
    }

    fn filter(&self) -> Filter {
        let Asked { kinds, matching, key, .. } = self;
        Filter { kinds: kinds.clone(), matching: matching.clone(), key: key.clone(), ..Filter::default() }
    }
}
