//! Who asks, and what that allows.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::access::Holder;
use crate::query::{Code, Problem};
use crate::state::LiveView;

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody where nobody has a token: everything is allowed.
    Anyone,
    /// Somebody without a token where others have one: nothing is.
    Nobody,
    /// Whose token it is.
    Holder(Arc<Holder>),
}

// === impl Caller ===

impl Caller {
    /// That this view may be read.
    pub fn may_read(&self, view: &LiveView) -> Result<(), Problem> {
        let (projection, name) = (&view.projection, &view.spec.name);
        self.require(|holder| holder.may_read(projection, name), || format!("read:{name}"))
    }

    /// That events may be published as this service; `None`: as one that cannot be told.
    pub fn may_publish(&self, service: Option<&str>) -> Result<(), Problem> {
        self.require(|holder| holder.may_publish(service), || format!("publish:{}", service.unwrap_or("*")))
    }

    /// That dead letters may be seen, and projections be changed in how they run.
    pub fn may_operate(&self) -> Result<(), Problem> {
        self.require(Holder::may_operate, || "operate".to_owned())
    }

    fn require(&self, allows: impl FnOnce(&Holder) -> bool, role: impl FnOnce() -> String) -> Result<(), Problem> {
        match self {
            Caller::Anyone => Ok(()),
            Caller::Nobody => Err(no_token()),
            Caller::Holder(holder) if allows(holder) => Ok(()),
            Caller::Holder(holder) => {
                let role = role();
                Err(Problem::new(Code::NotPermitted, format!("{} has no role {role}", holder.name)).with("role", role))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    /// Whom the guard has found; nobody where no guard was passed.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Caller::Nobody))
    }
}

/// A token is needed, and none was sent.
pub fn no_token() -> Problem {
    Problem::new(Code::NoToken, "this is for holders of tokens").with_header(header::WWW_AUTHENTICATE, "Bearer")
}

/// What was sent is no token that anybody has.
pub fn bad_token(detail: &str) -> Problem {
    Problem::new(Code::BadToken, detail).with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}
