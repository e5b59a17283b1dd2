//! `/v1/projections/NAME/dead-letters`: events that could not be applied. They are settled by commands.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock;
use crate::dead_letters::{Filter, to_json};
use crate::query::{Api, Caller, Code, Problem};
use crate::state::views::StoredDeadLetter;

/// How many an answer has where nothing is said.
const LIMIT: usize = 50;
/// How many an answer has at most.
const LARGEST_LIMIT: usize = 1000;

/// The routes of this resource.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/projections/{name}/dead-letters", get(list))
        .route("/v1/projections/{name}/dead-letters/{position}", get(one))
}

/// Parameters of a query, in order; a name may come again.
type Parameters = Query<Vec<(String, String)>>;

/// What a list is asked for.
struct Wanted {
    filter: Filter,
    after: u64,
    limit: usize,
}

async fn list(
    State(api): State<Api>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    parameters: Result<Parameters, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    caller.may_operate()?;
    let (Path(name), Query(parameters)) = (name?, parameters?);
    let Wanted { filter, after, limit } = Wanted::parse(&parameters)?;
    let letters = api.blocking(move |api| {
        require(api, &name)?;
        let mut letters: Vec<StoredDeadLetter> = Vec::new();
        filter.scan(&*api.stores.views, (&name, None), after, limit, |letter| {
            letters.push(letter);
            Ok::<_, Problem>(())
        })?;
        Ok(letters)
    });
    let letters = letters.await?;
    // The page after this one is asked for by `after`.
    let next = letters.last().filter(|_| letters.len() == limit).map(|last| last.position);
    Ok(Json(json!({ "dead_letters": letters.iter().map(to_json).collect::<Vec<_>>(), "next": next })))
}

async fn one(
    State(api): State<Api>,
    caller: Caller,
    place: Result<Path<(String, u64)>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    caller.may_operate()?;
    let Path((name, position)) = place?;
    let none = Problem::new(Code::NoDeadLetter, format!("{name}: there is no dead letter at position {position}"));
    let letter = api.blocking(move |api| {
        require(api, &name)?;
        Ok(api.stores.views.dead_letter(&name, position)?)
    });
    letter.await?.map(|letter| Json(to_json(&letter))).ok_or(none)
}

fn require(api: &Api, name: &str) -> Result<(), Problem> {
    let is_there = api.stores.builds.projections()?.iter().any(|record| record.name == name);
    is_there.then_some(()).ok_or_else(|| Problem::new(Code::NoProjection, format!("there is no projection {name}")))
}

// === impl Wanted ===

impl Wanted {
    fn parse(parameters: &[(String, String)]) -> Result<Wanted, Problem> {
        let mut wanted = Wanted { filter: Filter::default(), after: 0, limit: LIMIT };
        for (name, value) in parameters {
            wanted.take(name, value)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let filter = &mut self.filter;
        match name {
            "kind" => filter.kinds.push(value.to_owned()),
            "matching" => filter.matching = Some(value.to_owned()),
            "key" => filter.key = Some(value.to_owned()),
            "since" => filter.since = Some(clock::read(value).map_err(Problem::bad_request)?),
            "until" => filter.until = Some(clock::read(value).map_err(Problem::bad_request)?),
            "from" => filter.from = Some(number(value)?),
            "to" => filter.to = Some(number(value)?),
            "after" => self.after = number(value)?,
            "limit" => self.limit = usize::try_from(number(value)?).unwrap_or(LARGEST_LIMIT).clamp(1, LARGEST_LIMIT),
            _ => return Err(Problem::bad_request(format!("there is no parameter {name} here"))),
        }
        Ok(())
    }
}

fn number(value: &str) -> Result<u64, Problem> {
    value.parse().map_err(|_| Problem::bad_request(format!("'{value}' is no number")))
}
