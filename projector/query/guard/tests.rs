//! Who is let in where.

use super::*;

fn holder(name: &str, token: &str, requests_per_second: Option<u32>) -> Arc<Holder> {
    Arc::new(Holder { name: name.into(), hash: TokenHash::of(token), roles: Vec::new(), requests_per_second })
}

/// The name of who is let in, or the code of the problem.
fn admit(guard: &Guard, path: &str, authorization: Option<&str>, now: Instant) -> Result<String, Code> {
    let mut headers = HeaderMap::new();
    if let Some(authorization) = authorization {
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
    }
    match guard.admit(&Method::GET, path, &headers, now) {
        Ok(Caller::Holder(holder)) => Ok(holder.name.clone()),
        Ok(Caller::Nobody) => Ok("nobody".to_owned()),
        Ok(Caller::Anyone) => Ok("anyone".to_owned()),
        Err(problem) => Err(problem.code()),
    }
}

#[test]
fn who_has_a_token_is_let_in_under_its_name() {
    let guard = Guard::new(Access::Holders(vec![holder("a", "one", None), holder("b", "two", None)]), 0);
    let now = Instant::now();
    assert_eq!(admit(&guard, "/v1/views", Some("Bearer one"), now), Ok("a".into()));
    assert_eq!(admit(&guard, "/v1/views", Some("bearer  two "), now), Ok("b".into()));
    for wrong in ["Bearer three", "Bearer ", "Bearer", "Basic one", "one", ""] {
        assert_eq!(admit(&guard, "/healthz", Some(wrong), now), Err(Code::BadToken), "{wrong}");
    }
    for path in ["/v1/views", "/v1", "/metrics", "/v1/views/x/y"] {
        assert_eq!(admit(&guard, path, None, now), Err(Code::NoToken), "{path}");
    }
    for path in ["/healthz", "/readyz", "/"] {
        assert_eq!(admit(&guard, path, None, now), Ok("nobody".into()), "{path}");
    }
    let open = Guard::new(Access::ThisMachine, 1);
    assert_eq!(admit(&open, "/v1/views", None, now), Ok("anyone".into()));
}

#[test]
fn each_token_has_a_limit_of_its_own() {
    let guard = Guard::new(Access::Holders(vec![holder("a", "one", None), holder("b", "two", Some(2))]), 1);
    let now = Instant::now();
    let ask = |token| admit(&guard, "/v1/views", Some(token), now).is_ok();
    assert_eq!([ask("Bearer one"), ask("Bearer one")], [true, false]);
    assert_eq!([ask("Bearer two"), ask("Bearer two"), ask("Bearer two")], [true, true, false]);
}
