//! Pages from elsewhere, in a browser that reaches us: they may have our address under a name of theirs, and send forms to us, with whatever
//! the browser is allowed. What they may not do is read what we answer, unless they come in under our name.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, header};

use crate::query::{Code, Problem};

/// The names under which we are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Addresses and `localhost`, which no page from elsewhere has for a name.
    OfThisMachine,
    /// Any: what is before us may have a name.
    Any,
}

/// That no page from elsewhere asks.
pub fn check(method: &Method, headers: &HeaderMap, hosts: Hosts) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST);
    if hosts == Hosts::OfThisMachine
        && let Some(host) = host.filter(|host| !is_local(host))
    {
        let detail = format!("{host} is no name of this machine's");
        return Err(Problem::new(Code::ForeignPage, detail));
    }
    // What is only read is of no use to a page that cannot read the answer.
    if !method.is_safe()
        && let Some(origin) = text(header::ORIGIN).filter(|origin| !is_same(origin, host))
    {
        return Err(Problem::new(Code::ForeignPage, format!("a page of {origin} may not do this")));
    }
    Ok(())
}

/// Whether a host, as a request names it, has no name that somebody else could give to an address.
fn is_local(host: &str) -> bool {
    let name = without_port(host);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    address.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a page's origin is the host that it asks.
fn is_same(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_in(method: &Method, hosts: Hosts, named: &[(header::HeaderName, &str)]) -> bool {
        let headers = named.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        check(method, &headers, hosts).is_ok()
    }

    #[test]
    fn only_names_that_nobody_else_gives() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("projector.localhost:80", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(is_let_in(&Method::GET, Hosts::OfThisMachine, &[(header::HOST, host)]), expected, "{host}");
            assert!(is_let_in(&Method::GET, Hosts::Any, &[(header::HOST, host)]), "{host}");
        }
        assert!(is_let_in(&Method::POST, Hosts::OfThisMachine, &[]), "no browser leaves it out");
    }

    #[test]
    fn pages_from_elsewhere_change_nothing() {
        for hosts in [Hosts::OfThisMachine, Hosts::Any] {
            for (origin, expected) in [
                ("http://localhost:8080", true),
                ("http://localhost:8081", false),
                ("https://evil.example", false),
                ("null", false),
            ] {
                let headers = [(header::HOST, "localhost:8080"), (header::ORIGIN, origin)];
                assert_eq!(is_let_in(&Method::POST, hosts, &headers), expected, "{origin}");
                assert_eq!(is_let_in(&Method::DELETE, hosts, &headers), expected, "{origin}");
                assert!(is_let_in(&Method::GET, hosts, &headers), "{origin}");
            }
        }
    }
}
