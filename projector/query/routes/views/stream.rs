//! A list in one stream of lines, of which a page at most is in memory.

use std::io;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;

use super::list::{Asked, read, texts};
use super::{NDJSON, moment};
use crate::query::freshness::{Freshness, Shown};
use crate::query::{Api, Caller, Problem};
use crate::tables::{Page, Request};

/// Documents that are read at once.
const PAGE: usize = 500;

/// The pages that are still to be read.
pub struct Pages {
    api: Api,
    caller: Caller,
    view: String,
    asked: Asked,
    /// `None` where all are wanted.
    left: Option<usize>,
    is_over: bool,
}

/// The documents of all pages, one a line, each page as it is when it is read; the head is the first one's. Where a later one cannot be read the
/// connection ends before the answer does.
pub async fn stream(mut pages: Pages) -> Result<Response, Problem> {
    let (first, lines) = pages.next().await?;
    let rest = try_unfold((Some(lines), pages), |(first, mut pages)| async move {
        let lines = match first {
            Some(lines) => lines,
            None if pages.is_over => return Ok(None),
            None => pages.next().await.map_err(|problem| cut_off(&problem))?.1,
        };
        Ok::<_, io::Error>(Some((lines, (None, pages))))
    });
    Ok((moment(&first), [(header::CONTENT_TYPE, NDJSON)], Body::from_stream(rest)).into_response())
}

/// The client sees an answer that does not end; why, is in our log.
fn cut_off(problem: &Problem) -> io::Error {
    tracing::warn!("a stream of documents is cut off: {}", problem.detail());
    io::Error::other("the next page cannot be read")
}

// === impl Pages ===

impl Pages {
    /// All that is asked for of this view.
    pub fn new(api: Api, caller: Caller, view: String, asked: Asked) -> Pages {
        let left = asked.limit;
        Pages { api, caller, view, asked, left, is_over: false }
    }

    /// The next page, and its documents as lines.
    async fn next(&mut self) -> Result<(Shown<Page>, String), Problem> {
        let limit = self.left.map_or(PAGE, |left| left.min(PAGE));
        let request = Request { limit, ..self.asked.request.clone() };
        let what = (request, self.asked.fields.clone());
        let shown = read(&self.api, &self.caller, &self.view, self.asked.freshness, what).await?;
        let lines: String = texts(&shown, &self.asked.fields)?.into_iter().map(|line| line + "\n").collect();
        self.left = self.left.map(|left| left.saturating_sub(shown.value.documents.len()));
        self.is_over = shown.value.next.is_none() || self.left == Some(0);
        self.asked.request.cursor = shown.value.next.as_ref().map(ToString::to_string);
        // What was reached once has been reached.
        self.asked.freshness = Freshness::default();
        Ok((shown, lines))
    }
}
