//! `GET /v1/views/VIEW`: documents that satisfy conditions, page by page, or all of them in one stream.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::stream::{Pages, stream};
use super::{NDJSON, Parameters, moment, unless_known};
use crate::query::fields::Fields;
use crate::query::freshness::{Freshness, Shown, Source};
use crate::query::{Api, Caller, Problem};
use crate::state::{Document, DocumentBody, LiveView};
use crate::tables::{Page, Request};

/// Documents of a page where nothing is said.
const LIMIT: usize = 50;
/// Documents of a page at most.
const LARGEST_LIMIT: usize = 1000;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Which documents; the limit is not in it.
    pub request: Request,
    /// How many at most, where that is said.
    pub limit: Option<usize>,
    /// How fresh they have to be.
    pub freshness: Freshness,
    /// Which columns they are sent with.
    pub fields: Fields,
}

/// A page as JSON; or, for who accepts NDJSON, all documents, one a line.
pub async fn answer(
    State(api): State<Api>,
    caller: Caller,
    view: Result<Path<String>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (Path(view), Query(parameters)) = (view?, parameters?);
    let asked = Asked::of(parameters)?;
    if accepts_lines(&headers) {
        return stream(Pages::new(api, caller, view, asked)).await;
    }
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!("limit is a number from 1 to {LARGEST_LIMIT}")));
    }
    let shown = read(&api, &caller, &view, asked.freshness, (Request { limit, ..asked.request }, asked.fields.clone())).await?;
    let documents = texts(&shown, &asked.fields)?.join(",");
    Ok((moment(&shown), unless_known(page(&shown, &documents), &documents, &headers)).into_response())
}

/// A page of the list.
pub async fn read(
    api: &Api,
    caller: &Caller,
    view: &str,
    freshness: Freshness,
    (request, fields): (Request, Fields),
) -> Result<Shown<Page>, Problem> {
    let read = move |api: &Api, view: &LiveView| {
        fields.require(&view.spec)?;
        Ok(api.stores.lists()?.select(view, &request.resolve(&view.spec)?)?)
    };
    freshness.read(api, caller, view, Source::of_lists(&api.stores), read).await
}

/// The documents of a page, which are JSON as they are.
pub fn texts(shown: &Shown<Page>, fields: &Fields) -> Result<Vec<String>, Problem> {
    let json = |document: &Document| match &document.body {
        DocumentBody::Json(json) => Some(fields.of(json.clone())),
        DocumentBody::Broken(_) => None,
    };
    shown.value.documents.iter().filter_map(json).collect()
}

fn page(shown: &Shown<Page>, documents: &str) -> String {
    let (position, generation) = (shown.position, shown.generation);
    let next = json!(shown.value.next.as_ref().map(ToString::to_string));
    let count = shown.value.count.map(|count| format!(r#","count":{count}"#)).unwrap_or_default();
    format!(r#"{{"position":{position},"generation":{generation},"documents":[{documents}],"next":{next}{count}}}"#)
}

fn accepts_lines(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(NDJSON))
}

// === impl Asked ===

impl Asked {
    /// What is neither of the list's own parameters nor about freshness or columns is a condition: `status=paid`, `total>=10`, `total[gte]=10`.
    pub fn of(parameters: Vec<(String, String)>) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for (name, value) in parameters {
            asked.take(&name, value)?;
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Problem> {
        match name {
            "order" => self.request.order.extend(value.split(',').map(str::to_owned)),
            "cursor" => self.request.cursor = Some(value),
            "count" => {
                let is_counted = value.parse().map_err(|_| Problem::bad_request("count is true or false"))?;
                self.request.is_counted = is_counted;
            }
            "limit" => {
                let limit = value.parse().map_err(|_| Problem::bad_request(format!("limit is no number: '{value}'")))?;
                self.limit = Some(limit);
            }
            name if self.fields.take(name, &value) || self.freshness.take(name, &value)? => {}
            // `total>10` has no equals sign, so all of it is the name.
            name if value.is_empty() && name.contains(['<', '>']) => self.request.conditions.push(name.to_owned()),
            name => self.request.conditions.push(format!("{name}={value}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_list() {
        let parameters = [
            ("status", "paid"),
            ("total>", "10"),
            ("age>7", ""),
            ("city[in]", "a,b"),
            ("order", "-a,b"),
            ("limit", "3"),
            ("count", "true"),
            ("min_position", "9"),
        ];
        let asked = Asked::of(parameters.map(|(name, value)| (name.into(), value.into())).into()).unwrap();
        assert_eq!(asked.request.conditions, ["status=paid", "total>=10", "age>7", "city[in]=a,b"]);
        assert_eq!((asked.request.order, asked.limit), (vec!["-a".to_owned(), "b".to_owned()], Some(3)));
        assert!(asked.request.is_counted);
        assert_eq!(asked.freshness.min_position, Some(9));
    }
}
