//! What every request passes first: who asks is found out, and who may not ask at all is turned away.

mod browsers;
mod budget;
mod caller;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use budget::Budget;
pub use caller::Caller;

use super::{Code, Problem};
use crate::access::{Access, Holder, TokenHash};

/// Knows who is let in.
pub struct Guard {
    access: Access,
    /// Of those that have a limit, by name.
    budgets: HashMap<String, Mutex<Budget>>,
}

/// Lets a request through, with its [`Caller`] among the extensions, or answers in the place of whoever it is for.
pub async fn check(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    match guard.admit(request.method(), request.uri().path(), request.headers(), Instant::now()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Lets through who may operate; for routes that are for nobody else.
pub async fn operators_only(caller: Caller, request: Request, next: Next) -> Response {
    match caller.may_operate() {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

// === impl Guard ===

impl Guard {
    /// Lets these in. `requests_per_second`: of each token that has no limit of its own; 0: no limit.
    pub fn new(access: Access, requests_per_second: u32) -> Guard {
        let holders = if let Access::Holders(holders) = &access { &holders[..] } else { &[] };
        let budget = |holder: &Arc<Holder>| {
            let rate = holder.requests_per_second.unwrap_or(requests_per_second);
            (rate > 0).then(|| (holder.name.clone(), Mutex::new(Budget::new(rate, Instant::now()))))
        };
        let budgets = holders.iter().filter_map(budget).collect();
        Guard { access, budgets }
    }

    fn admit(&self, method: &Method, path: &str, headers: &HeaderMap, now: Instant) -> Result<Caller, Problem> {
        let caller = match &self.access {
            Access::ThisMachine => browsers::check(method, headers, browsers::Hosts::OfThisMachine).map(|()| Caller::Anyone)?,
            Access::Anyone => browsers::check(method, headers, browsers::Hosts::Any).map(|()| Caller::Anyone)?,
            Access::Holders(holders) => identify(holders, headers)?,
        };
        match &caller {
            Caller::Nobody if is_guarded(path) => return Err(caller::no_token()),
            Caller::Holder(holder) => self.charge(holder, now)?,
            Caller::Nobody | Caller::Anyone => {}
        }
        Ok(caller)
    }

    fn charge(&self, holder: &Holder, now: Instant) -> Result<(), Problem> {
        let Some(budget) = self.budgets.get(&holder.name) else { return Ok(()) };
        let taken = budget.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        taken.map_err(|wait| {
            let detail = format!("{} has asked more often than it may", holder.name);
            Problem::new(Code::TooManyRequests, detail).with_header(header::RETRY_AFTER, wait.as_secs().max(1).to_string())
        })
    }
}

/// Everything that shows or changes anything. What is not, says whether the process is well, or holds nothing of anybody.
fn is_guarded(path: &str) -> bool {
    path.starts_with("/v1") || path == "/metrics"
}

fn identify(holders: &[Arc<Holder>], headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else { return Ok(Caller::Nobody) };
    let bearer = authorization.to_str().ok().and_then(|text| text.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let hash = TokenHash::of(token.ok_or_else(|| caller::bad_token("the header `Authorization` has no bearer token"))?);
    // All of them are looked at, whichever it is.
    let found = holders.iter().fold(None, |found, holder| if holder.hash.matches(&hash) { Some(holder) } else { found });
    found.map(|holder| Caller::Holder(holder.clone())).ok_or_else(|| caller::bad_token("nobody has this token"))
}

#[cfg(test)]
mod tests;
