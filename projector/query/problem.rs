//! Errors of the API: one mapping from what went wrong to status and code.

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, chain};
use crate::stores::NoLists;
use crate::tables::BadRequest;

/// What went wrong, as problem+json.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    members: Map<String, Value>,
}

// === impl Problem ===

impl Problem {
    /// A problem of this kind.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, code, detail: detail.into(), members: Map::new() }
    }

    /// The request makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// The request cannot be read; `status` and `detail` as the web server says.
    fn unreadable(status: StatusCode, detail: String) -> Problem {
        let code = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "bad_request" };
        Problem::new(status, code, detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// A mistake of ours.
    pub fn internal(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The same, with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.members);
        }
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        tracing::warn!("request failed: {}", chain(&fault));
        match fault {
            Fault::Unavailable { .. } => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", fault.to_string()),
            Fault::Unfit { .. } => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store_unfit", fault.to_string()),
            Fault::Lost { .. } => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "state_lost", fault.to_string()),
            Fault::Gone { .. } => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "generation_gone", fault.to_string()),
            Fault::Damaged { .. } => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store_damaged", fault.to_string()),
        }
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
        Problem::new(StatusCode::NOT_IMPLEMENTED, "no_lists", none.to_string())
    }
}

impl From<BadRequest> for Problem {
    fn from(bad: BadRequest) -> Problem {
        let code = match bad {
            BadRequest::NoCondition(_) | BadRequest::Value { .. } => "bad_condition",
            BadRequest::Column { .. } => "undeclared_column",
            BadRequest::Cursor(_) => "bad_cursor",
        };
        Problem::new(StatusCode::BAD_REQUEST, code, bad.to_string())
    }
}
