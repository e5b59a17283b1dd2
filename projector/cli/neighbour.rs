//! Asks the daemon that answers where the configuration says, if one does: it knows what the stores do not, above all while they do not
//! answer.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long it may take to answer: it needs nobody else for that.
const PATIENCE: Duration = Duration::from_secs(2);

/// What it says of each projection; nothing where nobody answers, or somebody else.
pub fn projections(address: SocketAddr) -> Vec<Value> {
    let mut body = asked(address, "/readyz", None).unwrap_or_default();
    let projections = body.get_mut("projections").and_then(Value::as_array_mut);
    projections.map(std::mem::take).unwrap_or_default()
}

/// Its overview, with all of the last minutes; nothing where nobody answers, or not to who has this token.
pub fn overview(address: SocketAddr, token: Option<&str>) -> Option<Value> {
    asked(address, "/v1/overview", token).filter(|overview| overview["projections"].is_array())
}

/// The JSON at a path.
fn asked(address: SocketAddr, path: &str, token: Option<&str>) -> Option<Value> {
    let answer = answer(reachable(address), path, token).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// In HTTP 1.0, where the end of an answer is the end of the connection.
fn answer(address: SocketAddr, path: &str, token: Option<&str>) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{authorization}\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Who listens on all addresses is reached on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn whoever_answers_is_understood_or_passed_over() {
        for (answer, expected) in [
            ("HTTP/1.0 503 x\r\n\r\n{\"projections\":[{\"projection\":\"shop\"}]}", 1),
            ("HTTP/1.0 200 OK\r\n\r\nhello", 0),
            ("HTTP/1.0 200 OK\r\n\r\n[1]", 0),
            ("", 0),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let asked = thread::spawn(move || projections(address));
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 64];
            let read = stream.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /readyz "));
            stream.write_all(answer.as_bytes()).unwrap();
            drop(stream);
            assert_eq!(asked.join().unwrap().len(), expected, "{answer}");
        }
    }
}
