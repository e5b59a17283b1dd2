//! `GET /v1/views/VIEW/watch` and `…/KEY/watch`: what changes, as server-sent events.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;

use super::document::{key, wanted};
use super::list::Asked;
use super::{GENERATION, POSITION, Parameters};
use crate::query::fields::Fields;
use crate::query::freshness::{Freshness, Source};
use crate::query::lanes::Lane;
use crate::query::live::{Narrator, Start, Subject, Watching, parse_id, reached, reset};
use crate::query::{Api, Caller, Code, Problem};
use crate::run::{CommitId, Feed, Interest};
use crate::state::LiveView;

/// The header by which a client says what it heard last.
const LAST_EVENT_ID: &str = "last-event-id";

/// Where somebody joins.
struct Joined {
    feed: Arc<Feed>,
    interest: Interest,
    /// The last commit and its position.
    last: (CommitId, u64),
    /// The commit that the client heard of last, if what followed is still known.
    resumed: Option<CommitId>,
    /// Whether the client says that it heard something before.
    has_heard: bool,
}

/// One document: as it is, and then whenever it changes.
pub async fn document(
    State(api): State<Api>,
    caller: Caller,
    place: Result<Path<(String, String)>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (Path((name, text)), (freshness, fields)) = (place?, wanted(parameters)?);
    let view = find(&api, &caller, &name, &fields).await?;
    let key = key(&view, &text)?;
    let joined = Joined::of(&api, &view, &headers)?;
    let mut narrator = Narrator::new(view.spec.name.clone(), Subject::Document(key.clone()), fields);
    let greeting = match joined.resumed {
        Some(_) => String::new(),
        None => joined.reached() + &current(&api, &caller, (&name, freshness), &mut narrator, &key).await?,
    };
    Ok(joined.respond(&api, greeting, narrator))
}

/// A list: documents that come to satisfy the conditions, change, or cease to.
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (Path(name), Query(parameters)) = (name?, parameters?);
    let Asked { request, limit, freshness, fields } = Asked::of(parameters)?;
    if !request.order.is_empty()
        || request.cursor.is_some()
        || request.is_counted
        || limit.is_some()
        || freshness != Freshness::default()
    {
        return Err(Problem::bad_request("what is watched has conditions and fields only"));
    }
    let view = find(&api, &caller, &name, &fields).await?;
    let subject = Subject::of_list(request.resolve(&view.spec)?);
    let joined = Joined::of(&api, &view, &headers)?;
    let greeting = match joined.resumed {
        Some(_) => String::new(),
        None if joined.has_heard => reset("what came in between is not known any more; read anew") + &joined.reached(),
        None => joined.reached(),
    };
    Ok(joined.respond(&api, greeting, Narrator::new(view.spec.name, subject, fields)))
}

async fn find(api: &Api, caller: &Caller, name: &str, fields: &Fields) -> Result<LiveView, Problem> {
    let (caller, name) = (caller.clone(), name.to_owned());
    let view = api.blocking_on(Lane::Documents, move |api| api.find(&caller, &name)).await?;
    fields.require(&view.spec)?;
    Ok(view)
}

/// The document as it is now.
async fn current(
    api: &Api,
    caller: &Caller,
    (name, freshness): (&str, Freshness),
    narrator: &mut Narrator,
    key: &projections::codec::Key,
) -> Result<String, Problem> {
    let wanted = key.clone();
    let read = move |api: &Api, view: &LiveView| Ok(api.stores.views.documents(view, std::slice::from_ref(&wanted))?);
    let mut shown = freshness.read(api, caller, name, Source::State, read).await?;
    narrator.current(key, shown.value.pop().flatten(), shown.position)
}

// === impl Joined ===

impl Joined {
    fn of(api: &Api, view: &LiveView, headers: &HeaderMap) -> Result<Joined, Problem> {
        let starting = || Problem::new(Code::Starting, format!("{} is not followed here yet", view.projection));
        let feed = api.board.feed(&view.projection).ok_or_else(starting)?;
        let interest = feed.watch();
        let last = *feed.last().borrow();
        let last = last.filter(|(id, _)| id.generation == view.generation).ok_or_else(starting)?;
        let heard = headers.get(LAST_EVENT_ID).map(|id| id.to_str().ok().and_then(parse_id));
        let resumed = heard.flatten().filter(|id| feed.after(*id).is_ok());
        Ok(Joined { interest, last, resumed, has_heard: heard.is_some(), feed })
    }

    fn reached(&self) -> String {
        reached(self.last.0, self.last.1)
    }

    fn respond(self, api: &Api, greeting: String, narrator: Narrator) -> Response {
        let (id, position) = self.last;
        let head = [(POSITION, position.to_string()), (GENERATION, id.generation.to_string())];
        let at = (self.resumed.unwrap_or(id), position);
        let start = Start { feed: self.feed, at, greeting, ending: api.ending.clone() };
        let watching = Watching::new(start, narrator, self.interest);
        let events = try_unfold(watching, |mut watching| async move {
            let event = watching.next().await.map_err(|problem| io::Error::other(problem.detail().to_owned()))?;
            Ok::<_, io::Error>(event.map(|event| (event, watching)))
        });
        // What is before us is not to collect it.
        let kind = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
        (head, kind, [("x-accel-buffering", "no")], Body::from_stream(events)).into_response()
    }
}
