//! Errors of the API: one mapping from what went wrong to a [`Code`].

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Code;
use crate::fault::{Fault, chain};
use crate::stores::NoLists;
use crate::tables::BadRequest;

/// What went wrong, as problem+json.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, String)>,
}

// === impl Problem ===

impl Problem {
    /// A problem of this kind. `detail`: what failed, on what.
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into(), members: Map::new(), headers: Vec::new() }
    }

    /// The request makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(Code::BadRequest, detail)
    }

    /// The request cannot be read; `status` and `detail` as the web server says.
    fn unreadable(status: StatusCode, detail: String) -> Problem {
        Problem::new(if status == StatusCode::PAYLOAD_TOO_LARGE { Code::TooLarge } else { Code::BadRequest }, detail)
    }

    /// A mistake of ours.
    pub fn internal(detail: impl Into<String>) -> Problem {
        Problem::new(Code::Internal, detail)
    }

    /// The same, with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same, with a header. What is no header's value is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Problem {
        self.headers.push((name, value.into()));
        self
    }

    /// What failed, on what.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut body = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": self.code.word(),
            "detail": self.detail,
            "hint": self.code.hint(),
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.members);
        }
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body.to_string()).into_response();
        let headers = self.headers.into_iter().filter_map(|(name, value)| Some((name, value.try_into().ok()?)));
        response.headers_mut().extend(headers);
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        tracing::warn!("request failed: {}", chain(&fault));
        let code = match fault {
            Fault::Unavailable { .. } => Code::StoreUnavailable,
            Fault::Unfit { .. } => Code::StoreUnfit,
            Fault::Lost { .. } => Code::StateLost,
            Fault::Gone { .. } => Code::GenerationGone,
            Fault::Damaged { .. } => Code::StoreDamaged,
        };
        Problem::new(code, fault.to_string())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        Problem::unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        Problem::unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Problem {
        Problem::unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<NoLists> for Problem {
    fn from(none: NoLists) -> Problem {
        Problem::new(Code::NoLists, none.to_string())
    }
}

impl From<BadRequest> for Problem {
    fn from(bad: BadRequest) -> Problem {
        let code = match bad {
            BadRequest::NoCondition(_) | BadRequest::Value { .. } | BadRequest::TooMany { .. } => Code::BadCondition,
            BadRequest::Column { .. } => Code::UndeclaredColumn,
            BadRequest::Cursor(_) => Code::BadCursor,
        };
        Problem::new(code, bad.to_string())
    }
}
